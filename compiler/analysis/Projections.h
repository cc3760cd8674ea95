//===- Projections.h - Rows of steps times weights that all have -*- C++ -*-===//
#ifndef SCANC_COMPILER_ANALYSIS_PROJECTIONS_H
#define SCANC_COMPILER_ANALYSIS_PROJECTIONS_H

#include "dialects/scan/ScanOps.h"

namespace scanc::analysis {

/// The sum over `over` of row[over] * weight[over, head, column], where time does not change the weight, nor does a
/// lane that the row has: over all steps and lanes of the row a product of matrices.
struct Projection {
  scan::ReduceOp sum;
  mlir::BlockArgument weight; ///< an input of these and of what is summed over, in any order
  int64_t column;             ///< dim of the recurrence: index or lane
  int64_t head;               ///< another one, outside of it in the weight; -1 where it has none
};

/// Projections of one row, which are columns of one product.
struct ProjectedRow {
  mlir::Value row; ///< as the factor stands: perhaps a tensor's element made wider
  int64_t over;    ///< dim of the recurrence
  bool ofState;    ///< whether the row is known only behind the states
  llvm::SmallVector<Projection, 4> projections; ///< in program order
};

/// The rows that are projected, in program order. A factor that is itself projected is a row like
/// any other.
llvm::SmallVector<ProjectedRow, 2> findProjections(scan::AffineOp op);

/// The input that a value is, made wider or not; null where it is computed.
mlir::BlockArgument inputOf(mlir::Value value);

} // namespace scanc::analysis

#endif // SCANC_COMPILER_ANALYSIS_PROJECTIONS_H
