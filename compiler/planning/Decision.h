//===- Decision.h - Which strategy is taken, or why none is -----*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_DECISION_H
#define SCANC_COMPILER_PLANNING_DECISION_H

#include "compiler/planning/Planner.h"

namespace scanc::planning {

struct Decision {
  std::vector<Answer> answers;
  std::optional<size_t> taken; ///< position in `answers`
  /// Where nothing is taken: "SC3001", the reason, and what each strategy says.
  std::string code, reason;
  std::vector<std::string> notes;
  std::optional<mlir::Location> place; ///< of what is refused
};

/// By `option` (of the command line) and the pins of `op`, else by cost. What cannot be honoured is
/// a refusal, never replaced. Fields of a policy in `option` are set on `op`.
Decision decide(scan::AffineOp op, const Target &target, llvm::StringRef option);

/// The cheapest of those that keep all pins; where none does, of all. Null where all decline.
const Answer *cheapestOf(const Mapping &, llvm::ArrayRef<Answer> answers);

/// The first pin that `answer`'s strategy does not keep, as it is written.
std::optional<std::string> brokenPin(const Mapping &, const Answer &answer);

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_DECISION_H
