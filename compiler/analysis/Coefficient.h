//===- Coefficient.h - State-free expressions that multiply states -*- C++ -*-===//
#ifndef SCANC_COMPILER_ANALYSIS_COEFFICIENT_H
#define SCANC_COMPILER_ANALYSIS_COEFFICIENT_H

#include "dialects/scan/ScanOps.h"
#include "mlir/IR/Builders.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace scanc::analysis {

using Names = std::vector<std::string>;

struct Node;
using NodePtr = std::shared_ptr<const Node>;

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
};

NodePtr makeValue(mlir::Value value);
NodePtr makeConstant(double number);
/// The product; 1 for no factors.
NodePtr makeProduct(std::vector<NodePtr> factors);
/// The sum; 0 for no terms.
NodePtr makeSum(std::vector<NodePtr> terms);
NodePtr makeNegate(NodePtr operand);
NodePtr makeQuotient(NodePtr over, NodePtr under);
NodePtr makeSelect(mlir::Value condition, NodePtr yes, NodePtr no);
NodePtr makeReduce(scan::Reduction kind, Names over, NodePtr operand);
NodePtr makeReindex(NodePtr operand, Names from, Names to);

bool isConstant(const NodePtr &node, double number);
bool sameNode(const NodePtr &a, const NodePtr &b);

/// Prints `node` as ops at the builder's place. `lookup` gives the new value of an old one.
/// In a semiring whose product is `+`, products print as sums and `negate` as subtraction from 0.
class NodePrinter {
public:
  using Lookup = std::function<mlir::Value(mlir::Value)>;
  NodePrinter(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type, scan::Ring ring,
              Lookup lookup)
      : builder(builder), loc(loc), type(type), ring(ring), lookup(std::move(lookup)) {}
  mlir::Value print(const NodePtr &node);

private:
  mlir::Value number(double value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value combine(mlir::Value a, mlir::Value b); ///< the semiring's sum
  mlir::Value multiply(mlir::Value a, mlir::Value b);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::Type type;
  scan::Ring ring;
  Lookup lookup;
};

} // namespace scanc::analysis

#endif // SCANC_COMPILER_ANALYSIS_COEFFICIENT_H
