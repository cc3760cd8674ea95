//===- Matrix.cpp - What kernels that multiply matrices accept ------------===//
#include "compiler/planning/Matrix.h"

#include "dialects/scan/IndexSets.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::planning {

static bool isMatrix(scan::AdvanceOp advance) {
  return advance.getNumStates() == 1 && (advance.getStructure() == scan::Structure::Dense ||
                                         advance.getStructure() == scan::Structure::DiagonalDense);
}

bool hasMatrix(const Mapping &mapping) {
  return llvm::any_of(mapping.op.getBody().getOps<scan::AdvanceOp>(), isMatrix);
}

static scan::AdvanceOp advanceOf(const Mapping &mapping) {
  return *mapping.op.getBody().getOps<scan::AdvanceOp>().begin();
}

int64_t mostOperations(scan::AffineOp op) {
  llvm::DenseMap<Value, int64_t> counts;
  int64_t most = 0;
  for (Operation &inner : op.getBody().front()) {
    int64_t count = 1;
    for (Value operand : inner.getOperands())
      count += counts.lookup(operand);
    count = std::min(count, operationLimit + 1);
    if (isa<scan::AdvanceOp, scan::YieldOp>(inner))
      continue;
    counts[inner.getResult(0)] = count;
    most = std::max(most, count);
  }
  return most;
}

/// The inputs that `values` are computed from.
static llvm::SetVector<BlockArgument> inputsOf(ValueRange values, bool &readsBefore) {
  llvm::SetVector<BlockArgument> inputs;
  llvm::SetVector<Value> open(values.begin(), values.end());
  for (size_t i = 0; i < open.size(); ++i) {
    if (auto input = dyn_cast<BlockArgument>(open[i])) {
      inputs.insert(input);
    } else if (auto advance = open[i].getDefiningOp<scan::AdvanceOp>()) {
      readsBefore |= open[i] == advance.getBefore();
    } else {
      open.insert_range(open[i].getDefiningOp()->getOperands());
    }
  }
  return inputs;
}

/// The sums that `values` are computed from, up to the state.
static SmallVector<scan::ReduceOp> sumsIn(ValueRange values) {
  SmallVector<scan::ReduceOp> sums;
  llvm::SetVector<Value> open(values.begin(), values.end());
  for (size_t i = 0; i < open.size(); ++i) {
    Operation *op = open[i].getDefiningOp();
    if (!op || isa<scan::AdvanceOp>(op))
      continue;
    if (auto sum = dyn_cast<scan::ReduceOp>(op))
      sums.push_back(sum);
    open.insert_range(op->getOperands());
  }
  return sums;
}

static scan::YieldOp yieldOf(const Mapping &mapping) {
  return cast<scan::YieldOp>(mapping.op.getBody().front().getTerminator());
}

/// Whether a result is not made of one number of the state for each row.
static bool readsOut(const Mapping &mapping) {
  scan::RecurrenceInterface loop = mapping.op;
  int64_t row = loop.findDim(cast<StringAttr>(advanceOf(mapping).getRows()[0]).getValue());
  for (auto [i, value] : llvm::enumerate(yieldOf(mapping).getOuts())) {
    bool readsBefore = false;
    int64_t indices = llvm::count_if(mapping.registers, [&, i = i](int64_t dim) {
      return loop.getOutputMap(i).isFunctionOfDim(dim);
    });
    if (!inputsOf(value, readsBefore).empty() || !sumsIn(value).empty() || indices != 1 ||
        !loop.getOutputMap(i).isFunctionOfDim(row))
      return true;
  }
  return false;
}

