//===- Schedule.cpp - Place ops into nests --------------------------------===//
#include "compiler/cpu/Schedule.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"

#include <limits>

using namespace mlir;
using namespace scanc::scan;

namespace scanc::cpu {

void expandLogSumExp(StepOp op) {
  for (ReduceOp reduce : llvm::make_early_inc_range(op.getBody().front().getOps<ReduceOp>())) {
    if (reduce.getKind() != Reduction::LogSumExp)
      continue;
    OpBuilder b(reduce);
    Location loc = reduce.getLoc();
    Value x = reduce.getValue();
    Type type = x.getType();
    auto number = [&](double value) -> Value {
      return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, value));
    };
    Value largest = ReduceOp::create(b, loc, type, Reduction::Max, reduce.getOver(), x);
    // An infinite maximum is left out of the difference, which would be NaN.
    Value infinity = number(std::numeric_limits<double>::infinity());
    Value isInfinite =
        arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ,
                              math::AbsFOp::create(b, loc, largest).getResult(), infinity);
    Value shift = arith::SelectOp::create(b, loc, isInfinite, number(0), largest);
    Value e = math::ExpOp::create(b, loc, arith::SubFOp::create(b, loc, x, shift).getResult());
    Value sum = ReduceOp::create(b, loc, type, Reduction::Add, reduce.getOver(), e);
    Value log = math::LogOp::create(b, loc, sum);
    reduce.replaceAllUsesWith(arith::AddFOp::create(b, loc, log, shift).getResult());
    reduce.erase();
  }
}

bool Schedule::isVirtual(Value value) {
  if (isa<BlockArgument>(value))
    return true;
  Operation *op = value.getDefiningOp();
  if (isa<arith::ConstantOp, complex::ConstantOp, ReindexOp>(op))
    return true;
  return isa<arith::ExtFOp, arith::SIToFPOp>(op) && isa<BlockArgument>(op->getOperand(0));
}

Schedule::Schedule(StepOp op)
    : op(op), recurrence(op), indexSets(recurrence), twoBuffers(op.getStates().size(), false) {
  voteOrder();
  auto yield = cast<YieldOp>(op.getBody().front().getTerminator());
  for (bool hoisted : {true, false})
    for (Operation &inner : op.getBody().front().without_terminator()) {
      Value result = inner.getResult(0);
      if (isVirtual(result) || isHoisted(result) != hoisted)
        continue;
      auto reduce = dyn_cast<ReduceOp>(inner);
      place({reduce ? Item::Kind::reduce : Item::Kind::compute, &inner, 0},
            indexSets.of(reduce ? reduce.getValue() : result), inner.getOperands(), hoisted);
    }
  for (auto [i, value] : llvm::enumerate(yield.getNext())) {
    SmallVector<StringAttr> names(recurrence.getState(i).getIndices());
    place({Item::Kind::next, nullptr, static_cast<int64_t>(i)}, positionsOf(recurrence, names),
          value, false);
  }
  for (auto [i, value] : llvm::enumerate(yield.getOuts())) {
    IndexSet dims;
    for (AffineExpr expr : recurrence.getOutputMap(i).getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(expr);
          dim && recurrence.getDim(dim.getPosition()).getKind() == DimKind::Index)
        dims.push_back(dim.getPosition());
    place({Item::Kind::out, nullptr, static_cast<int64_t>(i)}, unite(dims, {}), value, false);
  }
  keepWhatIsRead();
  decideBuffers();
}

bool Schedule::isHoisted(Value value) const { return !indexSets.variesWithTime(value); }

/// A dim is worth being innermost as often as it is the last index of a tensor or state, and more
/// so the more indices that has.
void Schedule::voteOrder() {
  votes.assign(recurrence.getNumDims(), 0);
  auto vote = [&](ArrayRef<int64_t> dims) {
    if (!dims.empty())
      votes[dims.back()] += dims.size() * dims.size();
  };
  auto voteMap = [&](AffineMap map) {
    SmallVector<int64_t> dims;
    for (AffineExpr expr : map.getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(expr);
          dim && recurrence.getDim(dim.getPosition()).getKind() == DimKind::Index)
        dims.push_back(dim.getPosition());
    vote(dims);
  };
  auto voteNames = [&](ArrayRef<StringAttr> names) {
    SmallVector<int64_t> dims;
    for (StringAttr name : names)
      dims.push_back(recurrence.findDim(name.getValue()));
    vote(dims);
  };
  for (size_t i = 0; i < op.getInputs().size(); ++i)
    voteMap(recurrence.getInputMap(i));
  for (int64_t i = 0; i < recurrence.getNumOutputs(); ++i)
    voteMap(recurrence.getOutputMap(i));
  for (int64_t i = 0; i < recurrence.getNumStates(); ++i)
    voteNames(recurrence.getState(i).getIndices());
  for (size_t i = 0; i < op.getPrevs().size(); ++i)
    voteNames(op.getPrev(i).getIndices());
}

