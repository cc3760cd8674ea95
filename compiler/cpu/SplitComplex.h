//===- SplitComplex.h - Complex numbers as pairs of real ones ---*- C++ -*-===//
#ifndef SCANC_COMPILER_CPU_SPLITCOMPLEX_H
#define SCANC_COMPILER_CPU_SPLITCOMPLEX_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <vector>

namespace scanc::cpu {

/// Where the elements of a tensor are in the operands of a launch.
struct Place {
  std::size_t operand;     ///< position in the signature
  std::int64_t offset = 0; ///< bytes into each of its elements
};

/// A function of scans over real numbers, and what its tensors are.
struct RealFunction {
  mlir::OwningOpRef<mlir::func::FuncOp> function;
  std::vector<Place> places; ///< of arguments, then results
};

/// Copies `function` with two real tensors, states and values for every complex one: vectors have
/// no complex elements.
RealFunction splitComplex(mlir::func::FuncOp function);

} // namespace scanc::cpu

#endif // SCANC_COMPILER_CPU_SPLITCOMPLEX_H
