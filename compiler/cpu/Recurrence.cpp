//===- Recurrence.cpp - Sizes, strides, scratch and ends of a run ---------===//
#include "compiler/cpu/Recurrence.h"

#include "compiler/cpu/Elementwise.h"
#include "runtime/launch/Offsets.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

#include <algorithm>
#include <numeric>

using namespace mlir;

namespace scanc::cpu {

static Dtype dtypeOf(Type type) {
  return llvm::TypeSwitch<Type, Dtype>(type)
      .Case([](Float64Type) { return Dtype::f64; })
      .Case([](Float16Type) { return Dtype::f16; })
      .Case([](BFloat16Type) { return Dtype::bf16; })
      .Case([](Float8E4M3FNType) { return Dtype::f8e4m3; })
      .Case([](Float8E5M2Type) { return Dtype::f8e5m2; })
      .Default(Dtype::f32);
}

static AccessShape shapeOf(AffineMap map, Place place, Value tensor) {
  Type element = storageType(getElementTypeOrSelf(tensor.getType()));
  AccessShape access{place, element.getIntOrFloatBitWidth() / 8, {}};
  for (AffineExpr expr : map.getResults())
    expr.walk([&](AffineExpr part) {
      if (auto dim = dyn_cast<AffineDimExpr>(part))
        access.dims.push_back(dim.getPosition());
    });
  return access;
}

Recurrence::Recurrence(scan::StepOp op, const std::vector<Place> &places, std::int64_t width)
    : layout(op), width(width), timeDim(scan::RecurrenceInterface(op).getTimeDim()),
      reverse(op.getReverse()), inputs(op.getInputs().size()) {
  scan::RecurrenceInterface loop = op;
  auto function = op->getParentOfType<func::FuncOp>();
  Operation *end = function.getBody().front().getTerminator();
  /// See unsupported for tensors that are neither argument nor result.
  auto placeOf = [&](Value tensor) {
    if (auto argument = dyn_cast<BlockArgument>(tensor))
      return places[argument.getArgNumber()];
    auto result = llvm::find(end->getOperands(), tensor) - end->operand_begin();
    return places[function.getNumArguments() + result];
  };
  auto access = [&](AffineMap map, Value tensor) { return shapeOf(map, placeOf(tensor), tensor); };
  for (int64_t i = 0; i < loop.getNumDims(); ++i) {
    scan::DimAttr dim = loop.getDim(i);
    sizes.push_back(ShapedType::isDynamic(dim.getSize()) ? -1 : dim.getSize());
    extents.push_back(dim.getExtent().str());
    if (dim.getKind() == scan::DimKind::Lane)
      laneDims.push_back(i);
    if (dim.getKind() == scan::DimKind::Segment)
      segmentDim = i;
  }
  if (op.getReset())
    resetOperand = placeOf(op.getReset()).operand;
  for (auto [i, input] : llvm::enumerate(op.getInputs()))
    accesses.push_back(access(loop.getInputMap(i), input));
  for (int64_t i = 0; i < loop.getNumOutputs(); ++i)
    accesses.push_back(access(loop.getOutputMap(i), op->getResult(i)));
  auto shape = [&](Type type, double zero, ArrayRef<int64_t> dims) {
    return StateShape{storageType(type).getIntOrFloatBitWidth() / 8, dtypeOf(type), zero,
                      std::vector<std::int64_t>(dims.begin(), dims.end())};
  };
  for (int64_t i = 0; i < loop.getNumStates(); ++i) {
    SmallVector<int64_t> dims;
    for (StringAttr name : loop.getState(i).getIndices())
      dims.push_back(loop.findDim(name.getValue()));
    states.push_back(shape(loop.getState(i).getElementType(), scan::zeroOfState(op, i), dims));
  }
  for (auto [k, state] : llvm::enumerate(op.getInitStates()))
    inits.emplace_back(state, access(loop.getInitMap(k), op.getInits()[k]));
  for (auto [k, state] : llvm::enumerate(op.getFinalStates()))
    finals.emplace_back(state,
                        access(loop.getFinalMap(k), op->getResult(loop.getNumOutputs() + k)));
  scan::IndexSets sets(loop);
  for (Value value : layout.materialised)
    temporaries.push_back(shape(value.getType(), 0, sets.of(value)));
}

BoundRecurrence::BoundRecurrence(const Recurrence &recurrence, std::span<const TensorRef> operands)
    : shape(recurrence), operands(operands), sizes(recurrence.sizes) {
  for (const TensorRef &tensor : operands)
    strides.push_back(tensor.strides.empty() ? contiguousStrides(tensor.sizes) : tensor.strides);
  auto bind = [&](const AccessShape &access) {
    for (std::size_t i = 0; i < access.dims.size(); ++i)
      sizes[access.dims[i]] = operands[access.place.operand].sizes[i];
  };
  for (const AccessShape &access : shape.accesses)
    bind(access);
  for (const auto *ends : {&shape.inits, &shape.finals})
    for (const auto &[state, access] : *ends)
      bind(access);
  if (shape.segmentDim >= 0)
    sizes[shape.segmentDim] = operands[shape.resetOperand].sizes[0] - 1;
  // Index names over one extent share its size.
  for (std::size_t i = 0; i < sizes.size(); ++i)
    for (std::size_t j = 0; j < sizes.size(); ++j)
      if (shape.extents[i] == shape.extents[j])
        sizes[i] = std::max(sizes[i], sizes[j]);
  for (std::int64_t dim : shape.laneDims)
    if (dim != shape.layout.adjacent)
      outerDims.push_back(dim);
}

std::int64_t BoundRecurrence::offsetOf(std::int64_t segment) const {
  if (shape.segmentDim < 0)
    return segment == 0 ? 0 : sizes[shape.timeDim];
  const TensorRef &offsets = operands[shape.resetOperand];
  return static_cast<const std::int32_t *>(offsets.data)[segment * strides[shape.resetOperand][0]];
}

Result<void> BoundRecurrence::checkOffsets() const {
  if (shape.segmentDim < 0)
    return {};
  const TensorRef &offsets = operands[shape.resetOperand];
  return rt::checkOffsets(static_cast<const std::int32_t *>(offsets.data), offsets.sizes[0],
                          strides[shape.resetOperand][0], sizes[shape.timeDim]);
}

bool BoundRecurrence::isContiguous() const {
  if (shape.layout.adjacent < 0)
    return false;
  for (const AccessShape &access : shape.accesses) {
    std::int64_t size = sizeOf(operands[access.place.operand].dtype);
    for (std::size_t i = 0; i < access.dims.size(); ++i)
      if (access.dims[i] == shape.layout.adjacent &&
          strides[access.place.operand][i] * size != access.bytes)
        return false;
  }
  return true;
}

std::int64_t BoundRecurrence::adjacentSize() const {
  return shape.layout.adjacent < 0 ? 1 : sizes[shape.layout.adjacent];
}

std::int64_t BoundRecurrence::outerLanes() const {
  std::int64_t count = 1;
  for (std::int64_t dim : outerDims)
    count *= sizes[dim];
  return count;
}

std::int64_t BoundRecurrence::rows(const StateShape &state) const {
  std::int64_t count = 1;
  for (std::int64_t dim : state.dims)
    count *= sizes[dim];
  return count;
}

std::int64_t BoundRecurrence::scratchPerLane() const {
  std::int64_t bytes = 0;
  for (const StateShape &state : shape.states)
    bytes += 2 * rows(state) * state.bytes;
  for (const StateShape &temporary : shape.temporaries)
    bytes += rows(temporary) * temporary.bytes;
  return bytes;
}

/// Scratch arrays begin at multiples of a cache line.
static std::int64_t take(std::int64_t &total, std::int64_t bytes) {
  std::int64_t at = total;
  total += (bytes + 63) / 64 * 64;
  return at;
}

BlockRunner::BlockRunner(const BoundRecurrence &bound, std::int64_t lanes, bool tiles)
    : bound(bound), pitch(lanes), words(bound.shape.layout.words), point(bound.sizes.size()) {
  std::int64_t total = 0;
  for (const StateShape &state : bound.shape.states)
    for (int twice = 0; twice < 2; ++twice)
      stateOffsets.push_back(take(total, bound.rows(state) * pitch * state.bytes));
  for (const StateShape &temporary : bound.shape.temporaries)
    temporaryOffsets.push_back(take(total, bound.rows(temporary) * pitch * temporary.bytes));
  const Recurrence &shape = bound.shape;
  for (std::size_t a = 0; a < shape.accesses.size(); ++a) {
    bool has = tiles && shape.layout.tiles[a] >= 0;
    std::int64_t bytes = shape.width * pitch * shape.accesses[a].bytes;
    tileOffsets.push_back(has ? take(total, bytes) : -1);
  }
  scratch.resize(total + 64); // room to begin at a cache line
}

char *BlockRunner::buffer(std::int64_t offset) const {
  auto begin = reinterpret_cast<std::uintptr_t>(scratch.data());
  return reinterpret_cast<char *>((begin + 63) / 64 * 64 + offset);
}

std::int64_t BlockRunner::byteOffset(const AccessShape &access, std::int64_t segment,
                                     std::int64_t lane) const {
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < access.dims.size(); ++i) {
    std::int64_t dim = access.dims[i], at = point[dim];
    if (dim == bound.shape.layout.adjacent)
      at = first + lane;
    else if (dim == bound.shape.segmentDim)
      at = segment;
    else if (dim == bound.shape.timeDim)
      continue;
    offset += at * bound.strides[access.place.operand][i];
  }
  return offset * sizeOf(bound.operands[access.place.operand].dtype) + access.place.offset;
}

