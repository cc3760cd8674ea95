// RUN: scanc-opt %s -split-input-file -verify-diagnostics

// What a step adds is copied as it lies.

plan.program @dense_columns_c7_staged strategy "sequential" attributes {
    parameters = [#plan.parameter<in A : f32 [T, "8", "8"]>, #plan.parameter<in x : f32 [T, "8", D]>, #plan.parameter<out y : f32 [T, "8", D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{staged: expected a bias that is read as it lies, in f32}}
    plan.dense_columns "k" attributes {
        dims = [#plan.dim<lane d in D : ?>, #plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2, d3) -> (d1, d2, d3)>, #plan.access<x (d0, d1, d2, d3) -> (d1, d2, d0)>],
        writes = [#plan.access<y (d0, d1, d2, d3) -> (d1, d2, d0)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        shared_dims = 1, rows = 2, parts = 4, element = f32, staged,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 8, time_threads = 4, lanes = 1, steps = 1, ring = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "ceildiv(D, 8)", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf32>, %x: vector<8xf32>):
      %twice = arith.addf %x, %x : vector<8xf32>
      %now, %before = plan.advance "h" matrix gain %a : vector<8x8xf32> bias %twice : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %now : vector<8xf32>
    }
  }
}

// -----

// A tile of products has 4 parts.

plan.program @dense_columns_c7_tensor_cores strategy "sequential" attributes {
    parameters = [#plan.parameter<in A : f32 [T, "8", "8"]>, #plan.parameter<in x : f32 [T, "8", D]>, #plan.parameter<out y : f32 [T, "8", D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{tensor_cores: expected 4 parts of at most 64 rows, got 8 of 8}}
    plan.dense_columns "k" attributes {
        dims = [#plan.dim<lane d in D : ?>, #plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2, d3) -> (d1, d2, d3)>, #plan.access<x (d0, d1, d2, d3) -> (d1, d2, d0)>],
        writes = [#plan.access<y (d0, d1, d2, d3) -> (d1, d2, d0)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        shared_dims = 1, rows = 1, parts = 8, element = f32, tensor_cores,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 4, time_threads = 8, lanes = 1, steps = 1, ring = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "ceildiv(D, 4)", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf32>, %x: vector<8xf32>):
      %now, %before = plan.advance "h" matrix gain %a : vector<8x8xf32> bias %x : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %now : vector<8xf32>
    }
  }
}
