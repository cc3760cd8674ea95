//===- ChunkOps.cpp - The constraints of plan.chunkwise -------------------===//
#include "dialects/plan/Kernels.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace scanc::plan {

LogicalResult ChunkwiseOp::verify() {
  KernelInterface op = *this;
  if (failed(verifyKernel(op)))
    return failure();
  if (op.getNumStates() != 1 || !op.getState(0).getElementType().isF32() ||
      op.getState(0).getIndices().size() != 2) // chunkwise_c1
    return emitOpError("states: expected one of f32 with two indices");
  if (!getElement().isF16() && !getElement().isBF16()) // chunkwise_c2
    return emitOpError("element: expected f16 or bf16, got ") << getElement();
  for (auto variant : getVariants().getAsRange<VariantAttr>()) {
    PolicyAttr policy = variant.getPolicy();
    if (policy.getLaneThreads() != 1 || policy.getLanes() != 1 || policy.getRuns() != 1 ||
        policy.getStateThreads() != 1 || policy.getTimeThreads() % 128 != 0 ||
        policy.getSteps() != 64) // chunkwise_c3
      return emitOpError("variants: expected lane_threads, lanes, runs and state_threads of 1, time_threads in "
                         "multiples of 128 and 64 steps, got ")
             << policy;
  }
  return success();
}

LogicalResult RecallOp::verify() {
  TypedValue<VectorType> decays = getRowDecays(), input = getDecayInput();
  if (decays && (getLogDecay() || decays.getType() != getKey().getType())) // recall_c2
    return emitOpError("row_decays: expected ") << getKey().getType() << " in place of a decay";
  if (!input)
    return success();
  llvm::SetVector<Value> open;
  if (decays)
    open.insert(decays);
  bool isOfInput = isa<BlockArgument>(input) && input.getType().getShape() == getKey().getType().getShape();
  for (size_t i = 0; i < open.size(); ++i) {
    if (Operation *made = open[i].getDefiningOp())
      open.insert_range(made->getOperands());
    else
      isOfInput &= open[i] == input;
  }
  if (!isOfInput || !decays) // recall_c2
    return emitOpError("decay_input: expected the one read that row_decays are made of");
  return success();
}

LogicalResult ChunkwiseOp::verifyRegions() {
  if (failed(verifyKernelRegion(*this)))
    return failure();
  Block &block = getBody().front();
  auto recalls = block.getOps<RecallOp>();
  RecallOp recall = *recalls.begin(); // one for every state: kernel_c4
  constexpr int64_t mostRows = 256;
  if (int64_t rows = recall.getKey().getType().getNumElements(); rows > mostRows) // chunkwise_c1
    return emitOpError("states: expected at most ") << mostRows << " rows, got " << rows;
  bool corrects = recall.getStrength() != nullptr;
  if (corrects == getScratch().empty()) // chunkwise_c1
    return emitOpError("scratch: expected bytes exactly where the state is corrected, got ") << getScratchAttr();
  for (auto variant : getVariants().getAsRange<VariantAttr>()) {
    SmallVector<LaunchAttr> before = variant.getLaunchesBefore();
    if (before.size() != corrects || (corrects && before[0].getKernel() != "chunk_inverses")) // kernel_c13
      return emitOpError("variants: expected chunk_inverses before the kernel exactly where the state is "
                         "corrected, got ")
             << variant;
    int64_t ring = variant.getPolicy().getRing();
    if (recall.getRowDecays() ? ring != 1 : ring < 2) // chunkwise_c3
      return emitOpError("variants: expected a ring of 2 at least, with decays of rows of 1, got ") << ring;
  }
  OperandRange results = block.getTerminator()->getOperands();
  for (Value result : results) {
    llvm::SetVector<Value> open;
    open.insert(result);
    bool reads = false, sums = false;
    for (size_t i = 0; i < open.size(); ++i) {
      reads |= open[i] == recall.getSums();
      Operation *made = open[i].getDefiningOp();
      sums |= isa_and_present<ReduceOp>(made) && isa<VectorType>(open[i].getType());
      if (made && made != recall)
        open.insert_range(made->getOperands());
    }
    if (!reads || sums) // chunkwise_c4
      return emitOpError("region: expected results of the recalled sums, point by point");
  }
  if (results.empty()) // chunkwise_c4
    return emitOpError("region: expected a result");
  return success();
}

} // namespace scanc::plan
