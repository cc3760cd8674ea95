// RUN: scanc-opt %s -split-input-file -verify-diagnostics

// Outer products are summed up in one matrix of state, of which every result is read.

plan.program @chunkwise_c1 strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{states: expected one of f32 with two indices}}
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 3>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>):
      %o = plan.recall "S" query %k : vector<8xf32> key %k value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @chunkwise_c1_rows strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{states: expected at most 256 rows, got 257}}
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 257>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 3>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<257xf32>, %v: vector<8xf32>):
      %o = plan.recall "S" query %k : vector<257xf32> key %k value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @chunkwise_c2 strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{element: expected f16 or bf16, got 'f32'}}
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = f32,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 3>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>):
      %o = plan.recall "S" query %k : vector<8xf32> key %k value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @chunkwise_c3 strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected lane_threads, lanes and state_threads of 1}}
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 32, ring = 3>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>):
      %o = plan.recall "S" query %k : vector<8xf32> key %k value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @chunkwise_c3_runs strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected runs of 1, 2 with 512 time_threads and a ring of 3 or 256 and 2, or 3 with 384 and 3}}
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 3, runs = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>):
      %o = plan.recall "S" query %k : vector<8xf32> key %k value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @chunkwise_c3_runs_rows strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected runs of 1 with decays of rows or other than 65 to 128 rows}}
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 512, lanes = 1, steps = 64, ring = 3, runs = 2>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>):
      %o = plan.recall "S" query %k : vector<8xf32> key %k value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @chunkwise_c3_runs_correction strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected runs of 3 exactly with a correction and 384 time_threads}}
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 72>, #plan.dim<register j in V : 72>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 384, lanes = 1, steps = 64, ring = 3, runs = 3>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<72xf32>, %v: vector<72xf32>):
      %o = plan.recall "S" query %k : vector<72xf32> key %k value %v : vector<72xf32>
      plan.yield %o : vector<72xf32>
    }
  }
}

// -----

plan.program @chunkwise_c3_ring strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected a ring of 2 at least, with decays of rows and no correction of 1, got 1}}
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 1>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>):
      %o = plan.recall "S" query %k : vector<8xf32> key %k value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @chunkwise_c3_rows strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected a ring of 2 at least, with decays of rows and no correction of 1, got 3}}
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 3>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>):
      %o = plan.recall "S" row_decays %k : vector<8xf32> query %k : vector<8xf32> key %k value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @recall_c2 strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 1>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>):
      // expected-error @below {{decay_input: expected the one read that row_decays are made of}}
      %o = plan.recall "S" row_decays %k : vector<8xf32> from %v : vector<8xf32> query %k : vector<8xf32> key %k value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @recall_c2_alone strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 3>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>):
      // expected-error @below {{decay_input: expected the one read that row_decays are made of}}
      %o = plan.recall "S" from %v : vector<8xf32> query %k : vector<8xf32> key %k value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @recall_c3 strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 3>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>):
      %n = arith.constant 1.0 : f32
      // expected-error @below {{behind: expected as many keys, scales, corrections and values, of the types of `key` and `value`, beside a correction}}
      %o = plan.recall "S" query %k : vector<8xf32> key %k value %v : vector<8xf32> behind(%k : vector<8xf32> scale %n correct %n value %v : vector<8xf32>)
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @recall_c4_behind strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 3>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>):
      %n = arith.constant 1.0 : f32
      // expected-error @below {{reads_before: expected nothing behind}}
      %o = plan.recall "S" reads_before query %k : vector<8xf32> key %k correct %n value %v : vector<8xf32> behind(%k : vector<8xf32> scale %n correct %n value %v : vector<8xf32>)
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @recall_c4_bonus strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 3>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>):
      %n = arith.constant 1.0 : f32
      // expected-error @below {{bonus: expected 'vector<8xf32>' beside reads_before and row_decays, without a correction}}
      %o = plan.recall "S" reads_before bonus %k : vector<8xf32> query %k : vector<8xf32> key %k value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @chunkwise_c4 strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{region: expected results of the recalled sums, point by point}}
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 3>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>):
      %o = plan.recall "S" query %k : vector<8xf32> key %k value %v : vector<8xf32>
      plan.yield %v : vector<8xf32>
    }
  }
}

// -----

plan.program @kernel_c4_not_recalled strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{region: expected 1 advances, got 0}}
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 3>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>):
      plan.yield %v : vector<8xf32>
    }
  }
}

// -----

