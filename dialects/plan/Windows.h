//===- Windows.h - Rows that several reads of a kernel have -----*- C++ -*-===//
#ifndef SCANC_DIALECTS_PLAN_WINDOWS_H
#define SCANC_DIALECTS_PLAN_WINDOWS_H

#include "dialects/plan/PlanOps.h"

namespace scanc::plan {

/// A read of every step: which tensor, and where in it, over the dims of a kernel.
struct StepRead {
  const void *tensor;
  mlir::AffineMap map;
};

/// Where the rows of a read lie among those of a tile.
struct WindowRows {
  size_t bringer; ///< the read that brings them, which may be this one
  int64_t ahead;  ///< rows of the bringer's that come before the first of this
  int64_t more;   ///< rows beyond one for each step that it brings for others
};

/// Of reads of one tensor whose steps overlap (the windows of a convolution) the latest brings the rows of all, where a thread
/// that walks lanes has whole steps. `time`: the dim of time.
llvm::SmallVector<WindowRows> windowRows(llvm::ArrayRef<StepRead> reads, int64_t time, PolicyAttr policy, bool hasSegments);

} // namespace scanc::plan

#endif // SCANC_DIALECTS_PLAN_WINDOWS_H
