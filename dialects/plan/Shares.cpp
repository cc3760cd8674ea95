//===- Shares.cpp - Shares follow from operands, in program order ---------===//
#include "dialects/plan/Shares.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace scanc::plan {

Shares::Shares(Block &body, ArrayRef<bool> readVariesWithTime) { run(body, readVariesWithTime); }

Shares::Shares(KernelInterface kernel) {
  SmallVector<bool> varies;
  for (auto access : kernel.getReads().getAsRange<AccessAttr>())
    varies.push_back(access.getMap().isFunctionOfDim(kernel.getTimeDim()));
  run(kernel.getBody().front(), varies);
}

bool isCommon(AffineMap map, BlockArgument value, int64_t lanes, int64_t sharedDims) {
  if (sharedDims == 0 || !map.isFunctionOfDim(lanes) || value.use_empty())
    return false;
  for (int64_t dim = lanes - sharedDims; dim < lanes; ++dim)
    if (map.isFunctionOfDim(dim))
      return false;
  auto vector = dyn_cast<VectorType>(value.getType());
  int64_t points = llvm::count_if(map.getResults(), [&](AffineExpr expr) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    return dim && static_cast<int64_t>(dim.getPosition()) > lanes;
  });
  if (!vector || vector.getRank() != 1 || points != 1)
    return false;
  Type element = vector.getElementType();
  if (element.isF16() || element.isBF16())
    return llvm::all_of(value.getUsers(), [](Operation *user) { return isa<arith::ExtFOp>(user); });
  return isa<ComplexType>(element) || element.getIntOrFloatBitWidth() >= 32;
}

/// Of what is computed from `reads` alone, by conversions or by whatever is elementwise, the values that
/// something else uses.
static SmallVector<Value> lastOf(Block &body, ArrayRef<BlockArgument> reads, bool onlyConverted) {
  llvm::SmallSetVector<Value, 8> known(reads.begin(), reads.end());
  auto isKnown = [&](Value value) {
    auto spread = value.getDefiningOp<BroadcastOp>();
    return known.contains(value) || matchPattern(spread ? spread.getValue() : value, m_Constant());
  };
  for (Operation &op : body)
    if (op.getNumResults() == 1 && !isa<ReduceOp, AdvanceOp>(op) &&
        (!onlyConverted || isa<arith::ExtFOp>(op)) && llvm::any_of(op.getOperands(), [&](Value of) {
          return known.contains(of);
        }) && llvm::all_of(op.getOperands(), isKnown))
      known.insert(op.getResult(0));
  SmallVector<Value> last;
  for (Value value : known)
    if (llvm::any_of(value.getUsers(), [&](Operation *user) {
          return user->getNumResults() != 1 || !known.contains(user->getResult(0));
        }))
      last.push_back(value);
  return last;
}

static unsigned bitsOf(ArrayRef<Value> values) {
  unsigned bits = 0;
  for (Value value : values) {
    Type element = getElementTypeOrSelf(value.getType());
    auto isComplex = dyn_cast<ComplexType>(element);
    bits += isComplex ? 2 * isComplex.getElementType().getIntOrFloatBitWidth()
                      : element.getIntOrFloatBitWidth();
  }
  return bits;
}

SmallVector<Value> commonValues(Block &body, ArrayRef<BlockArgument> reads) {
  SmallVector<Value> computed = lastOf(body, reads, /*onlyConverted=*/false),
                     converted = lastOf(body, reads, /*onlyConverted=*/true);
  return bitsOf(computed) <= bitsOf(converted) ? computed : converted;
}

static bool isVector(Value value) { return isa<VectorType>(value.getType()); }

void Shares::run(Block &body, ArrayRef<bool> readVariesWithTime) {
  for (auto [arg, varies] : llvm::zip(body.getArguments(), readVariesWithTime))
    shares[arg] = !varies ? Share::constant : isVector(arg) ? Share::every : Share::owner;
  bool spread = false;
  for (Operation &op : body) {
    Share share = shareOf(op);
    for (Value result : op.getResults()) {
      shares[result] = share;
      if (auto vector = dyn_cast<VectorType>(result.getType()); vector && vector.getRank() > 1)
        obstacle = "several indices are summed over";
    }
    passOn(op);
    spread |= isa<AdvanceOp>(op) && isVector(op.getResult(0));
  }
  if (!spread)
    obstacle = "no state has the index that is summed over";
}

Share Shares::shareOf(Operation &op) const {
  if (isa<ReduceOp>(op))
    return Share::readout;
  if (isa<AdvanceOp>(op))
    return Share::every;
  Share share = Share::constant;
  for (Value operand : op.getOperands()) {
    Share enters = of(operand);
    share = std::max(share, enters == Share::readout ? Share::after : enters);
  }
  if (share == Share::owner && op.getNumResults() > 0 && isVector(op.getResult(0)))
    return Share::every;
  return share;
}

/// Notes which operands of `op` come from another thread, or from before the readouts.
void Shares::passOn(Operation &op) {
  bool last = isa<YieldOp>(op);
  Share share = last ? Share::after : isa<ReduceOp>(op) ? Share::every : shareOf(op);
  if (auto reduce = dyn_cast<ReduceOp>(op))
    readouts.push_back(reduce);
  for (Value operand : op.getOperands()) {
    Share enters = of(operand);
    if (share == Share::every && enters == Share::owner)
      handed.insert(operand);
    if (share == Share::every && enters > Share::every)
      obstacle = "a readout enters a state or another readout";
    if (share == Share::after && enters == Share::every && !isVector(operand))
      kept.insert(operand);
    if (share == Share::after && enters > Share::every && isVector(operand))
      obstacle = "a readout enters a result that has its index";
  }
  if (share == Share::after && op.getNumResults() > 0 && isVector(op.getResult(0)))
    obstacle = "a readout enters a result that has its index";
}

} // namespace scanc::plan
