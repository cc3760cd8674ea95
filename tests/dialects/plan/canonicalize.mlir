// RUN: scanc-opt %s --canonicalize | FileCheck %s

// Folding takes no constant out of a kernel: an entry holds kernels alone.
// CHECK-LABEL: plan.program @a_constant_stays_in_its_kernel
//       CHECK:   plan.sequential "k"
//       CHECK:     %[[SUM:.*]] = arith.constant 3.000000e+00 : f32
//       CHECK:     plan.advance "h" gain %[[SUM]]
plan.program @a_constant_stays_in_its_kernel strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.sequential "k" attributes {
        dims = [#plan.dim<time t in T : ?>], reads = [#plan.access<x (d0) -> (d0)>], writes = [],
        states = [#plan.state<h : f32 []>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any_i64",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1], requirements = [], grid = "1", shared_bytes = 0>]} {
    ^bb0(%x: f32):
      %one = arith.constant 1.0 : f32
      %two = arith.constant 2.0 : f32
      %three = arith.addf %one, %two : f32
      %now, %before = plan.advance "h" gain %three : f32 bias %x : f32 to f32, f32
      plan.yield
    }
  }
}
