// RUN: scanc-opt %s -split-input-file -verify-diagnostics

// Rows of lanes that begin at any phase, of which warps hold strips.

plan.program @kernel_c12_look_back strategy "look_back" attributes {
    parameters = [#plan.parameter<in x : bf16 [B, T, D]>, #plan.parameter<out y : bf16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{plan.sequential or plan.blelloch across lanes}}
    plan.look_back "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<lane D in D : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d2, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d2, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 32, lanes = 2, steps = 8, ring = 2, phased = true>,
            offset_bits = 64, widths = [2, 2], requirements = [], grid = "B * D", shared_bytes = 0>], workspace = "64"} {
    ^bb0(%x: bf16):
      %wide = arith.extf %x : bf16 to f32
      %now, %before = plan.advance "h" bias %wide : f32 to f32, f32
      %y = arith.truncf %now : f32 to bf16
      plan.yield %y : bf16
    }
  }
}

// -----

plan.program @kernel_c12_along_time strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : bf16 [B, T, D]>, #plan.parameter<out y : bf16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{plan.sequential or plan.blelloch across lanes}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<lane D in D : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d2, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d2, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = time, lane_threads = 32, time_threads = 1, lanes = 2, steps = 8, ring = 2, phased = true>,
            offset_bits = 64, widths = [2, 2], requirements = [], grid = "B * D", shared_bytes = 0>]} {
    ^bb0(%x: bf16):
      %wide = arith.extf %x : bf16 to f32
      %now, %before = plan.advance "h" bias %wide : f32 to f32, f32
      %y = arith.truncf %now : f32 to bf16
      plan.yield %y : bf16
    }
  }
}

// -----

plan.program @kernel_c12_half_a_warp_along_lanes strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : bf16 [B, T, D]>, #plan.parameter<out y : bf16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{whole warps along lanes, pairs of lanes, a ring}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<lane D in D : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d2, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d2, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 16, time_threads = 1, lanes = 2, steps = 8, ring = 2, phased = true>,
            offset_bits = 64, widths = [2, 2], requirements = [], grid = "B * D", shared_bytes = 0>]} {
    ^bb0(%x: bf16):
      %wide = arith.extf %x : bf16 to f32
      %now, %before = plan.advance "h" bias %wide : f32 to f32, f32
      %y = arith.truncf %now : f32 to bf16
      plan.yield %y : bf16
    }
  }
}

// -----

plan.program @kernel_c12_a_single_lane strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : bf16 [B, T, D]>, #plan.parameter<out y : bf16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{whole warps along lanes, pairs of lanes, a ring}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<lane D in D : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d2, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d2, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 1, lanes = 1, steps = 8, ring = 2, phased = true>,
            offset_bits = 64, widths = [2, 2], requirements = [], grid = "B * D", shared_bytes = 0>]} {
    ^bb0(%x: bf16):
      %wide = arith.extf %x : bf16 to f32
      %now, %before = plan.advance "h" bias %wide : f32 to f32, f32
      %y = arith.truncf %now : f32 to bf16
      plan.yield %y : bf16
    }
  }
}

// -----

plan.program @kernel_c12_no_ring strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : bf16 [B, T, D]>, #plan.parameter<out y : bf16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{whole warps along lanes, pairs of lanes, a ring}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<lane D in D : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d2, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d2, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 1, lanes = 2, steps = 8, phased = true>,
            offset_bits = 64, widths = [2, 2], requirements = [], grid = "B * D", shared_bytes = 0>]} {
    ^bb0(%x: bf16):
      %wide = arith.extf %x : bf16 to f32
      %now, %before = plan.advance "h" bias %wide : f32 to f32, f32
      %y = arith.truncf %now : f32 to bf16
      plan.yield %y : bf16
    }
  }
}

// -----

plan.program @kernel_c12_a_read_whose_lanes_lie_apart strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : bf16 [B, D, T]>, #plan.parameter<out y : bf16 [B, T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{rows of lanes in x}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<lane D in D : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d1, d2)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d2, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 1, lanes = 2, steps = 8, ring = 2, phased = true>,
            offset_bits = 64, widths = [2, 2], requirements = [], grid = "B * D", shared_bytes = 0>]} {
    ^bb0(%x: bf16):
      %wide = arith.extf %x : bf16 to f32
      %now, %before = plan.advance "h" bias %wide : f32 to f32, f32
      %y = arith.truncf %now : f32 to bf16
      plan.yield %y : bf16
    }
  }
}

// -----

plan.program @kernel_c12_a_result_whose_lanes_lie_apart strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : bf16 [B, T, D]>, #plan.parameter<out y : bf16 [B, D, T]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{rows of lanes in y}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<lane D in D : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d2, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1, d2)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 1, lanes = 2, steps = 8, ring = 2, phased = true>,
            offset_bits = 64, widths = [2, 2], requirements = [], grid = "B * D", shared_bytes = 0>]} {
    ^bb0(%x: bf16):
      %wide = arith.extf %x : bf16 to f32
      %now, %before = plan.advance "h" bias %wide : f32 to f32, f32
      %y = arith.truncf %now : f32 to bf16
      plan.yield %y : bf16
    }
  }
}
