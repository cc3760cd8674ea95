//===- Parts.h - A lane's state in several threads --------------*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_PARTS_H
#define SCANC_COMPILER_PLANNING_PARTS_H

#include "compiler/planning/Mapping.h"

#include <optional>
#include <string>

namespace scanc::planning {

/// Why the register dimension of this recurrence cannot be spread over threads, or nothing when it
/// can.
std::optional<std::string> declinesParts(const Mapping &);

/// The innermost lane dims over which nothing varies that lanes of a warp read alike, where a warp
/// holds `lanes` lanes of them; 0 where there is no such read, or rows of lanes would leave much of
/// a warp idle.
int64_t commonDims(const Mapping &, const Sizes &sizes, int64_t lanes);

/// Bytes that each of `parts` threads takes of a step of what the lanes of a warp read alike: plan::commonValues.
int64_t commonBytes(const Mapping &, int64_t parts, int64_t sharedDims);

/// Size of the template's exchange_cells: see templates/scanc/warp/exchange.cuh.
int64_t exchangeBytes(const Mapping &, plan::PolicyAttr, int64_t sharedDims);

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_PARTS_H
