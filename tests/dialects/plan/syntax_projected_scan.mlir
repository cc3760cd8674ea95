// RUN: scanc-opt %s | scanc-opt | FileCheck %s

// Two sums, a bias of columns, states and a result.
// CHECK-LABEL: plan.program @layer strategy "projected_scan"
// CHECK: plan.projected_scan "k"
// CHECK-SAME: final = #plan.access<hT (d0, d1, d2, d3) -> (d0, d3)>, init = #plan.access<h0 (d0, d1, d2, d3) -> (d0, d3)>
// CHECK-SAME: products = [#plan.product<name = "pieces", tiling = <warpgroups = 2, columns = 128, ring = 7>, across = true, copies = true, requirements = ["stride(x, 2) == 1"], grid = "B", shared_bytes = 236544>,
// CHECK-SAME: #plan.product<name = "elements", tiling = <warpgroups = 1, columns = 128, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>]
// CHECK-SAME: workspace = "256 * B"
// CHECK: plan.advance "h"
plan.program @layer strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [E, D]>, #plan.parameter<in b : f32 [D]>, #plan.parameter<in h0 : f32 [B, D]>, #plan.parameter<out y : f16 [B, T, D]>, #plan.parameter<out hT : f32 [B, D]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : ?>],
        row = #plan.access<x (d0, d1, d2, d3) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3) -> (d2, d3)>, #plan.access<V (d0, d1, d2, d3) -> (d2, d3)>],
        reads = [#plan.access<b (d0, d1, d2, d3) -> (d3)>], writes = [#plan.access<y (d0, d1, d2, d3) -> (d0, d1, d3)>],
        init = #plan.access<h0 (d0, d1, d2, d3) -> (d0, d3)>, final = #plan.access<hT (d0, d1, d2, d3) -> (d0, d3)>,
        products = [#plan.product<name = "pieces", tiling = <warpgroups = 2, columns = 128, ring = 7>, across = true, copies = true, requirements = ["stride(x, 2) == 1"], grid = "B", shared_bytes = 236544>,
                  #plan.product<name = "elements", tiling = <warpgroups = 1, columns = 128, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%f: f32, %v: f32, %b: f32):
      %gate = arith.addf %f, %b : f32
      %now, %before = plan.advance "h" gain %gate : f32 bias %v : f32 to f32, f32
      %y = arith.truncf %now : f32 to f16
      plan.yield %y : f16
    }
  }
}

// A product of what the scan makes, to columns that are not those of the row.
// CHECK-LABEL: plan.program @behind strategy "projected_scan"
// CHECK: plan.projected_scan "k"
// CHECK-SAME: behind = #plan.columns<dim = 4, weights = <V (d0, d1, d2, d3, d4) -> (d3, d4)>
// CHECK: plan.yield {{.*}} : f16
// CHECK: ^bb0(%{{.*}}: f32, %{{.*}}: f32)
// CHECK: plan.yield {{.*}} : f16
plan.program @behind strategy "projected_scan" attributes {
    parameters = [#plan.parameter<in x : f16 [B, T, E]>, #plan.parameter<in W : f16 [E, D]>, #plan.parameter<in V : f16 [D, M]>, #plan.parameter<in c : f32 [M]>, #plan.parameter<out y : f16 [B, T, M]>],
    sizes = {}, schema = 1, deterministic = true, error_bound = ""} {
  plan.entry "forward" {
    plan.projected_scan "k" attributes {
        dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register k in E : ?>, #plan.dim<register j in D : 64>, #plan.dim<register m in M : 72>],
        row = #plan.access<x (d0, d1, d2, d3, d4) -> (d0, d1, d2)>, weights = [#plan.access<W (d0, d1, d2, d3, d4) -> (d2, d3)>],
        reads = [], writes = [], behind = #plan.columns<dim = 4, weights = <V (d0, d1, d2, d3, d4) -> (d3, d4)>, reads = [#plan.access<c (d0, d1, d2, d3, d4) -> (d4)>], result = <y (d0, d1, d2, d3, d4) -> (d0, d1, d4)>>,
        products = [#plan.product<name = "elements", tiling = <warpgroups = 1, columns = 64, ring = 2>, across = true, copies = false, requirements = ["T < 1024"], grid = "B * ceildiv(T, 64)", shared_bytes = 53248>],
        workspace = "256 * B"} {
    ^bb0(%x: f32):
      %now, %before = plan.advance "h" bias %x : f32 to f32, f32
      %g = arith.truncf %now : f32 to f16
      plan.yield %g : f16
    } {
    ^bb0(%sum: f32, %c: f32):
      %y = arith.addf %sum, %c : f32
      %narrow = arith.truncf %y : f32 to f16
      plan.yield %narrow : f16
    }
  }
}
