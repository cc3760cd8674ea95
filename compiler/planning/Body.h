//===- Body.h - The scalar code of a recurrence as code of one lane -*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_BODY_H
#define SCANC_COMPILER_PLANNING_BODY_H

#include "compiler/planning/Mapping.h"
#include "mlir/IR/Builders.h"

namespace scanc::planning {

struct ChunkForm;

/// Fills `region` of a kernel op with the recurrence's code: each value becomes a number, or a
/// vector over the register dimensions in its index set, with broadcasts made explicit.
/// Requires elementwise transitions (declinesElementwise), or a matrix (declinesMatrix): where `splitsMatrix`,
/// the factors that a whole row has become the advance's scale. Or `chunks` is the form of the recurrence.
void lowerBody(const Mapping &, mlir::Region &region, bool splitsMatrix = false,
               const ChunkForm *chunks = nullptr);

/// The same of the part of a recurrence that goes before it, whose exponentials may be the device's own where those of
/// `whole` may.
void lowerPart(const Mapping &part, scan::AffineOp whole, mlir::Region &region);

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_BODY_H
