//===- Functions.h - exp, log and activations as plain arithmetic -*- C++ -*-===//
//
// In f32: expansions without branches, at most 4 units in the last place off.
// In f64: the same formulas over libm.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_COMPILER_CPU_FUNCTIONS_H
#define SCANC_COMPILER_CPU_FUNCTIONS_H

#include "compiler/cpu/Code.h"
#include "dialects/scan/ScanOps.h"

namespace scanc::cpu {

mlir::Value exponential(Code &code, mlir::Value x);
mlir::Value logarithm(Code &code, mlir::Value x);
mlir::Value hyperbolicTangent(Code &code, mlir::Value x);
mlir::Value activation(Code &code, scan::Activation kind, mlir::Value x);
mlir::Value logAddExp(Code &code, mlir::Value a, mlir::Value b);

} // namespace scanc::cpu

#endif // SCANC_COMPILER_CPU_FUNCTIONS_H
