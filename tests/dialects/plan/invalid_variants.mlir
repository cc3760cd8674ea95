// RUN: scanc-opt %s -split-input-file -verify-diagnostics

// What no launch could follow. Names are those of the constraints.

// expected-error @below {{strategy: expected the name of a kernel of this dialect, got "magic"}}
plan.program @program_c3_an_unknown_strategy strategy "magic" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T]>, #plan.parameter<out y : f32 [B, T]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 1, lanes = 2, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [],
            grid = "ceildiv(B, 64)", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}

// -----

// expected-error @below {{strategy: expected the name of a kernel of this dialect, got "yield"}}
plan.program @program_c3_an_op_that_is_no_kernel strategy "yield" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T]>, #plan.parameter<out y : f32 [B, T]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 1, lanes = 2, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [],
            grid = "ceildiv(B, 64)", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}

// -----

// expected-error @below {{schema: expected 1, got 2: print the plan again with --emit=plan}}
plan.program @program_c4_another_schema strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T]>, #plan.parameter<out y : f32 [B, T]>],
    sizes = {}, schema = 2, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 1, lanes = 2, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [],
            grid = "ceildiv(B, 64)", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}

// -----

// expected-error @below {{requires attribute 'schema'}}
plan.program @program_c4_no_schema strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T]>, #plan.parameter<out y : f32 [B, T]>],
    sizes = {}, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 1, lanes = 2, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [],
            grid = "ceildiv(B, 64)", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c8_no_thread strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T]>, #plan.parameter<out y : f32 [B, T]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{expected positive threads, lanes, steps and widths}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 0, time_threads = 1, lanes = 2, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [],
            grid = "ceildiv(B, 64)", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c8_negative_steps strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T]>, #plan.parameter<out y : f32 [B, T]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{expected positive threads, lanes, steps and widths}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 1, lanes = 2, steps = -8>,
            offset_bits = 64, widths = [1, 1], requirements = [],
            grid = "ceildiv(B, 64)", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c8_no_width strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T]>, #plan.parameter<out y : f32 [B, T]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{expected positive threads, lanes, steps and widths}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 1, lanes = 2, steps = 8>,
            offset_bits = 64, widths = [0, 1], requirements = [],
            grid = "ceildiv(B, 64)", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c8_threads_beyond_a_block strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T]>, #plan.parameter<out y : f32 [B, T]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{expected at most 1024 threads of a block, got 32 x 64}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 64, lanes = 2, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [],
            grid = "ceildiv(B, 64)", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c8_threads_that_overflow strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T]>, #plan.parameter<out y : f32 [B, T]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{expected at most 1024 threads of a block}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 4611686018427387904, time_threads = 4, lanes = 2, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [],
            grid = "ceildiv(B, 64)", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c8_offset_bits strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T]>, #plan.parameter<out y : f32 [B, T]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{expected 32 or 64 offset_bits, got 16}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 1, lanes = 2, steps = 8>,
            offset_bits = 16, widths = [1, 1], requirements = [],
            grid = "ceildiv(B, 64)", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c9_grid_of_an_unknown_size strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T]>, #plan.parameter<out y : f32 [B, T]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{the program's formula 'ceildiv(Q, 64)' is not valid}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 1, lanes = 2, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [],
            grid = "ceildiv(Q, 64)", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c9_requirement_of_an_unknown_parameter strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T]>, #plan.parameter<out y : f32 [B, T]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{the program's formula 'span(z) < 9' is not valid}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 1, lanes = 2, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = ["span(z) < 9"],
            grid = "ceildiv(B, 64)", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c9_grid_that_divides_by_zero strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T]>, #plan.parameter<out y : f32 [B, T]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: grid: division by zero in}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 1, lanes = 2, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [],
            grid = "ceildiv(B, 0)", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c9_grid_of_fewer_lanes_than_there_are strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T]>, #plan.parameter<out y : f32 [B, T]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{expected blocks for 100 lanes, of 32 x 2 each, got 1 from}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 1, lanes = 2, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [],
            grid = "ceildiv(B, 128)", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c8_state_threads_do_not_divide_the_steps strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T, N]>, #plan.parameter<out y : f32 [B, T, N]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{expected state_threads to be a power of two that divides the steps, in whole warps}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d1, d2)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1, d2)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 8, time_threads = 1, lanes = 1, steps = 6, state_threads = 4>,
            offset_bits = 64, widths = [1, 1], requirements = [],
            grid = "ceildiv(B, 8)", shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      plan.yield %now : vector<4xf32>
    }
  }
}

// -----

plan.program @kernel_c8_state_threads_in_half_a_warp strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T, N]>, #plan.parameter<out y : f32 [B, T, N]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{expected state_threads to be a power of two that divides the steps, in whole warps}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d1, d2)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1, d2)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 8, time_threads = 1, lanes = 1, steps = 8, state_threads = 2>,
            offset_bits = 64, widths = [1, 1], requirements = [],
            grid = "ceildiv(B, 8)", shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      plan.yield %now : vector<4xf32>
    }
  }
}

// -----

plan.program @kernel_c10_a_readout_in_every_point strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T, N]>, #plan.parameter<out y : f32 [B, T, N]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{expected what state_threads can spread, but a readout enters a result that has its index}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d1, d2)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1, d2)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 8, time_threads = 1, lanes = 1, steps = 8, state_threads = 4>,
            offset_bits = 64, widths = [1, 1], requirements = [],
            grid = "ceildiv(B, 8)", shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      %s = plan.reduce sum over [0] %now : vector<4xf32> to f32
      %all = plan.broadcast %s onto [] : f32 to vector<4xf32>
      plan.yield %all : vector<4xf32>
    }
  }
}

// -----

plan.program @kernel_c10_a_strategy_that_composes_maps strategy "blelloch" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T, N]>, #plan.parameter<out y : f32 [B, T, N]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{expected what state_threads can spread, but only plan.sequential without segments can}}
    plan.blelloch "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d1, d2)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1, d2)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 8, time_threads = 1, lanes = 1, steps = 8, state_threads = 4>,
            offset_bits = 64, widths = [1, 1], requirements = [],
            grid = "ceildiv(B, 8)", shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      plan.yield %now : vector<4xf32>
    }
  }
}
