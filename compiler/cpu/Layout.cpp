//===- Layout.cpp - Number the words of the argument block ----------------===//
#include "compiler/cpu/Layout.h"

#include "mlir/IR/AffineExpr.h"

using namespace mlir;

namespace scanc::cpu {

/// The lane dim that is innermost in most bytes that are touched at every step.
static int64_t adjacentLane(scan::RecurrenceInterface op) {
  SmallVector<int64_t> votes(op.getNumDims(), 0);
  auto vote = [&](AffineMap map) {
    if (!map.isFunctionOfDim(op.getTimeDim()))
      return;
    for (unsigned i = map.getNumResults(); i-- > 0;)
      if (auto dim = dyn_cast<AffineDimExpr>(map.getResult(i)))
        if (op.getDim(dim.getPosition()).getKind() == scan::DimKind::Lane) {
          ++votes[dim.getPosition()];
          return;
        }
  };
  for (int64_t i = 0; i < static_cast<int64_t>(op.getInputs().size()); ++i)
    vote(op.getInputMap(i));
  for (int64_t i = 0; i < op.getNumOutputs(); ++i)
    vote(op.getOutputMap(i));
  int64_t best = -1;
  for (int64_t i = 0; i < op.getNumDims(); ++i)
    if (op.getDim(i).getKind() == scan::DimKind::Lane && (best < 0 || votes[i] >= votes[best]))
      best = i;
  return best;
}

/// Numbers that vary over time and neighbouring lanes and nothing inside of a step.
static bool hasTile(scan::RecurrenceInterface op, AffineMap map, int64_t adjacent) {
  for (int64_t i = 0; i < op.getNumDims(); ++i)
    if (op.getDim(i).getKind() == scan::DimKind::Index && map.isFunctionOfDim(i))
      return false;
  return adjacent >= 0 && map.isFunctionOfDim(adjacent) && map.isFunctionOfDim(op.getTimeDim());
}

Layout::Layout(scan::StepOp op) {
  scan::RecurrenceInterface loop = op;
  adjacent = adjacentLane(loop);
  scan::IndexSets sets(loop);
  auto take = [&](unsigned count) {
    unsigned first = words;
    words += count;
    return first;
  };
  unsigned numDims = loop.getNumDims();
  steps = take(1);
  dims = take(numDims);
  for (std::size_t i = 0; i < op.getInputs().size() + loop.getNumOutputs(); ++i)
    accesses.push_back(take(1 + numDims));
  auto takeTile = [&](AffineMap map) {
    tiles.push_back(hasTile(loop, map, adjacent) ? static_cast<int>(take(1)) : -1);
  };
  for (std::size_t i = 0; i < op.getInputs().size(); ++i)
    takeTile(loop.getInputMap(i));
  for (int64_t i = 0; i < loop.getNumOutputs(); ++i)
    takeTile(loop.getOutputMap(i));
  for (int64_t i = 0; i < loop.getNumStates(); ++i)
    states.push_back(take(2));
  for (auto reduce : op.getBody().getOps<scan::ReduceOp>())
    if (!sets.of(reduce).empty()) {
      materialised.push_back(reduce);
      temporaries.push_back(take(1));
    }
}

} // namespace scanc::cpu
