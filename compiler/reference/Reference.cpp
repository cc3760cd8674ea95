//===- Reference.cpp - Walk lanes, segments and time ----------------------===//
#include "compiler/reference/Reference.h"

#include "compiler/reference/Functions.h"
#include "compiler/reference/RegionCode.h"
#include "mlir/IR/AffineExpr.h"

#include <thread>

using namespace mlir;

namespace scanc::reference {

namespace {

/// One access of a tensor: per dim of the op a stride in elements, and the delay of a window.
struct Access {
  const TensorRef *tensor = nullptr;
  std::vector<std::int64_t> strides; ///< by dim of the op
  std::int64_t delay = 0;
  std::int64_t timeStride = 0;
};

/// One recurrence over bound operands.
class Interpreter {
public:
  Interpreter(scan::RecurrenceInterface op, std::span<const TensorRef> operands,
              func::FuncOp function);
  void run(std::vector<ReferenceTensor> &results);

private:
  const TensorRef &operandOf(Value tensor) const;
  int resultNumber(unsigned result) const;
  Access accessOf(AffineMap map, const TensorRef &tensor) const;
  void bindSizes();
  void bind(AffineMap map, const TensorRef &tensor);
  void runLane(ArrayRef<std::int64_t> lane, Number *frame, std::vector<ReferenceTensor> &results);
  void runSegment(ArrayRef<std::int64_t> lane, std::int64_t segment, std::int64_t begin,
                  std::int64_t end, Number *frame, std::vector<ReferenceTensor> &results);
  std::int64_t base(const Access &access, ArrayRef<std::int64_t> lane, std::int64_t segment) const;
  void read(const Access &access, std::int64_t offset, const Slot &slot, Number *frame) const;
  void write(const Access &access, std::int64_t offset, const Slot &from, const Number *frame,
             ReferenceTensor &to) const;

  mutable scan::RecurrenceInterface op;
  std::span<const TensorRef> operands;
  mutable func::FuncOp function;
  SmallVector<int64_t> sizes;
  std::vector<std::int64_t> lanes; ///< dims
  std::int64_t time, segmentDim = -1;
  std::optional<RegionCode> code;
  std::vector<TensorRef> contiguous; ///< results as `ReferenceTensor` stores them
  std::vector<Access> inputs, inits, outputs, finals;
  std::vector<std::vector<std::size_t>> prevFrom; ///< where each prev argument takes its numbers
};

} // namespace

const TensorRef &Interpreter::operandOf(Value tensor) const {
  return operands[cast<BlockArgument>(tensor).getArgNumber()];
}

int Interpreter::resultNumber(unsigned result) const {
  for (OpOperand &use : op->getResult(result).getUses())
    if (isa<func::ReturnOp>(use.getOwner()))
      return use.getOperandNumber();
  return -1;
}

/// The dim of a map's result and how far it looks back.
static std::pair<std::int64_t, std::int64_t> dimAndDelay(AffineExpr expr) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return {dim.getPosition(), 0};
  auto sum = cast<AffineBinaryOpExpr>(expr);
  return {cast<AffineDimExpr>(sum.getLHS()).getPosition(),
          -cast<AffineConstantExpr>(sum.getRHS()).getValue()};
}

void Interpreter::bind(AffineMap map, const TensorRef &tensor) {
  for (auto [i, expr] : llvm::enumerate(map.getResults()))
    sizes[dimAndDelay(expr).first] = tensor.sizes[i];
}

void Interpreter::bindSizes() {
  for (int64_t i = 0; i < op.getNumDims(); ++i)
    sizes.push_back(ShapedType::isDynamic(op.getDim(i).getSize()) ? 0 : op.getDim(i).getSize());
  for (auto [i, input] : llvm::enumerate(op.getInputs()))
    bind(op.getInputMap(i), operandOf(input));
  for (auto [i, init] : llvm::enumerate(op.getInits()))
    bind(op.getInitMap(i), operandOf(init));
  for (unsigned i = 0; i < op->getNumResults(); ++i) {
    std::int64_t k = static_cast<std::int64_t>(i) - op.getNumOutputs();
    bind(k < 0 ? op.getOutputMap(i) : op.getFinalMap(k),
         operands[function.getNumArguments() + resultNumber(i)]);
  }
  // Index names over one extent share its size.
  for (int64_t i = 0; i < op.getNumDims(); ++i)
    for (int64_t j = 0; j < op.getNumDims(); ++j)
      if (op.getDim(i).getExtent() == op.getDim(j).getExtent())
        sizes[i] = std::max(sizes[i], sizes[j]);
  if (segmentDim >= 0)
    sizes[segmentDim] = operandOf(op.getReset()).sizes[0] - 1;
}

