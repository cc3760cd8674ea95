//===- LaunchOrder.cpp - Waits and signals between the launches of an entry ===//
#include "compiler/emission/LaunchOrder.h"

#include "dialects/plan/PlanOps.h"

using namespace mlir;

namespace scanc::emission {

LaunchOrder orderOf(Operation *op, size_t number, size_t count) {
  auto entry = op->getParentOfType<plan::EntryOp>();
  if (!entry || !entry.getDependentLaunches())
    return {};
  Block &block = entry.getBody().front();
  return {.awaits = op != &block.front() || number > 0, .admits = op != &block.back() || number + 1 < count};
}

void writeOrder(CodeWriter &writer, LaunchOrder order) {
  if (order.admits)
    writer.line("admit_launch_behind();");
  if (order.awaits)
    writer.line("await_launch_before();");
}

} // namespace scanc::emission
