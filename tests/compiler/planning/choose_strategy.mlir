// RUN: scanc-opt %s --scan-choose-strategy | FileCheck %s
// RUN: scanc-opt %s --scan-choose-strategy=strategy=sequential | FileCheck %s --check-prefix=GIVEN

// One recurrence and much time: scanning it in parallel is the cheaper, unless the pass is told
// otherwise. The op is changed in nothing else.
// CHECK-LABEL: func.func @by_cost
// CHECK: scan.affine {{.*}}scan.strategy = "look_back"
// GIVEN-LABEL: func.func @by_cost
// GIVEN: scan.affine {{.*}}scan.strategy = "sequential"
func.func @by_cost(%x: tensor<1048576xf32>) -> tensor<1048576xf32> {
  %y = scan.affine ins(%x : tensor<1048576xf32>) attributes {
      dims = [#scan.dim<time t in T : 1048576>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>],
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<1048576xf32> {
  ^bb0(%x0: f32):
    %h:2 = scan.advance ["h"] identity ring real input(%x0 : f32) rows [] contract [] : f32, f32
    scan.yield outs(%h#0 : f32)
  }
  return %y : tensor<1048576xf32>
}

// A pin comes before cost.
// CHECK-LABEL: func.func @by_pin
// CHECK: scan.affine {{.*}}scan.strategy = "sequential"
func.func @by_pin(%x: tensor<1048576xf32>) -> tensor<1048576xf32> {
  %y = scan.affine ins(%x : tensor<1048576xf32>) attributes {
      dims = [#scan.dim<time t in T : 1048576>],
      input_maps = [affine_map<(t) -> (t)>], output_maps = [affine_map<(t) -> (t)>],
      states = [#scan.state<h : f32 []>], pins = {strategy = "sequential"},
      init_states = array<i64>, init_maps = [], final_states = array<i64>, final_maps = []}
      -> tensor<1048576xf32> {
  ^bb0(%x0: f32):
    %h:2 = scan.advance ["h"] identity ring real input(%x0 : f32) rows [] contract [] : f32, f32
    scan.yield outs(%h#0 : f32)
  }
  return %y : tensor<1048576xf32>
}