Access Interpreter::accessOf(AffineMap map, const TensorRef &tensor) const {
  Access access;
  access.tensor = &tensor;
  access.strides.assign(op.getNumDims(), 0);
  std::vector<std::int64_t> strides =
      tensor.strides.empty() ? contiguousStrides(tensor.sizes) : tensor.strides;
  for (auto [i, expr] : llvm::enumerate(map.getResults())) {
    auto [dim, delay] = dimAndDelay(expr);
    access.strides[dim] += strides[i];
    if (dim == time) {
      access.delay = delay;
      access.timeStride = strides[i];
    }
  }
  return access;
}

Interpreter::Interpreter(scan::RecurrenceInterface op, std::span<const TensorRef> operands,
                         func::FuncOp function)
    : op(op), operands(operands), function(function), time(this->op.getTimeDim()) {
  for (int64_t i = 0; i < this->op.getNumDims(); ++i) {
    if (this->op.getDim(i).getKind() == scan::DimKind::Lane)
      lanes.push_back(i);
    if (this->op.getDim(i).getKind() == scan::DimKind::Segment)
      segmentDim = i;
  }
  bindSizes();
  code.emplace(op, sizes);
  for (auto [i, input] : llvm::enumerate(this->op.getInputs()))
    inputs.push_back(accessOf(this->op.getInputMap(i), operandOf(input)));
  for (auto [i, init] : llvm::enumerate(this->op.getInits()))
    inits.push_back(accessOf(this->op.getInitMap(i), operandOf(init)));
  for (unsigned i = 0; i < op->getNumResults(); ++i) {
    contiguous.push_back(operands[function.getNumArguments() + resultNumber(i)]);
    contiguous.back().strides.clear();
  }
  for (unsigned i = 0; i < op->getNumResults(); ++i) {
    std::int64_t k = static_cast<std::int64_t>(i) - this->op.getNumOutputs();
    if (k < 0)
      outputs.push_back(accessOf(this->op.getOutputMap(i), contiguous[i]));
    else
      finals.push_back(accessOf(this->op.getFinalMap(k), contiguous[i]));
  }
  // A prev argument is its state's slot with the dims under other names.
  auto step = dyn_cast<scan::StepOp>(op.getOperation());
  if (!step)
    return;
  for (int64_t p = 0; p < static_cast<int64_t>(step.getPrevs().size()); ++p) {
    const Slot &to = code->slotOf(scan::getPrevArgument(step, p));
    int64_t state = 0;
    while (this->op.getState(state).getName() != step.getPrev(p).getState())
      ++state;
    const Slot &from = code->stateSlot(state);
    // Stride in the state's slot of each dim of the argument.
    SmallVector<std::size_t> strides(to.dims.size(), 0);
    for (auto [own, read] :
         llvm::zip(this->op.getState(state).getIndices(), step.getPrev(p).getIndices())) {
      std::size_t stride = 1;
      int64_t dim = this->op.findDim(own.getValue());
      for (std::size_t k = from.dims.size(); k-- > 0 && from.dims[k] != dim;)
        stride *= from.sizes[k];
      for (std::size_t k = 0; k < to.dims.size(); ++k)
        if (to.dims[k] == this->op.findDim(read.getValue()))
          strides[k] += stride;
    }
    std::vector<std::size_t> table;
    forEachPoint(to.sizes, [&](ArrayRef<int64_t> point) {
      std::size_t offset = from.offset;
      for (std::size_t k = 0; k < point.size(); ++k)
        offset += point[k] * strides[k];
      table.push_back(offset);
    });
    prevFrom.push_back(std::move(table));
  }
}

std::int64_t Interpreter::base(const Access &access, ArrayRef<std::int64_t> lane,
                               std::int64_t segment) const {
  std::int64_t offset = 0;
  for (std::size_t k = 0; k < lanes.size(); ++k)
    offset += lane[k] * access.strides[lanes[k]];
  return segmentDim < 0 ? offset : offset + segment * access.strides[segmentDim];
}

static Number load(const TensorRef &tensor, std::int64_t offset) {
  const char *address =
      static_cast<const char *>(tensor.data) + offset * sizeOf(tensor.dtype);
  if (tensor.dtype == Dtype::c64) {
    double re = loadElement(address, Dtype::f32), im = loadElement(address + 4, Dtype::f32);
    return {re, im, std::hypot(re, im), 0};
  }
  return exact(loadElement(address, tensor.dtype));
}

