// RUN: scanc-opt %s -split-input-file -verify-diagnostics

// Segments of time, and the offsets that say where they begin.

plan.program @kernel_c1_segment strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, D]>, #plan.parameter<in cu : i32 ["S+1"]>,
                  #plan.parameter<in h0 : f32 [S, D]>, #plan.parameter<in h1 : f32 [D]>,
                  #plan.parameter<out y : f32 [T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{dims: expected a segment dimension exactly with reset, got 1}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane D in D : ?>, #plan.dim<time t in T : ?>, #plan.dim<segment segment in S : ?>],
        reads = [#plan.access<x (d0, d1, d2) -> (d1, d0)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d1, d0)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64: 0>, inits = [#plan.access<h0 (d0, d1, d2) -> (d2, d0)>],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "ceildiv(D, 128)",
            shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c2_offsets strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, D]>, #plan.parameter<in cu : i32 ["S+1"]>,
                  #plan.parameter<in h0 : f32 [S, D]>, #plan.parameter<in h1 : f32 [D]>,
                  #plan.parameter<out y : f32 [T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{reset: expected an i32 parameter over the segment, got #plan.access<cu (d0, d1, d2) -> (d1)>}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane D in D : ?>, #plan.dim<time t in T : ?>, #plan.dim<segment segment in S : ?>],
        reads = [#plan.access<x (d0, d1, d2) -> (d1, d0)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d1, d0)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64: 0>, inits = [#plan.access<h0 (d0, d1, d2) -> (d2, d0)>],
        final_states = array<i64>, finals = [],
        reset = #plan.access<cu (d0, d1, d2) -> (d1)>,
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "ceildiv(D, 128)",
            shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c2_offset_type strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, D]>, #plan.parameter<in cu : i32 ["S+1"]>,
                  #plan.parameter<in h0 : f32 [S, D]>, #plan.parameter<in h1 : f32 [D]>,
                  #plan.parameter<out y : f32 [T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{reset: expected an i32 parameter over the segment, got #plan.access<h1 (d0, d1, d2) -> (d2)>}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane D in D : ?>, #plan.dim<time t in T : ?>, #plan.dim<segment segment in S : ?>],
        reads = [#plan.access<x (d0, d1, d2) -> (d1, d0)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d1, d0)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64: 0>, inits = [#plan.access<h0 (d0, d1, d2) -> (d2, d0)>],
        final_states = array<i64>, finals = [],
        reset = #plan.access<h1 (d0, d1, d2) -> (d2)>,
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "ceildiv(D, 128)",
            shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c2_shared_start strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, D]>, #plan.parameter<in cu : i32 ["S+1"]>,
                  #plan.parameter<in h0 : f32 [S, D]>, #plan.parameter<in h1 : f32 [D]>,
                  #plan.parameter<out y : f32 [T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{expected a state of each segment, got #plan.access<h1 (d0, d1, d2) -> (d0)>}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane D in D : ?>, #plan.dim<time t in T : ?>, #plan.dim<segment segment in S : ?>],
        reads = [#plan.access<x (d0, d1, d2) -> (d1, d0)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d1, d0)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64: 0>, inits = [#plan.access<h1 (d0, d1, d2) -> (d0)>],
        final_states = array<i64>, finals = [],
        reset = #plan.access<cu (d0, d1, d2) -> (d2)>,
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "ceildiv(D, 128)",
            shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}
