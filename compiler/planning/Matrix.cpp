//===- Matrix.cpp - What kernels that multiply matrices accept ------------===//
#include "compiler/planning/Matrix.h"

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
  return advance.getStructure() == scan::Structure::Dense && advance.getNumStates() == 1;
}

bool hasMatrix(const Mapping &mapping) {
  return llvm::any_of(mapping.op.getBody().getOps<scan::AdvanceOp>(), isMatrix);
}

static scan::AdvanceOp advanceOf(const Mapping &mapping) {
  return *mapping.op.getBody().getOps<scan::AdvanceOp>().begin();
}

/// Every number of a matrix is written out where it is used, with all operations that it needs: at
/// most so many, or one would be in thousands of places.
static constexpr int64_t operationLimit = 100;

/// Operations of each value where none has a name of its own, up to the limit.
static int64_t mostOperations(scan::AffineOp op) {
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

/// The inputs that `value` is computed from.
static llvm::SetVector<BlockArgument> inputsOf(Value value, bool &readsBefore) {
  llvm::SetVector<BlockArgument> inputs;
  llvm::SetVector<Value> open;
  open.insert(value);
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

static std::optional<std::string> declinesResults(const Mapping &mapping) {
  scan::RecurrenceInterface loop = mapping.op;
  auto yield = cast<scan::YieldOp>(mapping.op.getBody().front().getTerminator());
  int64_t row = loop.findDim(cast<StringAttr>(advanceOf(mapping).getRows()[0]).getValue());
  for (auto [i, value] : llvm::enumerate(yield.getOuts())) {
    bool readsBefore = false;
    bool readsInputs = !inputsOf(value, readsBefore).empty();
    int64_t indices = llvm::count_if(mapping.registers, [&, i = i](int64_t dim) {
      return loop.getOutputMap(i).isFunctionOfDim(dim);
    });
    if (readsInputs || readsBefore || indices != 1 || !loop.getOutputMap(i).isFunctionOfDim(row))
      return std::string(
          "a result of more than one number of the state at t, beside a dense transition");
  }
  return std::nullopt;
}

std::optional<std::string> declinesMatrix(const Mapping &mapping) {
  scan::RecurrenceInterface loop = mapping.op;
  if (loop.getNumStates() != 1)
    return formatv("{0} states, 1 is wanted beside a dense transition", loop.getNumStates()).str();
  scan::AdvanceOp advance = advanceOf(mapping);
  if (advance.getRing() != scan::Ring::Real)
    return formatv("a dense transition of the {0} semiring", scan::stringifyRing(advance.getRing()))
        .str();
  if (loop.getReset())
    return std::string("packed sequences (reset at) of a dense transition");
  for (int64_t i : mapping.registers)
    if (scan::DimAttr dim = loop.getDim(i); ShapedType::isDynamic(dim.getSize()))
      return formatv("a matrix of a size not known at compile time (bind it: --shape {0}=…)",
                     dim.getExtent().getValue())
          .str();
  if (auto reason = declinesData(mapping))
    return reason;
  if (!loop.getState(0).getElementType().isF32() ||
      !advance.getTransition().front().getType().isF32() ||
      !advance.getInput().front().getType().isF32())
    return std::string("a dense transition in another type than f32, in which its sums are");
  if (mapping.registers.size() != 2 || advance.getRows().size() != 1 ||
      advance.getContract().size() != 1 || !mapping.op.getBody().getOps<scan::ReduceOp>().empty() ||
      !mapping.op.getBody().getOps<scan::ReindexOp>().empty())
    return std::string("a sum, or another index, beside a dense transition");
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

Matrix::Matrix(const Mapping &mapping) {
  scan::RecurrenceInterface loop = mapping.op;
  scan::AdvanceOp advance = advanceOf(mapping);
  size = loop.getDim(mapping.registers.front()).getSize();
  Value value = advance.getTransition().front();
  if (auto widened = value.getDefiningOp<arith::ExtFOp>())
    value = widened.getIn();
  element = isa<BlockArgument>(value) ? value.getType() : advance.getNow().getType();
  int64_t line = 128 / bytesOf(element);
  width = size > line / 2   ? static_cast<int64_t>(llvm::alignTo(size, line))
          : size > line / 4 ? line / 2
                            : line / 4;
  bool readsBefore = false;
  inputBytes = 0;
  for (BlockArgument input : inputsOf(advance.getInput().front(), readsBefore)) {
    bool varies = llvm::any_of(mapping.registers, [&](int64_t dim) {
      return loop.getInputMap(input.getArgNumber()).isFunctionOfDim(dim);
    });
    inputBytes += llvm::alignTo((varies ? size : 1) * bytesOf(input.getType()), 16);
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
