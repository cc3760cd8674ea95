//===- ChunkMatcher.h - Looks for outer products in a recurrence -*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_CHUNKMATCHER_H
#define SCANC_COMPILER_PLANNING_CHUNKMATCHER_H

#include "compiler/planning/ChunkForm.h"
#include "dialects/scan/IndexSets.h"

namespace scanc::planning {

/// One attempt. Each step of it gives a reason where it fails.
class ChunkMatcher {
public:
  ChunkMatcher(scan::AffineOp op, bool inF32, ChunkEpilogue epilogue)
      : op(op), loop(this->op), sets(loop), inF32(inF32), epilogue(epilogue) {}

  using Reason = std::optional<std::string>;
  Reason run();

  ChunkForm form;

private:
  Reason findState();
  Reason findReadout();
  Reason findDecay();
  Reason findDecayOfRows();
  Reason splitInput();
  Reason findCorrection();
  Reason findCorrections(mlir::OperandRange vectors, int64_t summed);
  bool decaysAfter();
  bool readsByKey(CorrectedStep &step, const Product &reader);
  Reason readApart(Product own, Product other, bool isOfKey);
  mlir::OperandRange correctingVectors();
  void factorsOf(mlir::Value value, llvm::SmallVectorImpl<mlir::Value> &factors) const;
  mlir::Value correctedBy(const CorrectedStep &step, mlir::Value addend, bool negative, int64_t summed);
  mlir::Value takeCorrection(const CorrectedStep &step, mlir::Value of, int64_t summed,
                             llvm::SmallVectorImpl<std::pair<mlir::Value, bool>> &rest);
  Reason splitQuery();
  Reason findBonus();
  bool isTotal(mlir::Operation &inner) const;
  Reason checkEpilogue();
  Product withoutDecay(const Product &product);
  Reason chooseElement();

  /// Where the factors of a value go: those that vary over `row`, over columns, over neither.
  struct Parts {
    int64_t row;
    Product &rows, &columns, &scale;
  };
  Reason split(mlir::Value value, bool divides, const Parts &parts);
  bool takeOut(Product &from, const Product &what, int64_t row) const;
  bool isSameRow(const Product &one, Product other, int64_t row) const;
  bool isSame(mlir::Value one, mlir::Value other, int64_t row) const;
  Reason checkRow(const Product &product, llvm::StringRef what);
  llvm::SmallVector<mlir::BlockArgument> rowsIn(const Product &product) const;
  std::string nameOf(mlir::BlockArgument input) const;
  bool variesOver(mlir::Value value, int64_t dim) const {
    return llvm::is_contained(sets.of(value), dim);
  }
  llvm::StringRef nameOf(int64_t dim) { return loop.getDim(dim).getName().getValue(); }

  /// The state that results read.
  mlir::Value readState() { return form.readsBefore ? form.advance.getBefore() : form.advance.getNow(); }

  mlir::Value added; ///< to the state at t-1, in what is read out
  scan::AffineOp op;
  scan::RecurrenceInterface loop;
  scan::IndexSets sets;
  const bool inF32;
  const ChunkEpilogue epilogue;
};

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_CHUNKMATCHER_H
