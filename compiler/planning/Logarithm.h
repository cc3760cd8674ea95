//===- Logarithm.h - Logarithms of values that are positive -----*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_LOGARITHM_H
#define SCANC_COMPILER_PLANNING_LOGARITHM_H

#include "mlir/IR/Builders.h"

namespace scanc::planning {

/// Whether `value` of a step is seen to be positive, by an exp, a sigmoid, a softplus or a positive number in
/// each of its factors.
bool hasLogarithm(mlir::Value value);

/// log2 of `value`, made of the logarithms of its parts: right where the value itself would be 0 in f32. `lowered`
/// gives what the operands of these are where the builder stands. Requires `hasLogarithm`.
mlir::Value logarithmOf(mlir::Value value, mlir::OpBuilder &builder,
                        llvm::function_ref<mlir::Value(mlir::Value)> lowered);

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_LOGARITHM_H
