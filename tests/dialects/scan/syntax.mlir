// RUN: scanc-opt %s --verify-roundtrip | FileCheck %s

// The whole of step form: lanes, time, a window, a state index, a contraction, initial and final
// states, a pin.
// CHECK-DAG: #[[WINDOW:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d2 - 1, d1)>
// CHECK-LABEL: func.func @step
// CHECK:         scan.step ins(
// CHECK-SAME:      init(
// CHECK-SAME:      #scan.dim<time t in T : 64>
// CHECK-SAME:      input_maps = [#[[WINDOW]],
// CHECK-SAME:      prevs = [#scan.prev<h [n]>], reverse, states = [#scan.state<h : f32 [n]>]
// CHECK:           scan.reduce add over ["n"]
// CHECK:           scan.yield next({{.*}} : f32) outs({{.*}} : bf16)
func.func @step(%x: tensor<?x64x32xbf16>, %c: tensor<?x64x16xf32>, %h0: tensor<?x32x16xf32>)
    -> (tensor<?x64x32xbf16>, tensor<?x32x16xf32>) {
  %y, %hT = scan.step ins(%x, %c : tensor<?x64x32xbf16>, tensor<?x64x16xf32>)
      init(%h0 : tensor<?x32x16xf32>) attributes {
      dims = [#scan.dim<lane B in B : ?>, #scan.dim<lane D in D : 32>,
              #scan.dim<time t in T : 64>, #scan.dim<index n in N : 16>],
      input_maps = [affine_map<(b, d, t, n) -> (b, t - 1, d)>, affine_map<(b, d, t, n) -> (b, t, n)>],
      output_maps = [affine_map<(b, d, t, n) -> (b, t, d)>],
      states = [#scan.state<h : f32 [n]>], prevs = [#scan.prev<h [n]>],
      init_states = array<i64: 0>, init_maps = [affine_map<(b, d, t, n) -> (b, d, n)>],
      final_states = array<i64: 0>, final_maps = [affine_map<(b, d, t, n) -> (b, d, n)>],
      reverse, pins = {strategy = "sequential"}}
      -> tensor<?x64x32xbf16>, tensor<?x32x16xf32> {
  ^bb0(%x0: bf16, %c0: f32, %h: f32):
    %x1 = arith.extf %x0 : bf16 to f32
    %s = scan.activation sigmoid %x1 : f32
    %ah = arith.mulf %s, %h : f32
    %next = arith.addf %ah, %x1 : f32
    %p = arith.mulf %c0, %next : f32
    %o = scan.reduce add over ["n"] %p : f32
    %y0 = arith.truncf %o : f32 to bf16
    scan.yield next(%next : f32) outs(%y0 : bf16)
  }
  return %y, %hT : tensor<?x64x32xbf16>, tensor<?x32x16xf32>
}

// A diagonal advance, a dense one that reads its index under another name, one with a diagonal beside it,
// and a cascade.
// CHECK-LABEL: func.func @affine
// CHECK:         scan.affine
// CHECK:           %[[H:.*]]:2 = scan.advance ["h"] diagonal time_varying ring real transition(
// CHECK:           scan.advance ["g"] dense ring real transition(%{{.*}} : f32) input(%[[H]]#0 : f32) rows ["i"] contract ["l"]
// CHECK:           scan.advance ["k"] diagonal_dense time_varying ring log transition(%{{.*}}, %{{.*}} : f32, f32)
func.func @affine(%a: tensor<64x8xf32>, %w: tensor<8x8xf32>) -> tensor<64x8xf32> {
  %y = scan.affine ins(%a, %w : tensor<64x8xf32>, tensor<8x8xf32>) attributes {
      dims = [#scan.dim<time t in T : 64>, #scan.dim<index i in N : 8>,
              #scan.dim<index l in N : 8>],
      input_maps = [affine_map<(t, i, l) -> (t, i)>, affine_map<(t, i, l) -> (i, l)>],
      output_maps = [affine_map<(t, i, l) -> (t, i)>],
      states = [#scan.state<h : f32 [i]>, #scan.state<g : f32 [i]>, #scan.state<k : f32 [i]>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<64x8xf32> {
  ^bb0(%a0: f32, %w0: f32):
    %h:2 = scan.advance ["h"] diagonal time_varying ring real transition(%a0 : f32)
        input(%a0 : f32) rows [] contract [] : f32, f32
    %g:2 = scan.advance ["g"] dense ring real transition(%w0 : f32) input(%h#0 : f32)
        rows ["i"] contract ["l"] : f32, f32
    %k:2 = scan.advance ["k"] diagonal_dense time_varying ring log transition(%a0, %w0 : f32, f32) input(%g#0 : f32)
        rows ["i"] contract ["l"] : f32, f32
    scan.yield outs(%k#0 : f32)
  }
  return %y : tensor<64x8xf32>
}
