// RUN: scanc-opt %s | FileCheck %s
// RUN: scanc-opt %s --mlir-print-op-generic | scanc-opt | FileCheck %s

// CHECK-LABEL: func @numbers
func.func @numbers(%re: f32, %im: f32) -> f32 {
  // CHECK: %[[Z:.*]] = plan.complex create %{{.*}}, %{{.*}} : (f32, f32) -> complex<f32>
  // CHECK: %[[P:.*]] = plan.complex multiply %[[Z]], %[[Z]] : (complex<f32>, complex<f32>) -> complex<f32>
  // CHECK: %[[Q:.*]] = plan.complex divide %[[P]], %{{.*}} : (complex<f32>, f32) -> complex<f32>
  // CHECK: plan.complex abs %[[Q]] : (complex<f32>) -> f32
  %z = plan.complex create %re, %im : (f32, f32) -> complex<f32>
  %p = plan.complex multiply %z, %z : (complex<f32>, complex<f32>) -> complex<f32>
  %q = plan.complex divide %p, %re : (complex<f32>, f32) -> complex<f32>
  %a = plan.complex abs %q : (complex<f32>) -> f32
  return %a : f32
}

// CHECK-LABEL: func @over_register_dimensions
func.func @over_register_dimensions(%re: vector<4xf32>, %im: vector<4xf32>) -> complex<f32> {
  // CHECK: plan.complex create {{.*}} -> vector<4xcomplex<f32>>
  // CHECK: plan.complex exp {{.*}} : (vector<4xcomplex<f32>>) -> vector<4xcomplex<f32>>
  // CHECK: plan.reduce sum over [0] {{.*}} : vector<4xcomplex<f32>> to complex<f32>
  %z = plan.complex create %re, %im : (vector<4xf32>, vector<4xf32>) -> vector<4xcomplex<f32>>
  %e = plan.complex exp %z : (vector<4xcomplex<f32>>) -> vector<4xcomplex<f32>>
  %s = plan.reduce sum over [0] %e : vector<4xcomplex<f32>> to complex<f32>
  return %s : complex<f32>
}