/// Calls `visit(row, lane)` with `point` set to each point of the state's dims.
template <typename Visit>
static void forEachNumber(std::vector<std::int64_t> &point, const std::vector<std::int64_t> &dims,
                          const std::vector<std::int64_t> &sizes, std::int64_t lanes, Visit visit) {
  std::int64_t rows = 1;
  for (std::int64_t dim : dims)
    rows *= sizes[dim];
  for (std::int64_t row = 0; row < rows; ++row) {
    std::int64_t rest = row;
    for (std::size_t k = dims.size(); k-- > 0;) {
      point[dims[k]] = rest % sizes[dims[k]];
      rest /= sizes[dims[k]];
    }
    for (std::int64_t lane = 0; lane < lanes; ++lane)
      visit(row, lane);
  }
  for (std::int64_t dim : dims)
    point[dim] = 0;
}

void BlockRunner::setStates(std::int64_t segment) {
  for (std::size_t s = 0; s < bound.shape.states.size(); ++s) {
    const StateShape &state = bound.shape.states[s];
    const AccessShape *init = nullptr;
    for (const auto &[which, access] : bound.shape.inits)
      if (which == s)
        init = &access;
    char *buffer = stateBuffer(s, false);
    forEachNumber(point, state.dims, bound.sizes, count, [&](std::int64_t row, std::int64_t lane) {
      double value = state.zero;
      if (init) {
        const TensorRef &tensor = bound.operands[init->place.operand];
        value =
            loadElement(static_cast<const char *>(tensor.data) + byteOffset(*init, segment, lane),
                        tensor.dtype);
      }
      storeElement(buffer + (row * pitch + lane) * state.bytes, state.dtype, value);
    });
  }
}

