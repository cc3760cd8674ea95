//===- Variants.h - What holds for every variant of a kernel ----*- C++ -*-===//
#ifndef SCANC_DIALECTS_PLAN_VARIANTS_H
#define SCANC_DIALECTS_PLAN_VARIANTS_H

#include "dialects/plan/PlanOps.h"

namespace scanc::plan {

/// Constraints (C5), (C8) and (C9) of kernels.
mlir::LogicalResult verifyVariants(KernelInterface op);

} // namespace scanc::plan

#endif // SCANC_DIALECTS_PLAN_VARIANTS_H
