// RUN: scanc-opt %s -split-input-file -verify-diagnostics

// Blocks share the time of a lane whose state is advanced by a matrix.

plan.program @cyclic_reduction_c1 strategy "cyclic_reduction" attributes {
    parameters = [#plan.parameter<in A : f16 [T, "129", "129"]>, #plan.parameter<in x : f32 [T, "129"]>, #plan.parameter<out y : f32 [T, "129"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{states: expected at most 128 numbers, got 129}}
    plan.cyclic_reduction "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "129" : 129>, #plan.dim<register l in "129" : 129>],
        reads = [#plan.access<A (d0, d1, d2) -> (d0, d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 2, parts = 4, element = f16, terms = 2, workspace = "128", scratch = "0",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 512, lanes = 1, steps = 4, ring = 3, runs = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<129x129xf16>, %x: vector<129xf32>):
      %wide = arith.extf %a : vector<129x129xf16> to vector<129x129xf32>
      %now, %before = plan.advance "h" matrix gain %wide : vector<129x129xf32> bias %x : vector<129xf32> to vector<129xf32>, vector<129xf32>
      plan.yield %now : vector<129xf32>
    }
  }
}

// -----

plan.program @cyclic_reduction_c1_result strategy "cyclic_reduction" attributes {
    parameters = [#plan.parameter<in A : f16 [T, "8", "8"]>, #plan.parameter<in x : f32 [T, "8"]>, #plan.parameter<out y : f32 [T, "8"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{region: expected results of the state at t alone}}
    plan.cyclic_reduction "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2) -> (d0, d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 1, parts = 2, element = f16, terms = 2, workspace = "128", scratch = "0",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 4, ring = 3, runs = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf16>, %x: vector<8xf32>):
      %wide = arith.extf %a : vector<8x8xf16> to vector<8x8xf32>
      %now, %before = plan.advance "h" matrix gain %wide : vector<8x8xf32> bias %x : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %x : vector<8xf32>
    }
  }
}

// -----

plan.program @cyclic_reduction_c4 strategy "cyclic_reduction" attributes {
    parameters = [#plan.parameter<in A : f16 [T, "8", "8"]>, #plan.parameter<in x : f32 [T, "8"]>, #plan.parameter<out y : f32 [T, "8"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.cyclic_reduction "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2) -> (d0, d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 1, parts = 2, element = f16, terms = 2, workspace = "128", scratch = "0",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 4, ring = 3, runs = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf16>, %x: vector<8xf32>):
      %wide = arith.extf %a : vector<8x8xf16> to vector<8x8xf32>
      // expected-error @below {{expected the real ring, without scale and diagonal}}
      %now, %before = plan.advance "h" ring max_plus matrix gain %wide : vector<8x8xf32> bias %x : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %now : vector<8xf32>
    }
  }
}

// -----

plan.program @cyclic_reduction_c2 strategy "cyclic_reduction" attributes {
    parameters = [#plan.parameter<in A : f16 [T, "8", "8"]>, #plan.parameter<in x : f32 [T, "8"]>, #plan.parameter<out y : f32 [T, "8"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{expected 1 or 2 terms of f16 or bf16, got 2 of}}
    plan.cyclic_reduction "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2) -> (d0, d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 1, parts = 2, element = f32, terms = 2, workspace = "128", scratch = "0",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 4, ring = 3, runs = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf16>, %x: vector<8xf32>):
      %wide = arith.extf %a : vector<8x8xf16> to vector<8x8xf32>
      %now, %before = plan.advance "h" matrix gain %wide : vector<8x8xf32> bias %x : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %now : vector<8xf32>
    }
  }
}

// -----

plan.program @cyclic_reduction_c2_terms strategy "cyclic_reduction" attributes {
    parameters = [#plan.parameter<in A : f16 [T, "8", "8"]>, #plan.parameter<in x : f32 [T, "8"]>, #plan.parameter<out y : f32 [T, "8"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{expected 1 or 2 terms of f16 or bf16, got 3 of}}
    plan.cyclic_reduction "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2) -> (d0, d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 1, parts = 2, element = f16, terms = 3, workspace = "128", scratch = "0",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 4, ring = 3, runs = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf16>, %x: vector<8xf32>):
      %wide = arith.extf %a : vector<8x8xf16> to vector<8x8xf32>
      %now, %before = plan.advance "h" matrix gain %wide : vector<8x8xf32> bias %x : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %now : vector<8xf32>
    }
  }
}

// -----

plan.program @cyclic_reduction_c3_parts strategy "cyclic_reduction" attributes {
    parameters = [#plan.parameter<in A : f16 [T, "8", "8"]>, #plan.parameter<in x : f32 [T, "8"]>, #plan.parameter<out y : f32 [T, "8"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected parts twice the rows}}
    plan.cyclic_reduction "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2) -> (d0, d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 2, parts = 2, element = f16, terms = 2, workspace = "128", scratch = "0",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 4, ring = 3, runs = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf16>, %x: vector<8xf32>):
      %wide = arith.extf %a : vector<8x8xf16> to vector<8x8xf32>
      %now, %before = plan.advance "h" matrix gain %wide : vector<8x8xf32> bias %x : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %now : vector<8xf32>
    }
  }
}

