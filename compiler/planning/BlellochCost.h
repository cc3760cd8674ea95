//===- BlellochCost.h - Seconds of blocks that scan tiles of time -*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_BLELLOCHCOST_H
#define SCANC_COMPILER_PLANNING_BLELLOCHCOST_H

#include "compiler/planning/Kernels.h"

namespace scanc::planning {

/// What of a choice of `blelloch` its policy does not say.
struct BlellochFacts {
  bool kept = false;        ///< a block holds the whole of time of its lanes
  bool elementwise = false; ///< elements move one by one
  int64_t registers = 0;    ///< of a thread, estimated from above
  int64_t sharedBytes = 0;  ///< of a block
};

/// Blocks that share out the tiles of the same lanes, where no state goes from one to the next: as a formula, and for `sizes`.
std::string sharersOfTime(const Mapping &mapping, const Target &target, plan::PolicyAttr policy);
double sharersOfTime(const Mapping &mapping, const Target &target, const Sizes &sizes, plan::PolicyAttr policy);

/// Seconds of the strategy `blelloch` where a step has no matrix.
double secondsOfBlelloch(const Mapping &mapping, const Target &target, const Sizes &sizes,
                         plan::PolicyAttr policy, const BlellochFacts &facts);

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_BLELLOCHCOST_H