plan.program @kernel_c4_recalled_elsewhere strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 3>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>):
      // expected-error @below {{expected the states of a plan.chunkwise or plan.outer_sequential recalled once, in order}}
      %o = plan.recall "S" query %k : vector<8xf32> key %k value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @chunkwise_c1_scratch strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<in g : f32 [T]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{scratch: expected bytes exactly where a launch goes before, got ""}}
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>, #plan.access<g (d0, d1, d2) -> (d0)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 3>,
            offset_bits = 64, widths = [1, 1, 1, 1], requirements = [], grid = "1", shared_bytes = 0,
            before = [#plan.launch<kernel = "chunk_inverses", threads = 128, grid = "ceildiv(T, 64)", shared_bytes = 0>]>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>, %g: f32):
      %o = plan.recall "S" query %k : vector<8xf32> key %k correct %g value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @kernel_c13_missing strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<in g : f32 [T]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected before the kernel chunk_inverses, or with decays of rows chunk_factors, exactly where the state is corrected, then chunk_states or nothing, with a correction first_spans before it or not, and behind it with either or runs above 1 chunk_entries, got}}
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>, #plan.access<g (d0, d1, d2) -> (d0)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16, scratch = "ceildiv(T, 64) * 8192",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 3>,
            offset_bits = 64, widths = [1, 1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>, %g: f32):
      %o = plan.recall "S" query %k : vector<8xf32> key %k correct %g value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @kernel_c13_other strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<in g : f32 [T]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected before the kernel chunk_inverses, or with decays of rows chunk_factors, exactly where the state is corrected, then chunk_states or nothing, with a correction first_spans before it or not, and behind it with either or runs above 1 chunk_entries, got}}
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>, #plan.access<g (d0, d1, d2) -> (d0)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16, scratch = "ceildiv(T, 64) * 8192",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 3>,
            offset_bits = 64, widths = [1, 1, 1, 1], requirements = [], grid = "1", shared_bytes = 0,
            before = [#plan.launch<kernel = "chunk_states", threads = 128, grid = "ceildiv(T, 64)", shared_bytes = 0>]>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>, %g: f32):
      %o = plan.recall "S" query %k : vector<8xf32> key %k correct %g value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @kernel_c13_first_alone strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<in g : f32 [T]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected before the kernel chunk_inverses, or with decays of rows chunk_factors, exactly where the state is corrected, then chunk_states or nothing, with a correction first_spans before it or not, and behind it with either or runs above 1 chunk_entries, got}}
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>, #plan.access<g (d0, d1, d2) -> (d0)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16, scratch = "ceildiv(T, 64) * 8192",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 3>,
            offset_bits = 64, widths = [1, 1, 1, 1], requirements = [], grid = "1", shared_bytes = 0,
            before = [#plan.launch<kernel = "chunk_inverses", threads = 128, grid = "ceildiv(T, 64)", shared_bytes = 0>,
                #plan.launch<kernel = "first_spans", threads = 128, grid = "1", shared_bytes = 0>]>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>, %g: f32):
      %o = plan.recall "S" query %k : vector<8xf32> key %k correct %g value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @kernel_c13_first_of_others strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<in g : f32 [T]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected first_spans with threads and shared bytes of the kernel itself, got}}
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>, #plan.access<g (d0, d1, d2) -> (d0)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16, scratch = "ceildiv(T, 64) * 8192",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 3>,
            offset_bits = 64, widths = [1, 1, 1, 1], requirements = [], grid = "1", shared_bytes = 0,
            before = [#plan.launch<kernel = "chunk_inverses", threads = 128, grid = "ceildiv(T, 64)", shared_bytes = 0>,
                #plan.launch<kernel = "first_spans", threads = 256, grid = "1", shared_bytes = 0>,
                #plan.launch<kernel = "chunk_states", threads = 128, grid = "1", shared_bytes = 0>,
                #plan.launch<kernel = "chunk_entries", threads = 128, grid = "1", shared_bytes = 0>]>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>, %g: f32):
      %o = plan.recall "S" query %k : vector<8xf32> key %k correct %g value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @kernel_c13_other_of_rows strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<in g : f32 [T]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected before the kernel chunk_inverses, or with decays of rows chunk_factors, exactly where the state is corrected, then chunk_states or nothing, with a correction first_spans before it or not, and behind it with either or runs above 1 chunk_entries, got}}
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>, #plan.access<g (d0, d1, d2) -> (d0)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16, scratch = "ceildiv(T, 64) * 8192",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 2>,
            offset_bits = 64, widths = [1, 1, 1, 1], requirements = [], grid = "1", shared_bytes = 0,
            before = [#plan.launch<kernel = "chunk_inverses", threads = 128, grid = "ceildiv(T, 64)", shared_bytes = 0>]>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>, %g: f32):
      %o = plan.recall "S" row_decays %k : vector<8xf32> query %k : vector<8xf32> key %k correct %g value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @kernel_c13_unwanted strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<in g : f32 [T]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected before the kernel chunk_inverses, or with decays of rows chunk_factors, exactly where the state is corrected, then chunk_states or nothing, with a correction first_spans before it or not, and behind it with either or runs above 1 chunk_entries, got}}
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>, #plan.access<g (d0, d1, d2) -> (d0)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 3>,
            offset_bits = 64, widths = [1, 1, 1, 1], requirements = [], grid = "1", shared_bytes = 0,
            before = [#plan.launch<kernel = "chunk_inverses", threads = 128, grid = "ceildiv(T, 64)", shared_bytes = 0>]>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>, %g: f32):
      %o = plan.recall "S" query %k : vector<8xf32> key %k value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @kernel_c13_threads strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<in g : f32 [T]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected before a plan.chunkwise alone #plan.launch of 1 to 1024 threads, got}}
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>, #plan.access<g (d0, d1, d2) -> (d0)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16, scratch = "ceildiv(T, 64) * 8192",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 3>,
            offset_bits = 64, widths = [1, 1, 1, 1], requirements = [], grid = "1", shared_bytes = 0,
            before = [#plan.launch<kernel = "chunk_inverses", threads = 0, grid = "ceildiv(T, 64)", shared_bytes = 0>]>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>, %g: f32):
      %o = plan.recall "S" query %k : vector<8xf32> key %k correct %g value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @kernel_c13_grid strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<in g : f32 [T]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{is not valid}}
    plan.chunkwise "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>, #plan.access<g (d0, d1, d2) -> (d0)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16, scratch = "ceildiv(T, 64) * 8192",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 3>,
            offset_bits = 64, widths = [1, 1, 1, 1], requirements = [], grid = "1", shared_bytes = 0,
            before = [#plan.launch<kernel = "chunk_inverses", threads = 128, grid = "ceildiv(T, 64", shared_bytes = 0>]>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>, %g: f32):
      %o = plan.recall "S" query %k : vector<8xf32> key %k correct %g value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}