IndexSet Schedule::ordered(IndexSet dims) const {
  llvm::stable_sort(dims, [&](int64_t a, int64_t b) { return votes[a] < votes[b]; });
  return dims;
}

void Schedule::collectRoots(Value value, bool renamed, SmallVectorImpl<Root> &roots) const {
  Operation *defining = value.getDefiningOp();
  if (!defining || !isVirtual(value)) {
    roots.push_back({value, renamed});
    return;
  }
  for (Value operand : defining->getOperands())
    collectRoots(operand, renamed || isa<ReindexOp>(defining), roots);
}

/// Into the first nest of its set in which all its operands are known, or a new one at the end.
void Schedule::place(Item item, const IndexSet &dims, ValueRange operands, bool hoisted) {
  SmallVector<Root> roots;
  for (Value operand : operands)
    collectRoots(operand, false, roots);
  int64_t earliest = 0;
  for (const Root &root : roots) {
    Operation *defining = root.value.getDefiningOp();
    if (!defining || isHoisted(root.value) != hoisted)
      continue;
    int64_t nest = nestOf.at(defining);
    bool same = !root.renamed && !isa<ReduceOp>(defining) && indexSets.of(root.value) == dims;
    earliest = std::max(earliest, same ? nest : nest + 1);
  }
  IndexSet loops = ordered(dims);
  int64_t at = earliest;
  while (at < static_cast<int64_t>(list.size()) &&
         (list[at].hoisted != hoisted || list[at].dims != loops))
    ++at;
  if (at == static_cast<int64_t>(list.size()))
    list.push_back({loops, hoisted, {}});
  list[at].items.push_back(item);
  if (item.op)
    nestOf[item.op] = at;
}

/// Values that another nest reads, if they vary over an index; a sum over an outer loop is built up
/// in its array in any case.
void Schedule::keepWhatIsRead() {
  auto yield = cast<YieldOp>(op.getBody().front().getTerminator());
  for (auto [number, nest] : llvm::enumerate(list))
    for (const Item &item : nest.items) {
      SmallVector<Value> operands;
      if (item.op)
        llvm::append_range(operands, item.op->getOperands());
      else
        operands.push_back(item.kind == Item::Kind::next ? yield.getNext()[item.number]
                                                         : yield.getOuts()[item.number]);
      if (item.kind == Item::Kind::reduce && !indexSets.of(item.op->getResult(0)).empty())
        kept.insert(item.op->getResult(0));
      SmallVector<Root> roots;
      for (Value operand : operands)
        collectRoots(operand, false, roots);
      for (const Root &root : roots) {
        Operation *defining = root.value.getDefiningOp();
        if (!defining)
          continue;
        if (isHoisted(root.value) && !nest.hoisted)
          readByStep.insert(root.value);
        bool elsewhere = nestOf.at(defining) != static_cast<int64_t>(number) || root.renamed;
        if (elsewhere && !indexSets.of(root.value).empty())
          kept.insert(root.value);
      }
    }
}

/// One array is enough where the next state is stored after, or at the same point as, every read
/// of the old one.
void Schedule::decideBuffers() {
  std::vector<int64_t> stored(recurrence.getNumStates());
  for (auto [number, nest] : llvm::enumerate(list))
    for (const Item &item : nest.items)
      if (item.kind == Item::Kind::next)
        stored[item.number] = number;
  auto yield = cast<YieldOp>(op.getBody().front().getTerminator());
  for (auto [number, nest] : llvm::enumerate(list))
    for (const Item &item : nest.items) {
      SmallVector<Root> roots;
      if (item.op)
        for (Value operand : item.op->getOperands())
          collectRoots(operand, false, roots);
      else
        collectRoots(item.kind == Item::Kind::next ? yield.getNext()[item.number]
                                                   : yield.getOuts()[item.number],
                     false, roots);
      for (const Root &root : roots) {
        auto arg = dyn_cast<BlockArgument>(root.value);
        if (!arg || arg.getArgNumber() < op.getInputs().size())
          continue;
        PrevAttr prev = op.getPrev(arg.getArgNumber() - op.getInputs().size());
        for (int64_t s = 0; s < recurrence.getNumStates(); ++s) {
          StateAttr state = recurrence.getState(s);
          if (state.getName() != prev.getState())
            continue;
          bool samePoint = !root.renamed && prev.getIndices() == state.getIndices() &&
                           nest.dims.size() == state.getIndices().size();
          int64_t reader = number;
          if (reader > stored[s] || (reader == stored[s] && !samePoint))
            twoBuffers[s] = true;
        }
      }
    }
}

} // namespace scanc::cpu
