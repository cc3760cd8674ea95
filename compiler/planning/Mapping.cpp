//===- Mapping.cpp - Lanes to threads, free indices to lanes, sums to registers ----===//
#include "compiler/planning/Mapping.h"

#include "mlir/IR/AffineExpr.h"

using namespace mlir;

namespace scanc::planning {

int64_t bytesOf(Type type) {
  if (auto complex = dyn_cast<ComplexType>(type))
    return 2 * bytesOf(complex.getElementType());
  return (type.getIntOrFloatBitWidth() + 7) / 8;
}

int64_t wordsOf(Type type) { return (bytesOf(type) + 3) / 4; }

/// The dim that result `i` of `map` names, whatever its offset.
static int64_t dimOf(AffineMap map, unsigned i) {
  int64_t result = -1;
  map.getResult(i).walk([&](AffineExpr expr) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      result = dim.getPosition();
  });
  return result;
}

static bool mentions(AffineMap map, int64_t dim) {
  for (unsigned i = 0; i < map.getNumResults(); ++i)
    if (dimOf(map, i) == dim)
      return true;
  return false;
}

Mapping::Mapping(scan::AffineOp op) : Mapping(op, {}) {}

Mapping::Mapping(scan::AffineOp op, ArrayRef<int64_t> held) : op(op), sets(op) {
  scan::RecurrenceInterface loop = op;
  time = loop.getTimeDim();
  chooseRoles(held);
  if (held.empty())
    chooseReduced();
  orderLanes();
  chooseWalk();
  position.assign(loop.getNumDims(), -1);
  int64_t next = 0;
  for (int64_t i : lanes)
    position[i] = next++;
  position[time] = next++;
  if (segment >= 0)
    position[segment] = next++;
  for (int64_t i : registers)
    position[i] = next++;
}

/// Whether some op of the region treats the index called `name` as more than a place.
static bool isSummed(scan::AffineOp op, StringAttr name) {
  auto has = [&](ArrayAttr names) { return llvm::is_contained(names, Attribute(name)); };
  bool summed = false;
  op.getBody().walk([&](Operation *inner) {
    if (auto reduce = dyn_cast<scan::ReduceOp>(inner))
      summed |= has(reduce.getOver());
    else if (auto reindex = dyn_cast<scan::ReindexOp>(inner))
      summed |= has(reindex.getFrom()) || has(reindex.getTo());
    else if (auto advance = dyn_cast<scan::AdvanceOp>(inner))
      summed |= has(advance.getRows()) || has(advance.getContract());
  });
  return summed;
}

/// Whether all results and all states have dim `i`.
static bool isEverywhere(scan::RecurrenceInterface loop, int64_t i) {
  for (int64_t k = 0; k < loop.getNumOutputs(); ++k)
    if (!mentions(loop.getOutputMap(k), i))
      return false;
  for (int64_t k = 0; k < loop.getNumStates(); ++k)
    if (!llvm::is_contained(loop.getState(k).getIndices(), loop.getDim(i).getName()))
      return false;
  return true;
}

void Mapping::chooseRoles(ArrayRef<int64_t> held) {
  scan::RecurrenceInterface loop = op;
  registers.assign(held.begin(), held.end());
  for (int64_t i = 0; i < loop.getNumDims(); ++i) {
    scan::DimAttr dim = loop.getDim(i);
    if (dim.getKind() == scan::DimKind::Lane)
      lanes.push_back(i);
    if (dim.getKind() == scan::DimKind::Segment)
      segment = i;
    if (dim.getKind() != scan::DimKind::Index || llvm::is_contained(held, i))
      continue;
    bool free = isEverywhere(op, i) && !isSummed(op, dim.getName());
    (free ? lanes : registers).push_back(i);
  }
}

/// Points of an index that every strategy can keep in the registers of a thread.
static constexpr int64_t pointsOfThread = 16;

/// Whether index `i` of `op` is reduced alone, behind the states, and read under no other name.
static bool isReducedBehindStates(scan::AffineOp op, int64_t i) {
  scan::RecurrenceInterface loop = op;
  StringAttr name = loop.getDim(i).getName();
  auto has = [&](ArrayAttr names) { return llvm::is_contained(names, Attribute(name)); };
  llvm::DenseSet<Value> reduced; // what such a reduction enters
  for (Operation &inner : op.getBody().front()) {
    bool enters = llvm::any_of(inner.getOperands(), [&](Value v) { return reduced.contains(v); });
    if (auto reduce = dyn_cast<scan::ReduceOp>(inner); reduce && has(reduce.getOver())) {
      if (reduce.getOver().size() != 1)
        return false;
      enters = true;
    } else if (auto reindex = dyn_cast<scan::ReindexOp>(inner)) {
      if (has(reindex.getFrom()) || has(reindex.getTo()))
        return false;
    } else if (auto advance = dyn_cast<scan::AdvanceOp>(inner)) {
      if (enters || has(advance.getRows()) || has(advance.getContract()))
        return false;
    }
    if (enters)
      reduced.insert(inner.result_begin(), inner.result_end());
  }
  return true;
}

