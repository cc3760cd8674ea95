// RUN: scanc-opt %s -split-input-file -verify-diagnostics

// One refusal or more for each constraint of plan.complex, whose name the function has.

func.func @complex_c1_operands(%z: complex<f32>, %x: f32) {
  // expected-error @below {{add: expected operands of 'complex<f32>', 'complex<f32>', got 'complex<f32>', 'f32'}}
  %s = plan.complex add %z, %x : (complex<f32>, f32) -> complex<f32>
  return
}

// -----

func.func @complex_c1_count(%z: complex<f32>) {
  // expected-error @below {{negate: expected operands of 'complex<f32>', got 'complex<f32>', 'complex<f32>'}}
  %s = plan.complex negate %z, %z : (complex<f32>, complex<f32>) -> complex<f32>
  return
}

// -----

func.func @complex_c1_result(%x: f32) {
  // expected-error @below {{exp: expected another result, got 'f32'}}
  %e = plan.complex exp %x : (f32) -> f32
  return
}

// -----

func.func @complex_c2_part(%z: complex<f32>) {
  // expected-error @below {{real: expected another result, got 'complex<f32>'}}
  %r = plan.complex real %z : (complex<f32>) -> complex<f32>
  return
}

// -----

func.func @complex_c2_create(%x: f32) {
  // expected-error @below {{create: expected operands of 'f32', 'f32', got 'f32'}}
  %z = plan.complex create %x : (f32) -> complex<f32>
  return
}
