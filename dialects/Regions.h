//===- Regions.h - What ops of a region may use -----------------*- C++ -*-===//
#ifndef SCANC_DIALECTS_REGIONS_H
#define SCANC_DIALECTS_REGIONS_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/STLExtras.h"

namespace scanc {

/// Whether `op` has no regions and uses only values of its own block, each after it is defined. MLIR verifies
/// dominance after the ops, whose verifiers walk the values in order.
inline bool usesEarlierValues(mlir::Operation &op) {
  return op.getNumRegions() == 0 && llvm::all_of(op.getOperands(), [&](mlir::Value value) {
           mlir::Operation *of = value.getDefiningOp();
           return value.getParentBlock() == op.getBlock() &&
                  (!of || (of != &op && of->isBeforeInBlock(&op)));
         });
}

} // namespace scanc

#endif // SCANC_DIALECTS_REGIONS_H
