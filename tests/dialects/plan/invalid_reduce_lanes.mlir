// RUN: scanc-opt %s -split-input-file -verify-diagnostics

// Readouts over the last lane dimension, in the threads that hold it.

plan.program @kernel_c11_a_reduction_without_threads strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T, "64"]>, #plan.parameter<out y : f32 [B, T, "64"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{reduce_threads exactly where something is reduced over lanes}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<lane d in "64" : 64>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d2, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d2, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 64, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "B * 64", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      %s = plan.reduce_lanes sum %now : f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c11_threads_without_a_reduction strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T, "64"]>, #plan.parameter<out y : f32 [B, T, "64"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{reduce_threads exactly where something is reduced over lanes}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<lane d in "64" : 64>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d2, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d2, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 64, time_threads = 1, lanes = 1, steps = 8, reduce_threads = 64>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "B * 64", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c11_a_reduction_enters_a_state strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T, "64"]>, #plan.parameter<out y : f32 [B, T, "64"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{reductions over lanes behind the states}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<lane d in "64" : 64>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d2, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d2, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 64, time_threads = 1, lanes = 1, steps = 8, reduce_threads = 64>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "B * 64", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %s = plan.reduce_lanes sum %x : f32
      %now, %before = plan.advance "h" bias %s : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c11_blelloch_along_time strategy "blelloch" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T, "64"]>, #plan.parameter<out y : f32 [B, T, "64"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{plan.sequential, or plan.blelloch across lanes}}
    plan.blelloch "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<lane d in "64" : 64>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d2, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d2, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = time, lane_threads = 32, time_threads = 32, lanes = 2, steps = 8, reduce_threads = 32>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "B * 64", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      %s = plan.reduce_lanes sum %now : f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c11_look_back strategy "look_back" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T, "64"]>, #plan.parameter<out y : f32 [B, T, "64"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{plan.sequential, or plan.blelloch across lanes}}
    plan.look_back "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<lane d in "64" : 64>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d2, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d2, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [], workspace = "256",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 32, lanes = 2, steps = 8, reduce_threads = 32>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "B * 64", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      %s = plan.reduce_lanes sum %now : f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c11_a_size_known_at_launch strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T, "64"]>, #plan.parameter<out y : f32 [B, T, "64"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{a last lane dimension of static size, in shares of the threads' lanes}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<lane d in "64" : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d2, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d2, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 64, time_threads = 1, lanes = 1, steps = 8, reduce_threads = 64>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "B * 64", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      %s = plan.reduce_lanes sum %now : f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c11_lanes_that_do_not_divide_the_size strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T, "64"]>, #plan.parameter<out y : f32 [B, T, "64"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{a last lane dimension of static size, in shares of the threads' lanes}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<lane d in "64" : 64>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d2, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d2, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 64, time_threads = 1, lanes = 3, steps = 8, reduce_threads = 64>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "B * 64", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      %s = plan.reduce_lanes sum %now : f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c11_too_few_threads_for_the_size strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T, "64"]>, #plan.parameter<out y : f32 [B, T, "64"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{a last lane dimension of static size, in shares of the threads' lanes}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<lane d in "64" : 64>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d2, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d2, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 64, time_threads = 1, lanes = 1, steps = 8, reduce_threads = 32>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "B * 64", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      %s = plan.reduce_lanes sum %now : f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c11_threads_that_cross_warps strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T, "64"]>, #plan.parameter<out y : f32 [B, T, "64"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{reduce_threads of a power of two up to 32 or of whole warps that divide lane_threads, steps of a power of two, state_threads of 1 and no shift}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<lane d in "64" : 64>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d2, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d2, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 96, time_threads = 1, lanes = 2, steps = 8, reduce_threads = 48>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "B * 64", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      %s = plan.reduce_lanes sum %now : f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c11_a_block_with_a_share_of_the_size strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T, "64"]>, #plan.parameter<out y : f32 [B, T, "64"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{reduce_threads of a power of two up to 32 or of whole warps that divide lane_threads, steps of a power of two, state_threads of 1 and no shift}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<lane d in "64" : 64>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d2, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d2, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 1, lanes = 1, steps = 8, reduce_threads = 64>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "B * 64", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      %s = plan.reduce_lanes sum %now : f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @kernel_c11_steps_that_are_no_power_of_two strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T, "64"]>, #plan.parameter<out y : f32 [B, T, "64"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{reduce_threads of a power of two up to 32 or of whole warps that divide lane_threads, steps of a power of two, state_threads of 1 and no shift}}
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<lane d in "64" : 64>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d2, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d2, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 64, time_threads = 1, lanes = 1, steps = 6, reduce_threads = 64>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "B * 64", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      %s = plan.reduce_lanes sum %now : f32
      plan.yield %now : f32
    }
  }
}

// -----

plan.program @reduce_lanes_c1_a_vector strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [B, T, "64"]>, #plan.parameter<out y : f32 [B, T, "64"]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.sequential "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<lane d in "64" : 64>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d2, d1)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d2, d1)>],
        states = [#plan.state<h : f32 []>],
        init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 64, time_threads = 1, lanes = 1, steps = 8, reduce_threads = 64>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "B * 64", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      %v = arith.constant dense<1.0> : vector<4xf32>
      // expected-error @below {{expected a number, got 'vector<4xf32>'}}
      %s = plan.reduce_lanes sum %v : vector<4xf32>
      plan.yield %now : f32
    }
  }
}
