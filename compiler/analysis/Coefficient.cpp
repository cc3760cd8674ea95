//===- Coefficient.cpp - Build, simplify and print coefficients -----------===//
#include "compiler/analysis/Coefficient.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"

using namespace mlir;

namespace scanc::analysis {

static NodePtr make(Node node) { return std::make_shared<const Node>(std::move(node)); }

NodePtr makeValue(Value value) {
  Node node;
  node.value = value;
  return make(std::move(node));
}

NodePtr makeConstant(double number) {
  Node node;
  node.kind = Node::Kind::constant;
  node.number = number;
  return make(std::move(node));
}

static NodePtr makeList(Node::Kind kind, std::vector<NodePtr> operands) {
  Node node;
  node.kind = kind;
  node.operands = std::move(operands);
  return make(std::move(node));
}

bool isConstant(const NodePtr &node, double number) {
  return node->kind == Node::Kind::constant && node->number == number;
}

NodePtr makeProduct(std::vector<NodePtr> factors) {
  std::erase_if(factors, [](const NodePtr &factor) { return isConstant(factor, 1); });
  if (factors.empty())
    return makeConstant(1);
  return factors.size() == 1 ? factors[0] : makeList(Node::Kind::product, std::move(factors));
}

NodePtr makeSum(std::vector<NodePtr> terms) {
  if (terms.empty())
    return makeConstant(0);
  return terms.size() == 1 ? terms[0] : makeList(Node::Kind::sum, std::move(terms));
}

NodePtr makeNegate(NodePtr operand) {
  if (operand->kind == Node::Kind::constant)
    return makeConstant(-operand->number);
  if (operand->kind == Node::Kind::negate)
    return operand->operands[0];
  return makeList(Node::Kind::negate, {std::move(operand)});
}

NodePtr makeQuotient(NodePtr over, NodePtr under) {
  return makeList(Node::Kind::quotient, {std::move(over), std::move(under)});
}

NodePtr makeSelect(Value condition, NodePtr yes, NodePtr no) {
  Node node;
  node.kind = Node::Kind::select;
  node.value = condition;
  node.operands = {std::move(yes), std::move(no)};
  return make(std::move(node));
}

NodePtr makeReduce(scan::Reduction kind, Names over, NodePtr operand) {
  Node node;
  node.kind = Node::Kind::reduce;
  node.reduction = kind;
  node.from = std::move(over);
  node.operands = {std::move(operand)};
  return make(std::move(node));
}

NodePtr makeReindex(NodePtr operand, Names from, Names to) {
  Node node;
  node.kind = Node::Kind::reindex;
  node.from = std::move(from);
  node.to = std::move(to);
  node.operands = {std::move(operand)};
  return make(std::move(node));
}

bool sameNode(const NodePtr &a, const NodePtr &b) {
  if (a == b)
    return true;
  bool alike = a->kind == b->kind && a->value == b->value && a->number == b->number &&
               a->from == b->from && a->to == b->to && a->reduction == b->reduction &&
               a->operands.size() == b->operands.size();
  for (std::size_t i = 0; alike && i < a->operands.size(); ++i)
    alike = sameNode(a->operands[i], b->operands[i]);
  return alike;
}

Value NodePrinter::number(double value) {
  if (auto complexType = dyn_cast<ComplexType>(type)) {
    auto part = [&](double x) -> Attribute {
      return builder.getFloatAttr(complexType.getElementType(), x);
    };
    return complex::ConstantOp::create(builder, loc, type,
                                       builder.getArrayAttr({part(value), part(0)}));
  }
  return arith::ConstantOp::create(builder, loc, builder.getFloatAttr(type, value));
}

Value NodePrinter::add(Value a, Value b) {
  if (isa<ComplexType>(type))
    return complex::AddOp::create(builder, loc, a, b);
  return arith::AddFOp::create(builder, loc, a, b);
}

Value NodePrinter::combine(Value a, Value b) {
  switch (ring) {
  case scan::Ring::Real:
    return add(a, b);
  case scan::Ring::MaxPlus:
    return arith::MaximumFOp::create(builder, loc, a, b);
  case scan::Ring::MinPlus:
    return arith::MinimumFOp::create(builder, loc, a, b);
  case scan::Ring::Log:
    return scan::LogAddExpOp::create(builder, loc, type, a, b);
  }
  return {};
}

Value NodePrinter::multiply(Value a, Value b) {
  if (ring != scan::Ring::Real)
    return add(a, b);
  if (isa<ComplexType>(type))
    return complex::MulOp::create(builder, loc, a, b);
  return arith::MulFOp::create(builder, loc, a, b);
}

static SmallVector<StringRef> refs(const Names &names) {
  return SmallVector<StringRef>(names.begin(), names.end());
}

/// What the numbers 0 and 1 of a semiring are as reals.
static double zeroOf(scan::Ring ring) {
  double infinity = std::numeric_limits<double>::infinity();
  return ring == scan::Ring::Real ? 0 : ring == scan::Ring::MinPlus ? infinity : -infinity;
}

Value NodePrinter::print(const NodePtr &node) {
  switch (node->kind) {
  case Node::Kind::value:
    return lookup(node->value);
  case Node::Kind::constant:
    // Constants of coefficients are 0 and 1 of the semiring, or real numbers of the real one.
    if (ring == scan::Ring::Real)
      return number(node->number);
    return number(node->number == 0 ? zeroOf(ring) : 0);
  case Node::Kind::product:
  case Node::Kind::sum: {
    Value result;
    for (const NodePtr &operand : node->operands) {
      Value next = print(operand);
      result = !result ? next
               : node->kind == Node::Kind::product ? multiply(result, next)
                                                   : combine(result, next);
    }
    return result;
  }
  case Node::Kind::negate:
    if (isa<ComplexType>(type))
      return complex::NegOp::create(builder, loc, print(node->operands[0]));
    return arith::NegFOp::create(builder, loc, print(node->operands[0]));
  case Node::Kind::quotient: {
    Value over = print(node->operands[0]), under = print(node->operands[1]);
    if (isa<ComplexType>(type))
      return complex::DivOp::create(builder, loc, over, under);
    return arith::DivFOp::create(builder, loc, over, under);
  }
  case Node::Kind::select: {
    Value yes = print(node->operands[0]), no = print(node->operands[1]);
    return arith::SelectOp::create(builder, loc, lookup(node->value), yes, no);
  }
  case Node::Kind::reduce: {
    Value operand = print(node->operands[0]);
    return scan::ReduceOp::create(builder, loc, type, node->reduction,
                                  builder.getStrArrayAttr(refs(node->from)), operand);
  }
  case Node::Kind::reindex: {
    Value operand = print(node->operands[0]);
    return scan::ReindexOp::create(builder, loc, type, operand,
                                   builder.getStrArrayAttr(refs(node->from)),
                                   builder.getStrArrayAttr(refs(node->to)));
  }
  }
  return {};
}

} // namespace scanc::analysis
