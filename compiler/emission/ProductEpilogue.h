//===- ProductEpilogue.h - What becomes of a product's sums -----*- C++ -*-===//
#ifndef SCANC_COMPILER_EMISSION_PRODUCTEPILOGUE_H
#define SCANC_COMPILER_EMISSION_PRODUCTEPILOGUE_H

#include "compiler/emission/CodeWriter.h"
#include "compiler/emission/Expressions.h"
#include "dialects/plan/PlanOps.h"
#include "dialects/plan/Rounds.h"

#include <string>

namespace scanc::emission {

/// The epilogues of a product of matrices as CUDA C++, a function for each group of columns that becomes something of its
/// own; where one reduces over heads, a struct.
class ProductEpilogue {
public:
  ProductEpilogue(plan::ProjectionOp op, CodeWriter &writer);

  /// The first group of whose sums the same is made.
  int64_t kindOf(int64_t group) const;
  /// `finish`, which hands on what to make of sums of a kind, and what it needs.
  void write();
  /// An op without a spelling; null where there is none.
  mlir::Operation *getUnspelled() const { return unspelled; }

private:
  using Defined = llvm::SmallVector<std::pair<mlir::Value, std::string>>;

  bool isSame(int64_t one, int64_t other) const;
  std::string columnAt(plan::ColumnsAttr columns, int64_t dim) const;
  Expressions::Leaf leavesOf(int64_t group) const;
  void writePair(int64_t group, mlir::Value value, const Defined &defined, llvm::StringRef before,
                 llvm::StringRef after);
  void writeActivations(int64_t group, Defined &defined, mlir::Value wanted);
  void writeBody(int64_t group, Defined defined);
  void writePrepare(int64_t group, mlir::Value stem);
  void writeFunction(int64_t group);
  void writeHeads(int64_t group, int64_t panels);
  void writeRound(int64_t round, plan::Round &ops);

  void function(const llvm::Twine &head) { writer.open("__device__ __forceinline__ " + head); }

  mutable plan::ProjectionOp op; // MLIR's accessors are not const
  mutable plan::ProgramOp program;
  CodeWriter &writer;
  mlir::Operation *unspelled = nullptr;
};

} // namespace scanc::emission

#endif // SCANC_COMPILER_EMISSION_PRODUCTEPILOGUE_H
