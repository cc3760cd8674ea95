//===- ProductEnd.cpp - The last value that a product makes ---------------===//
#include "compiler/planning/ProductEnd.h"

#include "dialects/plan/Tiling.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

namespace {

bool isNumber(Type type) { return type.isF32() || type.isF16() || type.isBF16(); }

/// One number of others, at the same point.
bool isElementwise(Operation &op) {
  return op.getNumResults() == 1 &&
         (isa<scan::ActivationOp, scan::LogAddExpOp>(op) ||
          isa<arith::ArithDialect, math::MathDialect>(op.getDialect()));
}

/// Follows a sum to what is made of it alone.
class EndFinder {
public:
  EndFinder(scan::RecurrenceInterface loop, const scan::IndexSets &sets, const analysis::Projection &projection)
      : loop(loop), sets(sets), projection(projection) {}

  ProductEnd find();

private:
  static constexpr int64_t none = -1; ///< the index of what is reduced

  bool isOfColumns(Value value) const;
  std::optional<int64_t> panels() const;
  std::string split() const;
  std::optional<int64_t> indexOf(Operation &inner) const;

  mutable scan::RecurrenceInterface loop; // MLIR's accessors are not const
  const scan::IndexSets &sets;
  analysis::Projection projection;
  llvm::DenseMap<Value, int64_t> own; ///< what is made of the sum, and under which index it has the columns
};

} // namespace

/// What is said where no tile has a head whole.
std::string EndFinder::split() const {
  scan::DimAttr dim = loop.getDim(projection.column);
  return formatv("an activation over a head that the column group splits: expected heads of 16, 32, 64, 128, 192 or 256 "
                 "columns, or one of at most 256, got {0} = {1}",
                 dim.getExtent().getValue(),
                 ShapedType::isDynamic(dim.getSize()) ? std::string("open") : std::to_string(dim.getSize()))
      .str();
}

/// Whether head and column alone say what `value` is, with nothing summed.
bool EndFinder::isOfColumns(Value value) const {
  int64_t columns[] = {projection.head, projection.column};
  if (sets.variesWithTime(value) || sets.dependsOnState(value) || !scan::isWithin(sets.lanesOf(value), columns) ||
      !scan::isWithin(sets.of(value), columns))
    return false;
  Operation *made = value.getDefiningOp();
  return !made || (isElementwise(*made) && llvm::all_of(made->getOperands(), [&](Value operand) {
                     return isOfColumns(operand);
                   }));
}

/// Panels of a head, where a tile can have it whole.
std::optional<int64_t> EndFinder::panels() const {
  constexpr int64_t mostPanels = 4;
  int64_t size = loop.getDim(projection.column).getSize();
  std::optional<int64_t> panels =
      ShapedType::isDynamic(size) ? std::nullopt : plan::panelsOfHead(size, projection.head >= 0);
  return panels && *panels <= mostPanels ? panels : std::nullopt;
}

/// Under which index `inner` has the columns of what it makes of `own`, `none` where it has none; nothing where it is no part
/// of an epilogue.
std::optional<int64_t> EndFinder::indexOf(Operation &inner) const {
  if (auto reindex = dyn_cast<scan::ReindexOp>(inner)) {
    bool renamesColumn = reindex.getFrom().size() == 1 &&
                         loop.findDim(cast<StringAttr>(reindex.getFrom()[0]).getValue()) ==
                             own.lookup(reindex.getValue());
    return renamesColumn ? std::optional(loop.findDim(cast<StringAttr>(reindex.getTo()[0]).getValue()))
                         : std::nullopt;
  }
  if (auto reduce = dyn_cast<scan::ReduceOp>(inner)) {
    bool reducesColumn = reduce.getOver().size() == 1 && reduce.getType().isF32() &&
                         loop.findDim(cast<StringAttr>(reduce.getOver()[0]).getValue()) ==
                             own.lookup(reduce.getValue());
    return reducesColumn ? std::optional(none) : std::nullopt;
  }
  int64_t index = none;
  for (Value operand : inner.getOperands()) {
    auto known = own.find(operand);
    int64_t its = known != own.end() ? known->second : projection.column;
    if (known == own.end() && !isOfColumns(operand))
      return std::nullopt;
    bool varies = known != own.end() ? its != none : (llvm::is_contained(sets.of(operand), projection.column) ||
                   llvm::is_contained(sets.lanesOf(operand), projection.column));
    if (varies && index != none && its != index)
      return std::nullopt;
    if (varies)
      index = its;
  }
  return isElementwise(inner) ? std::optional(index) : std::nullopt;
}

/// The last value that goes into everything that is made of a sum, itself made of nothing else but its columns and, where
/// a tile has them whole, of what is reduced over those of a head.
ProductEnd EndFinder::find() {
  Operation *sum = projection.sum;
  ProductEnd end = {projection.sum.getResult(), 0, ""};
  own[end.value] = projection.column;
  bool reduces = false;
  auto usesOf = [](Value value) { return std::distance(value.use_begin(), value.use_end()); };
  int64_t open = usesOf(end.value); // of values in `own`, by ops that are still to come
  for (Operation *inner = sum->getNextNode(); inner; inner = inner->getNextNode()) {
    int64_t taken = llvm::count_if(inner->getOperands(), [&](Value v) { return own.contains(v); });
    if (taken == 0)
      continue;
    std::optional<int64_t> index = indexOf(*inner);
    if (!index)
      break;
    if (isa<scan::ReduceOp>(inner)) {
      if (!panels()) {
        end.split = split();
        break;
      }
      reduces = true;
    }
    open -= taken;
    Value made = inner->getResult(0);
    if (open == 0 && isNumber(made.getType()) && *index == projection.column)
      end = {made, reduces ? *panels() : 0, ""};
    own[made] = *index;
    open += usesOf(made);
  }
  return end;
}

ProductEnd endOf(scan::RecurrenceInterface loop, const scan::IndexSets &sets,
                 const analysis::Projection &projection) {
  return EndFinder(loop, sets, projection).find();
}

} // namespace scanc::planning
