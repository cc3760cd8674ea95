//===- Coefficient.h - State-free expressions that multiply states -*- C++ -*-===//
#ifndef SCANC_COMPILER_ANALYSIS_COEFFICIENT_H
#define SCANC_COMPILER_ANALYSIS_COEFFICIENT_H

#include "dialects/scan/IndexSets.h"
#include "mlir/IR/Builders.h"

#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

namespace scanc::analysis {

using Names = std::vector<std::string>;

struct Node;
using NodePtr = const Node *;

/// An expression over values of the step that do not depend on the states in question. Built while
/// the step is taken apart, printed as ops once the parts are known.
struct Node {
  enum class Kind { value, constant, product, sum, negate, quotient, select, reduce, reindex };
  Kind kind = Kind::value;
  mlir::Value value;        ///< of a value; the condition of a select
  double number = 0;        ///< of a constant
  std::vector<NodePtr> operands;
  Names from, to;           ///< of a reindex; `from` of a reduce
  scan::Reduction reduction = scan::Reduction::Add;
  // These follow from the others.
  Names indices;            ///< over which the expression varies
  bool variesWithTime = false;
};

/// Makes and keeps nodes. Equal expressions are one node: they are compared by address, and what is
/// shared by many is walked once.
class Nodes {
public:
  Nodes(scan::RecurrenceInterface loop, const scan::IndexSets &sets) : loop(loop), sets(sets) {}

  NodePtr value(mlir::Value value);
  NodePtr constant(double number);
  /// The product; 1 for no factors.
  NodePtr product(std::vector<NodePtr> factors);
  /// The sum; 0 for no terms.
  NodePtr sum(std::vector<NodePtr> terms);
  NodePtr negate(NodePtr operand);
  NodePtr quotient(NodePtr over, NodePtr under);
  NodePtr select(mlir::Value condition, NodePtr yes, NodePtr no);
  NodePtr reduce(scan::Reduction kind, Names over, NodePtr operand);
  /// `node` with the index `from[k]` called `to[k]`.
  NodePtr renamed(NodePtr node, const Names &from, const Names &to);

private:
  struct Hash {
    std::size_t operator()(const Node &node) const;
  };
  struct Equal {
    bool operator()(const Node &a, const Node &b) const;
  };
  NodePtr make(Node node);
  NodePtr list(Node::Kind kind, std::vector<NodePtr> operands);

  scan::RecurrenceInterface loop;
  const scan::IndexSets &sets;
  std::unordered_set<Node, Hash, Equal> nodes; ///< whose elements stay where they are
};

/// What `name` is called after `from[k]` became `to[k]`.
std::string renamed(const std::string &name, const Names &from, const Names &to);
bool isConstant(NodePtr node, double number);

/// Prints nodes as ops at the builder's place, each once. `lookup` gives the new value of an old one.
/// In a semiring whose product is `+`, products print as sums and `negate` as subtraction from 0.
class NodePrinter {
public:
  using Lookup = std::function<mlir::Value(mlir::Value)>;
  NodePrinter(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type, scan::Ring ring,
              Lookup lookup)
      : builder(builder), loc(loc), type(type), ring(ring), lookup(std::move(lookup)) {}
  mlir::Value print(NodePtr node);

private:
  mlir::Value printNew(NodePtr node); ///< whose operands are printed
  mlir::Value number(double value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value combine(mlir::Value a, mlir::Value b); ///< the semiring's sum
  mlir::Value multiply(mlir::Value a, mlir::Value b);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::Type type;
  scan::Ring ring;
  Lookup lookup;
  llvm::DenseMap<NodePtr, mlir::Value> printed;
};

} // namespace scanc::analysis

#endif // SCANC_COMPILER_ANALYSIS_COEFFICIENT_H