void BlockRunner::writeFinals(std::int64_t segment, std::int64_t steps) {
  for (const auto &[s, access] : bound.shape.finals) {
    const StateShape &state = bound.shape.states[s];
    const TensorRef &tensor = bound.operands[access.place.operand];
    char *buffer = stateBuffer(s, steps % 2 != 0); // the buffers change places at every step
    const AccessShape &to = access;
    forEachNumber(point, state.dims, bound.sizes, count, [&](std::int64_t row, std::int64_t lane) {
      double value = loadElement(buffer + (row * pitch + lane) * state.bytes, state.dtype);
      storeElement(static_cast<char *>(tensor.data) + byteOffset(to, segment, lane), tensor.dtype,
                   value);
    });
  }
}

void BlockRunner::runSegment(RunFunction function, std::int64_t segment) {
  const Recurrence &shape = bound.shape;
  std::int64_t begin = bound.offsetOf(segment), end = bound.offsetOf(segment + 1);
  std::int64_t steps = end - begin;
  setStates(segment);
  if (steps > 0) {
    words[shape.layout.steps] = steps;
    for (std::size_t d = 0; d < bound.sizes.size(); ++d)
      words[shape.layout.dims + d] = bound.sizes[d];
    for (std::size_t a = 0; a < shape.accesses.size(); ++a) {
      const AccessShape &access = shape.accesses[a];
      const TensorRef &tensor = bound.operands[access.place.operand];
      std::int64_t size = sizeOf(tensor.dtype), offset = byteOffset(access, segment, 0);
      unsigned word = shape.layout.accesses[a];
      for (std::size_t d = 0; d < bound.sizes.size(); ++d)
        words[word + 1 + d] = 0;
      for (std::size_t i = 0; i < access.dims.size(); ++i) {
        std::int64_t stride = bound.strides[access.place.operand][i] * size;
        if (access.dims[i] == shape.timeDim) {
          offset += (shape.reverse ? end - 1 : begin) * stride;
          stride = shape.reverse ? -stride : stride;
        }
        words[word + 1 + access.dims[i]] = stride;
      }
      words[word] = reinterpret_cast<std::int64_t>(tensor.data) + offset;
    }
    auto setAddress = [&](unsigned word, std::int64_t offset) {
      words[word] = reinterpret_cast<std::int64_t>(buffer(offset));
    };
    for (std::size_t s = 0; s < shape.states.size(); ++s)
      for (int second = 0; second < 2; ++second)
        setAddress(shape.layout.states[s] + second, stateOffsets[2 * s + second]);
    for (std::size_t t = 0; t < shape.temporaries.size(); ++t)
      setAddress(shape.layout.temporaries[t], temporaryOffsets[t]);
    for (std::size_t a = 0; a < tileOffsets.size(); ++a)
      if (tileOffsets[a] >= 0)
        setAddress(shape.layout.tiles[a], tileOffsets[a]);
    function(words.data(), count, pitch);
  }
  writeFinals(segment, steps);
}

void BlockRunner::run(RunFunction function, std::int64_t outer, std::int64_t from,
                      std::int64_t lanes) {
  first = from;
  count = lanes;
  for (std::size_t k = bound.outerDims.size(); k-- > 0;) {
    std::int64_t dim = bound.outerDims[k];
    point[dim] = outer % bound.sizes[dim];
    outer /= bound.sizes[dim];
  }
  for (std::int64_t segment = 0; segment < bound.segments(); ++segment)
    runSegment(function, segment);
}

} // namespace scanc::cpu
