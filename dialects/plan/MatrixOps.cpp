//===- MatrixOps.cpp - The constraints of kernels that multiply matrices --===//
#include "dialects/plan/Kernels.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace scanc::plan {

/// What all kernels have in common whose state is advanced by a matrix.
static LogicalResult verifyMatrixState(KernelInterface op) {
  if (failed(verifyKernel(op)))
    return failure();
  bool wide = isa<DenseSequentialOp>(op.getOperation());
  Type number = op.getNumStates() == 1 ? op.getState(0).getElementType() : Type();
  if (!number || op.getState(0).getIndices().size() != 1 ||
      (!number.isF32() && !(wide && number.isF64()))) // dense_sequential_c1, dense_columns_c1
    return op->emitOpError("states: expected one of f32") << (wide ? " or f64" : "") << " with one index";
  Type element = op.getElement();
  if (!element.isF16() && !element.isBF16() && !element.isF32() &&
      !(wide && element.isF64())) // dense_sequential_c3, dense_columns_c3
    return op->emitOpError("element: expected f16, bf16") << (wide ? ", f32 or f64" : " or f32")
                                                          << ", got " << element;
  return success();
}

/// The same of those in which a block has a lane. Numbers are those of the constraints of
/// plan.dense_sequential.
static LogicalResult verifyMatrixKernel(KernelInterface op, bool wholeTime) {
  if (failed(verifyMatrixState(op)))
    return failure();
  if (!llvm::isPowerOf2_64(op.getRows()) || !llvm::isPowerOf2_64(op.getParts()) ||
      op.getRows() > op.getParts() || op.getParts() > 4) // dense_sequential_c2
    return op->emitOpError("expected powers of two, rows <= parts <= 4, got ")
           << op.getRows() << " and " << op.getParts();
  for (auto variant : op.getVariants().getAsRange<VariantAttr>()) {
    PolicyAttr policy = variant.getPolicy();
    if (policy.getLaneThreads() != 1 || policy.getLanes() != 1 ||
        (wholeTime && policy.getSteps() != 1) || policy.getStateThreads() != 1 ||
        policy.getTimeThreads() % 32 != 0 || policy.getRing() < 2) // dense_sequential_c4
      return op->emitOpError("variants: expected lane_threads, state_threads, lanes and steps of 1, "
                             "time_threads in multiples of 32 and a ring of 2 at least, got ")
             << policy;
  }
  return success();
}

/// The same of the region, for states of at most `most` numbers; `plain`: a product and a bias in the real ring.
static LogicalResult verifyMatrixRegion(KernelInterface op, int64_t most, bool plain = false) {
  if (failed(verifyKernelRegion(op)))
    return failure();
  Block &block = op.getBody().front();
  auto advance = *block.getOps<AdvanceOp>().begin();
  if (int64_t size = cast<VectorType>(advance.getNow().getType()).getNumElements();
      size > most) // dense_sequential_c1, dense_columns_c1, cyclic_reduction_c1
    return op->emitOpError("states: expected at most ") << most << " numbers, got " << size;
  if (plain && (advance.getRing() != Ring::Real || advance.getScale() ||
                advance.getDiagonal())) // dense_columns_c6, cyclic_reduction_c4
    return advance.emitOpError("expected the real ring, without scale and diagonal");
  SmallVector<Value> open(block.getTerminator()->getOperands());
  while (!open.empty()) {
    Value value = open.pop_back_val();
    if (value == advance.getNow())
      continue;
    bool isInput = isa<BlockArgument>(value);
    if (value == advance.getBefore() ||
        (plain && (isInput || isa<ReduceOp>(value.getDefiningOp())))) // dense_sequential_c5, dense_columns_c5
      return op->emitOpError("region: expected results of the state at t") << (plain ? " alone" : "");
    if (!isInput)
      llvm::append_range(open, value.getDefiningOp()->getOperands());
  }
  return success();
}

LogicalResult DenseSequentialOp::verify() { return verifyMatrixKernel(*this, true); }

/// The same of a matrix that threads keep.
static LogicalResult verifyResidentMatrix(KernelInterface op) {
  auto advance = *op.getBody().front().getOps<AdvanceOp>().begin();
  SmallVector<Value> open{advance.getGain()};
  while (!open.empty()) {
    Value value = open.pop_back_val();
    auto read = dyn_cast<BlockArgument>(value);
    if (read && cast<AccessAttr>(op.getReads()[read.getArgNumber()])
                    .getMap()
                    .isFunctionOfDim(op.getTimeDim())) // dense_sequential_c6
      return op->emitOpError("region: expected a resident matrix that is the same at all steps");
    if (!read)
      llvm::append_range(open, value.getDefiningOp()->getOperands());
  }
  int64_t size = cast<VectorType>(advance.getNow().getType()).getNumElements();
  for (auto variant : op.getVariants().getAsRange<VariantAttr>())
    if (int64_t rows = variant.getPolicy().getTimeThreads() / op.getParts() * op.getRows();
        rows < size) // dense_sequential_c6
      return op->emitOpError("variants: expected a panel of all ")
             << size << " rows of a resident matrix, got " << rows;
  return success();
}

LogicalResult DenseSequentialOp::verifyRegions() {
  if (failed(verifyMatrixRegion(*this, 256)))
    return failure();
  return getResident() ? verifyResidentMatrix(*this) : success();
}