void Interpreter::read(const Access &access, std::int64_t offset, const Slot &slot,
                       Number *frame) const {
  std::size_t p = slot.offset;
  forEachPoint(slot.sizes, [&](ArrayRef<int64_t> point) {
    std::int64_t at = offset;
    for (std::size_t k = 0; k < point.size(); ++k)
      at += point[k] * access.strides[slot.dims[k]];
    frame[p++] = load(*access.tensor, at);
  });
}

/// `from` may lack dims of the access (a value that does not vary over them); they are filled alike.
void Interpreter::write(const Access &access, std::int64_t offset, const Slot &from,
                        const Number *frame, ReferenceTensor &to) const {
  SmallVector<int64_t> dims, extents;
  for (int64_t i = 0; i < op.getNumDims(); ++i)
    if (op.getDim(i).getKind() == scan::DimKind::Index && access.strides[i] != 0) {
      dims.push_back(i);
      extents.push_back(sizes[i]);
    }
  bool complexElement = access.tensor->dtype == Dtype::c64;
  forEachPoint(extents, [&](ArrayRef<int64_t> point) {
    std::int64_t at = offset;
    std::size_t source = 0;
    for (std::size_t k = 0; k < from.dims.size(); ++k) {
      auto found = llvm::find(dims, from.dims[k]);
      source = source * from.sizes[k] + (found == dims.end() ? 0 : point[found - dims.begin()]);
    }
    for (std::size_t k = 0; k < point.size(); ++k)
      at += point[k] * access.strides[dims[k]];
    const Number &number = frame[from.offset + source];
    if (complexElement) {
      to.values[2 * at] = static_cast<double>(number.v);
      to.values[2 * at + 1] = static_cast<double>(number.i);
      to.bounds[2 * at] = to.bounds[2 * at + 1] = slack * number.e;
    } else {
      to.values[at] = static_cast<double>(number.v);
      to.bounds[at] = slack * number.e;
    }
  });
}

/// The zero of the semiring that the state's own operators make: -inf under max and log, inf under
/// min. Read off the affine form's ring, or off the ops that the next state passes through.
static double zeroOf(scan::RecurrenceInterface op, int64_t state) {
  if (auto affine = dyn_cast<scan::AffineOp>(op.getOperation())) {
    for (auto advance : affine.getBody().getOps<scan::AdvanceOp>())
      if (llvm::is_contained(advance.getStates(), Attribute(op.getState(state).getName())))
        return static_cast<double>(ringZero(advance.getRing()).v);
    return 0;
  }
  return scan::zeroOfState(cast<scan::StepOp>(op.getOperation()), state);
}

