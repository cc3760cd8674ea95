//===- IndexSets.cpp - Propagate indices, lanes and time through a region -===//
#include "dialects/scan/IndexSets.h"

#include "mlir/IR/AffineExpr.h"

using namespace mlir;
using namespace scanc::scan;

IndexSet scanc::scan::unite(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  IndexSet result(a);
  result.append(b.begin(), b.end());
  llvm::sort(result);
  result.erase(llvm::unique(result), result.end());
  return result;
}

bool scanc::scan::isWithin(ArrayRef<int64_t> inner, ArrayRef<int64_t> outer) {
  return llvm::all_of(inner, [&](int64_t i) { return llvm::is_contained(outer, i); });
}

IndexSet scanc::scan::positionsOf(RecurrenceInterface op, ArrayRef<StringAttr> names) {
  IndexSet result;
  for (StringAttr name : names)
    if (int64_t i = op.findDim(name.getValue()); i >= 0)
      result.push_back(i);
  return unite(result, {});
}

IndexSets::Facts IndexSets::factsOfInput(RecurrenceInterface op, int64_t input) const {
  Facts result;
  for (AffineExpr expr : op.getInputMap(input).getResults())
    expr.walk([&](AffineExpr part) {
      auto dim = dyn_cast<AffineDimExpr>(part);
      if (!dim)
        return;
      int64_t i = dim.getPosition();
      DimKind kind = op.getDim(i).getKind();
      if (kind == DimKind::Index)
        result.indices.push_back(i);
      else if (kind == DimKind::Lane)
        result.lanes.push_back(i);
      else
        result.time = true;
    });
  result.indices = unite(result.indices, {});
  result.lanes = unite(result.lanes, {});
  return result;
}

static IndexSet namedIn(RecurrenceInterface op, ArrayAttr names) {
  SmallVector<StringAttr> list(names.getAsRange<StringAttr>());
  return positionsOf(op, list);
}

IndexSets::IndexSets(RecurrenceInterface op) {
  Block &block = op.getBodyBlock();
  int64_t numInputs = op.getInputs().size();
  IndexSet allLanes;
  for (int64_t i = 0; i < op.getNumDims(); ++i)
    if (op.getDim(i).getKind() == DimKind::Lane)
      allLanes.push_back(i);

  for (BlockArgument arg : block.getArguments()) {
    int64_t i = arg.getArgNumber();
    if (i < numInputs) {
      facts[arg] = factsOfInput(op, i);
      continue;
    }
    auto step = cast<StepOp>(op.getOperation());
    IndexSet indices = positionsOf(op, step.getPrev(i - numInputs).getIndices());
    facts[arg] = Facts{indices, allLanes, /*time=*/true, /*state=*/true};
  }

  for (Operation &inner : block) {
    Facts united;
    for (Value operand : inner.getOperands()) {
      const Facts &of = factsOf(operand);
      united.indices = unite(united.indices, of.indices);
      united.lanes = unite(united.lanes, of.lanes);
      united.time |= of.time;
      united.state |= of.state;
    }
    if (auto reduce = dyn_cast<ReduceOp>(inner)) {
      IndexSet over = namedIn(op, reduce.getOver());
      llvm::erase_if(united.indices, [&](int64_t i) { return llvm::is_contained(over, i); });
    } else if (auto reindex = dyn_cast<ReindexOp>(inner)) {
      IndexSet from = namedIn(op, reindex.getFrom());
      llvm::erase_if(united.indices, [&](int64_t i) { return llvm::is_contained(from, i); });
      united.indices = unite(united.indices, namedIn(op, reindex.getTo()));
    } else if (auto advance = dyn_cast<AdvanceOp>(inner)) {
      for (unsigned i = 0; i < advance.getNumStates(); ++i) {
        Facts of{{}, allLanes, /*time=*/true, /*state=*/true};
        StringAttr name = cast<StringAttr>(advance.getStates()[i]);
        for (int64_t k = 0; k < op.getNumStates(); ++k)
          if (op.getState(k).getName() == name)
            of.indices = positionsOf(op, op.getState(k).getIndices());
        facts[advance.getNow(i)] = of;
        facts[advance.getBefore(i)] = of;
      }
      continue;
    }
    for (Value result : inner.getResults())
      facts[result] = united;
  }
}

const IndexSets::Facts &IndexSets::factsOf(Value value) const {
  auto found = facts.find(value);
  assert(found != facts.end() && "value is outside the region");
  return found->second;
}

const IndexSet &IndexSets::of(Value value) const { return factsOf(value).indices; }
const IndexSet &IndexSets::lanesOf(Value value) const { return factsOf(value).lanes; }
bool IndexSets::variesWithTime(Value value) const { return factsOf(value).time; }
bool IndexSets::dependsOnState(Value value) const { return factsOf(value).state; }
