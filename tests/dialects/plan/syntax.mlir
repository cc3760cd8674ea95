// RUN: scanc-opt %s --verify-roundtrip | FileCheck %s

// Every op and attribute: both kernels, all roles of dims, a window, initial and final states, two
// variants of which the first has requirements, a gain and none, and each kind of scalar code.
// CHECK-LABEL: plan.program @both strategy "sequential"
//  CHECK-SAME:   deterministic = true, error_bound = "c u |b| per step"
//  CHECK-SAME:   parameters = [#plan.parameter<in x : bf16 [B, T]>,
//  CHECK-SAME:   #plan.parameter<out "the last" : f32 [B, "4"]>]
//  CHECK-SAME:   policy = #plan.policy<walk = time, lane_threads = 1, time_threads = 32, lanes = 1, steps = 4>
//  CHECK-SAME:   sizes = {T = 64 : i64}
plan.program @both strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : bf16 [B, T]>, #plan.parameter<in c : f32 [T, "4"]>,
                  #plan.parameter<in h0 : f32 [B, "4"]>, #plan.parameter<out y : f32 [B, T]>,
                  #plan.parameter<out "the last" : f32 [B, "4"]>],
    policy = #plan.policy<walk = time, lane_threads = 1, time_threads = 32, lanes = 1, steps = 4>,
    sizes = {T = 64 : i64}, schema = 1, deterministic = true, error_bound = "c u |b| per step"} {
  // CHECK: plan.entry "forward" {
  plan.entry "forward" {
    // CHECK: plan.sequential "first" attributes {dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : 64>, #plan.dim<register n in "4" : 4>],
    // CHECK-SAME: final_states = array<i64: 0>, finals = [#plan.access<"the last" (d0, d1, d2) -> (d0, d2)>]
    // CHECK-SAME: init_states = array<i64: 0>, inits = [#plan.access<h0 (d0, d1, d2) -> (d0, d2)>]
    // CHECK-SAME: reads = [#plan.access<x (d0, d1, d2) -> (d0, d1 - 1)>, #plan.access<c (d0, d1, d2) -> (d1, d2)>]
    // CHECK-SAME: reverse, states = [#plan.state<h : f32 [n]>]
    // CHECK-SAME: #plan.variant<name = "wide_i32", policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 2, steps = 8>, offset_bits = 32, widths = [2, 4, 2, 1, 1], requirements = ["B < 9", "stride(x, 1) == 1"], grid = "ceildiv(B, 256)", shared_bytes = 64>
    // CHECK-SAME: #plan.variant<name = "any_i64"
    plan.sequential "first" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : 64>,
                #plan.dim<register n in "4" : 4>],
        reads = [#plan.access<x (d0, d1, d2) -> (d0, d1 - 1)>,
                 #plan.access<c (d0, d1, d2) -> (d1, d2)>],
        writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>], states = [#plan.state<h : f32 [n]>],
        init_states = array<i64: 0>, inits = [#plan.access<h0 (d0, d1, d2) -> (d0, d2)>],
        final_states = array<i64: 0>, finals = [#plan.access<"the last" (d0, d1, d2) -> (d0, d2)>],
        reverse,
        variants = [#plan.variant<name = "wide_i32",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 2, steps = 8>,
            offset_bits = 32, widths = [2, 4, 2, 1, 1], requirements = ["B < 9", "stride(x, 1) == 1"],
            grid = "ceildiv(B, 256)", shared_bytes = 64>,
          #plan.variant<name = "any_i64",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1, 1, 1, 1], requirements = [], grid = "ceildiv(B, 128)",
            shared_bytes = 0>]} {
    // CHECK: ^bb0(%[[X:.*]]: bf16, %[[C:.*]]: vector<4xf32>):
    ^bb0(%x: bf16, %c: vector<4xf32>):
      %x1 = arith.extf %x : bf16 to f32
      // CHECK: %[[S:.*]] = plan.activation softplus %{{.*}} : f32
      // CHECK: %[[L:.*]] = plan.logaddexp %[[S]], %{{.*}} : f32
      // CHECK: %[[W:.*]] = plan.broadcast %[[L]] onto [] : f32 to vector<4xf32>
      // CHECK: %[[NOW:.*]], %{{.*}} = plan.advance "h" gain %[[C]] : vector<4xf32> bias %[[W]] : vector<4xf32> to vector<4xf32>, vector<4xf32>
      // CHECK: %[[Y:.*]] = plan.reduce maximum over [0] %[[NOW]] : vector<4xf32> to f32
      // CHECK: plan.yield %[[Y]] : f32
      %s = plan.activation softplus %x1 : f32
      %l = plan.logaddexp %s, %x1 : f32
      %w = plan.broadcast %l onto [] : f32 to vector<4xf32>
      %now, %before = plan.advance "h" gain %c : vector<4xf32> bias %w : vector<4xf32>
          to vector<4xf32>, vector<4xf32>
      %y = plan.reduce maximum over [0] %now : vector<4xf32> to f32
      plan.yield %y : f32
    }
    // CHECK: plan.blelloch "second"
    plan.blelloch "second" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : 64>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>], writes = [],
        states = [#plan.state<g : bf16 []>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any_i64",
            policy = <walk = time, lane_threads = 1, time_threads = 32, lanes = 1, steps = 4>,
            offset_bits = 64, widths = [1], requirements = [], grid = "B", shared_bytes = 0>]} {
    ^bb0(%x: bf16):
      // CHECK: plan.advance "g" bias %{{.*}} : bf16 to bf16, bf16
      // CHECK: plan.yield
      %now, %before = plan.advance "g" bias %x : bf16 to bf16, bf16
      plan.yield
    }
    // CHECK: plan.matmul_scan "fourth"
    // CHECK-SAME: products = "bf16x3"
    // CHECK-SAME: shared_dims = 1
    plan.matmul_scan "fourth" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : 64>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>], writes = [],
        states = [#plan.state<g : f32 []>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], shared_dims = 1, products = "bf16x3",
        variants = [#plan.variant<name = "any_i64", policy = <walk = lanes, lane_threads = 8,
                time_threads = 4, lanes = 1, steps = 4>,
            offset_bits = 64, widths = [1], requirements = [], grid = "ceildiv(B, 8)", shared_bytes = 96>]} {
    ^bb0(%x: bf16):
      %x1 = arith.extf %x : bf16 to f32
      %now, %before = plan.advance "g" bias %x1 : f32 to f32, f32
      plan.yield
    }
    // CHECK: plan.look_back "third"
    // CHECK-SAME: steps = 4, runs = 2>
    // CHECK-SAME: workspace = "256 + B * 8"
    plan.look_back "third" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : 64>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>], writes = [],
        states = [#plan.state<g : f32 []>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [], workspace = "256 + B * 8",
        variants = [#plan.variant<name = "any_i64", policy = <walk = time, lane_threads = 1,
                time_threads = 32, lanes = 1, steps = 4, runs = 2>,
            offset_bits = 64, widths = [1], requirements = [], grid = "B", shared_bytes = 64>]} {
    ^bb0(%x: bf16):
      %x1 = arith.extf %x : bf16 to f32
      // CHECK: plan.advance "g" ring max_plus bias %{{.*}} : f32 to f32, f32
      %now, %before = plan.advance "g" ring max_plus bias %x1 : f32 to f32, f32
      plan.yield
    }
    // CHECK: plan.sequential "reducing"
    // CHECK-SAME: reduce_threads = 32>
    plan.sequential "reducing" attributes {
        dims = [#plan.dim<lane B in "64" : 64>, #plan.dim<time t in T : 64>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>], writes = [],
        states = [#plan.state<g : f32 []>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any_i64", policy = <walk = lanes, lane_threads = 32,
                time_threads = 1, lanes = 2, steps = 4, reduce_threads = 32>,
            offset_bits = 64, widths = [1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%x: bf16):
      %x1 = arith.extf %x : bf16 to f32
      %now, %before = plan.advance "g" bias %x1 : f32 to f32, f32
      // CHECK: plan.reduce_lanes logsumexp %{{.*}} : f32
      %s = plan.reduce_lanes logsumexp %now : f32
      plan.yield
    }
  }
}
