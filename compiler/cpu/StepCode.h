//===- StepCode.h - The code of one version of a step -----------*- C++ -*-===//
#ifndef SCANC_COMPILER_CPU_STEPCODE_H
#define SCANC_COMPILER_CPU_STEPCODE_H

#include "compiler/cpu/Layout.h"
#include "dialects/scan/IndexSets.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

#include <map>

namespace scanc::cpu {

/// The index of each index dim at the present point.
using Binding = std::map<int64_t, mlir::Value>;

/// Writes the function of one version of a step. Members are grouped by the file that has them.
class StepCode {
public:
  StepCode(scan::StepOp op, const Layout &layout, Lanes lanes, int64_t width)
      : op(op), loop(op), layout(layout), lanes(lanes), width(width), sets(loop),
        builder(op.getContext()), loc(op.getLoc()),
        yield(cast<scan::YieldOp>(op.getBody().front().getTerminator())) {}

  void run(llvm::StringRef name, mlir::ModuleOp into);

private:
  // Small words of code
  mlir::Value constant(int64_t value) {
    return mlir::arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(value));
  }
  mlir::Value addI(mlir::Value a, mlir::Value b) {
    return mlir::arith::AddIOp::create(builder, loc, a, b);
  }
  mlir::Value mulI(mlir::Value a, mlir::Value b) {
    return mlir::arith::MulIOp::create(builder, loc, a, b);
  }
  mlir::Value word(unsigned position);
  mlir::Value address(mlir::Value base, mlir::Value bytes);
  mlir::Type vectorOf(mlir::Type element) const {
    return width == 1 ? element : mlir::Type(mlir::VectorType::get({width}, element));
  }
  void
  forLoop(mlir::Value count, int64_t step, mlir::ValueRange carried,
          llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::ValueRange)> body,
          llvm::SmallVector<mlir::Value> *results = nullptr);
  void overDims(llvm::ArrayRef<int64_t> dims, Binding binding,
                llvm::function_ref<void(const Binding &)> body);

  // Memory.cpp
  mlir::Value loadAt(mlir::Value pointer, mlir::Type element);
  void storeAt(mlir::Value pointer, mlir::Value value);
  mlir::Value scratchPointer(mlir::Value base, llvm::ArrayRef<int64_t> dims, const Binding &binding,
                             mlir::Type element);
  mlir::Value accessPointer(unsigned access, mlir::AffineMap map, const Binding &binding,
                            mlir::Value lane);
  mlir::Type elementOf(unsigned access);
  int64_t delayOf(unsigned input);
  mlir::Value loadInput(unsigned input, const Binding &binding);
  mlir::Value loadLanes(unsigned input, const Binding &binding);
  void storeOutput(unsigned output, mlir::Value value, const Binding &binding);

  // Tiles.cpp
  bool isTiled(unsigned access) const {
    return lanes == Lanes::strided && layout.tiles[access] >= 0;
  }
  mlir::Value tilePointer(unsigned access, mlir::Value row);
  llvm::SmallVector<mlir::Value> transpose(llvm::SmallVector<mlir::Value> rows);
  void moveTile(unsigned access, mlir::Value first, mlir::Value count);
  void moveTransposed(unsigned access, mlir::Value first);
  void moveRow(unsigned access);

  // Values
  mlir::Value emit(mlir::Value value, const Binding &binding);
  mlir::Value emitFresh(mlir::Value value, const Binding &binding);
  mlir::Value emitReduce(scan::ReduceOp op, const Binding &binding);
  mlir::Value emitPrev(unsigned prev, const Binding &binding);
  llvm::SmallVector<int64_t> stateDims(unsigned state);
  void storeNext(unsigned state);
  void materialise(scan::ReduceOp op);
  void statements();
  llvm::SmallVector<mlir::Value> oneStep(mlir::ValueRange buffers);
  llvm::SmallVector<mlir::Value> oneTile(mlir::Value first, mlir::ValueRange buffers);
  void overGroups(llvm::function_ref<void()> body);

  scan::StepOp op;
  scan::RecurrenceInterface loop;
  const Layout &layout;
  Lanes lanes;
  int64_t width;
  scan::IndexSets sets;
  mlir::OpBuilder builder;
  mlir::Location loc;
  scan::YieldOp yield;

  mlir::Value words, count, pitch; ///< arguments
  mlir::Value step, group, row;    ///< where the code stands: row is the step's place in its tile
  llvm::SmallVector<mlir::Value> current, next; ///< scratch of the states
  std::map<unsigned, mlir::Value> loadedWords;
  using Key = std::pair<void *, std::vector<void *>>;
  std::vector<std::map<Key, mlir::Value>> scopes;
  llvm::DenseMap<mlir::Value, unsigned> stored; ///< next value -> state, once stored
  llvm::DenseMap<mlir::Value, unsigned> kept;   ///< materialised value -> temporary, once stored
};

} // namespace scanc::cpu

#endif // SCANC_COMPILER_CPU_STEPCODE_H
