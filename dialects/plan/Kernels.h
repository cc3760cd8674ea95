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

/// The parameters of the program and the sizes in their dimensions: what its formulas may name.
rt::FactNames namesOf(ProgramOp program);

} // namespace scanc::plan

#endif // SCANC_DIALECTS_PLAN_KERNELS_H
