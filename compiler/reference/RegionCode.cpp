//===- RegionCode.cpp - Ops to instructions over frames of numbers --------===//
#include "compiler/reference/RegionCode.h"

#include "compiler/reference/Functions.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace scanc::reference {

/// Offsets into `of` for every point of `over` (dims with sizes): a table, since the code runs often.
static std::vector<std::size_t> gather(const Slot &of, ArrayRef<int64_t> dims,
                                       ArrayRef<int64_t> sizes) {
  SmallVector<std::size_t> strides(dims.size(), 0);
  std::size_t stride = 1;
  for (std::size_t k = of.dims.size(); k-- > 0;) {
    // One index may stand in two places: their strides add up.
    if (auto found = llvm::find(dims, of.dims[k]); found != dims.end())
      strides[found - dims.begin()] += stride;
    stride *= of.sizes[k];
  }
  std::vector<std::size_t> table;
  forEachPoint(sizes, [&](ArrayRef<int64_t> point) {
    std::size_t offset = of.offset;
    for (std::size_t d = 0; d < point.size(); ++d)
      offset += point[d] * strides[d];
    table.push_back(offset);
  });
  return table;
}

Slot RegionCode::makeSlot(ArrayRef<int64_t> dims) {
  Slot slot;
  for (int64_t dim : dims) {
    slot.dims.push_back(dim);
    slot.sizes.push_back(sizes[dim]);
    slot.count *= sizes[dim];
  }
  slot.offset = total;
  total += slot.count;
  return slot;
}

RegionCode::RegionCode(scan::RecurrenceInterface op, ArrayRef<int64_t> sizes)
    : op(op), sets(op), sizes(sizes) {
  for (int64_t i = 0; i < this->op.getNumStates(); ++i) {
    SmallVector<StringAttr> names(this->op.getState(i).getIndices());
    stateSlots.push_back(makeSlot(scan::positionsOf(op, names)));
  }
  for (BlockArgument arg : this->op.getBodyBlock().getArguments())
    slots[arg] = makeSlot(sets.of(arg));
  for (Operation &inner : this->op.getBodyBlock())
    compile(inner);
}

bool RegionCode::readsState(Value value) const {
  scan::RecurrenceInterface loop = op;
  if (auto argument = dyn_cast<BlockArgument>(value))
    return argument.getArgNumber() >= loop.getInputs().size(); // of a step form: the states at t-1
  Operation *from = value.getDefiningOp();
  return isa<scan::AdvanceOp>(from) || ofState.contains(from);
}

void RegionCode::compile(Operation &inner) {
  for (Value result : inner.getResults())
    slots[result] = makeSlot(sets.of(result));
  if (llvm::any_of(inner.getOperands(), [&](Value operand) { return readsState(operand); }))
    ofState.insert(&inner);
  llvm::TypeSwitch<Operation *>(&inner)
      .Case([&](scan::ReduceOp op) { compileReduce(op); })
      .Case([&](scan::ReindexOp op) { compileReindex(op); })
      .Case([&](scan::AdvanceOp op) { compileAdvance(op); })
      .Case([&](scan::YieldOp) {})
      .Default([&](Operation *op) { compileElementwise(*op); });
}

void RegionCode::compileElementwise(Operation &inner) {
  const Slot &to = slots[inner.getResult(0)];
  Function function = functionOf(&inner);
  std::vector<std::vector<std::size_t>> from;
  for (Value operand : inner.getOperands())
    from.push_back(gather(slots[operand], to.dims, to.sizes));
  std::size_t offset = to.offset, count = to.count;
  double largest = largestOf(inner.getResult(0).getType());
  bool settles = !ofState.contains(&inner);
  code.push_back({&inner, [=](Number *frame) {
    Number operands[3];
    for (std::size_t p = 0; p < count; ++p) {
      for (std::size_t k = 0; k < from.size(); ++k)
        operands[k] = frame[from[k][p]];
      Number number = within(function(operands), largest);
      frame[offset + p] = settles ? settled(number) : number;
    }
  }});
}

void RegionCode::compileReduce(scan::ReduceOp inner) {
  const Slot &to = slots[inner.getResult()], &source = slots[inner.getValue()];
  SmallVector<StringAttr> names(inner.getOver().getAsRange<StringAttr>());
  SmallVector<int64_t> dims(ArrayRef<int64_t>(to.dims)), allSizes(ArrayRef<int64_t>(to.sizes));
  for (int64_t dim : scan::positionsOf(op, names)) {
    dims.push_back(dim);
    allSizes.push_back(sizes[dim]);
  }
  std::vector<std::size_t> from = gather(source, dims, allSizes);
  std::size_t each = to.count == 0 ? 0 : from.size() / to.count, offset = to.offset,
              count = to.count;
  scan::Reduction kind = inner.getKind();
  double u = roundoffOf(inner.getType()), largest = largestOf(inner.getType());
  bool settles = !ofState.contains(inner);
  code.push_back({inner, [=](Number *frame) {
    for (std::size_t p = 0; p < count; ++p) {
      Number number = within(reduce(kind, frame, from.data() + p * each, each, u, largest), largest);
      frame[offset + p] = settles ? settled(number) : number;
    }
  }});
}