LogicalResult PowerReductionOp::verify() {
  if (failed(verifyMatrixKernel(*this, false)))
    return failure();
  if (!getResident())
    return emitOpError("expected a resident matrix");
  for (auto variant : getVariants().getAsRange<VariantAttr>())
    if (int64_t steps = variant.getPolicy().getSteps(); !llvm::isPowerOf2_64(steps)) // power_reduction_c2
      return emitOpError("variants: expected a power of two of steps, got ") << steps;
  return success();
}
LogicalResult PowerReductionOp::verifyRegions() {
  if (failed(verifyMatrixRegion(*this, 128, /*plain=*/true))) // power_reduction_c1, power_reduction_c3
    return failure();
  return verifyResidentMatrix(*this);
}
bool PowerReductionOp::restoresWorkspace() { return true; }

LogicalResult DenseColumnsOp::verify() {
  KernelInterface op = *this;
  if (failed(verifyMatrixState(op)))
    return failure();
  if (getSharedDims() < 1 || static_cast<int64_t>(getSharedDims()) > op.getTimeDim()) // dense_columns_c2
    return emitOpError("shared_dims: expected 1 to ") << op.getTimeDim() << ", got " << getSharedDims();
  int64_t parts = getParts();
  if (!llvm::isPowerOf2_64(parts) || parts > 16) // dense_columns_c3
    return emitOpError("parts: expected a power of two of at most 16, got ") << parts;
  for (auto variant : getVariants().getAsRange<VariantAttr>()) {
    PolicyAttr policy = variant.getPolicy();
    if (policy.getTimeThreads() != parts || policy.getLanes() != 1 || policy.getStateThreads() != 1 ||
        policy.getLaneThreads() * parts % 32 != 0 || policy.getRing() % policy.getSteps() != 0 ||
        policy.getRing() < 2 * policy.getSteps()) // dense_columns_c4
      return emitOpError("variants: expected time_threads of ")
             << parts << ", state_threads and lanes of 1, threads in multiples of 32 and a ring of whole steps, "
                "twice at least, got "
             << policy;
  }
  return success();
}

LogicalResult DenseColumnsOp::verifyRegions() {
  if (failed(verifyMatrixRegion(*this, 256, /*plain=*/true)))
    return failure();
  auto advance = *getBody().getOps<AdvanceOp>().begin();
  int64_t size = cast<VectorType>(advance.getNow().getType()).getNumElements();
  int64_t parts = getParts(), rows = getRows();
  if (parts > size || parts * rows < size || parts * (rows - 1) >= size) // dense_columns_c3
    return emitOpError("expected parts that share ") << size << " rows, got " << parts << " of " << rows;
  auto bias = dyn_cast<BlockArgument>(advance.getBias());
  if (getStaged() && (!bias || !getElementTypeOrSelf(bias.getType()).isF32())) // dense_columns_c7
    return emitOpError("staged: expected a bias that is read as it lies, in f32");
  if (getTensorCores() && (parts != 4 || size > 64))
    return emitOpError("tensor_cores: expected 4 parts of at most 64 rows, got ")
           << parts << " of " << size;
  return success();
}

/// Of kernels whose blocks share the time of a lane. Numbers are those of the constraints of
/// plan.cyclic_reduction.
static LogicalResult verifyMatrixChunks(KernelInterface op) {
  if (failed(verifyMatrixKernel(op, false)))
    return failure();
  if ((!op.getElement().isF16() && !op.getElement().isBF16()) || op.getTerms() < 1 ||
      op.getTerms() > 2) // cyclic_reduction_c2
    return op->emitOpError("expected 1 or 2 terms of f16 or bf16, got ")
           << op.getTerms() << " of " << op.getElement();
  for (auto variant : op.getVariants().getAsRange<VariantAttr>()) {
    PolicyAttr policy = variant.getPolicy();
    if (op.getParts() != 2 * op.getRows() || policy.getRing() < 3 ||
        policy.getRuns() > 31 || op.getTold() == 1 || op.getTold() == 2) // cyclic_reduction_c3
      return op->emitOpError("variants: expected parts twice the rows, a ring of 3 at least, at most "
                         "31 runs and no told maps or 3 at least, got ")
             << policy;
  }
  return success();
}

static LogicalResult verifyRegionOfChunks(KernelInterface op) {
  if (failed(verifyMatrixRegion(op, 128, /*plain=*/true)))
    return failure();
  auto advance = *op.getBody().getOps<AdvanceOp>().begin();
  int64_t size = cast<VectorType>(advance.getNow().getType()).getNumElements();
  int64_t width = size > 64 ? 128 : size > 32 ? 64 : size > 16 ? 32 : 16;
  for (auto variant : op.getVariants().getAsRange<VariantAttr>())
    if (variant.getPolicy().getTimeThreads() != 2 * width) // cyclic_reduction_c3
      return op->emitOpError("variants: expected ")
             << 2 * width << " time_threads for " << size << " rows, got " << variant.getPolicy();
  return success();
}

// Blocks count who asks for nothing any more; the last one clears what they have told each other.
bool CyclicReductionOp::restoresWorkspace() { return true; }
bool DenseBlellochOp::restoresWorkspace() { return true; }

LogicalResult CyclicReductionOp::verify() { return verifyMatrixChunks(*this); }
LogicalResult CyclicReductionOp::verifyRegions() { return verifyRegionOfChunks(*this); }

LogicalResult DenseBlellochOp::verify() { return verifyMatrixChunks(*this); }
LogicalResult DenseBlellochOp::verifyRegions() { return verifyRegionOfChunks(*this); }

} // namespace scanc::plan
