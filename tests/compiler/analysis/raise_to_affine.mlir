// RUN: scanc-opt %s --scan-raise-to-affine -split-input-file | FileCheck %s

// The coefficient goes into the transition, the rest into the input; what reads the state at t is
// left behind the advance, and a rounding to the state's own type goes into it.
// CHECK-LABEL: func.func @coefficient_and_rest
// CHECK: scan.affine
// CHECK: ^bb0(%[[A:.*]]: f32, %[[X:.*]]: f32):
// CHECK: %[[B:.*]] = arith.mulf %[[X]], %[[X]] : f32
// CHECK: %[[H:.*]]:2 = scan.advance ["h"] diagonal time_varying ring real transition(%[[A]] : f32) input(%[[B]] : f32) rows [] contract [] : bf16, bf16
// CHECK: %[[Y:.*]] = arith.extf %[[H]]#0 : bf16 to f32
// CHECK: scan.yield outs(%[[Y]] : f32)
// CHECK-NOT: scan.step
func.func @coefficient_and_rest(%a: tensor<8x4xf32>, %x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %y = scan.step ins(%a, %x : tensor<8x4xf32>, tensor<8x4xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>, #scan.dim<index n in N : 4>],
      input_maps = [affine_map<(t, n) -> (t, n)>, affine_map<(t, n) -> (t, n)>],
      output_maps = [affine_map<(t, n) -> (t, n)>],
      states = [#scan.state<h : bf16 [n]>], prevs = [#scan.prev<h [n]>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8x4xf32> {
  ^bb0(%a0: f32, %x0: f32, %h: bf16):
    %h1 = arith.extf %h : bf16 to f32
    %ah = arith.mulf %a0, %h1 : f32
    %b = arith.mulf %x0, %x0 : f32
    %sum = arith.addf %ah, %b : f32
    %next = arith.truncf %sum : f32 to bf16
    %y0 = arith.extf %next : bf16 to f32
    scan.yield next(%next : bf16) outs(%y0 : f32)
  }
  return %y : tensor<8x4xf32>
}

// -----

// The old state under another name, summed over: a matrix whose columns have that name.
// CHECK-LABEL: func.func @contraction
// CHECK: ^bb0(%[[W:.*]]: f32, %[[X:.*]]: f32):
// CHECK: scan.advance ["h"] dense ring real transition(%[[W]] : f32) input(%[[X]] : f32) rows ["n"] contract ["l"]
func.func @contraction(%w: tensor<4x4xf32>, %x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %y = scan.step ins(%w, %x : tensor<4x4xf32>, tensor<8x4xf32>) attributes {
      dims = [#scan.dim<time t in T : 8>, #scan.dim<index n in N : 4>,
              #scan.dim<index l in N : 4>],
      input_maps = [affine_map<(t, n, l) -> (n, l)>, affine_map<(t, n, l) -> (t, n)>],
      output_maps = [affine_map<(t, n, l) -> (t, n)>],
      states = [#scan.state<h : f32 [n]>], prevs = [#scan.prev<h [l]>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<8x4xf32> {
  ^bb0(%w0: f32, %x0: f32, %h: f32):
    %wh = arith.mulf %w0, %h : f32
    %s = scan.reduce add over ["l"] %wh : f32
    %next = arith.addf %s, %x0 : f32
    scan.yield next(%next : f32) outs(%next : f32)
  }
  return %y : tensor<8x4xf32>
}
