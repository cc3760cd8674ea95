//===- Reduction.h - Readouts that neighbouring threads reduce --*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_REDUCTION_H
#define SCANC_COMPILER_PLANNING_REDUCTION_H

#include "compiler/planning/Kernels.h"

#include <optional>
#include <string>

namespace scanc::planning {

/// Why threads with `lanes` adjacent lanes each, at most `threads` of them, cannot hold the
/// dimension over which a recurrence reduces readouts, or nothing when they can or there is none. A
/// block has `laneThreads` x `timeThreads` where nobody has set them.
std::optional<std::string> declinesReduction(const Mapping &, int64_t lanes, int64_t threads,
                                             int64_t laneThreads, int64_t timeThreads);

/// Adjacent lanes of a thread, as many as `wanted`: where a dimension is reduced fewer that divide
/// it, or more where it needs more than `threads` otherwise.
int64_t lanesReduced(const Mapping &, int64_t wanted, int64_t threads);

/// `reduce_threads` of a policy with `lanes` adjacent lanes for each thread.
int64_t threadsReduced(const Mapping &, int64_t lanes);

/// Size of the template's reduce_cells: see templates/scanc/block/reduce_lanes.cuh.
int64_t reductionBytes(const Mapping &, plan::PolicyAttr);

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_REDUCTION_H