/// A warp makes a sum of a state: what is summed must be the same in all its threads but for the sum's own
/// indices, and of the state at t.
static std::optional<std::string> declinesResults(const Mapping &mapping) {
  bool readsBefore = false;
  inputsOf(yieldOf(mapping).getOuts(), readsBefore);
  if (readsBefore)
    return std::string("a result of the state at t-1, beside a dense transition");
  scan::RecurrenceInterface loop = mapping.op;
  const scan::IndexSets &sets = mapping.sets;
  for (scan::ReduceOp outer : sumsIn(yieldOf(mapping).getOuts())) {
    SmallVector<StringAttr> names(outer.getOver().getAsRange<StringAttr>());
    scan::IndexSet over = scan::positionsOf(loop, names);
    for (scan::ReduceOp inner : sumsIn(outer.getValue()))
      if (llvm::any_of(sets.of(inner.getResult()),
                       [&](int64_t dim) { return llvm::is_contained(over, dim); }))
        return std::string("a sum over the points of a sum, beside a dense transition");
  }
  return std::nullopt;
}

bool copiesBias(const Mapping &mapping) {
  scan::AdvanceOp advance = advanceOf(mapping);
  auto read = dyn_cast<BlockArgument>(advance.getInput().front());
  scan::RecurrenceInterface loop = mapping.op;
  int64_t row = loop.findDim(cast<StringAttr>(advance.getRows()[0]).getValue());
  return read && read.getType().isF32() && loop.getInputMap(read.getArgNumber()).isFunctionOfDim(row);
}

/// Whether something else than elementwise operations makes what the state advances by.
static bool sumsBefore(scan::AdvanceOp advance) {
  llvm::SetVector<Value> open(advance->operand_begin(), advance->operand_end());
  for (size_t i = 0; i < open.size(); ++i)
    if (Operation *op = open[i].getDefiningOp()) {
      if (isa<scan::ReduceOp, scan::ReindexOp>(op))
        return true;
      open.insert_range(op->getOperands());
    }
  return false;
}

std::optional<std::string> declinesMatrix(const Mapping &mapping) {
  scan::RecurrenceInterface loop = mapping.op;
  if (loop.getNumStates() != 1)
    return formatv("{0} states, 1 is wanted beside a dense transition", loop.getNumStates()).str();
  scan::AdvanceOp advance = advanceOf(mapping);
  if (loop.getReset())
    return std::string("packed sequences (reset at) of a dense transition");
  for (int64_t i : mapping.registers)
    if (scan::DimAttr dim = loop.getDim(i); ShapedType::isDynamic(dim.getSize()))
      return formatv("a matrix of a size not known at compile time (bind it: --shape {0}=…)",
                     dim.getExtent().getValue())
          .str();
  if (auto reason = declinesData(mapping))
    return reason;
  Type number = loop.getState(0).getElementType();
  if ((!number.isF32() && !number.isF64()) ||
      llvm::any_of(advance.getOperandTypes(), [&](Type type) { return type != number; }))
    return std::string("a dense transition in another type than f32 and f64, in which its sums are");
  int64_t indices = llvm::count_if(loop.getState(0).getIndices(), [&](StringAttr name) {
    return mapping.isRegister(loop.findDim(name.getValue()));
  });
  if (indices != 1 || advance.getRows().size() != 1 || advance.getContract().size() != 1 ||
      sumsBefore(advance) || mapping.reduced >= 0)
    return std::string("a sum, or another index of the state, before or beside a dense transition");
  for (int64_t i = 0; i < static_cast<int64_t>(loop.getInputs().size()); ++i)
    for (AffineExpr place : loop.getInputMap(i).getResults())
      if (!isa<AffineDimExpr>(place))
        return std::string("a window beside a dense transition");
  if (mostOperations(mapping.op) > operationLimit)
    return formatv("more than {0} operations for one number beside a dense transition",
                   operationLimit)
        .str();
  return declinesResults(mapping);
}

std::optional<std::string> declinesTerms(const Mapping &mapping) {
  scan::AdvanceOp advance = advanceOf(mapping);
  if (advance.getRing() != scan::Ring::Real)
    return formatv("a dense transition of the {0} semiring", scan::stringifyRing(advance.getRing()))
        .str();
  if (advance.getStructure() != scan::Structure::Dense)
    return std::string("an elementwise term beside a dense transition");
  if (!scan::RecurrenceInterface(mapping.op).getState(0).getElementType().isF32())
    return std::string("a dense transition in another type than f32");
  if (readsOut(mapping))
    return std::string("a result of more than one number of the state at t, beside a dense transition");
  return std::nullopt;
}

