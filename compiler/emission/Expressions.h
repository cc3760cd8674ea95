//===- Expressions.h - Values of a kernel's region as C++ -------*- C++ -*-===//
#ifndef SCANC_COMPILER_EMISSION_EXPRESSIONS_H
#define SCANC_COMPILER_EMISSION_EXPRESSIONS_H

#include "compiler/emission/CodeWriter.h"
#include "dialects/plan/PlanOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"

#include <functional>

namespace scanc::emission {

/// Index expressions, one per dimension of a vector value; empty for a number.
using Indices = llvm::SmallVector<std::string, 2>;

/// Prints what some values of a region need, as statements and expressions. A value used once
/// stands where it is used; others get a name, vectors as arrays filled by unrolled loops.
class Expressions {
public:
  /// How a value that the slice starts from (a read, a state) is spelled at `indices`.
  using Leaf = std::function<std::string(mlir::Value, const Indices &)>;

  /// Vectors are arrays of the points that one of `parts` threads holds.
  Expressions(CodeWriter &writer, int64_t parts, Leaf leaf)
      : writer(writer), parts(parts), leaf(std::move(leaf)) {}

  /// `value` stands somewhere already, as `text`: nothing that only it needs is printed.
  void define(mlir::Value value, llvm::StringRef text) { names[value] = text; }

  /// Reductions are spelled as leaves are.
  void leaveReductions() { leavesReductions = true; }

  /// Prints the statements that `roots` need. Afterwards `at` gives each of them.
  void require(llvm::ArrayRef<mlir::Value> roots);

  /// The expression of `value` at `indices`.
  std::string at(mlir::Value value, const Indices &indices = {});

  /// An op that has no spelling in CUDA C++, met by `require` or `at`; null when there was none.
  mlir::Operation *getUnspelled() const { return unspelled; }

private:
  struct Text {
    std::string code;
    int precedence; ///< 0 conditional, 1 comparison, 2 sum, 3 product, 4 unary, 5 primary
  };
  bool isLeaf(mlir::Value value) const;
  void collect(mlir::Value value);
  void name(mlir::Operation *op);
  void nameReduction(plan::ReduceOp op, const std::string &name);
  Text print(mlir::Value value, const Indices &indices);
  Text printOp(mlir::Operation *op, const Indices &indices);
  Text printComplex(plan::ComplexOp op, const Indices &indices);
  std::string operand(mlir::Value value, const Indices &indices, int precedence);
  std::string freshName(mlir::Operation *op);

  CodeWriter &writer;
  int64_t parts;
  Leaf leaf;
  llvm::DenseMap<mlir::Value, unsigned> uses;
  llvm::DenseMap<mlir::Value, std::string> names;
  llvm::SmallVector<mlir::Operation *> order;
  llvm::StringMap<unsigned> taken;
  bool leavesReductions = false;
  mlir::Operation *unspelled = nullptr;
};

/// Sizes of a vector value; empty for a number.
llvm::ArrayRef<int64_t> shapeOf(mlir::Value value);
/// The same, of what one of `parts` threads holds: a share of each size, rounded up.
llvm::SmallVector<int64_t> sharesOf(mlir::Value value, int64_t parts);
/// `indices` into an array of `shape`, flattened: "i * 4 + j"; "0" for a number.
std::string flatIndex(llvm::ArrayRef<int64_t> shape, const Indices &indices);

} // namespace scanc::emission

#endif // SCANC_COMPILER_EMISSION_EXPRESSIONS_H
