//===- ProjectedKernel.h - A layer in one kernel as CUDA C++ ----*- C++ -*-===//
#ifndef SCANC_COMPILER_EMISSION_PROJECTEDKERNEL_H
#define SCANC_COMPILER_EMISSION_PROJECTEDKERNEL_H

#include "dialects/plan/ProjectedScanOp.h"

#include <string>

namespace scanc::emission {

/// The translation unit of one way to run a projected scan. Fails with [SC4001] at an op that has no spelling.
mlir::FailureOr<std::string> writeProjectedScan(plan::ProjectedScanOp op, plan::ProductAttr product);

} // namespace scanc::emission

#endif // SCANC_COMPILER_EMISSION_PROJECTEDKERNEL_H