// -----

plan.program @cyclic_reduction_c3_ring strategy "cyclic_reduction" attributes {
    parameters = [#plan.parameter<in A : f16 [T, "8", "8"]>, #plan.parameter<in x : f32 [T, "8"]>, #plan.parameter<out y : f32 [T, "8"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected parts twice the rows, a ring of 3 at least}}
    plan.cyclic_reduction "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2) -> (d0, d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 1, parts = 2, element = f16, terms = 2, workspace = "128", scratch = "0",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 4, ring = 2, runs = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf16>, %x: vector<8xf32>):
      %wide = arith.extf %a : vector<8x8xf16> to vector<8x8xf32>
      %now, %before = plan.advance "h" matrix gain %wide : vector<8x8xf32> bias %x : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %now : vector<8xf32>
    }
  }
}

// -----

plan.program @cyclic_reduction_c3_runs strategy "cyclic_reduction" attributes {
    parameters = [#plan.parameter<in A : f16 [T, "8", "8"]>, #plan.parameter<in x : f32 [T, "8"]>, #plan.parameter<out y : f32 [T, "8"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected parts twice the rows, a ring of 3 at least, at most 31 runs}}
    plan.cyclic_reduction "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2) -> (d0, d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 1, parts = 2, element = f16, terms = 2, workspace = "128", scratch = "0",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 4, ring = 3, runs = 32>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf16>, %x: vector<8xf32>):
      %wide = arith.extf %a : vector<8x8xf16> to vector<8x8xf32>
      %now, %before = plan.advance "h" matrix gain %wide : vector<8x8xf32> bias %x : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %now : vector<8xf32>
    }
  }
}

// -----

plan.program @cyclic_reduction_c3_threads strategy "cyclic_reduction" attributes {
    parameters = [#plan.parameter<in A : f16 [T, "8", "8"]>, #plan.parameter<in x : f32 [T, "8"]>, #plan.parameter<out y : f32 [T, "8"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected 32 time_threads for 8 rows}}
    plan.cyclic_reduction "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2) -> (d0, d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 1, parts = 2, element = f16, terms = 2, workspace = "128", scratch = "0",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 64, lanes = 1, steps = 4, ring = 3, runs = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf16>, %x: vector<8xf32>):
      %wide = arith.extf %a : vector<8x8xf16> to vector<8x8xf32>
      %now, %before = plan.advance "h" matrix gain %wide : vector<8x8xf32> bias %x : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %now : vector<8xf32>
    }
  }
}

// -----

plan.program @cyclic_reduction_c3_told strategy "cyclic_reduction" attributes {
    parameters = [#plan.parameter<in A : f16 [T, "8", "8"]>, #plan.parameter<in x : f32 [T, "8"]>, #plan.parameter<out y : f32 [T, "8"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected parts twice the rows, a ring of 3 at least, at most 31 runs and no told maps or 3 at least}}
    plan.cyclic_reduction "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "8" : 8>, #plan.dim<register l in "8" : 8>],
        reads = [#plan.access<A (d0, d1, d2) -> (d0, d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 1, parts = 2, element = f16, terms = 2, told = 2, workspace = "128", scratch = "0",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 4, ring = 3, runs = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<8x8xf16>, %x: vector<8xf32>):
      %wide = arith.extf %a : vector<8x8xf16> to vector<8x8xf32>
      %now, %before = plan.advance "h" matrix gain %wide : vector<8x8xf32> bias %x : vector<8xf32> to vector<8xf32>, vector<8xf32>
      plan.yield %now : vector<8xf32>
    }
  }
}

// -----

plan.program @dense_blelloch_c1 strategy "blelloch" attributes {
    parameters = [#plan.parameter<in A : f16 [T, "129", "129"]>, #plan.parameter<in x : f32 [T, "129"]>, #plan.parameter<out y : f32 [T, "129"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{states: expected at most 128 numbers, got 129}}
    plan.dense_blelloch "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in "129" : 129>, #plan.dim<register l in "129" : 129>],
        reads = [#plan.access<A (d0, d1, d2) -> (d0, d1, d2)>, #plan.access<x (d0, d1, d2) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [i]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        rows = 2, parts = 4, element = f16, terms = 2, workspace = "128", scratch = "0",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 512, lanes = 1, steps = 4, ring = 3, runs = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%a: vector<129x129xf16>, %x: vector<129xf32>):
      %wide = arith.extf %a : vector<129x129xf16> to vector<129x129xf32>
      %now, %before = plan.advance "h" matrix gain %wide : vector<129x129xf32> bias %x : vector<129xf32> to vector<129xf32>, vector<129xf32>
      plan.yield %now : vector<129xf32>
    }
  }
}
