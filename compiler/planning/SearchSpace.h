//===- SearchSpace.h - Every policy that is worth a try ---------*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_SEARCHSPACE_H
#define SCANC_COMPILER_PLANNING_SEARCHSPACE_H

#include "compiler/planning/Decision.h"

namespace scanc::planning {

/// A strategy with a policy that can run.
struct Point {
  std::string text; ///< as `setTuning` reads it; gives exactly this policy
  const Answer *of; ///< the strategy's answer without it, in the decision
  Cost cost;
  bool isOwn = false; ///< the policy that the strategy chooses itself
};

/// The points of every strategy of `decision` that accepts `op` and keeps its pins, or of the one that
/// `option` names; best estimate first, then the nearest to what the strategy chooses itself. Fields of
/// a policy in `option` stay as they are.
std::vector<Point> searchSpace(scan::AffineOp op, const Target &target, const Decision &decision,
                               llvm::StringRef option);

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_SEARCHSPACE_H
