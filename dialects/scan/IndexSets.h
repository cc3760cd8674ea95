//===- IndexSets.h - Over which indices each value of a region varies -----===//
#ifndef SCANC_DIALECTS_SCAN_INDEXSETS_H
#define SCANC_DIALECTS_SCAN_INDEXSETS_H

#include "dialects/scan/ScanOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"

namespace scanc::scan {

/// Positions of index dimensions in `dims`, ascending.
using IndexSet = llvm::SmallVector<int64_t, 4>;

/// The index set of every value in the region of a recurrence, and whether it varies with time or
/// with lanes. Computed once, in program order; invalid after the region changes.
class IndexSets {
public:
  explicit IndexSets(RecurrenceInterface op);

  const IndexSet &of(mlir::Value value) const;
  /// Whether `value` depends on an input that has the time dimension, or on a state.
  bool variesWithTime(mlir::Value value) const;
  /// Whether `value` depends on a state at any time.
  bool dependsOnState(mlir::Value value) const;
  /// Lane dimensions, by position in `dims`, that `value` depends on through its inputs.
  const IndexSet &lanesOf(mlir::Value value) const;

private:
  struct Facts {
    IndexSet indices;
    IndexSet lanes;
    bool time = false;
    bool state = false;
  };
  const Facts &factsOf(mlir::Value value) const;
  Facts factsOfInput(RecurrenceInterface op, int64_t input) const;

  llvm::DenseMap<mlir::Value, Facts> facts;
};

/// Positions of the dims called `names`, ascending; names that are not dims are left out.
IndexSet positionsOf(RecurrenceInterface op, llvm::ArrayRef<mlir::StringAttr> names);

/// `a` and `b` united, ascending.
IndexSet unite(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b);
/// Whether every member of `inner` is in `outer`.
bool isWithin(llvm::ArrayRef<int64_t> inner, llvm::ArrayRef<int64_t> outer);

} // namespace scanc::scan

#endif // SCANC_DIALECTS_SCAN_INDEXSETS_H
