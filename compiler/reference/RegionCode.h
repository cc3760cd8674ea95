//===- RegionCode.h - The scalar code of a region, ready to run -*- C++ -*-===//
#ifndef SCANC_COMPILER_REFERENCE_REGIONCODE_H
#define SCANC_COMPILER_REFERENCE_REGIONCODE_H

#include "compiler/reference/Number.h"
#include "dialects/scan/IndexSets.h"

#include "llvm/ADT/SmallPtrSet.h"

#include <functional>
#include <vector>

namespace scanc::reference {

/// Dense numbers over an index set: dims of the op, ascending, last fastest.
struct Slot {
  llvm::SmallVector<int64_t, 4> dims, sizes;
  std::size_t offset = 0; ///< in a frame
  std::size_t count = 1;
};

/// One instruction: fills its slot from others'.
struct Instruction {
  mlir::Operation *op;
  std::function<void(Number *frame)> run;
};

/// A region compiled to instructions over a frame of numbers. One frame per thread.
class RegionCode {
public:
  /// `sizes` are those of all dims.
  RegionCode(scan::RecurrenceInterface op, llvm::ArrayRef<int64_t> sizes);

  std::size_t frameSize() const { return total; }
  const Slot &slotOf(mlir::Value value) const { return slots.find(value)->second; }
  void run(Number *frame) const {
    for (const Instruction &instruction : code)
      instruction.run(frame);
  }
  /// Where a `scan.advance` keeps states between steps: one slot per state, in the state's order.
  const Slot &stateSlot(unsigned state) const { return stateSlots[state]; }

private:
  Slot makeSlot(llvm::ArrayRef<int64_t> dims);
  bool readsState(mlir::Value value) const;
  void compile(mlir::Operation &op);
  void compileElementwise(mlir::Operation &op);
  void compileReduce(scan::ReduceOp op);
  void compileReindex(scan::ReindexOp op);
  void compileAdvance(scan::AdvanceOp op);

  scan::RecurrenceInterface op;
  scan::IndexSets sets;
  llvm::SmallVector<int64_t> sizes;
  llvm::DenseMap<mlir::Value, Slot> slots;
  std::vector<Slot> stateSlots;
  std::vector<Instruction> code;
  llvm::SmallPtrSet<mlir::Operation *, 16> ofState; ///< what is computed from a state
  std::size_t total = 0;
};

/// Calls `visit(point)` for every point of `sizes`, last fastest.
template <typename Visit>
void forEachPoint(llvm::ArrayRef<int64_t> sizes, Visit visit) {
  llvm::SmallVector<int64_t, 6> point(sizes.size(), 0);
  for (int64_t size : sizes)
    if (size == 0)
      return;
  while (true) {
    visit(llvm::ArrayRef<int64_t>(point));
    std::size_t d = sizes.size();
    while (d > 0 && ++point[d - 1] == sizes[d - 1])
      point[--d] = 0;
    if (d == 0)
      return;
  }
}

} // namespace scanc::reference

#endif // SCANC_COMPILER_REFERENCE_REGIONCODE_H
