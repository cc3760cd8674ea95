// RUN: scanc-opt %s --convert-scan-to-plan -split-input-file | FileCheck %s

// A function becomes a program: the signature as parameters, lanes before time, the index as
// registers, the contraction as a sum over them; the advance keeps its coefficient elementwise.
// CHECK-LABEL: plan.program @readout strategy "sequential"
//  CHECK-SAME:   parameters = [#plan.parameter<in a : f32 [B, T, N]>, #plan.parameter<out y : f32 [B, T]>]
func.func @readout(%a: tensor<?x?x4xf32> {scan.dims = ["B", "T", "N"], scan.name = "a"})
    -> (tensor<?x?xf32> {scan.dims = ["B", "T"], scan.name = "y"}) {
  // CHECK: plan.entry "forward"
  // CHECK: plan.sequential "readout"
  // CHECK-SAME: dims = [#plan.dim<lane B in B : ?>, #plan.dim<time t in T : ?>, #plan.dim<register n in N : 4>]
  // CHECK-SAME: reads = [#plan.access<a (d0, d1, d2) -> (d0, d1, d2)>]
  // CHECK-SAME: writes = [#plan.access<y (d0, d1, d2) -> (d0, d1)>]
  // CHECK: ^bb0(%[[A:.*]]: vector<4xf32>):
  // CHECK: %[[NOW:.*]], %{{.*}} = plan.advance "h" gain %[[A]] : vector<4xf32> bias %[[A]]
  // CHECK: %[[SUM:.*]] = plan.reduce sum over [0] %[[NOW]] : vector<4xf32> to f32
  // CHECK: plan.yield %[[SUM]] : f32
  // CHECK-NOT: scan.
  %y = scan.affine ins(%a : tensor<?x?x4xf32>) attributes {
      dims = [#scan.dim<lane B in B : ?>, #scan.dim<time t in T : ?>, #scan.dim<index n in N : 4>],
      input_maps = [affine_map<(b, t, n) -> (b, t, n)>],
      output_maps = [affine_map<(b, t, n) -> (b, t)>], states = [#scan.state<h : f32 [n]>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = [],
      scan.strategy = "sequential"} -> tensor<?x?xf32> {
  ^bb0(%a0: f32):
    %h:2 = scan.advance ["h"] diagonal time_varying ring real transition(%a0 : f32)
        input(%a0 : f32) rows [] contract [] : f32, f32
    %s = scan.reduce add over ["n"] %h#0 : f32
    scan.yield outs(%s : f32)
  }
  return %y : tensor<?x?xf32>
}

// -----

// The sum over n of g[t-1] + u[t,n] counts g[t-1] once for each n: its coefficient is 4, not 1.
// CHECK-LABEL: plan.program @sum_over_an_index_that_the_value_lacks
func.func @sum_over_an_index_that_the_value_lacks(
    %u: tensor<?x4xf32> {scan.dims = ["T", "N"], scan.name = "u"})
    -> (tensor<?xf32> {scan.dims = ["T"], scan.name = "g"}) {
  // CHECK: %[[EACH:.*]] = plan.broadcast %{{.*}} onto [] : f32 to vector<4xf32>
  // CHECK: %[[COUNT:.*]] = plan.reduce sum over [0] %[[EACH]] : vector<4xf32> to f32
  // CHECK: plan.advance "g" gain %[[COUNT]]
  %g = scan.affine ins(%u : tensor<?x4xf32>) attributes {
      dims = [#scan.dim<time t in T : ?>, #scan.dim<index n in N : 4>],
      input_maps = [affine_map<(t, n) -> (t, n)>], output_maps = [affine_map<(t, n) -> (t)>],
      states = [#scan.state<g : f32 []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = [],
      scan.strategy = "sequential"} -> tensor<?xf32> {
  ^bb0(%u0: f32):
    %one = arith.constant 1.0 : f32
    %count = scan.reduce add over ["n"] %one : f32
    %b = scan.reduce add over ["n"] %u0 : f32
    %s:2 = scan.advance ["g"] scalar ring real transition(%count : f32) input(%b : f32)
        rows [] contract [] : f32, f32
    scan.yield outs(%s#0 : f32)
  }
  return %g : tensor<?xf32>
}
