//===- Tiles.cpp - Lanes that lie apart, through transposed tiles ----------===//
//
// A tile holds `width` steps of an access, a row of lanes for each. Where time is
// innermost, a vector of steps is read per lane and the square is transposed in
// registers; everywhere else rows are moved lane by lane.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/StepCode.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace scanc::cpu {

/// Steps between a tile and what is fetched ahead of it. Every lane is a stream of its own: more
/// of them than the hardware follows.
static constexpr int64_t stepsAhead = 32;

Value StepCode::tilePointer(unsigned access, Value row) {
  Value lane = addI(mulI(row, pitch), group);
  return address(word(layout.tiles[access]),
                 mulI(lane, constant(elementOf(access).getIntOrFloatBitWidth() / 8)));
}

/// Rows become columns. Each round interleaves the first half of the list with the second: the
/// highest bit of a row's number becomes the lowest of its elements' numbers.
SmallVector<Value> StepCode::transpose(SmallVector<Value> rows) {
  SmallVector<int64_t> low, high;
  for (int64_t i = 0; i < width / 2; ++i) {
    low.append({i, width + i});
    high.append({width / 2 + i, width + width / 2 + i});
  }
  for (int64_t rounds = 1; rounds < width; rounds *= 2) {
    SmallVector<Value> mixed;
    for (int64_t i = 0; i < width / 2; ++i)
      for (ArrayRef<int64_t> mask : {ArrayRef(low), ArrayRef(high)})
        mixed.push_back(
            vector::ShuffleOp::create(builder, loc, rows[i], rows[i + width / 2], mask));
    rows = mixed;
  }
  return rows;
}

/// Between tensor and tile, all steps of a tile at the present group: time runs along vectors.
void StepCode::moveTransposed(unsigned access, Value first) {
  bool reads = access < op.getInputs().size();
  AffineMap map =
      reads ? loop.getInputMap(access) : loop.getOutputMap(access - op.getInputs().size());
  Type element = elementOf(access);
  int64_t bytes = element.getIntOrFloatBitWidth() / 8;
  Value last = constant(width - 1), zero = constant(0);
  Value stride = word(layout.accesses[access] + 1 + loop.getTimeDim());
  Value forwards = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sgt, stride, zero);
  auto choose = [&](Value ahead, Value back) -> Value {
    return arith::SelectOp::create(builder, loc, forwards, ahead, back);
  };
  // Backwards in memory, the last step of the tile comes first.
  step = addI(first, choose(zero, last));
  Value rowStride = mulI(pitch, choose(constant(bytes), constant(-bytes)));
  Value tile = tilePointer(access, choose(zero, last));
  Value tensor = accessPointer(access, map, {}, group);
  Value laneStride = word(layout.accesses[access] + 1 + layout.adjacent);
  Value ahead = mulI(stride, constant(stepsAhead));
  SmallVector<Value> lanesOfTensor, rowsOfTile;
  for (int64_t i = 0; i < width; ++i) {
    lanesOfTensor.push_back(tensor);
    rowsOfTile.push_back(tile);
    LLVM::Prefetch::create(builder, loc, address(tensor, ahead), /*rw=*/!reads, /*hint=*/3,
                           /*cache=*/1);
    tensor = address(tensor, laneStride);
    tile = address(tile, rowStride);
  }
  SmallVector<Value> square;
  for (Value pointer : reads ? lanesOfTensor : rowsOfTile)
    square.push_back(loadAt(pointer, element));
  square = transpose(square);
  for (auto [pointer, value] : llvm::zip(reads ? rowsOfTile : lanesOfTensor, square))
    storeAt(pointer, value);
}

/// Between tensor and tile, the present step at the present group.
void StepCode::moveRow(unsigned access) {
  unsigned inputs = op.getInputs().size();
  if (access < inputs)
    storeAt(tilePointer(access, row), loadInput(access, {}));
  else
    storeOutput(access - inputs, loadAt(tilePointer(access, row), elementOf(access)), {});
}

/// Moves an input into its tile or an output out of it: `count` steps from `first`.
void StepCode::moveTile(unsigned access, Value first, Value count) {
  auto compare = [&](arith::CmpIPredicate how, Value a, int64_t b) -> Value {
    return arith::CmpIOp::create(builder, loc, how, a, constant(b));
  };
  int64_t bytes = elementOf(access).getIntOrFloatBitWidth() / 8;
  Value stride = word(layout.accesses[access] + 1 + loop.getTimeDim());
  Value innermost =
      arith::OrIOp::create(builder, loc, compare(arith::CmpIPredicate::eq, stride, bytes),
                           compare(arith::CmpIPredicate::eq, stride, -bytes));
  Value whole = compare(arith::CmpIPredicate::eq, count, width);
  int64_t delay = access < op.getInputs().size() ? delayOf(access) : 0;
  if (delay > 0)
    whole = arith::AndIOp::create(builder, loc, whole,
                                  compare(arith::CmpIPredicate::sge, first, delay));
  Value transposed = arith::AndIOp::create(builder, loc, innermost, whole);
  auto branch = scf::IfOp::create(builder, loc, transposed, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  moveTransposed(access, first);
  builder.setInsertionPointToStart(branch.elseBlock());
  forLoop(count, 1, {}, [&](Value index, ValueRange) {
    row = index;
    step = addI(first, row);
    moveRow(access);
    return SmallVector<Value>();
  });
}

} // namespace scanc::cpu
