// RUN: scanc-opt %s -split-input-file -verify-diagnostics

plan.program @outer_sequential_c1 strategy "outer_sequential" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<in g : f32 [T]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{states: expected one of f32 with two indices}}
    plan.outer_sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>, #plan.access<g (d0, d1, d2) -> (d0)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f16 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = f32,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 1, runs = 2>,
            offset_bits = 64, widths = [1, 1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>, %g: f32):
      %o = plan.recall "S" factor %g query %k : vector<8xf32> key %k value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @outer_sequential_c1_logarithm strategy "outer_sequential" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<in g : f32 [T]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{region: expected a factor in place of the logarithm of a decay}}
    plan.outer_sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>, #plan.access<g (d0, d1, d2) -> (d0)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = f32,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 1, runs = 2>,
            offset_bits = 64, widths = [1, 1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>, %g: f32):
      %o = plan.recall "S" decay %g query %k : vector<8xf32> key %k value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @outer_sequential_c1_rows strategy "outer_sequential" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<in g : f32 [T]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{variants: expected at most 32 rows a thread, got 68 of 2}}
    plan.outer_sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 68>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>, #plan.access<g (d0, d1, d2) -> (d0)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = f32,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 1, runs = 2>,
            offset_bits = 64, widths = [1, 1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<68xf32>, %v: vector<8xf32>, %g: f32):
      %o = plan.recall "S" factor %g query %k : vector<68xf32> key %k value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @outer_sequential_c2 strategy "outer_sequential" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<in g : f32 [T]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error @below {{element: expected f32, got 'bf16'}}
    plan.outer_sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>, #plan.access<g (d0, d1, d2) -> (d0)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 1, runs = 2>,
            offset_bits = 64, widths = [1, 1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>, %g: f32):
      %o = plan.recall "S" factor %g query %k : vector<8xf32> key %k value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @outer_sequential_c3 strategy "outer_sequential" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<in g : f32 [T]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // expected-error-re @below {{variants: expected lane_threads, lanes, steps and state_threads of 1, {{.*}} steps = 2, runs = 2>}}
    plan.outer_sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>, #plan.access<g (d0, d1, d2) -> (d0)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = f32,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 2, runs = 2>,
            offset_bits = 64, widths = [1, 1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>, %g: f32):
      %o = plan.recall "S" factor %g query %k : vector<8xf32> key %k value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}

// -----

plan.program @recall_c2_factor strategy "outer_sequential" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<in g : f32 [T]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.outer_sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>, #plan.access<g (d0, d1, d2) -> (d0)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = f32,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 1, runs = 2>,
            offset_bits = 64, widths = [1, 1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>, %g: f32):
      // expected-error @below {{factor: expected no decay beside it}}
      %o = plan.recall "S" decay %g factor %g query %k : vector<8xf32> key %k value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}
