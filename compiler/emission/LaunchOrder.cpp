//===- LaunchOrder.cpp - Waits between the launches of an entry -----------===//
#include "compiler/emission/LaunchOrder.h"

#include "dialects/plan/PlanOps.h"

using namespace mlir;

namespace scanc::emission {

bool awaitsLaunchBefore(Operation *op, size_t number) {
  auto entry = op->getParentOfType<plan::EntryOp>();
  return entry && entry.getDependentLaunches() && (op != &entry.getBody().front().front() || number > 0);
}

} // namespace scanc::emission
