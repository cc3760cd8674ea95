//===- Lowering.h - The passes from loops to the LLVM dialect ---*- C++ -*-===//
#ifndef SCANC_COMPILER_CPU_LOWERING_H
#define SCANC_COMPILER_CPU_LOWERING_H

#include "mlir/Pass/PassManager.h"

namespace scanc::cpu {

/// scf, arith, math and vector to LLVM; transcendental functions of f32 as polynomials, at most 4 ulp
/// off, the others through the C library.
void addLoweringPasses(mlir::OpPassManager &passes);

} // namespace scanc::cpu

#endif // SCANC_COMPILER_CPU_LOWERING_H
