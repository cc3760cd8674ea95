//===- Cut.h - A recurrence on its way to a layer ---------------*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_CUT_H
#define SCANC_COMPILER_PLANNING_CUT_H

#include "compiler/planning/Excerpt.h"
#include "compiler/planning/Layer.h"
#include "compiler/planning/ProductEnd.h"

namespace scanc::planning {

/// Cuts a copy of a recurrence.
class Cut : Excerpt {
public:
  Cut(scan::AffineOp op, bool narrow) : Excerpt(op), narrow(narrow) {}
  bool run(std::string &reason);
  Layer take();

private:
  std::optional<std::string> declines(const analysis::ProjectedRow &row) const;
  std::optional<std::string> declinesBehind(const analysis::ProjectedRow &row,
                                            analysis::Projection projection) const;
  std::optional<std::string> declines(const analysis::ProjectedRow &row,
                                      analysis::Projection projection) const;
  void add(const analysis::ProjectedRow &row, analysis::Projection projection, const ProductEnd &of);
  ProjectedTensor &productOf(const analysis::ProjectedRow &row, analysis::Projection projection,
                             int64_t whole);
  std::string precisionOf(mlir::Type element);
  bool isAcross(analysis::Projection projection) const;
  Dims rowDims(const analysis::ProjectedRow &row) const;
  Dims resultDims(llvm::ArrayRef<int64_t> rows, analysis::Projection projection) const;
  mlir::Value narrowed(mlir::Value end, mlir::Type element);
  void addBehind(const analysis::ProjectedRow &row, analysis::Projection projection, const ProductEnd &of);
  const Row &rowOf(const analysis::ProjectedRow &row, mlir::Type element, llvm::StringRef weights);
  ProjectedColumns &insertGroup(ProjectedTensor &product, analysis::Projection projection,
                                const ProductEnd &of, llvm::ArrayRef<int64_t> dims);
  NamedAccess takeOutput(unsigned output);
  std::optional<unsigned> outputOf(mlir::Value value, llvm::ArrayRef<int64_t> dims,
                                   analysis::Projection projection) const;
  scan::AffineOp epilogueOf(mlir::Value end, mlir::Value sum, llvm::ArrayRef<int64_t> dims, std::vector<NamedAccess> &reads);
  NamedAccess accessOf(mlir::BlockArgument element) const;

  bool narrow; ///< whether tensors that the rest reads may be
  Layer layer;
};

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_CUT_H
