// RUN: scanc-opt %s --plan-emit-cuda -o /dev/null | FileCheck %s
// RUN: scanc-opt %s --plan-emit-cuda=variant=any_i64 -o /dev/null | FileCheck %s --check-prefix=ONE
// RUN: scanc-opt %s --plan-emit-cuda -o /dev/null | FileCheck %s --check-prefix=BOTH

// Each variant of the kernel as a text of its own, in the order of the plan; one where one is named.
// BOTH: using offset = int;
// BOTH: using offset = long long;
// ONE-NOT: using offset = int;
// ONE: using offset = long long;

// The policy, the register dimension as a loop, the access as an address, the advance as a map, and
// one call of the template that the op names.
// CHECK: #include "scanc/kernel/sequential.cuh"
// CHECK: struct arguments {
// CHECK: tensor<const float, 2> x; // [T, 4]
// CHECK: struct readout {
// CHECK: static constexpr policy shape{.walk = order::lanes, .lane_threads = 128, .time_threads = 1, .lanes = 1, .steps = 8, .ring = 0, .runs = 1, .blocks = 1, .state_threads = 1, .reduce_threads = 0};
// CHECK: maps{{\[}}[[N:[a-z]+]]{{\]}} = {0.5f, in.x[v]{{\[}}[[N]]{{\]}}};
// CHECK: thread::sum<float> [[SUM:[a-z0-9]+]];
// CHECK: [[SUM]].add(now.h[
// CHECK: out.y[v] = [[SUM]].value();
// CHECK: extern "C" __global__ void __launch_bounds__(128
// CHECK: kernel::sequential(program::readout{args}
plan.program @readout strategy "sequential" attributes {
    parameters = [#plan.parameter<in x : f32 [T, "4"]>, #plan.parameter<out y : f32 [T]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.sequential "readout" attributes {
        dims = [#plan.dim<time t in T : ?>, #plan.dim<register n in "4" : 4>],
        reads = [#plan.access<x (d0, d1) -> (d0, d1)>], writes = [#plan.access<y (d0, d1) -> (d0)>],
        states = [#plan.state<h : f32 [n]>], init_states = array<i64>, inits = [],
        final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any_i32",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 32, widths = [1, 1], requirements = ["T < 1073741824"], grid = "1",
            shared_bytes = 0>,
          #plan.variant<name = "any_i64",
            policy = <walk = lanes, lane_threads = 128, time_threads = 1, lanes = 1, steps = 8>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "1",
            shared_bytes = 0>]} {
    ^bb0(%x: vector<4xf32>):
      %half = arith.constant 0.5 : f32
      %a = plan.broadcast %half onto [] : f32 to vector<4xf32>
      %now, %before = plan.advance "h" gain %a : vector<4xf32> bias %x : vector<4xf32>
          to vector<4xf32>, vector<4xf32>
      %y = plan.reduce sum over [0] %now : vector<4xf32> to f32
      plan.yield %y : f32
    }
  }
}
