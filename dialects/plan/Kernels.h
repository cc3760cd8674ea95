//===- Kernels.h - What holds for every kernel op ---------------*- C++ -*-===//
#ifndef SCANC_DIALECTS_PLAN_KERNELS_H
#define SCANC_DIALECTS_PLAN_KERNELS_H

#include "dialects/plan/PlanOps.h"
#include "runtime/launch/CompiledFormula.h"

namespace scanc::plan {

/// Constraints of plan.kernel on the attributes of a kernel.
mlir::LogicalResult verifyKernel(KernelInterface op);
/// The same on its region.
mlir::LogicalResult verifyKernelRegion(KernelInterface op);

/// The parameter or tensor of the plan that an access of `op` names, if there is one with the map's rank.
ParameterAttr parameterOf(mlir::Operation *op, AccessAttr access);

/// Whether a tensor of the plan's own is written by an op before `op`; true of a parameter.
bool isThere(mlir::Operation *op, AccessAttr access);

/// Whether an access of `op`, whose dims are `dims`, names a tensor and maps those of `wanted` to it, each once; `what` it is.
mlir::LogicalResult verifyEachOnce(mlir::Operation *op, mlir::ArrayAttr dims, AccessAttr access,
                                   llvm::ArrayRef<int64_t> wanted, llvm::StringRef what);

/// Whether the ways of `op` to multiply are #plan.product whose formulas can be read, of which the last asks for sizes alone;
/// `obstacle` says what else is wrong with one, or nothing.
mlir::LogicalResult
verifyProducts(mlir::Operation *op, mlir::ArrayAttr products,
               llvm::function_ref<std::optional<std::string>(ProductAttr)> obstacle);

/// The parameters of the program and the sizes in their dimensions: what its formulas may name.
rt::FactNames namesOf(ProgramOp program);

} // namespace scanc::plan

#endif // SCANC_DIALECTS_PLAN_KERNELS_H
