//===- Cut.h - A recurrence on its way to a layer ---------------*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_CUT_H
#define SCANC_COMPILER_PLANNING_CUT_H

#include "compiler/planning/Layer.h"
#include "compiler/planning/ProductEnd.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SmallSet.h"

#include <set>

namespace scanc::planning {

/// Cuts a copy of a recurrence.
class Cut {
public:
  explicit Cut(scan::AffineOp op);
  bool run(std::string &reason);
  Layer take();

private:
  using Dims = llvm::SmallVector<int64_t>;

  /// A row that the rest computes: as it is stored, and the tensor.
  struct Row {
    mlir::Value value, stored;
    plan::ParameterAttr tensor;
    Dims dims;
  };

  std::optional<std::string> declines(const analysis::ProjectedRow &row) const;
  std::optional<std::string> declinesBehind(const analysis::ProjectedRow &row,
                                            analysis::Projection projection) const;
  std::optional<std::string> declines(const analysis::ProjectedRow &row,
                                      analysis::Projection projection) const;
  void add(const analysis::ProjectedRow &row, analysis::Projection projection, const ProductEnd &of);
  ProjectedTensor &productOf(const analysis::ProjectedRow &row, analysis::Projection projection,
                             int64_t whole);
  bool isAcross(analysis::Projection projection) const;
  Dims rowDims(const analysis::ProjectedRow &row) const;
  plan::ParameterAttr addOwn(std::string name, mlir::Type element, llvm::ArrayRef<int64_t> dims);
  Dims resultDims(llvm::ArrayRef<int64_t> rows, analysis::Projection projection) const;
  void addBehind(const analysis::ProjectedRow &row, analysis::Projection projection, const ProductEnd &of);
  const Row &rowOf(const analysis::ProjectedRow &row, mlir::Type element, llvm::StringRef weights);
  ProjectedColumns &insertGroup(ProjectedTensor &product, analysis::Projection projection,
                                const ProductEnd &of, llvm::ArrayRef<int64_t> dims);
  NamedAccess takeOutput(unsigned output);
  std::optional<unsigned> outputOf(mlir::Value value, llvm::ArrayRef<int64_t> dims,
                                   analysis::Projection projection) const;
  scan::AffineOp epilogueOf(mlir::Value end, mlir::Value sum, llvm::ArrayRef<int64_t> dims, std::vector<NamedAccess> &reads);
  mlir::StringAttr nameOwn(std::string name);
  mlir::RankedTensorType tensorOf(llvm::ArrayRef<int64_t> dims, mlir::Type element) const;
  mlir::AffineMap mapOf(llvm::ArrayRef<int64_t> dims) const;
  NamedAccess accessOf(mlir::BlockArgument element) const;
  mlir::DictionaryAttr attributesOf(plan::ParameterAttr tensor);
  void readOwn(mlir::Value end, plan::ParameterAttr tensor, llvm::ArrayRef<int64_t> dims);
  void setInputs(llvm::ArrayRef<mlir::Value> inputs, llvm::ArrayRef<mlir::AffineMap> maps);
  void changeResults();
  void dropInputs();
  void dropDims();

  scan::RecurrenceInterface loop() const { return op; }
  mlir::Block &body() const { return scan::RecurrenceInterface(op).getBodyBlock(); }

  mutable scan::AffineOp op; // MLIR's accessors are not const
  mutable mlir::func::FuncOp function;
  std::optional<scan::IndexSets> sets;
  mlir::OpBuilder builder;
  Layer layer;
  std::set<std::string> names;         ///< that tensors and sizes have
  llvm::SmallSetVector<unsigned, 4> written; ///< outputs that products write themselves
  std::vector<Row> rows;                     ///< that products behind read
};

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_CUT_H
