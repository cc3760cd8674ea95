// RUN: scanc-opt %s --canonicalize | FileCheck %s

// Folding takes no constant out of a region: index sets know the values of the region alone.
// CHECK-LABEL: func.func @a_constant_stays_in_its_region
//       CHECK:   scan.step
//       CHECK:     %[[SUM:.*]] = arith.constant 3.000000e+00 : f32
//       CHECK:     arith.mulf %{{.*}}, %[[SUM]]
func.func @a_constant_stays_in_its_region(%x: tensor<8xf32>) -> tensor<8xf32> {
  %y = scan.step ins(%x : tensor<8xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>], prevs = [#scan.prev<h []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8xf32> {
  ^bb0(%x0: f32, %h: f32):
    %one = arith.constant 1.0 : f32
    %two = arith.constant 2.0 : f32
    %three = arith.addf %one, %two : f32
    %ah = arith.mulf %h, %three : f32
    %next = arith.addf %ah, %x0 : f32
    scan.yield next(%next : f32) outs(%next : f32)
  }
  return %y : tensor<8xf32>
}
