//===- ComplexParts.h - Complex arithmetic on pairs of values ---*- C++ -*-===//
#ifndef SCANC_COMPILER_CPU_COMPLEXPARTS_H
#define SCANC_COMPILER_CPU_COMPLEXPARTS_H

#include "mlir/IR/Builders.h"

namespace scanc::cpu {

/// A number as real values; `im` is null for a real one.
struct Parts {
  mlir::Value re, im;
};

/// `op`, of the complex dialect, on the parts of its operands.
Parts emitComplex(mlir::OpBuilder &builder, mlir::Operation *op, llvm::ArrayRef<Parts> operands);

} // namespace scanc::cpu

#endif // SCANC_COMPILER_CPU_COMPLEXPARTS_H
