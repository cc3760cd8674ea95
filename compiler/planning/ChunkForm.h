//===- ChunkForm.h - Outer products summed up and read out ------*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_CHUNKFORM_H
#define SCANC_COMPILER_PLANNING_CHUNKFORM_H

#include "compiler/planning/Mapping.h"
#include "llvm/ADT/SmallPtrSet.h"

#include <optional>

namespace scanc::planning {

/// What is multiplied, and what divides.
struct Product {
  llvm::SmallVector<mlir::Value, 2> factors, divisors;
  bool negative = false;
};

/// S[i, j] = decay * S[i, j] + inputScale * key[i] * value[j], where with a strength S - strength * key (key . S) decays, of
/// which results read
/// queryScale * (sum over i of query[i] * S[i, j]) * sumScale[j]. A product without factors is 1.
struct ChunkForm {
  scan::AdvanceOp advance;
  scan::ReduceOp readout;
  llvm::SmallPtrSet<mlir::Operation *, 4> terms; ///< between the state and the sum
  int64_t row, column;                           ///< dims of the recurrence
  mlir::Value decay;                             ///< null: 1
  bool decaysRows = false;                       ///< each row by a number of its own, of any sign
  mlir::BlockArgument decayInput;                ///< the row of a tensor that those are made of; null: of more than one
  Product key, value, inputScale, query, queryScale, sumScale;
  std::optional<Product> strength; ///< of a correction
  mlir::Type element; ///< that rows of these are rounded to
};

/// The form, or in `reason` why there is none.
std::optional<ChunkForm> matchChunkForm(scan::AffineOp op, std::string &reason);

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_CHUNKFORM_H
