// RUN: scanc-opt %s --scan-fuse-elementwise | FileCheck %s

// A chain of producers moves into the prologue, a consumer with a second operand into the epilogue;
// what nobody reads any more is gone, and a tensor read twice is read once.
// CHECK-LABEL: func.func @producers_and_consumers
//  CHECK-SAME:   (%[[G:.*]]: tensor<8x64xf32>, %[[X:.*]]: tensor<8x64xf32>)
func.func @producers_and_consumers(%g: tensor<8x64xf32>, %x: tensor<8x64xf32>)
    -> tensor<8x64xf32> {
  // CHECK-NOT: math.exp {{.*}} : tensor
  // CHECK: %[[Y:.*]] = scan.affine ins(%[[X]], %[[G]] : tensor<8x64xf32>, tensor<8x64xf32>)
  // CHECK: ^bb0(%[[X0:.*]]: f32, %[[G0:.*]]: f32):
  // CHECK-DAG: %[[TWO:.*]] = arith.constant 2.000000e+00 : f32
  // CHECK-DAG: %[[NEG:.*]] = arith.negf %[[G0]] : f32
  // CHECK: %[[E:.*]] = math.exp %[[NEG]] : f32
  // CHECK: %[[H:.*]]:2 = scan.advance ["h"] diagonal time_varying ring real transition(%[[E]] : f32)
  // CHECK: %[[GATED:.*]] = arith.mulf %[[H]]#0, %[[X0]] : f32
  // CHECK: scan.yield outs(%[[GATED]] : f32)
  // CHECK: return %[[Y]]
  %n = arith.negf %g : tensor<8x64xf32>
  %e = math.exp %n : tensor<8x64xf32>
  %two = arith.constant dense<2.0> : tensor<8x64xf32>
  %b = arith.mulf %x, %two : tensor<8x64xf32>
  %h = scan.affine ins(%e, %b : tensor<8x64xf32>, tensor<8x64xf32>) attributes {
      dims = [#scan.dim<lane B in B : 8>, #scan.dim<time t in T : 64>],
      input_maps = [affine_map<(b, t) -> (b, t)>, affine_map<(b, t) -> (b, t)>],
      output_maps = [affine_map<(b, t) -> (b, t)>], states = [#scan.state<h : f32 []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8x64xf32> {
  ^bb0(%a0: f32, %b0: f32):
    %s:2 = scan.advance ["h"] diagonal time_varying ring real transition(%a0 : f32)
        input(%b0 : f32) rows [] contract [] : f32, f32
    scan.yield outs(%s#0 : f32)
  }
  %y = arith.mulf %h, %x : tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}

// Before the start of time a window reads zero, not exp(0): its producer stays outside.
// CHECK-LABEL: func.func @window_keeps_its_producer
// CHECK: %[[E:.*]] = math.exp %{{.*}} : tensor<64xf32>
// CHECK: scan.affine ins(%[[E]] : tensor<64xf32>)
func.func @window_keeps_its_producer(%x: tensor<64xf32>) -> tensor<64xf32> {
  %e = math.exp %x : tensor<64xf32>
  %y = scan.affine ins(%e : tensor<64xf32>) attributes {
      dims = [#scan.dim<time t in T : 64>], input_maps = [affine_map<(t) -> (t - 1)>],
      output_maps = [affine_map<(t) -> (t)>], states = [#scan.state<h : f32 []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<64xf32> {
  ^bb0(%x0: f32):
    %s:2 = scan.advance ["h"] identity ring real input(%x0 : f32) rows [] contract [] : f32, f32
    scan.yield outs(%s#0 : f32)
  }
  return %y : tensor<64xf32>
}