void Mapping::chooseReduced() {
  scan::RecurrenceInterface loop = op;
  for (int64_t i : registers) {
    scan::DimAttr dim = loop.getDim(i);
    if (ShapedType::isDynamic(dim.getSize()) || dim.getSize() <= pointsOfThread ||
        !isEverywhere(op, i) || !isReducedBehindStates(op, i))
      continue;
    // A thread reduces numbers: what it has for each of its lanes.
    auto isNumber = [&](scan::ReduceOp reduce) {
      return reduce.getOver()[0] != dim.getName() ||
             llvm::none_of(sets.of(reduce.getValue()),
                           [&](int64_t k) { return k != i && isRegister(k); });
    };
    if (!llvm::all_of(op.getBody().getOps<scan::ReduceOp>(), isNumber))
      continue;
    reduced = i;
    llvm::erase(registers, i);
    lanes.push_back(i);
    return;
  }
}

/// The accesses that repeat with every step: reads and writes that have the time dimension.
static SmallVector<std::pair<AffineMap, int64_t>> timeAccesses(scan::RecurrenceInterface loop) {
  SmallVector<std::pair<AffineMap, int64_t>> result; // map, bytes per element
  auto add = [&](AffineMap map, Value tensor) {
    if (mentions(map, loop.getTimeDim()))
      result.push_back({map, bytesOf(cast<RankedTensorType>(tensor.getType()).getElementType())});
  };
  for (auto [i, input] : llvm::enumerate(loop.getInputs()))
    add(loop.getInputMap(i), input);
  for (int64_t i = 0; i < loop.getNumOutputs(); ++i)
    add(loop.getOutputMap(i), loop->getResult(i));
  return result;
}

void Mapping::orderLanes() {
  scan::RecurrenceInterface loop = op;
  // The access with the most lanes tells the order that memory has; the others follow or lack some.
  AffineMap widest;
  int64_t most = -1;
  for (auto [map, bytes] : timeAccesses(loop)) {
    int64_t count = llvm::count_if(lanes, [&, map = map](int64_t i) { return mentions(map, i); });
    if (count > most) {
      most = count;
      widest = map;
    }
  }
  if (!widest)
    return;
  auto place = [&](int64_t dim) -> int64_t {
    for (unsigned i = 0; i < widest.getNumResults(); ++i)
      if (dimOf(widest, i) == dim)
        return i;
    return -1;
  };
  llvm::stable_sort(lanes, [&](int64_t a, int64_t b) {
    return std::pair(a == reduced, place(a)) < std::pair(b == reduced, place(b));
  });
}

void Mapping::chooseWalk() {
  int64_t alongTime = 0, alongLanes = 0;
  for (auto [map, bytes] : timeAccesses(op)) {
    if (map.getNumResults() == 0)
      continue;
    int64_t last = dimOf(map, map.getNumResults() - 1);
    if (last == time)
      alongTime += bytes;
    else if (!lanes.empty() && last == lanes.back())
      alongLanes += bytes;
  }
  walk = alongTime > alongLanes ? plan::Walk::Time : plan::Walk::Lanes;
}

AffineMap Mapping::toKernel(AffineMap map) const {
  SmallVector<AffineExpr> dims;
  for (int64_t i : position)
    dims.push_back(i < 0 ? getAffineConstantExpr(0, map.getContext())
                         : getAffineDimExpr(i, map.getContext()));
  int64_t count = firstRegister() + registers.size();
  return map.replaceDimsAndSymbols(dims, {}, count, 0);
}

bool Mapping::isRegister(int64_t i) const { return llvm::is_contained(registers, i); }

int64_t Mapping::stateSize(int64_t i) const {
  scan::RecurrenceInterface loop = op;
  int64_t size = 1;
  for (StringAttr name : loop.getState(i).getIndices())
    if (int64_t dim = loop.findDim(name.getValue()); isRegister(dim))
      size *= loop.getDim(dim).getSize();
  return size;
}

int64_t Mapping::stateSize() const {
  scan::RecurrenceInterface loop = op;
  int64_t size = 0;
  for (int64_t i = 0; i < loop.getNumStates(); ++i)
    size += stateSize(i);
  return size;
}

int64_t Mapping::stateWords() const {
  scan::RecurrenceInterface loop = op;
  int64_t words = 0;
  for (int64_t i = 0; i < loop.getNumStates(); ++i)
    words += stateSize(i) * wordsOf(loop.getState(i).getElementType());
  return words;
}

bool Mapping::numbersSegments() const {
  scan::RecurrenceInterface loop = op;
  return segment >= 0 && (!loop.getInitStates().empty() || !loop.getFinalStates().empty());
}

int64_t Mapping::segmentWords(int64_t lanes) const {
  scan::RecurrenceInterface loop = op;
  // Marks, and the states with which the first and the last begin: templates/scanc/thread/segments.cuh.
  int64_t starts = loop.getInitStates().empty() ? 0 : 2 * stateWords() * lanes;
  return segment < 0 ? 0 : numbersSegments() ? 3 + starts : 1;
}

} // namespace scanc::planning
