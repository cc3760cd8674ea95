// RUN: scanc-opt %s -split-input-file -verify-diagnostics

// One refusal or more for each numbered constraint, whose name the program has.

// expected-error @below {{parameters: expected #plan.parameter with distinct names, got #plan.parameter<in x : f32 [T, N]>}}
plan.program @program_c1_parameters strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<in x : f32 [T, N]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
}

// -----

// expected-error @below {{sizes: expected integers, got "4"}}
plan.program @program_c1_sizes strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = "4"}, schema = 1, deterministic = true, error_bound = ""} {
}

// -----

// expected-error @below {{parameters: expected an output that updates an input like it, of its own, got #plan.parameter<out y : f32 [N] updates "x">}}
plan.program @program_c5 strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [N] updates "x">],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
}

// -----

// expected-error @below {{parameters: expected an output that updates an input like it, of its own, got #plan.parameter<out z : f32 [N] updates "x">}}
plan.program @program_c5_twice strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [N]>, #plan.parameter<out y : f32 [N] updates "x">,
                  #plan.parameter<out z : f32 [N] updates "x">],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
}

// -----

plan.program @program_c2 strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  // expected-error @below {{expected a plan.entry in a plan.program}}
  %c = arith.constant 1.0 : f32
}

// -----

plan.program @kernel_c1_order strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{dims: expected lanes, time, segment, registers in this order, got #plan.dim<time t in T : ?>}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<register n in N : 4>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "1",
            shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      %s = plan.reduce sum over [0] %now : vector<4xf32> to f32
      plan.yield %s : f32
    }
  }
}

// -----

plan.program @kernel_c1_time strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{dims: expected one time dimension, got 0}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "1",
            shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      %s = plan.reduce sum over [0] %now : vector<4xf32> to f32
      plan.yield %s : f32
    }
  }
}

// -----

plan.program @kernel_c1_size strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{dims: expected a static size of register dimension "n"}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register n in N : ?>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "1",
            shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      %s = plan.reduce sum over [0] %now : vector<4xf32> to f32
      plan.yield %s : f32
    }
  }
}

// -----

plan.program @kernel_c2_dims strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{reads: expected #plan.access over 2 dims, got #plan.access<x (d0) -> (d0, d0)>}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0) -> (d0, d0)>],
        writes = [#plan.access<y (d0, d1) -> (d0)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "1",
            shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      %s = plan.reduce sum over [0] %now : vector<4xf32> to f32
      plan.yield %s : f32
    }
  }
}

// -----

plan.program @kernel_c2_parameter strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{reads: expected a parameter with its rank, got #plan.access<z (d0, d1) -> (d0, d1)>}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<z (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "1",
            shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      %s = plan.reduce sum over [0] %now : vector<4xf32> to f32
      plan.yield %s : f32
    }
  }
}

// -----

plan.program @kernel_c2_rank strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{writes: expected a parameter with its rank, got #plan.access<y (d0, d1) -> (d0, d1)>}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0, d1)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "1",
            shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      %s = plan.reduce sum over [0] %now : vector<4xf32> to f32
      plan.yield %s : f32
    }
  }
}

// -----

plan.program @kernel_c2_window strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{reads: expected dimensions, or time - 1 to time - 7, got #plan.access<x (d0, d1) -> (d0 - 8, d1)>}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1) -> (d0 - 8, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "1",
            shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      %s = plan.reduce sum over [0] %now : vector<4xf32> to f32
      plan.yield %s : f32
    }
  }
}

// -----

plan.program @kernel_c2_write strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{writes: expected dimensions, got #plan.access<y (d0, d1) -> (d0 - 1)>}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0 - 1)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "1",
            shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      %s = plan.reduce sum over [0] %now : vector<4xf32> to f32
      plan.yield %s : f32
    }
  }
}

// -----

plan.program @kernel_c3_count strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{region: expected 1 arguments and 1 yielded values}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "1",
            shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      %s = plan.reduce sum over [0] %now : vector<4xf32> to f32
      plan.yield
    }
  }
}

// -----

plan.program @kernel_c3_argument strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{argument of "x": expected 'vector<4xf32>', got 'vector<3xf32>'}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "1",
            shared_bytes = 0>]} {
    ^bb0(%x: vector<3xf32>):
      %now, %before = plan.advance "h" bias %x : vector<3xf32> to vector<3xf32>, vector<3xf32>
      %s = plan.reduce sum over [0] %now : vector<3xf32> to f32
      plan.yield %s : f32
    }
  }
}

// -----

plan.program @kernel_c3_yield strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{yielded value of "y": expected 'f32', got 'vector<4xf32>'}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "1",
            shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      %s = plan.reduce sum over [0] %now : vector<4xf32> to f32
      plan.yield %now : vector<4xf32>
    }
  }
}

// -----

