// RUN: scanc-opt %s | scanc-opt | FileCheck %s

// Two groups of columns, one to a tensor of the plan that a kernel reads.
// CHECK-LABEL: plan.program @layer strategy "projection"
// CHECK-SAME: tensors = [#plan.parameter<out x_W : f32 [B, T, D]>]
plan.program @layer strategy "projection" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [E, N]>,
                  #plan.parameter<in b : f32 [N]>, #plan.parameter<out h : f32 [B, T, D]>, #plan.parameter<out z : f16 [B, T, N]>],
    tensors = [#plan.parameter<out x_W : f32 [B, T, D]>], sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    // CHECK: plan.projection "layer_product0"
    // CHECK-SAME: groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3, d4) -> (d2, d3)>, reads = [], result = <x_W (d0, d1, d2, d3, d4) -> (d0, d1, d3)>>,
    // CHECK-SAME: #plan.columns<dim = 4, weights = <V (d0, d1, d2, d3, d4) -> (d2, d4)>, reads = [#plan.access<b (d0, d1, d2, d3, d4) -> (d4)>], result = <z (d0, d1, d2, d3, d4) -> (d0, d1, d4)>>]
    // CHECK-SAME: products = [#plan.product<name = "matrices", tiling = <warpgroups = 2, columns = 128, ring = 4, tall = 2, tensors = true>, across = true, copies = true, requirements = ["stride(x, 2) == 1"], grid = "B", shared_bytes = 197632>,
    // CHECK-SAME: #plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3, tall = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B", shared_bytes = 73728>]
    plan.projection "layer_product0" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : 64>, #plan.dim<register j in D : ?>, #plan.dim<register n in N : ?>],
        row = #plan.access<x (d0, d1, d2, d3, d4) -> (d0, d1, d2)>,
        groups = [#plan.columns<dim = 3, weights = <W (d0, d1, d2, d3, d4) -> (d2, d3)>, reads = [], result = <x_W (d0, d1, d2, d3, d4) -> (d0, d1, d3)>>,
                  #plan.columns<dim = 4, weights = <V (d0, d1, d2, d3, d4) -> (d2, d4)>, reads = [#plan.access<b (d0, d1, d2, d3, d4) -> (d4)>], result = <z (d0, d1, d2, d3, d4) -> (d0, d1, d4)>>],
        products = [#plan.product<name = "matrices", tiling = <warpgroups = 2, columns = 128, ring = 4, tall = 2, tensors = true>, across = true, copies = true, requirements = ["stride(x, 2) == 1"], grid = "B", shared_bytes = 197632>,
                    #plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 3, tall = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B", shared_bytes = 73728>]} {
    ^bb0(%sum: f32):
      plan.yield %sum : f32
    }, {
    ^bb0(%sum: f32, %b: f32):
      // CHECK: plan.activation silu approximate
      %biased = arith.addf %sum, %b : f32
      %gate = plan.activation silu approximate %biased : f32
      %z = arith.truncf %gate : f32 to f16
      plan.yield %z : f16
    }
    // CHECK: plan.sequential "layer"
    // CHECK-SAME: reads = [#plan.access<x_W (d0, d1, d2) -> (d0, d2, d1)>]
    plan.sequential "layer" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<lane j in D : ?>, #plan.dim<time t in T : ?>],
        reads = [#plan.access<x_W (d0, d1, d2) -> (d0, d2, d1)>], writes = [#plan.access<h (d0, d1, d2) -> (d0, d2, d1)>],
        states = [#plan.state<h : f32 []>], init_states = array<i64>, inits = [], final_states = array<i64>, finals = [],
        variants = [#plan.variant<name = "any", policy = <walk = lanes, lane_threads = 32, time_threads = 1, lanes = 1, steps = 1>,
            offset_bits = 64, widths = [1, 1], requirements = [], grid = "ceildiv(B * D, 32)", shared_bytes = 0>]} {
    ^bb0(%p: f32):
      %now, %before = plan.advance "h" bias %p : f32 to f32, f32
      plan.yield %now : f32
    }
  }
}
