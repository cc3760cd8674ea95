//===- Tuning.h - Fields of a policy that somebody has set ------*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_TUNING_H
#define SCANC_COMPILER_PLANNING_TUNING_H

#include "compiler/planning/Mapping.h"

#include <optional>
#include <string>

namespace scanc::planning {

/// The strategy that `text` names: "blelloch" of "blelloch(time_threads=4, ring=3)".
llvm::StringRef strategyName(llvm::StringRef text);

/// Keeps the fields in brackets on the recurrence, for the strategies to use in place of their own
/// choice. A field that no policy has, or a value out of range, is an error in words.
std::optional<std::string> setTuning(scan::AffineOp op, llvm::StringRef text);

/// `chosen`, or what was set for `field` of the policy.
int64_t tuned(const Mapping &, llvm::StringRef field, int64_t chosen);

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_TUNING_H