plan.program @kernel_c4_order strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0)>],
        states = [#plan.state<g : f32 [n]>],
        init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "1",
            shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      // expected-error @below {{expected the states advanced once, in order}}
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      %s = plan.reduce sum over [0] %now : vector<4xf32> to f32
      plan.yield %s : f32
    }
  }
}

// -----

plan.program @kernel_c4_none strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{region: expected 1 advances, got 0}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "1",
            shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %s = plan.reduce sum over [0] %x : vector<4xf32> to f32
      plan.yield %s : f32
    }
  }
}

// -----

plan.program @kernel_c5_none strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected at least one}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = []} {
    ^bb0(%x: vector<4xf32>):
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      %s = plan.reduce sum over [0] %now : vector<4xf32> to f32
      plan.yield %s : f32
    }
  }
}

// -----

plan.program @kernel_c5_widths strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected #plan.variant with 2 widths, got #plan.variant}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1], requirements = [], grid = "1",
            shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      %s = plan.reduce sum over [0] %now : vector<4xf32> to f32
      plan.yield %s : f32
    }
  }
}

// -----

plan.program @kernel_c5_last strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected the last to require nothing, got ["T < 9"]}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = ["T < 9"], grid = "1",
            shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      %s = plan.reduce sum over [0] %now : vector<4xf32> to f32
      plan.yield %s : f32
    }
  }
}

// -----

plan.program @kernel_c6_accesses strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{init_states: expected distinct positions below 1 and an access for each}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64: 0>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "1",
            shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      %s = plan.reduce sum over [0] %now : vector<4xf32> to f32
      plan.yield %s : f32
    }
  }
}

// -----

plan.program @kernel_c6_positions strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>,
                  #plan.parameter<out hT : f32 [N]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{final_states: expected distinct positions below 1 and an access for each}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [],
        final_states = array<i64: 1>, finals = [#plan.access<hT (d0, d1) -> (d1)>],
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "1",
            shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      %s = plan.reduce sum over [0] %now : vector<4xf32> to f32
      plan.yield %s : f32
    }
  }
}

// -----

plan.program @kernel_c7 strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    %two = arith.constant 2.0 : f32
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "1",
            shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %r = plan.reduce sum over [0] %x : vector<4xf32> to f32
      // expected-error @below {{expected no regions, and values of this region that are there before}}
      %v = plan.broadcast %two onto [] : f32 to vector<4xf32>
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      %s = plan.reduce sum over [0] %now : vector<4xf32> to f32
      plan.yield %s : f32
    }
  }
}

// -----

plan.program @advance_c2 strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T]>], sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>], reads = [#plan.access<x (d0) -> (d0)>], writes = [],
        states = [#plan.state<h : f32 []>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 1, lanes = 1, steps = 4>,
            offset_bits = 64, widths = [1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      // expected-error @below {{expected n numbers, and n rows of n as their matrix}}
      %now, %before = plan.advance "h" matrix gain %x : f32 bias %x : f32 to f32, f32
      plan.yield
    }
  }
}

// -----

plan.program @advance_c1 strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "1",
            shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %g = arith.constant 1.0 : f32
      // expected-error @below {{expected one type of results, and gain and bias of their shape}}
      %now, %before = plan.advance "h" gain %g : f32 bias %x : vector<4xf32>
          to vector<4xf32>, vector<4xf32>
      %s = plan.reduce sum over [0] %now : vector<4xf32> to f32
      plan.yield %s : f32
    }
  }
}

// -----

plan.program @broadcast_c1 strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "1",
            shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      %s = plan.reduce sum over [0] %now : vector<4xf32> to f32
      // expected-error @below {{onto: expected one distinct dimension of equal size per operand dimension}}
      %v = plan.broadcast %x onto [0] : vector<4xf32> to vector<3x4xf32>
      plan.yield %s : f32
    }
  }
}

// -----

plan.program @reduce_c1_result strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "1",
            shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      // expected-error @below {{over: expected distinct dimensions, and a result that keeps the others}}
      %s = plan.reduce sum over [] %now : vector<4xf32> to f32
      plan.yield %s : f32
    }
  }
}

// -----

plan.program @reduce_c1_a_number_has_no_dimension strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, N]>,
                  #plan.parameter<out y : f32 [T]>],
    sizes = {N = 4 : i64}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>],
        writes = [#plan.access<y (d0, d1) -> (d0)>],
        states = [#plan.state<h : f32 [n]>],
        init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "1",
            shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %now, %before = plan.advance "h" bias %x : vector<4xf32> to vector<4xf32>, vector<4xf32>
      %s = plan.reduce sum over [0] %now : vector<4xf32> to f32
      // expected-error @below {{over: expected distinct dimensions, and a result that keeps the others}}
      %r = plan.reduce sum over [0] %s : f32 to f32
      plan.yield %s : f32
    }
  }
}