void Interpreter::runSegment(ArrayRef<std::int64_t> lane, std::int64_t segment, std::int64_t begin,
                             std::int64_t end, Number *frame,
                             std::vector<ReferenceTensor> &results) {
  Block &block = op.getBodyBlock();
  auto yield = cast<scan::YieldOp>(block.getTerminator());
  for (int64_t s = 0; s < op.getNumStates(); ++s) {
    const Slot &slot = code->stateSlot(s);
    std::fill_n(frame + slot.offset, slot.count, Number{zeroOf(op, s), 0, 0, 0});
    for (auto [k, state] : llvm::enumerate(op.getInitStates()))
      if (state == s)
        read(inits[k], base(inits[k], lane, segment), slot, frame);
    // A narrow state rounds what it starts from; 0 stays as it is.
    Type type = op.getState(s).getElementType();
    double narrow = roundoffOf(type), smallest = smallestOf(type);
    for (std::size_t p = 0; p < slot.count; ++p)
      if (Number &number = frame[slot.offset + p]; std::isfinite(number.v) && number.m > 0)
        number.e += narrow * number.m + smallest;
  }
  auto step = dyn_cast<scan::StepOp>(op.getOperation());
  bool reverse = op.getReverse();
  for (std::int64_t s = 0; s < end - begin; ++s) {
    auto memory = [&](std::int64_t visited) { return reverse ? end - 1 - visited : begin + visited; };
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      const Slot &slot = code->slotOf(block.getArgument(k));
      if (s < inputs[k].delay)
        std::fill_n(frame + slot.offset, slot.count, Number());
      else
        read(inputs[k],
             base(inputs[k], lane, segment) + memory(s - inputs[k].delay) * inputs[k].timeStride,
             slot, frame);
    }
    for (std::size_t p = 0; p < prevFrom.size(); ++p) {
      Number *to = frame + code->slotOf(scan::getPrevArgument(step, p)).offset;
      for (std::size_t q = 0; q < prevFrom[p].size(); ++q)
        to[q] = frame[prevFrom[p][q]];
    }
    code->run(frame);
    for (auto [k, value] : llvm::enumerate(yield.getOuts()))
      write(outputs[k], base(outputs[k], lane, segment) + memory(s) * outputs[k].timeStride,
            code->slotOf(value), frame, results[resultNumber(k)]);
    if (!step)
      continue;
    for (auto [k, value] : llvm::enumerate(yield.getNext())) {
      // A next value may lack indices of its state: it is the same for all of them.
      const Slot &to = code->stateSlot(k), &from = code->slotOf(value);
      std::size_t p = 0;
      std::vector<Number> copy(frame + from.offset, frame + from.offset + from.count);
      forEachPoint(to.sizes, [&](ArrayRef<int64_t> point) {
        std::size_t source = 0;
        for (std::size_t d = 0; d < from.dims.size(); ++d)
          source = source * from.sizes[d] +
                   point[llvm::find(to.dims, from.dims[d]) - to.dims.begin()];
        frame[to.offset + p++] = copy[source];
      });
    }
  }
  for (auto [k, state] : llvm::enumerate(op.getFinalStates())) {
    // The store of a final state rounds it to the result's type.
    Type element = cast<RankedTensorType>(op->getResult(op.getNumOutputs() + k).getType())
                       .getElementType();
    const Slot &slot = code->stateSlot(state);
    for (std::size_t p = 0; p < slot.count; ++p)
      if (element != op.getState(state).getElementType())
        frame[slot.offset + p] = rounded(frame[slot.offset + p], element);
    write(finals[k], base(finals[k], lane, segment), code->stateSlot(state), frame,
          results[resultNumber(op.getNumOutputs() + k)]);
  }
}

void Interpreter::runLane(ArrayRef<std::int64_t> lane, Number *frame,
                          std::vector<ReferenceTensor> &results) {
  if (segmentDim < 0)
    return runSegment(lane, 0, 0, sizes[time], frame, results);
  const TensorRef &offsets = operandOf(op.getReset());
  std::int64_t stride = offsets.strides.empty() ? 1 : offsets.strides[0];
  auto at = [&](std::int64_t i) {
    return static_cast<std::int64_t>(load(offsets, i * stride).v);
  };
  for (std::int64_t s = 0; s < sizes[segmentDim]; ++s)
    runSegment(lane, s, at(s), at(s + 1), frame, results);
}

void Interpreter::run(std::vector<ReferenceTensor> &results) {
  std::vector<std::vector<std::int64_t>> points;
  SmallVector<int64_t> extents;
  for (std::int64_t dim : lanes)
    extents.push_back(sizes[dim]);
  forEachPoint(extents, [&](ArrayRef<int64_t> point) { points.emplace_back(point.begin(), point.end()); });
  std::size_t threads =
      std::min<std::size_t>(std::max(1u, std::thread::hardware_concurrency()), points.size());
  auto work = [&](std::size_t first) {
    std::vector<Number> frame(std::max<std::size_t>(1, code->frameSize()));
    for (std::size_t i = first; i < points.size(); i += threads)
      runLane(points[i], frame.data(), results);
  };
  std::vector<std::thread> helpers;
  for (std::size_t i = 1; i < threads; ++i)
    helpers.emplace_back(work, i);
  if (threads > 0)
    work(0);
  for (std::thread &helper : helpers)
    helper.join();
}

Result<std::vector<ReferenceTensor>> evaluate(func::FuncOp function,
                                              std::span<const TensorRef> operands) {
  std::vector<ReferenceTensor> results;
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    const TensorRef &tensor = operands[function.getNumArguments() + i];
    ReferenceTensor result;
    result.sizes = tensor.sizes;
    std::size_t count = tensor.dtype == Dtype::c64 ? 2 : 1;
    for (std::int64_t size : tensor.sizes)
      count *= size;
    result.values.resize(count);
    result.bounds.resize(count);
    results.push_back(std::move(result));
  }
  function.walk([&](scan::RecurrenceInterface op) {
    Interpreter(op, operands, function).run(results);
  });
  return results;
}

} // namespace scanc::reference
