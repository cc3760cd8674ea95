//===- Coefficient.cpp - Build, simplify and print coefficients -----------===//
#include "compiler/analysis/Coefficient.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"

using namespace mlir;

namespace scanc::analysis {

std::string renamed(const std::string &name, const Names &from, const Names &to) {
  auto found = llvm::find(from, name);
  return found == from.end() ? name : to[found - from.begin()];
}

std::size_t Nodes::Hash::operator()(const Node &node) const {
  auto names = [](const Names &list) {
    return llvm::hash_combine_range(list.begin(), list.end());
  };
  return llvm::hash_combine(node.kind, node.value, llvm::bit_cast<uint64_t>(node.number),
                            llvm::hash_combine_range(node.operands.begin(), node.operands.end()),
                            names(node.from), names(node.to), node.reduction);
}

bool Nodes::Equal::operator()(const Node &a, const Node &b) const {
  return a.kind == b.kind && a.value == b.value &&
         llvm::bit_cast<uint64_t>(a.number) == llvm::bit_cast<uint64_t>(b.number) &&
         a.operands == b.operands && a.from == b.from && a.to == b.to && a.reduction == b.reduction;
}

NodePtr Nodes::make(Node node) {
  auto add = [&](const std::string &name) {
    if (!llvm::is_contained(node.indices, name))
      node.indices.push_back(name);
  };
  if (node.value) {
    for (int64_t i : sets.of(node.value))
      add(loop.getDim(i).getName().str());
    node.variesWithTime = sets.variesWithTime(node.value);
  }
  for (NodePtr operand : node.operands) {
    for (const std::string &name : operand->indices)
      if (node.kind != Node::Kind::reduce || !llvm::is_contained(node.from, name))
        add(node.kind == Node::Kind::reindex ? analysis::renamed(name, node.from, node.to) : name);
    node.variesWithTime |= operand->variesWithTime;
  }
  return &*nodes.insert(std::move(node)).first;
}

NodePtr Nodes::list(Node::Kind kind, std::vector<NodePtr> operands) {
  Node node;
  node.kind = kind;
  node.operands = std::move(operands);
  return make(std::move(node));
}

NodePtr Nodes::value(Value value) {
  Node node;
  node.value = value;
  return make(std::move(node));
}

NodePtr Nodes::constant(double number) {
  Node node;
  node.kind = Node::Kind::constant;
  node.number = number;
  return make(std::move(node));
}

bool isConstant(NodePtr node, double number) {
  return node->kind == Node::Kind::constant && node->number == number;
}

NodePtr Nodes::product(std::vector<NodePtr> factors) {
  std::erase_if(factors, [](NodePtr factor) { return isConstant(factor, 1); });
  if (factors.empty())
    return constant(1);
  return factors.size() == 1 ? factors[0] : list(Node::Kind::product, std::move(factors));
}

NodePtr Nodes::sum(std::vector<NodePtr> terms) {
  if (terms.empty())
    return constant(0);
  return terms.size() == 1 ? terms[0] : list(Node::Kind::sum, std::move(terms));
}

NodePtr Nodes::negate(NodePtr operand) {
  if (operand->kind == Node::Kind::constant)
    return constant(-operand->number);
  if (operand->kind == Node::Kind::negate)
    return operand->operands[0];
  return list(Node::Kind::negate, {operand});
}

NodePtr Nodes::quotient(NodePtr over, NodePtr under) {
  return list(Node::Kind::quotient, {over, under});
}

NodePtr Nodes::select(Value condition, NodePtr yes, NodePtr no) {
  Node node;
  node.kind = Node::Kind::select;
  node.value = condition;
  node.operands = {yes, no};
  return make(std::move(node));
}

NodePtr Nodes::reduce(scan::Reduction kind, Names over, NodePtr operand) {
  Node node;
  node.kind = Node::Kind::reduce;
  node.reduction = kind;
  node.from = std::move(over);
  node.operands = {operand};
  return make(std::move(node));
}

NodePtr Nodes::renamed(NodePtr node, const Names &from, const Names &to) {
  // One renaming in place of two.
  bool twice = node->kind == Node::Kind::reindex;
  NodePtr source = twice ? node->operands[0] : node;
  Names before, after;
  for (const std::string &name : source->indices) {
    std::string between = twice ? analysis::renamed(name, node->from, node->to) : name;
    std::string last = analysis::renamed(between, from, to);
    if (last != name) {
      before.push_back(name);
      after.push_back(last);
    }
  }
  if (before.empty())
    return source;
  Node result;
  result.kind = Node::Kind::reindex;
  result.from = std::move(before);
  result.to = std::move(after);
  result.operands = {source};
  return make(std::move(result));
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

Value NodePrinter::print(NodePtr node) {
  SmallVector<NodePtr> work = {node};
  while (!work.empty()) {
    NodePtr next = work.back();
    std::size_t before = work.size();
    for (NodePtr operand : llvm::reverse(next->operands))
      if (!printed.contains(operand))
        work.push_back(operand);
    if (work.size() > before)
      continue;
    work.pop_back();
    if (!printed.contains(next))
      printed[next] = printNew(next);
  }
  return printed.lookup(node);
}

Value NodePrinter::printNew(NodePtr node) {
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
    for (NodePtr operand : node->operands) {
      Value next = printed.lookup(operand);
      result = !result ? next
               : node->kind == Node::Kind::product ? multiply(result, next)
                                                   : combine(result, next);
    }
    return result;
  }
  case Node::Kind::negate:
    if (isa<ComplexType>(type))
      return complex::NegOp::create(builder, loc, printed.lookup(node->operands[0]));
    return arith::NegFOp::create(builder, loc, printed.lookup(node->operands[0]));
  case Node::Kind::quotient: {
    Value over = printed.lookup(node->operands[0]), under = printed.lookup(node->operands[1]);
    if (isa<ComplexType>(type))
      return complex::DivOp::create(builder, loc, over, under);
    return arith::DivFOp::create(builder, loc, over, under);
  }
  case Node::Kind::select: {
    Value yes = printed.lookup(node->operands[0]), no = printed.lookup(node->operands[1]);
    return arith::SelectOp::create(builder, loc, lookup(node->value), yes, no);
  }
  case Node::Kind::reduce: {
    Value operand = printed.lookup(node->operands[0]);
    return scan::ReduceOp::create(builder, loc, type, node->reduction,
                                  builder.getStrArrayAttr(refs(node->from)), operand);
  }
  case Node::Kind::reindex: {
    Value operand = printed.lookup(node->operands[0]);
    return scan::ReindexOp::create(builder, loc, type, operand,
                                   builder.getStrArrayAttr(refs(node->from)),
                                   builder.getStrArrayAttr(refs(node->to)));
  }
  }
  return {};
}

} // namespace scanc::analysis
