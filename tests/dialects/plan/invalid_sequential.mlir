// RUN: scanc-opt %s -split-input-file -verify-diagnostics

// Warps keep to rows of lanes where their threads share states, and tell each other what they read.

plan.program @sequential_c1_more_dims_than_lanes_have strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, D]>, #plan.parameter<in b : f32 [T, N]>, #plan.parameter<out y : f32 [T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{shared_dims: expected at most 1, got 2}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane D in D : ?>, #plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1, d2) -> (d1, d0)>, #plan.access<b (d0, d1, d2) -> (d1, d2)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d1, d0)>],
        states = [#plan.state<h : f32 [n]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], shared_dims = 2,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 1, lanes = 1, steps = 8, state_threads = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "ceildiv(D, 32)", shared_bytes = 0>]} {
    ^bb0(%x: f32, %b: vector<4xf32>):
      %now, %before = plan.advance "h" bias %b : vector<4xf32> to vector<4xf32>, vector<4xf32>
      %y = plan.reduce sum over [0] %now : vector<4xf32> to f32
      plan.yield %y : f32
    }
  }
}

// -----

plan.program @sequential_c1_threads_that_share_nothing strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, D]>, #plan.parameter<in b : f32 [T, N]>, #plan.parameter<out y : f32 [T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{shared_dims: expected at most 0, got 1}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane D in D : ?>, #plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1, d2) -> (d1, d0)>, #plan.access<b (d0, d1, d2) -> (d1, d2)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d1, d0)>],
        states = [#plan.state<h : f32 [n]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], shared_dims = 1,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "ceildiv(D, 32)", shared_bytes = 0>]} {
    ^bb0(%x: f32, %b: vector<4xf32>):
      %now, %before = plan.advance "h" bias %b : vector<4xf32> to vector<4xf32>, vector<4xf32>
      %y = plan.reduce sum over [0] %now : vector<4xf32> to f32
      plan.yield %y : f32
    }
  }
}

// -----

plan.program @sequential_c1_tiles_in_a_ring strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, D]>, #plan.parameter<in b : f32 [T, N]>, #plan.parameter<out y : f32 [T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{shared_dims: expected at most 0, got 1}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane D in D : ?>, #plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1, d2) -> (d1, d0)>, #plan.access<b (d0, d1, d2) -> (d1, d2)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d1, d0)>],
        states = [#plan.state<h : f32 [n]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], shared_dims = 1,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 1, lanes = 1, steps = 8, ring = 2, state_threads = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "ceildiv(D, 32)", shared_bytes = 0>]} {
    ^bb0(%x: f32, %b: vector<4xf32>):
      %now, %before = plan.advance "h" bias %b : vector<4xf32> to vector<4xf32>, vector<4xf32>
      %y = plan.reduce sum over [0] %now : vector<4xf32> to f32
      plan.yield %y : f32
    }
  }
}