SplitMatrix::SplitMatrix(scan::AdvanceOp advance) : rest(advance.getTransition().back()) {
  scan::RecurrenceInterface loop = advance->getParentOfType<scan::AffineOp>();
  scan::IndexSets sets(loop);
  int64_t column = loop.findDim(cast<StringAttr>(advance.getContract()[0]).getValue());
  bool real = advance.getRing() == scan::Ring::Real;
  auto isOfRow = [&](Value value) { return !llvm::is_contained(sets.of(value), column); };
  while (Operation *product = rest.getDefiningOp()) {
    if (real ? !isa<arith::MulFOp>(product) : !isa<arith::AddFOp>(product))
      break;
    unsigned factor = isOfRow(product->getOperand(0)) ? 0 : 1;
    if (!isOfRow(product->getOperand(factor)))
      break;
    scale.push_back(product->getOperand(factor));
    rest = product->getOperand(1 - factor);
  }
}

Matrix::Matrix(const Mapping &mapping, bool split) {
  scan::RecurrenceInterface loop = mapping.op;
  scan::AdvanceOp advance = advanceOf(mapping);
  size = loop.getDim(loop.findDim(cast<StringAttr>(advance.getRows()[0]).getValue())).getSize();
  numberBytes = bytesOf(advance.getNow().getType());
  readsOut = planning::readsOut(mapping);
  SplitMatrix parts(advance);
  Value value = split ? parts.rest : advance.getTransition().back();
  varies = mapping.sets.variesWithTime(value);
  if (auto widened = value.getDefiningOp<arith::ExtFOp>())
    value = widened.getIn();
  element = isa<BlockArgument>(value) ? value.getType() : advance.getNow().getType();
  int64_t line = 128 / bytesOf(element);
  width = size > line / 2   ? static_cast<int64_t>(llvm::alignTo(size, line))
          : size > line / 4 ? line / 2
                            : line / 4;
  SmallVector<Value> terms = {advance.getInput().front()};
  if (split) {
    llvm::append_range(terms, parts.scale);
    llvm::append_range(terms, advance.getTransition().drop_back());
  }
  bool readsBefore = false;
  llvm::SetVector<BlockArgument> inputs = inputsOf(terms, readsBefore);
  for (auto [i, value] : llvm::enumerate(yieldOf(mapping).getOuts()))
    for (BlockArgument input : inputsOf(value, readsBefore))
      if (loop.getInputMap(input.getArgNumber()).isFunctionOfDim(mapping.time))
        inputs.insert(input); // what does not vary is read from where it lies
  inputBytes = 0;
  for (BlockArgument input : inputs) {
    int64_t points = 1;
    for (int64_t dim : mapping.registers)
      if (loop.getInputMap(input.getArgNumber()).isFunctionOfDim(dim))
        points *= loop.getDim(dim).getSize();
    inputBytes += llvm::alignTo(points * bytesOf(input.getType()), 16);
  }
}

double flopsOf(const Mapping &mapping, const Matrix &matrix, const Sizes &sizes) {
  // A row has a product for each column; one of them is counted.
  auto size = static_cast<double>(matrix.size);
  return countWork(mapping, sizes).flops +
         2 * (size * size - size) * laneCount(mapping, sizes) * stepCount(mapping, sizes);
}

int64_t Matrix::block() const { return std::min(width, 128 / bytesOf(element)); }

int64_t Matrix::ringBytes(int64_t slots, int64_t rows, int64_t inputs, int64_t threads) const {
  int64_t landing = slots * (rows * width * bytesOf(element) + std::max<int64_t>(1, inputs));
  return llvm::alignTo(llvm::alignTo(landing, 16) + 2 * 4 * (width + threads), ringAlignment());
}

} // namespace scanc::planning
