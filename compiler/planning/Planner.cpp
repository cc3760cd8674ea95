//===- Planner.cpp - Typical sizes, all answers, the cheapest -------------===//
#include "compiler/planning/Planner.h"

#include "compiler/planning/Tuning.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace scanc::planning {

Sizes assumeSizes(scan::AffineOp op) {
  scan::RecurrenceInterface loop = op;
  Sizes sizes;
  bool firstLane = true;
  for (int64_t i = 0; i < loop.getNumDims(); ++i) {
    scan::DimAttr dim = loop.getDim(i);
    int64_t typical = 16;
    if (dim.getKind() == scan::DimKind::Time)
      typical = 4096;
    else if (dim.getKind() == scan::DimKind::Lane)
      typical = firstLane ? 8 : 1024;
    firstLane &= dim.getKind() != scan::DimKind::Lane;
    sizes.emplace(dim.getExtent().str(),
                  ShapedType::isDynamic(dim.getSize()) ? typical : dim.getSize());
  }
  return sizes;
}

/// Whether the caller may give a final state the tensor of an initial one.
static bool updatesStates(scan::AffineOp op) {
  auto function = op->getParentOfType<func::FuncOp>();
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (function.getResultAttr(i, scan::updatesAttr))
      return true;
  return false;
}

std::vector<Answer> ask(const Mapping &mapping, const Target &target, const Sizes &sizes) {
  std::vector<Answer> answers;
  for (const auto &strategy : allStrategies()) {
    TuningOf own(mapping.op, strategy->name());
    Answer answer{strategy.get(), strategy->declines(mapping, target), {}};
    if (!answer.declined && updatesStates(mapping.op) && !strategy->updatesInPlace())
      answer.declined = "a step whose states are updated in place";
    if (!answer.declined)
      answer.cost = strategy->cost(mapping, target, sizes);
    answers.push_back(std::move(answer));
  }
  return answers;
}

const Answer *cheapest(ArrayRef<Answer> answers) {
  const Answer *best = nullptr;
  for (const Answer &answer : answers)
    if (!answer.declined && (!best || answer.cost.seconds < best->cost.seconds))
      best = &answer;
  return best;
}

} // namespace scanc::planning
