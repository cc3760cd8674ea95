// RUN: scanc-opt %s -split-input-file -verify-diagnostics

// Blocks share the time of a lane whose state is advanced by one matrix.

plan.program @power_reduction_c1 strategy "cyclic_reduction" attributes {
    parameters = [#plan.parameter<in A : f32 [T, "8", "8"]>, #plan.parameter<in x : f32 [T, "8"]>, #plan.parameter<out y : f32 [T, "8"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{region: expected a resident matrix that is the same at all steps}}
    plan.power_reduction "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2) -> (d0, d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 1, parts = 2, element = f32, resident, workspace = "128", scratch = "0",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 4, ring = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf32>, %x: vector<8xf32>):
      %now, %before = plan.advance "h" matrix gain %a : vector<8x8xf32> bias %x : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %now : vector<8xf32>
    }
  }
}

// -----

plan.program @power_reduction_c1_resident strategy "cyclic_reduction" attributes {
    parameters = [#plan.parameter<in A : f32 ["8", "8"]>, #plan.parameter<in x : f32 [T, "8"]>, #plan.parameter<out y : f32 [T, "8"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{expected a resident matrix}}
    plan.power_reduction "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2) -> (d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 1, parts = 2, element = f32, workspace = "128", scratch = "0",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 4, ring = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf32>, %x: vector<8xf32>):
      %now, %before = plan.advance "h" matrix gain %a : vector<8x8xf32> bias %x : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %now : vector<8xf32>
    }
  }
}

// -----

plan.program @power_reduction_c2 strategy "cyclic_reduction" attributes {
    parameters = [#plan.parameter<in A : f32 ["8", "8"]>, #plan.parameter<in x : f32 [T, "8"]>, #plan.parameter<out y : f32 [T, "8"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected a power of two of steps, got 6}}
    plan.power_reduction "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2) -> (d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 1, parts = 2, element = f32, resident, workspace = "128", scratch = "0",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 6, ring = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf32>, %x: vector<8xf32>):
      %now, %before = plan.advance "h" matrix gain %a : vector<8x8xf32> bias %x : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %now : vector<8xf32>
    }
  }
}

// -----

plan.program @power_reduction_c3 strategy "cyclic_reduction" attributes {
    parameters = [#plan.parameter<in A : f32 ["8", "8"]>, #plan.parameter<in x : f32 [T, "8"]>, #plan.parameter<out y : f32 [T, "8"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.power_reduction "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2) -> (d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 1, parts = 2, element = f32, resident, workspace = "128", scratch = "0",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 4, ring = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf32>, %x: vector<8xf32>):
      // expected-error @below {{expected the real ring, without scale and diagonal}}
      %now, %before = plan.advance "h" ring max_plus matrix gain %a : vector<8x8xf32> bias %x : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %now : vector<8xf32>
    }
  }
}
