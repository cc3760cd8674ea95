//===- Rounds.h - Reductions over lanes, in the order of their need -*- C++ -*-===//
#ifndef SCANC_DIALECTS_PLAN_ROUNDS_H
#define SCANC_DIALECTS_PLAN_ROUNDS_H

#include "dialects/plan/PlanOps.h"

#include <optional>
#include <string>

namespace scanc::plan {

/// What is reduced at once.
using Round = llvm::SmallVector<ReduceLanesOp, 2>;

/// The reductions over lanes in the region of a kernel: each needs results of earlier rounds only.
llvm::SmallVector<Round> roundsOf(mlir::Block &body);

/// Whether a reduction over lanes enters a state.
bool reducesBeforeStates(mlir::Block &body);

/// Bytes of what a thread hands on in the largest round: `round_0`, `round_1`, … of the emitted
/// text.
int64_t largestRoundBytes(llvm::ArrayRef<Round> rounds);

} // namespace scanc::plan

#endif // SCANC_DIALECTS_PLAN_ROUNDS_H
