// RUN: scanc-opt %s -split-input-file -verify-diagnostics

// Products take one number per lane, of lanes that share their gains.

plan.program @matmul_scan_c1 strategy "matmul_scan" attributes {
    parameters = [#plan.parameter<in x : f32 [T, D]>, #plan.parameter<out y : f32 [T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{states: expected one of f32 without indices}}
    plan.matmul_scan "k" attributes {
        dims = [#plan.dim<lane D in D : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1) -> (d1, d0)>], writes = [#plan.access<y (d0, d1) -> (d1, d0)>],
        states = [#plan.state<h : f64 []>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], shared_dims = 1, products = "tf32x3",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 8, time_threads = 4, lanes = 1, steps = 4>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "ceildiv(D, 8)", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @matmul_scan_c2 strategy "matmul_scan" attributes {
    parameters = [#plan.parameter<in x : f32 [T, D]>, #plan.parameter<out y : f32 [T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{shared_dims: expected 1 to 1, got 2}}
    plan.matmul_scan "k" attributes {
        dims = [#plan.dim<lane D in D : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1) -> (d1, d0)>], writes = [#plan.access<y (d0, d1) -> (d1, d0)>],
        states = [#plan.state<h : f32 []>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], shared_dims = 2, products = "tf32x3",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 8, time_threads = 4, lanes = 1, steps = 4>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "ceildiv(D, 8)", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @matmul_scan_c3 strategy "matmul_scan" attributes {
    parameters = [#plan.parameter<in x : f32 [T, D]>, #plan.parameter<out y : f32 [T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{products: expected tf32, tf32x3, bf16 or bf16x3, got "f16"}}
    plan.matmul_scan "k" attributes {
        dims = [#plan.dim<lane D in D : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1) -> (d1, d0)>], writes = [#plan.access<y (d0, d1) -> (d1, d0)>],
        states = [#plan.state<h : f32 []>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], shared_dims = 1, products = "f16",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 8, time_threads = 4, lanes = 1, steps = 4>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "ceildiv(D, 8)", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @matmul_scan_c4 strategy "matmul_scan" attributes {
    parameters = [#plan.parameter<in x : f32 [T, D]>, #plan.parameter<out y : f32 [T, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{multiples of 8, 4 and 2}}
    plan.matmul_scan "k" attributes {
        dims = [#plan.dim<lane D in D : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1) -> (d1, d0)>], writes = [#plan.access<y (d0, d1) -> (d1, d0)>],
        states = [#plan.state<h : f32 []>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], shared_dims = 1, products = "tf32x3",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 8, time_threads = 4, lanes = 1, steps = 3>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "ceildiv(D, 8)", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}
