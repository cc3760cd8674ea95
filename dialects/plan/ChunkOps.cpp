//===- ChunkOps.cpp - The constraints of kernels of outer products --------===//
#include "dialects/plan/Kernels.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/MathExtras.h"

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
    if (policy.getLaneThreads() != 1 || policy.getLanes() != 1 || policy.getStateThreads() != 1 ||
        policy.getTimeThreads() % 128 != 0 || policy.getSteps() != 64) // chunkwise_c3
      return emitOpError("variants: expected lane_threads, lanes and state_threads of 1, time_threads in "
                         "multiples of 128 and 64 steps, got ")
             << policy;
    const int64_t threads = policy.getTimeThreads();
    bool isRelayed = (policy.getRuns() == 2 && (threads == 512 || threads == 256) && policy.getRing() == threads / 256 + 1) ||
                     (policy.getRuns() == 3 && threads == 384 && policy.getRing() == 3);
    if (policy.getRuns() != 1 && !isRelayed) // chunkwise_c3
      return emitOpError("variants: expected runs of 1, 2 with 512 time_threads and a ring of 3 or 256 and 2, or 3 with 384 and 3, got ")
             << policy;
  }
  return success();
}

LogicalResult RecallOp::verify() {
  TypedValue<VectorType> decays = getRowDecays(), input = getDecayInput();
  if (decays && (getLogDecay() || decays.getType() != getKey().getType())) // recall_c2
    return emitOpError("row_decays: expected ") << getKey().getType() << " in place of a decay";
  if (getFactor() && (getLogDecay() || decays)) // recall_c2
    return emitOpError("factor: expected no decay beside it");
  size_t earlier = getEarlierKeys().size();
  auto isKey = [&](Type type) { return type == getKey().getType(); };
  bool areAlike = getEarlierScales().size() == earlier && getEarlierStrengths().size() == earlier &&
                  getEarlierValues().size() == earlier &&
                  llvm::all_of(getEarlierKeys().getTypes(), isKey) &&
                  llvm::all_of(getEarlierValues().getTypes(), [&](Type type) { return type == getValue().getType(); });
  if (!areAlike || (earlier > 0 && !getStrength())) // recall_c3
    return emitOpError("behind: expected as many keys, scales, corrections and values, of the types of `key` and `value`, beside a "
                       "correction");
  bool readsApart = !getReaders().empty();
  if (readsApart && (getReaders().size() != earlier + 1 || !llvm::all_of(getReaders().getTypes(), isKey) ||
                     !getStrength())) // recall_c3
    return emitOpError("readers: expected one for each correction, of the type of `key`");
  if (getReadsBefore() && earlier > 0) // recall_c4
    return emitOpError("reads_before: expected nothing behind");
  if (TypedValue<VectorType> bonus = getBonus(); bonus && (!getReadsBefore() || !isKey(bonus.getType()) || !decays || getStrength())) // recall_c4
    return emitOpError("bonus: expected ") << getKey().getType() << " beside reads_before and row_decays, without a correction";
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

/// Results are made of what is recalled, point by point.
static LogicalResult verifyResults(Operation *op, RecallOp recall) {
  OperandRange results = recall->getBlock()->getTerminator()->getOperands();
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
      return op->emitOpError("region: expected results of the recalled sums, point by point");
  }
  if (results.empty()) // chunkwise_c4
    return op->emitOpError("region: expected a result");
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
  if (recall.getFactor()) // chunkwise_c1
    return emitOpError("region: expected the logarithm of a decay, got a factor");
  bool corrects = recall.getStrength() != nullptr;
  for (auto variant : getVariants().getAsRange<VariantAttr>()) {
    SmallVector<StringRef> before;
    for (LaunchAttr launch : variant.getLaunchesBefore())
      before.push_back(launch.getKernel().getValue());
    SmallVector<StringRef> wanted;
    if (corrects)
      wanted.push_back(recall.getRowDecays() ? "chunk_factors" : "chunk_inverses");
    if (llvm::is_contained(before, "chunk_states")) {
      if (corrects && llvm::is_contained(before, "first_spans"))
        wanted.push_back("first_spans");
      wanted.push_back("chunk_states");
      if (corrects || variant.getPolicy().getRuns() > 1)
        wanted.push_back("chunk_entries");
    }
    if (before != wanted) // kernel_c13
      return emitOpError("variants: expected before the kernel chunk_inverses, or with decays of rows chunk_factors, exactly "
                         "where the state is corrected, then chunk_states or nothing, with a correction first_spans before it or not, and "
                         "behind it with either or runs above 1 chunk_entries, got ")
             << variant;
    for (LaunchAttr launch : variant.getLaunchesBefore())
      if (launch.getKernel() == "first_spans" && (launch.getThreads() != variant.getPolicy().getThreads() ||
                                                  launch.getSharedBytes() != variant.getSharedBytes())) // kernel_c13
        return emitOpError("variants: expected first_spans with threads and shared bytes of the kernel itself, got ") << launch;
    if (variant.getLaunchesBefore().empty() != getScratch().empty()) // chunkwise_c1
      return emitOpError("scratch: expected bytes exactly where a launch goes before, got ") << getScratchAttr();
    int64_t ring = variant.getPolicy().getRing(), rows = recall.getKey().getType().getNumElements();
    int64_t runs = variant.getPolicy().getRuns(), threads = variant.getPolicy().getTimeThreads();
    if (runs > 1 && (recall.getRowDecays() || rows <= 64 || rows > 128)) // chunkwise_c3
      return emitOpError("variants: expected runs of 1 with decays of rows or other than 65 to 128 rows");
    if (runs > 1 && threads != 512 && (runs == 3) != corrects) // chunkwise_c3
      return emitOpError("variants: expected runs of 3 exactly with a correction and 384 time_threads");
    if (recall.getRowDecays() && !corrects ? ring != 1 : ring < 2) // chunkwise_c3
      return emitOpError("variants: expected a ring of 2 at least, with decays of rows and no correction of 1, got ") << ring;
  }
  return verifyResults(*this, recall);
}

