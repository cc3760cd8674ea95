//===- ChunkMatrices.h - Factors that come as whole matrices ----*- C++ -*-===//
#ifndef SCANC_DIALECTS_PLAN_CHUNKMATRICES_H
#define SCANC_DIALECTS_PLAN_CHUNKMATRICES_H

#include "dialects/plan/PlanOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <array>

namespace scanc::plan {

/// The width of a read of which one thread copies 64 steps by as many elements, by a map that the launch makes.
inline constexpr int64_t matrixWidth = 64;

/// The key, the query and the value of a step, widened from what is read or computed.
inline std::array<mlir::Value, 3> factorsOf(RecallOp recall) {
  return {recall.getKey(), recall.getQuery(), recall.getValue()};
}

/// The read of the kernel that `factor` is; null where it is computed.
inline mlir::BlockArgument readOf(mlir::Value factor) {
  if (auto widened = factor.getDefiningOp<mlir::arith::ExtFOp>())
    factor = widened.getIn();
  return mlir::dyn_cast<mlir::BlockArgument>(factor);
}

/// Whether chunks of `variant` come so.
inline bool copiesMatrices(ChunkwiseOp op, VariantAttr variant) {
  mlir::BlockArgument key = readOf((*op.getBody().getOps<RecallOp>().begin()).getKey());
  return key && variant.getWidths()[key.getArgNumber()] == matrixWidth;
}

} // namespace scanc::plan

#endif // SCANC_DIALECTS_PLAN_CHUNKMATRICES_H
