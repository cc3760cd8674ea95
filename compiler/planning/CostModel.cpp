//===- CostModel.cpp - Bytes, operations and registers of a recurrence ----===//
#include "compiler/planning/Kernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/AffineExpr.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;

namespace scanc::planning {

double sizeNamed(const Sizes &sizes, scan::DimAttr dim) {
  if (!ShapedType::isDynamic(dim.getSize()))
    return static_cast<double>(dim.getSize());
  auto found = sizes.find(dim.getExtent().str());
  return found == sizes.end() ? 1.0 : static_cast<double>(found->second);
}

double laneCount(const Mapping &mapping, const Sizes &sizes) {
  return laneCount(mapping, sizes, static_cast<int64_t>(mapping.lanes.size()));
}

double laneCount(const Mapping &mapping, const Sizes &sizes, int64_t dims) {
  scan::RecurrenceInterface loop = mapping.op;
  double count = 1;
  for (int64_t i : ArrayRef<int64_t>(mapping.lanes).take_back(dims))
    count *= sizeNamed(sizes, loop.getDim(i));
  return count;
}

double stepCount(const Mapping &mapping, const Sizes &sizes) {
  return sizeNamed(sizes, scan::RecurrenceInterface(mapping.op).getDim(mapping.time));
}

static double bytesOfTensor(scan::RecurrenceInterface loop, AffineMap map, Value tensor,
                            const Sizes &sizes) {
  double bytes = bytesOf(cast<RankedTensorType>(tensor.getType()).getElementType());
  for (AffineExpr expr : map.getResults())
    expr.walk([&](AffineExpr part) {
      if (auto dim = dyn_cast<AffineDimExpr>(part))
        bytes *= sizeNamed(sizes, loop.getDim(dim.getPosition()));
    });
  return bytes;
}

double compulsoryBytes(const Mapping &mapping, const Sizes &sizes) {
  scan::RecurrenceInterface loop = mapping.op;
  llvm::SmallPtrSet<Value, 8> seen;
  double bytes = 0;
  for (auto [i, input] : llvm::enumerate(loop.getInputs()))
    if (seen.insert(input).second)
      bytes += bytesOfTensor(loop, loop.getInputMap(i), input, sizes);
  for (auto [i, init] : llvm::enumerate(loop.getInits()))
    bytes += bytesOfTensor(loop, loop.getInitMap(i), init, sizes);
  for (int64_t i = 0; i < loop.getNumOutputs(); ++i)
    bytes += bytesOfTensor(loop, loop.getOutputMap(i), loop->getResult(i), sizes);
  for (int64_t i = 0; i < static_cast<int64_t>(loop.getFinalMaps().size()); ++i)
    bytes += bytesOfTensor(loop, loop.getFinalMap(i), loop->getResult(loop.getNumOutputs() + i),
                           sizes);
  return bytes;
}

/// Calls of the special-function unit that an op costs per point, and its other operations.
static Work workOf(Operation &op) {
  return llvm::TypeSwitch<Operation *, Work>(&op)
      .Case<math::ExpOp, math::LogOp, math::SqrtOp, math::RsqrtOp, math::SinOp, math::CosOp>(
          [](auto) { return Work{4, 1}; })
      .Case<math::TanhOp, math::PowFOp>([](auto) { return Work{12, 2}; })
      .Case<scan::ActivationOp, scan::LogAddExpOp>([](auto) { return Work{8, 2}; })
      .Case<arith::DivFOp>([](auto) { return Work{8, 1}; })
      .Case([](complex::ExpOp) { return Work{14, 3}; })
      .Case([](complex::DivOp) { return Work{20, 3}; })
      .Case([](complex::AbsOp) { return Work{8, 2}; })
      .Case([](complex::MulOp) { return Work{6, 0}; })
      .Case<complex::AddOp, complex::SubOp>([](auto) { return Work{2, 0}; })
      .Case<complex::ReOp, complex::ImOp, complex::CreateOp, complex::ConstantOp>(
          [](auto) { return Work{0, 0}; })
      .Case([](scan::AdvanceOp op) {
        if (isa<ComplexType>(op.getInput().front().getType()))
          return Work{8, 0};
        return op.getRing() == scan::Ring::Log ? Work{9, 2} : Work{2, 0};
      })
      .Case<arith::ConstantOp, arith::ExtFOp, arith::TruncFOp, scan::YieldOp, scan::ReindexOp>(
          [](auto) { return Work{0, 0}; })
      .Default([](Operation *) { return Work{1, 0}; });
}

/// The work of one step of one lane, in the ops over whose values `counts`; `of` one of them.
static Work countStep(const Mapping &mapping, const Sizes &sizes,
                      llvm::function_ref<bool(Value)> counts,
                      llvm::function_ref<Work(Operation &)> of = workOf) {
  scan::RecurrenceInterface loop = mapping.op;
  Work total;
  for (Operation &op : loop.getBodyBlock()) {
    Value over = isa<scan::ReduceOp>(op) ? op.getOperand(0)
                 : op.getNumResults()    ? op.getResult(0)
                                         : Value();
    if (!over || !counts(over))
      continue;
    double points = 1;
    for (int64_t i : mapping.sets.of(over))
      if (mapping.isRegister(i))
        points *= sizeNamed(sizes, loop.getDim(i));
    Work one = of(op);
    total.flops += points * one.flops;
    total.special += points * one.special;
  }
  return total;
}

static bool hasPoints(const Mapping &mapping, Value value) {
  return llvm::any_of(mapping.sets.of(value), [&](int64_t i) { return mapping.isRegister(i); });
}

Work countAlone(const Mapping &mapping, const Sizes &sizes) {
  return countStep(mapping, sizes, [&](Value value) { return !hasPoints(mapping, value); });
}

Work countCommon(const Mapping &mapping, const Sizes &sizes, int64_t sharedDims) {
  ArrayRef<int64_t> shared = ArrayRef<int64_t>(mapping.lanes).take_back(sharedDims);
  const scan::IndexSets &sets = mapping.sets;
  return countStep(mapping, sizes, [&](Value value) {
    return !shared.empty() && hasPoints(mapping, value) && sets.variesWithTime(value) &&
           !sets.dependsOnState(value) &&
           llvm::none_of(shared, [&](int64_t i) { return llvm::is_contained(sets.lanesOf(value), i); });
  });
}

Work countWork(const Mapping &mapping, const Sizes &sizes) {
  Work step = countStep(mapping, sizes, [](Value) { return true; });
  double steps = laneCount(mapping, sizes) * stepCount(mapping, sizes);
  return {step.flops * steps, step.special * steps};
}

double textOfStep(const Mapping &mapping) {
  auto all = [](Value) { return true; };
  return countStep(mapping, {}, all, [](Operation &op) {
           return isa<arith::ExtFOp>(op) ? Work{1, 0} : workOf(op);
         }).flops;
}

bool hasLongText(const Mapping &mapping, int64_t lanes, int64_t steps) {
  // `gated_layer` with sums of 264: NVRTC takes 18 s for 10000 operations, over two minutes for 40000.
  constexpr double mostOperations = 1 << 13;
  return textOfStep(mapping) * static_cast<double>(lanes * steps) > mostOperations;
}

double slowText(const Mapping &mapping, const Target &target, plan::PolicyAttr policy) {
  // Cycles of an operation where its text, and what of the inputs no register holds, come from the L2: 7 to 52 in
  // `gated_layer` (bench/results/h200-projection.md).
  constexpr double cycles = 12, cachedOperations = 1024;
  auto tile = static_cast<double>(policy.getLanes() * policy.getSteps() * policy.getRuns());
  double operations = textOfStep(mapping) * tile / static_cast<double>(policy.getStateThreads());
  return operations > cachedOperations ? operations * cycles / target.clock() : 0;
}

int64_t widestElement(const Mapping &mapping) {
  scan::RecurrenceInterface loop = mapping.op;
  int64_t widest = 1;
  auto consider = [&](AffineMap map, Value tensor) {
    if (map.isFunctionOfDim(loop.getTimeDim()))
      widest = std::max(widest, bytesOf(cast<RankedTensorType>(tensor.getType()).getElementType()));
  };
  for (auto [i, input] : llvm::enumerate(loop.getInputs()))
    consider(loop.getInputMap(i), input);
  for (int64_t i = 0; i < loop.getNumOutputs(); ++i)
    consider(loop.getOutputMap(i), loop->getResult(i));
  return widest;
}

int64_t tileRegisters(const Mapping &mapping, plan::PolicyAttr policy, int64_t sharedDims) {
  scan::RecurrenceInterface loop = mapping.op;
  int64_t bytes = 0;
  forEachBrought(mapping, policy, [&](AffineMap map, Type element, int64_t rows) {
    bool varies = map.isFunctionOfDim(mapping.lanes.size());
    bytes += tileElements(mapping, map, policy, sharedDims) * (varies ? rows : 1) / (varies ? policy.getSteps() : 1) *
             bytesOf(element);
  });
  for (int64_t i = 0; i < loop.getNumOutputs(); ++i)
    bytes += tileElements(mapping, mapping.toKernel(loop.getOutputMap(i)), policy, sharedDims) *
             bytesOf(cast<RankedTensorType>(loop->getResult(i).getType()).getElementType());
  return (bytes + 3) / 4;
}

void forEachState(const Mapping &mapping, llvm::function_ref<void(int64_t, int64_t)> visit) {
  scan::RecurrenceInterface loop = mapping.op;
  for (auto advance : mapping.op.getBody().getOps<scan::AdvanceOp>())
    for (int64_t i = 0; i < loop.getNumStates(); ++i)
      if (loop.getState(i).getName() == cast<StringAttr>(advance.getStates()[0]))
        visit(mapping.stateSize(i), bytesOf(advance.getInput().front().getType()));
}

int64_t sharedLanes(const Mapping &mapping) {
  const scan::IndexSets &sets = mapping.sets;
  scan::IndexSet varying;
  for (auto advance : mapping.op.getBody().getOps<scan::AdvanceOp>())
    for (Value transition : advance.getTransition())
      varying = scan::unite(varying, scan::unite(sets.of(transition), sets.lanesOf(transition)));
  int64_t count = 0;
  for (int64_t dim : llvm::reverse(mapping.lanes)) {
    if (llvm::is_contained(varying, dim))
      break;
    ++count;
  }
  return count;
}

int64_t lanesOfVector(const Mapping &mapping) {
  int64_t widest = std::max<int64_t>(4, widestElement(mapping));
  forEachState(mapping, [&](int64_t, int64_t number) { widest = std::max(widest, number); });
  return 16 / widest;
}

} // namespace scanc::planning
