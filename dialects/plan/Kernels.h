//===- Kernels.h - What holds for every kernel op ---------------*- C++ -*-===//
#ifndef SCANC_DIALECTS_PLAN_KERNELS_H
#define SCANC_DIALECTS_PLAN_KERNELS_H

#include "dialects/plan/PlanOps.h"

namespace scanc::plan {

/// Constraints of plan.kernel on the attributes of a kernel.
mlir::LogicalResult verifyKernel(KernelInterface op);
/// The same on its region.
mlir::LogicalResult verifyKernelRegion(KernelInterface op);

} // namespace scanc::plan

#endif // SCANC_DIALECTS_PLAN_KERNELS_H
