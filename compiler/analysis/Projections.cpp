//===- Projections.cpp - Rows of steps times weights that all have --------===//
#include "compiler/analysis/Projections.h"

#include "dialects/scan/IndexSets.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace scanc::analysis {

BlockArgument inputOf(Value value) {
  while (auto wider = value.getDefiningOp<arith::ExtFOp>())
    value = wider.getIn();
  return dyn_cast<BlockArgument>(value);
}

namespace {

/// The column that `weight` projects to, where it is a weight of sums over `over`.
std::optional<int64_t> columnOf(Value weight, int64_t over, const scan::IndexSets &sets) {
  const scan::IndexSet &indices = sets.of(weight);
  if (!inputOf(weight) || sets.variesWithTime(weight) || !sets.lanesOf(weight).empty() ||
      indices.size() != 2 || !llvm::is_contained(indices, over))
    return std::nullopt;
  return indices[0] == over ? indices[1] : indices[0];
}

} // namespace

SmallVector<ProjectedRow, 2> findProjections(scan::AffineOp op) {
  scan::RecurrenceInterface loop = op;
  scan::IndexSets sets(loop);
  SmallVector<ProjectedRow, 2> rows;
  for (auto sum : op.getBody().getOps<scan::ReduceOp>()) {
    SmallVector<StringAttr> names(sum.getOver().getAsRange<StringAttr>());
    scan::IndexSet over = scan::positionsOf(loop, names);
    auto product = sum.getValue().getDefiningOp<arith::MulFOp>();
    if (sum.getKind() != scan::Reduction::Add || over.size() != 1 || !product)
      continue;
    for (auto [row, weight] : {std::pair(product.getLhs(), product.getRhs()),
                               std::pair(product.getRhs(), product.getLhs())}) {
      std::optional<int64_t> column = columnOf(weight, over[0], sets);
      if (!column || !sets.variesWithTime(row) || sets.of(row) != over)
        continue;
      // Two widenings of an element are one row.
      auto *known = llvm::find_if(rows, [&, row = row](const ProjectedRow &other) {
        BlockArgument input = inputOf(row);
        return other.over == over[0] &&
               (other.row == row || (input && inputOf(other.row) == input));
      });
      if (known == rows.end()) {
        rows.push_back({row, over[0], sets.dependsOnState(row), {}});
        known = &rows.back();
      }
      known->projections.push_back({sum, inputOf(weight), *column});
    }
  }
  return rows;
}

} // namespace scanc::analysis