void RegionCode::compileReindex(scan::ReindexOp inner) {
  // The source under its new names.
  Slot renamed = slots[inner.getValue()];
  for (int64_t &dim : renamed.dims)
    for (auto [oldName, newName] :
         llvm::zip(inner.getFrom().getAsRange<StringAttr>(), inner.getTo().getAsRange<StringAttr>()))
      if (op.getDim(dim).getName() == oldName) {
        dim = op.findDim(newName.getValue());
        break;
      }
  const Slot &to = slots[inner.getResult()];
  std::vector<std::size_t> from = gather(renamed, to.dims, to.sizes);
  std::size_t offset = to.offset;
  code.push_back({inner, [=](Number *frame) {
    for (std::size_t p = 0; p < from.size(); ++p)
      frame[offset + p] = frame[from[p]];
  }});
}

/// now = A before + b, term by term as the structure's row of `scan.advance` says.
void RegionCode::compileAdvance(scan::AdvanceOp inner) {
  unsigned count = inner.getNumStates();
  double u = roundoffOf(inner.getInput()[0].getType());
  scan::Ring ring = inner.getRing();
  std::vector<unsigned> states;
  for (StringAttr name : inner.getStates().getAsRange<StringAttr>())
    for (int64_t i = 0; i < op.getNumStates(); ++i)
      if (op.getState(i).getName() == name)
        states.push_back(i);
  std::vector<Slot> held;
  for (unsigned state : states)
    held.push_back(stateSlots[state]);
  const Slot &to = slots[inner.getNow()];
  auto at = [&](Value value) { return gather(slots[value], to.dims, to.sizes); };
  std::vector<std::vector<std::size_t>> inputs, elementwise;
  for (Value input : inner.getInput())
    inputs.push_back(at(input));
  bool sums = !inner.getContract().empty();
  // The contracted index of the state at t-1, and the points of v_k or of a dense transition.
  SmallVector<int64_t> dims(ArrayRef<int64_t>(to.dims)), extended(ArrayRef<int64_t>(to.sizes));
  Slot before = held[0];
  std::vector<std::vector<std::size_t>> summed;
  if (sums) {
    int64_t row = op.findDim(cast<StringAttr>(inner.getRows()[0]).getValue());
    int64_t contracted = op.findDim(cast<StringAttr>(inner.getContract()[0]).getValue());
    dims.push_back(contracted);
    extended.push_back(sizes[contracted]);
    for (int64_t &dim : before.dims)
      if (dim == row)
        dim = contracted;
  }
  std::size_t inside = sums ? extended.back() : 1;
  std::vector<std::size_t> beforeAt = gather(before, dims, extended), own = at(inner.getNow());
  std::vector<std::size_t> heldAt = gather(held[0], to.dims, to.sizes);
  for (Value operand : inner.getTransition()) {
    elementwise.push_back(at(operand));
    summed.push_back(gather(slots[operand], dims, extended));
  }
  scan::Structure structure = inner.getStructure();
  std::vector<std::size_t> nowAt, beforeOut;
  for (unsigned k = 0; k < count; ++k) {
    nowAt.push_back(slots[inner.getNow(k)].offset);
    beforeOut.push_back(slots[inner.getBefore(k)].offset);
  }
  std::size_t points = to.count;
  double narrow = roundoffOf(inner.getNow().getType()), smallest = smallestOf(inner.getNow().getType());
  double largest = largestOf(inner.getNow().getType());
  code.push_back({inner, [=](Number *frame) {
    for (unsigned k = 0; k < count; ++k)
      std::copy_n(frame + held[k].offset, points, frame + beforeOut[k]);
    for (std::size_t p = 0; p < points; ++p) {
      for (unsigned k = 0; k < count; ++k) {
        Number sum = frame[inputs[k][p]];
        auto plus = [&](const Number &x) { sum = ringAdd(ring, sum, x, u); };
        auto contraction = [&](std::size_t operand) {
          Number dot = ringZero(ring);
          for (std::size_t l = 0; l < inside; ++l)
            dot = ringAdd(ring, dot,
                          ringMultiply(ring, frame[summed[operand][p * inside + l]],
                                       frame[beforeAt[p * inside + l]], u),
                          u);
          return dot;
        };
        if (count > 1) {
          for (unsigned j = 0; j < count; ++j)
            plus(multiply(frame[elementwise[k * count + j][p]], frame[held[j].offset + p], u));
        } else if (structure == scan::Structure::Identity) {
          plus(frame[heldAt[p]]);
        } else if (structure == scan::Structure::Dense) {
          plus(contraction(0));
        } else if (structure == scan::Structure::DiagonalDense) {
          plus(contraction(1));
          plus(ringMultiply(ring, frame[elementwise[0][p]], frame[heldAt[p]], u));
        } else if (structure == scan::Structure::Scalar || structure == scan::Structure::Diagonal) {
          plus(ringMultiply(ring, frame[elementwise[0][p]], frame[heldAt[p]], u));
        } else {
          bool scaled = structure != scan::Structure::LowRank;
          bool product = structure == scan::Structure::Product;
          Number kept = frame[heldAt[p]];
          if (scaled && !product)
            kept = multiply(frame[elementwise[0][p]], kept, u);
          for (std::size_t r = scaled; r < elementwise.size(); r += 2)
            kept = add(kept, multiply(frame[elementwise[r][p]], contraction(r + 1), u), u, -1);
          if (product)
            kept = multiply(frame[elementwise[0][p]], kept, u);
          plus(kept);
        }
        sum.e += narrow > u && sum.m > 0 ? narrow * sum.m + smallest : 0;
        frame[nowAt[k] + p] = within(sum, largest);
      }
    }
    for (unsigned k = 0; k < count; ++k)
      std::copy_n(frame + nowAt[k], points, frame + held[k].offset);
  }});
}

} // namespace scanc::reference