LogicalResult OuterSequentialOp::verify() {
  KernelInterface op = *this;
  if (failed(verifyKernel(op)))
    return failure();
  if (op.getNumStates() != 1 || !op.getState(0).getElementType().isF32() ||
      op.getState(0).getIndices().size() != 2) // outer_sequential_c1
    return emitOpError("states: expected one of f32 with two indices");
  if (!getElement().isF32()) // outer_sequential_c2
    return emitOpError("element: expected f32, got ") << getElement();
  for (auto variant : getVariants().getAsRange<VariantAttr>()) {
    PolicyAttr policy = variant.getPolicy();
    if (policy.getLaneThreads() != 1 || policy.getLanes() != 1 || policy.getSteps() != 1 ||
        policy.getStateThreads() != 1 || policy.getRing() != 0 || policy.getTimeThreads() % 32 != 0 ||
        !llvm::isPowerOf2_64(policy.getRuns()) || policy.getRuns() > 32) // outer_sequential_c3
      return emitOpError("variants: expected lane_threads, lanes, steps and state_threads of 1, no ring, time_threads "
                         "in multiples of 32 and a power of two of runs, of at most 32, got ")
             << policy;
  }
  return success();
}

LogicalResult OuterSequentialOp::verifyRegions() {
  if (failed(verifyKernelRegion(*this)))
    return failure();
  RecallOp recall = *getBody().front().getOps<RecallOp>().begin(); // one for every state: kernel_c4
  if (recall.getLogDecay()) // outer_sequential_c1
    return emitOpError("region: expected a factor in place of the logarithm of a decay");
  constexpr int64_t mostRows = 32;
  int64_t rows = recall.getKey().getType().getNumElements();
  for (auto variant : getVariants().getAsRange<VariantAttr>())
    if (int64_t runs = variant.getPolicy().getRuns(); rows > mostRows * runs) // outer_sequential_c1
      return emitOpError("variants: expected at most ") << mostRows << " rows a thread, got " << rows << " of " << runs;
  return verifyResults(*this, recall);
}

} // namespace scanc::plan
