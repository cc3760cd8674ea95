//===- Folding.h - Folded constants stay in the region they are used in -*- C++ -*-===//
#ifndef SCANC_DIALECTS_FOLDING_H
#define SCANC_DIALECTS_FOLDING_H

#include "mlir/Interfaces/FoldInterfaces.h"

namespace scanc {

/// The regions of both dialects use no value from outside; folding would otherwise move constants
/// out of them.
struct FoldWithinRegions : mlir::DialectFoldInterface {
  using DialectFoldInterface::DialectFoldInterface;

  bool shouldMaterializeInto(mlir::Region *) const final { return true; }
};

} // namespace scanc

#endif // SCANC_DIALECTS_FOLDING_H
