// RUN: scanc-opt %s -split-input-file -verify-diagnostics

// A block has one lane, whose state is advanced by a matrix in shared memory.

plan.program @dense_sequential_c1 strategy "sequential" attributes {
    parameters = [#plan.parameter<in A : f32 [T, "8", "8"]>, #plan.parameter<in x : f32 [T, "8"]>, #plan.parameter<out y : f32 [T, "8"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{states: expected one of f32 or f64 with one index}}
    plan.dense_sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2) -> (d0, d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : bf16 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 2, parts = 4, element = f32,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 1, ring = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf32>, %x: vector<8xf32>):
      %now, %before = plan.advance "h" matrix gain %a : vector<8x8xf32> bias %x : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %now : vector<8xf32>
    }
  }
}

// -----

plan.program @dense_sequential_c1_most strategy "sequential" attributes {
    parameters = [#plan.parameter<in A : f32 [T, "257", "257"]>, #plan.parameter<in x : f32 [T, "257"]>, #plan.parameter<out y : f32 [T, "257"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{states: expected at most 256 numbers, got 257}}
    plan.dense_sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "257" : 257>, #plan.dim<register l in "257" : 257>],
        reads = [#plan.access<A (d0, d1, d2) -> (d0, d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 2, parts = 4, element = f32,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 1, ring = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<257x257xf32>, %x: vector<257xf32>):
      %now, %before = plan.advance "h" matrix gain %a : vector<257x257xf32> bias %x : vector<257xf32> to vector<257xf32>, vector<257xf32>
      plan.yield %now : vector<257xf32>
    }
  }
}

// -----

plan.program @dense_sequential_c2 strategy "sequential" attributes {
    parameters = [#plan.parameter<in A : f32 [T, "8", "8"]>, #plan.parameter<in x : f32 [T, "8"]>, #plan.parameter<out y : f32 [T, "8"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{expected powers of two, rows <= parts <= 4, got 4 and 2}}
    plan.dense_sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2) -> (d0, d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 4, parts = 2, element = f32,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 1, ring = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf32>, %x: vector<8xf32>):
      %now, %before = plan.advance "h" matrix gain %a : vector<8x8xf32> bias %x : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %now : vector<8xf32>
    }
  }
}

// -----

plan.program @dense_sequential_c2_parts strategy "sequential" attributes {
    parameters = [#plan.parameter<in A : f32 [T, "8", "8"]>, #plan.parameter<in x : f32 [T, "8"]>, #plan.parameter<out y : f32 [T, "8"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{expected powers of two, rows <= parts <= 4, got 1 and 3}}
    plan.dense_sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2) -> (d0, d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 1, parts = 3, element = f32,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 1, ring = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf32>, %x: vector<8xf32>):
      %now, %before = plan.advance "h" matrix gain %a : vector<8x8xf32> bias %x : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %now : vector<8xf32>
    }
  }
}

// -----

plan.program @dense_sequential_c3 strategy "sequential" attributes {
    parameters = [#plan.parameter<in A : f32 [T, "8", "8"]>, #plan.parameter<in x : f32 [T, "8"]>, #plan.parameter<out y : f32 [T, "8"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{element: expected f16, bf16, f32 or f64}}
    plan.dense_sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2) -> (d0, d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 2, parts = 4, element = i32,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 1, ring = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf32>, %x: vector<8xf32>):
      %now, %before = plan.advance "h" matrix gain %a : vector<8x8xf32> bias %x : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %now : vector<8xf32>
    }
  }
}

// -----

plan.program @dense_sequential_c4 strategy "sequential" attributes {
    parameters = [#plan.parameter<in A : f32 [T, "8", "8"]>, #plan.parameter<in x : f32 [T, "8"]>, #plan.parameter<out y : f32 [T, "8"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected lane_threads, state_threads, lanes and steps of 1}}
    plan.dense_sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2) -> (d0, d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 2, parts = 4, element = f32,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 48, lanes = 1, steps = 1, ring = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf32>, %x: vector<8xf32>):
      %now, %before = plan.advance "h" matrix gain %a : vector<8x8xf32> bias %x : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %now : vector<8xf32>
    }
  }
}

// -----

plan.program @dense_sequential_c5 strategy "sequential" attributes {
    parameters = [#plan.parameter<in A : f32 [T, "8", "8"]>, #plan.parameter<in x : f32 [T, "8"]>, #plan.parameter<out y : f32 [T, "8"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{region: expected results of the state at t}}
    plan.dense_sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2) -> (d0, d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 2, parts = 4, element = f32,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 1, ring = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf32>, %x: vector<8xf32>):
      %now, %before = plan.advance "h" matrix gain %a : vector<8x8xf32> bias %x : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %before : vector<8xf32>
    }
  }
}

// -----

plan.program @dense_sequential_c6 strategy "sequential" attributes {
    parameters = [#plan.parameter<in A : f32 [T, "8", "8"]>, #plan.parameter<in x : f32 [T, "8"]>, #plan.parameter<out y : f32 [T, "8"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{region: expected a resident matrix that is the same at all steps}}
    plan.dense_sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2) -> (d0, d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 2, parts = 4, element = f32, resident,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 1, ring = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf32>, %x: vector<8xf32>):
      %now, %before = plan.advance "h" matrix gain %a : vector<8x8xf32> bias %x : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %now : vector<8xf32>
    }
  }
}

// -----

plan.program @dense_sequential_c6_panel strategy "sequential" attributes {
    parameters = [#plan.parameter<in A : f32 ["32", "32"]>, #plan.parameter<in x : f32 [T, "32"]>, #plan.parameter<out y : f32 [T, "32"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected a panel of all 32 rows of a resident matrix, got 16}}
    plan.dense_sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "32" : 32>, #plan.dim<register l in "32" : 32>],
        reads = [#plan.access<A (d0, d1, d2) -> (d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 2, parts = 4, element = f32, resident,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 1, ring = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<32x32xf32>, %x: vector<32xf32>):
      %now, %before = plan.advance "h" matrix gain %a : vector<32x32xf32> bias %x : vector<32xf32> to vector<32xf32>, vector<32xf32>
      plan.yield %now : vector<32xf32>
    }
  }
}

// -----

plan.program @advance_c3 strategy "sequential" attributes {
    parameters = [#plan.parameter<in A : f32 [T, "8", "8"]>, #plan.parameter<in x : f32 [T, "8"]>, #plan.parameter<out y : f32 [T, "8"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.dense_sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2) -> (d0, d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 2, parts = 4, element = f32,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 1, ring = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf32>, %x: vector<8xf32>):
      // expected-error @below {{expected scale and diagonal beside a matrix alone, in the shape of the results}}
      %now, %before = plan.advance "h" matrix gain %a : vector<8x8xf32> scale %a : vector<8x8xf32> bias %x : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %now : vector<8xf32>
    }
  }
}

// -----

plan.program @kernel_c4_matrix strategy "sequential" attributes {
    parameters = [#plan.parameter<in A : f32 [T, "8", "8"]>, #plan.parameter<in x : f32 [T, "8"]>, #plan.parameter<out y : f32 [T, "8"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.dense_sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2) -> (d0, d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 2, parts = 4, element = f32,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 1, ring = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf32>, %x: vector<8xf32>):
      // expected-error @below {{expected a matrix exactly in a kernel that multiplies matrices}}
      %now, %before = plan.advance "h" bias %x : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %now : vector<8xf32>
    }
  }
}
