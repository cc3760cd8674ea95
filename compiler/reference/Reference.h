//===- Reference.h - The f64 interpreter, oracle of everything else -*- C++ -*-===//
#ifndef SCANC_COMPILER_REFERENCE_REFERENCE_H
#define SCANC_COMPILER_REFERENCE_REFERENCE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "scanc/Compile.h"

#include <span>

namespace scanc::reference {

/// Runs the recurrences of `function`, in step form or affine form, in the order of time and in
/// f64, on host tensors. `operands` follow the signature; results give sizes and are not written.
/// Requires operands that fit the signature. Bounds are explained in Note [Running error analysis].
Result<std::vector<ReferenceTensor>> evaluate(mlir::func::FuncOp function,
                                              std::span<const TensorRef> operands);

} // namespace scanc::reference

#endif // SCANC_COMPILER_REFERENCE_REFERENCE_H
