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

/// Head and column that `weight` projects `row` to, where it is a weight of sums over `over`.
std::optional<std::pair<int64_t, int64_t>> columnsOf(Value weight, Value row, int64_t over,
                                                     scan::RecurrenceInterface loop,
                                                     const scan::IndexSets &sets) {
  BlockArgument input = inputOf(weight);
  if (!input || sets.variesWithTime(weight))
    return std::nullopt;
  SmallVector<int64_t> columns;
  bool sums = false;
  for (AffineExpr expr : loop.getInputMap(input.getArgNumber()).getResults()) {
    int64_t dim = cast<AffineDimExpr>(expr).getPosition();
    if (llvm::is_contained(sets.lanesOf(row), dim))
      return std::nullopt;
    if (dim == over)
      sums = true;
    else
      columns.push_back(dim);
  }
  if (!sums || columns.empty() || columns.size() > 2)
    return std::nullopt;
  return std::pair(columns.size() == 2 ? columns[0] : -1, columns.back());
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
      if (!sets.variesWithTime(row) || sets.of(row) != over)
        continue;
      auto columns = columnsOf(weight, row, over[0], loop, sets);
      if (!columns)
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
      known->projections.push_back({sum, inputOf(weight), columns->second, columns->first});
    }
  }
  return rows;
}

} // namespace scanc::analysis
