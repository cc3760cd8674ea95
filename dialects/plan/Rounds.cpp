//===- Rounds.cpp - Rounds follow from operands, in program order ---------===//
#include "dialects/plan/Rounds.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace scanc::plan {

/// Calls `visit` for every op with the number of rounds that its operands need.
static void forEachOp(Block &body, llvm::function_ref<void(Operation &, unsigned)> visit) {
  llvm::DenseMap<Value, unsigned> rounds;
  for (Operation &op : body) {
    unsigned needed = 0;
    for (Value operand : op.getOperands())
      needed = std::max(needed, rounds.lookup(operand));
    visit(op, needed);
    for (Value result : op.getResults())
      rounds[result] = needed + isa<ReduceLanesOp>(op);
  }
}

SmallVector<Round> roundsOf(Block &body) {
  SmallVector<Round> rounds;
  forEachOp(body, [&](Operation &op, unsigned needed) {
    if (auto reduce = dyn_cast<ReduceLanesOp>(op)) {
      rounds.resize(std::max<size_t>(rounds.size(), needed + 1));
      rounds[needed].push_back(reduce);
    }
  });
  return rounds;
}

bool reducesBeforeStates(Block &body) {
  bool found = false;
  forEachOp(body,
            [&](Operation &op, unsigned needed) { found |= isa<AdvanceOp>(op) && needed > 0; });
  return found;
}

int64_t largestRoundBytes(ArrayRef<Round> rounds) {
  int64_t largest = 0;
  for (const Round &round : rounds) {
    // As a struct of them is laid out: every number is aligned to its size.
    int64_t bytes = 0, widest = 1;
    for (ReduceLanesOp op : round) {
      bool isComplex = isa<ComplexType>(op.getType());
      int64_t size = isComplex || op.getType().isF64() ? 8 : 4;
      int64_t numbers = op.getKind() == Reduction::LogSumExp ? 2 : 1; // the largest exponent, and a sum
      bytes = llvm::alignTo(bytes, size) + numbers * size;
      widest = std::max(widest, size);
    }
    largest = std::max<int64_t>(largest, llvm::alignTo(bytes, widest));
  }
  return largest;
}

} // namespace scanc::plan
