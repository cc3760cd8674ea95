//===- Planner.h - Ask the strategies ---------------------------*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_PLANNER_H
#define SCANC_COMPILER_PLANNING_PLANNER_H

#include "compiler/planning/Strategy.h"

namespace scanc::planning {

/// Name of the attribute that holds the chosen strategy.
inline constexpr llvm::StringLiteral strategyAttr = "scan.strategy";

/// What a strategy answered.
struct Answer {
  const Strategy *strategy = nullptr;
  std::optional<std::string> declined;
  Cost cost; ///< when it did not decline
};

/// Every size name of the recurrence: bound sizes as they are, others at typical values, by which
/// policies are chosen and costs compared. Correctness never depends on an assumed size.
Sizes assumeSizes(scan::AffineOp op);

/// The answers of all strategies, in their order.
std::vector<Answer> ask(const Mapping &mapping, const Target &target, const Sizes &sizes);

/// The cheapest of `answers` that does not decline, or null.
const Answer *cheapest(llvm::ArrayRef<Answer> answers);

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_PLANNER_H
