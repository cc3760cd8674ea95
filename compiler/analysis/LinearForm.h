//===- LinearForm.h - A value as an affine function of states at t-1 -*- C++ -*-===//
#ifndef SCANC_COMPILER_ANALYSIS_LINEARFORM_H
#define SCANC_COMPILER_ANALYSIS_LINEARFORM_H

#include "compiler/analysis/Coefficient.h"
#include "llvm/ADT/DenseSet.h"

#include <optional>

namespace scanc::analysis {

/// outer * sum over `reduced` of (inner * state[t-1, indices]); without `reduced`, `inner` is empty.
/// In a tropical semiring read * as + and the sum as the semiring's.
struct Term {
  unsigned state;   ///< position in the op's states
  Names indices;    ///< as read, after renaming
  std::vector<NodePtr> outer, inner; ///< factors
  Names reduced;
};

/// constants + terms.
struct LinearForm {
  std::vector<NodePtr> constants;
  std::vector<Term> terms;
};

/// Takes values of a step apart. The states in `block` at t-1 are the unknowns; whatever does not
/// depend on them is a constant. The first failure is kept for the diagnostic.
class LinearAnalysis {
public:
  LinearAnalysis(scan::StepOp op, const scan::IndexSets &sets, scan::Ring ring,
                 llvm::ArrayRef<unsigned> block, std::vector<scan::DimAttr> dims);

  std::optional<LinearForm> analyze(mlir::Value value);

  /// Where and why the last `analyze` failed.
  mlir::Location failureLoc;
  std::string failure, cure;
  /// As given, then those of names that the analysis made up.
  std::vector<scan::DimAttr> dims;

  /// What forms are made of.
  Nodes nodes;

  bool depends(mlir::Value value) const { return dependent.contains(value); }

private:
  std::nullopt_t fail(mlir::Operation *op, std::string why, std::string cure);
  /// Of a value whose operation has been analyzed.
  LinearForm formOf(mlir::Value value);
  std::optional<LinearForm> analyzeOp(mlir::Operation *op);
  static std::string wordOf(mlir::Operation *op);
  std::optional<LinearForm> analyzeSum(mlir::Operation *op, bool subtract);
  std::optional<LinearForm> analyzeProduct(mlir::Operation *op);
  std::optional<LinearForm> analyzeQuotient(mlir::Operation *op);
  std::optional<LinearForm> analyzeSelect(mlir::Operation *op);
  std::optional<LinearForm> analyzeReduce(scan::ReduceOp op);
  std::optional<LinearForm> analyzeReindex(scan::ReindexOp op);
  std::optional<LinearForm> analyzeTropical(mlir::Operation *op);
  void reduceTerm(scan::Reduction kind, const Names &over, Term &term);
  void renameReduced(Term &term, const Names &taken);
  std::string freshIndex(const std::string &like);
  void scale(LinearForm &form, NodePtr factor);
  static void append(LinearForm &to, LinearForm from);
  std::vector<NodePtr> &joinConstants(LinearForm &form);
  void collect(LinearForm &form);
  bool add(Term &to, const Term &term);

  scan::StepOp op;
  scan::Ring ring;
  llvm::DenseSet<mlir::Value> dependent;
  llvm::DenseMap<mlir::Value, unsigned> unknowns; ///< prev arguments -> position in `prevs`
  llvm::DenseMap<mlir::Value, LinearForm> forms;    ///< of values with uses to come
};

} // namespace scanc::analysis

#endif // SCANC_COMPILER_ANALYSIS_LINEARFORM_H
