//===- Matrix.h - Recurrences whose step multiplies by a matrix -*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_MATRIX_H
#define SCANC_COMPILER_PLANNING_MATRIX_H

#include "compiler/planning/Strategy.h"

namespace scanc::planning {

/// Whether a state has a dense transition of its own: the kernels of elementwise ones cannot
/// compute it.
bool hasMatrix(const Mapping &);

/// Why the kernels that multiply matrices cannot compute a recurrence that has one, or nothing.
std::optional<std::string> declinesMatrix(const Mapping &);

/// Every number is written out where it is used, with all operations that it needs: more than so many would be
/// in thousands of places.
constexpr int64_t operationLimit = 100;
/// Operations of the longest such number, up to the limit and one more.
int64_t mostOperations(scan::AffineOp op);

/// The same of those that know real products of f32, a bias, and results of one number of the state alone.
std::optional<std::string> declinesTerms(const Mapping &);

/// A transition as factors that a whole row has, which may multiply the row's sum, and the rest.
struct SplitMatrix {
  explicit SplitMatrix(scan::AdvanceOp);
  llvm::SmallVector<mlir::Value> scale;
  mlir::Value rest;
};

/// The matrix of a step in shared memory; where `split`, without the factors of its rows. Requires that
/// `declinesMatrix` gives nothing.
struct Matrix {
  explicit Matrix(const Mapping &, bool split = false);

  /// Columns that lie together in shared memory: `dense_block` of that file.
  int64_t block() const;
  /// Alignment and size of the template's panel_ring, of slots for `rows` rows and `inputs` bytes.
  int64_t ringAlignment() const { return 8 * block() * bytesOf(element); }
  int64_t ringBytes(int64_t slots, int64_t rows, int64_t inputs, int64_t threads) const;

  int64_t size;       ///< rows, and columns
  mlir::Type element; ///< as it lies in memory, f32 where it is computed
  int64_t width;      ///< of a padded row: `dense_width` of templates/scanc/block/dense_panel.cuh
  int64_t inputBytes; ///< of what a step reads beside it: `inputs` in the emitted text
  int64_t numberBytes; ///< of a number of the state
  bool varies;        ///< whether it is another at each step
  bool readsOut;      ///< whether results are made of more than a number of the state
};

/// Whether what a step adds is read as it lies, in numbers of f32.
bool copiesBias(const Mapping &);

/// Operations of all steps where a row is multiplied number by number.
double flopsOf(const Mapping &, const Matrix &, const Sizes &);

/// Whether lanes that share a matrix of real products are walked together, if `declinesMatrix` gives nothing:
/// DenseColumns.cpp has the three answers of `sequential` then.
bool sharesMatrix(const Mapping &, const Target &);
std::optional<std::string> declinesDenseColumns(const Mapping &, const Target &);
Knobs knobsOfDenseColumns();
KernelChoice chooseDenseColumns(const Mapping &, const Target &, const Sizes &);
Cost costOfDenseColumns(const Mapping &, const Target &, const Sizes &, Cost cost);

/// Whether threads keep their rows of a matrix that all steps have, and nothing is pinned that columns know.
bool keepsMatrix(const Mapping &, const Target &);
/// The three answers of `sequential` where there is a matrix: DenseSequential.cpp.
std::optional<std::string> declinesDenseSequential(const Mapping &, const Target &);
Knobs knobsOfDenseSequential();
KernelChoice chooseDenseSequential(const Mapping &, const Target &, const Sizes &);
/// `cost` completed with what it has not from the choice alone.
Cost costOfDenseSequential(const Mapping &, const Target &, const Sizes &, Cost cost);

/// The choice and the cost of `blelloch` where there is a matrix, if `declinesChunks` gives nothing:
/// DenseBlelloch.cpp.
KernelChoice chooseDenseBlelloch(const Mapping &, const Target &, const Sizes &);
Cost costOfDenseBlelloch(const Mapping &, const Target &, const Sizes &, Cost cost);

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_MATRIX_H
