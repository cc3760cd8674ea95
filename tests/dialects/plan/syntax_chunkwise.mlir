// RUN: scanc-opt %s | scanc-opt | FileCheck %s

// What may be missing of a recall is missing in its text.
// CHECK-LABEL: plan.program @recalls
plan.program @recalls strategy "chunkwise" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<in g : f32 [T]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // CHECK: plan.chunkwise "first"
    // CHECK-SAME: element = f16
    plan.chunkwise "first" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 4>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>, #plan.access<g (d0, d1, d2) -> (d0)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = f16,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 3>,
            offset_bits = 64, widths = [1, 1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<4xf32>, %g: f32):
      // CHECK: plan.recall "S" decay %{{.*}} query %{{.*}} scale %{{.*}} : vector<8xf32> key %{{.*}} scale %{{.*}} value %{{.*}} : vector<4xf32>
      %o = plan.recall "S" decay %g query %k scale %g : vector<8xf32> key %k scale %g value %v : vector<4xf32>
      plan.yield %o : vector<4xf32>
    }
    // CHECK: plan.chunkwise "rows"
    plan.chunkwise "rows" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 4>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 1>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<4xf32>):
      // CHECK: plan.recall "S" row_decays %{{.*}} : vector<8xf32> from %{{.*}} : vector<8xf32> query
      %o = plan.recall "S" row_decays %k : vector<8xf32> from %k : vector<8xf32> query %k : vector<8xf32> key %k value %v : vector<4xf32>
      plan.yield %o : vector<4xf32>
    }
    // CHECK: plan.chunkwise "before"
    plan.chunkwise "before" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 4>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 1>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<4xf32>):
      // CHECK: plan.recall "S" reads_before row_decays %{{.*}} : vector<8xf32> bonus %{{.*}} : vector<8xf32> query
      %o = plan.recall "S" reads_before row_decays %k : vector<8xf32> bonus %k : vector<8xf32> query %k : vector<8xf32> key %k value %v : vector<4xf32>
      plan.yield %o : vector<4xf32>
    }
    // CHECK: plan.chunkwise "second"
    plan.chunkwise "second" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 4>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 3>,
            offset_bits = 64, widths = [1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<4xf32>):
      // CHECK: plan.recall "S" query %{{.*}} : vector<8xf32> key %{{.*}} value %{{.*}} : vector<4xf32>
      %o = plan.recall "S" query %k : vector<8xf32> key %k value %v : vector<4xf32>
      plan.yield %o : vector<4xf32>
    }
    // CHECK: plan.chunkwise "corrected"
    // CHECK-SAME: scratch = "ceildiv(T, 64) * 8192"
    // CHECK-SAME: before = [#plan.launch<kernel = "chunk_inverses", threads = 128, grid = "ceildiv(T, 64)", shared_bytes = 26624>]
    plan.chunkwise "corrected" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 4>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>, #plan.access<g (d0, d1, d2) -> (d0)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16, scratch = "ceildiv(T, 64) * 8192",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 3>,
            offset_bits = 64, widths = [1, 1, 1, 1], requirements = [], grid = "1", shared_bytes = 0,
            before = [#plan.launch<kernel = "chunk_inverses", threads = 128, grid = "ceildiv(T, 64)", shared_bytes = 26624>]>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<4xf32>, %g: f32):
      // CHECK: plan.recall "S" query %{{.*}} : vector<8xf32> key %{{.*}} scale %{{.*}} correct %{{.*}} value %{{.*}} : vector<4xf32> behind(%{{.*}}, %{{.*}} : vector<8xf32>, vector<8xf32> scale %{{.*}}, %{{.*}} correct %{{.*}}, %{{.*}} value %{{.*}}, %{{.*}} : vector<4xf32>, vector<4xf32>) readers(%{{.*}}, %{{.*}}, %{{.*}} : vector<8xf32>, vector<8xf32>, vector<8xf32>)
      %o = plan.recall "S" query %k : vector<8xf32> key %k scale %g correct %g value %v : vector<4xf32>
        behind(%k, %k : vector<8xf32>, vector<8xf32> scale %g, %g correct %g, %g value %v, %v : vector<4xf32>, vector<4xf32>)
        readers(%k, %k, %k : vector<8xf32>, vector<8xf32>, vector<8xf32>)
      plan.yield %o : vector<4xf32>
    }
    // CHECK: plan.chunkwise "corrected_rows"
    plan.chunkwise "corrected_rows" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 4>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>, #plan.access<g (d0, d1, d2) -> (d0)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = bf16, scratch = "ceildiv(T, 64) * 43008",
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 128, lanes = 1, steps = 64, ring = 2>,
            offset_bits = 64, widths = [1, 1, 1, 1], requirements = [], grid = "1", shared_bytes = 0,
            before = [#plan.launch<kernel = "chunk_factors", threads = 128, grid = "ceildiv(T, 64)", shared_bytes = 36864>]>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<4xf32>, %g: f32):
      // CHECK: plan.recall "S" row_decays %{{.*}} : vector<8xf32> query %{{.*}} : vector<8xf32> key %{{.*}} scale %{{.*}} correct %{{.*}} value %{{.*}} : vector<4xf32>
      %o = plan.recall "S" row_decays %k : vector<8xf32> query %k : vector<8xf32> key %k scale %g correct %g value %v : vector<4xf32>
      plan.yield %o : vector<4xf32>
    }
  }
}

// CHECK-LABEL: plan.program @outer
plan.program @outer strategy "outer_sequential" attributes {
    parameters = [#plan.parameter<in k : f32 [T, K]>, #plan.parameter<in v : f32 [T, V]>, #plan.parameter<in g : f32 [T]>, #plan.parameter<out o : f32 [T, V]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // CHECK: plan.outer_sequential "k"
    plan.outer_sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register i in K : 8>, #plan.dim<register j in V : 8>],
        reads = [#plan.access<k (d0, d1, d2) -> (d0, d1)>, #plan.access<v (d0, d1, d2) -> (d0, d2)>, #plan.access<g (d0, d1, d2) -> (d0)>],
        writes = [#plan.access<o (d0, d1, d2) -> (d0, d2)>], states = [#plan.state<S : f32 [i, j]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], element = f32,
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 1, time_threads = 32, lanes = 1, steps = 1, runs = 2>,
            offset_bits = 64, widths = [1, 1, 1, 1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%k: vector<8xf32>, %v: vector<8xf32>, %g: f32):
      // CHECK: plan.recall "S" factor %{{.*}} query %{{.*}} : vector<8xf32> key
      %o = plan.recall "S" factor %g query %k : vector<8xf32> key %k value %v : vector<8xf32>
      plan.yield %o : vector<8xf32>
    }
  }
}
