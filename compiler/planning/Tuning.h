//===- Tuning.h - Fields of a policy that somebody has set ------*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_TUNING_H
#define SCANC_COMPILER_PLANNING_TUNING_H

#include "compiler/planning/Mapping.h"

#include <optional>
#include <string>

namespace scanc::planning {

/// The strategy that `text` names: "blelloch" of "blelloch(time_threads=4, ring=3)".
llvm::StringRef strategyName(llvm::StringRef text);

/// Fields of a policy with their values, in the order in which they are printed.
using Fields = llvm::SmallVector<std::pair<llvm::StringRef, int64_t>, 6>;

/// `strategy` with `fields` in brackets, as `setTuning` reads it.
std::string pinnedText(llvm::StringRef strategy, const Fields &fields);

/// Keeps the fields in brackets on the recurrence, for the strategy that is named to use in place of its
/// own choice; for all where none is. A field that no policy has, or a value out of range, is an error
/// in words.
std::optional<std::string> setTuning(scan::AffineOp op, llvm::StringRef text);
void setTuning(scan::AffineOp op, llvm::StringRef strategy, const Fields &fields);

/// What `setTuning` was given.
Fields fieldsSet(scan::AffineOp op);

/// While it lives, a recurrence shows nothing that was set for another strategy than `strategy`.
class TuningOf {
public:
  TuningOf(scan::AffineOp op, llvm::StringRef strategy);
  TuningOf(const TuningOf &) = delete;
  TuningOf &operator=(const TuningOf &) = delete;
  ~TuningOf();

private:
  scan::AffineOp op;
  mlir::Attribute hidden;
};

/// `chosen`, or what was set for `field` of the policy.
int64_t tuned(const Mapping &, llvm::StringRef field, int64_t chosen);

/// What `policy` has in the field called `name`, one of those that can be set and are part of a policy.
int64_t fieldOf(plan::PolicyAttr policy, llvm::StringRef name);

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_TUNING_H
