//===- CompiledFormula.cpp - Formulas evaluated without wrapping ----------===//
#include "runtime/launch/CompiledFormula.h"

#include <algorithm>
#include <limits>

namespace scanc::rt {

std::string_view spelling(FormulaFault fault) {
  switch (fault) {
  case FormulaFault::none:
    return "no fault";
  case FormulaFault::overflow:
    return "overflow of 64 bits";
  case FormulaFault::divisionByZero:
    return "division by zero";
  }
  return "";
}

bool CompiledFormula::usesWorkspace() const {
  return std::any_of(nodes.begin(), nodes.end(),
                     [](const Node &node) { return node.kind == Kind::workspace; });
}

CompiledFormula::Value CompiledFormula::evaluate(std::size_t index, const Facts &facts) const {
  const Node &node = nodes[index];
  switch (node.kind) {
  case Kind::integer:
    return {node.value};
  case Kind::size:
    return {facts.sizes[node.left]};
  case Kind::address:
    return {facts.operands[node.left].address};
  case Kind::stride:
    return {facts.operands[node.left].strides[node.right]};
  case Kind::span:
    return {facts.operands[node.left].span};
  case Kind::bytes:
    return {facts.operands[node.left].bytes};
  case Kind::workspace:
    return {facts.buffers[node.left]};
  default:
    break;
  }

  constexpr Value overflow{0, FormulaFault::overflow};
  constexpr Value divisionByZero{0, FormulaFault::divisionByZero};
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();

  Value left = evaluate(node.left, facts);
  if (left.fault != FormulaFault::none)
    return left;
  if (node.kind == Kind::negate)
    return left.value == least ? overflow : Value{-left.value};
  if (node.kind == Kind::both && left.value == 0)
    return {0};
  Value right = evaluate(node.right, facts);
  if (right.fault != FormulaFault::none)
    return right;

  std::int64_t a = left.value, b = right.value, result = 0;
  switch (node.kind) {
  case Kind::add:
    return __builtin_add_overflow(a, b, &result) ? overflow : Value{result};
  case Kind::subtract:
    return __builtin_sub_overflow(a, b, &result) ? overflow : Value{result};
  case Kind::multiply:
    return __builtin_mul_overflow(a, b, &result) ? overflow : Value{result};
  case Kind::divide:
  case Kind::ceildiv:
    if (b == 0)
      return divisionByZero;
    if (a == least && b == -1)
      return overflow;
    // The quotient rounds towards zero; where it is positive and inexact, up is one more.
    return {a / b + (node.kind == Kind::ceildiv && a % b != 0 && (a < 0) == (b < 0))};
  case Kind::remainder:
    if (b == 0)
      return divisionByZero;
    return {b == -1 ? 0 : a % b};
  case Kind::min:
    return {std::min(a, b)};
  case Kind::max:
    return {std::max(a, b)};
  case Kind::equal:
    return {a == b};
  case Kind::notEqual:
    return {a != b};
  case Kind::less:
    return {a < b};
  case Kind::lessEqual:
    return {a <= b};
  case Kind::greater:
    return {a > b};
  case Kind::greaterEqual:
    return {a >= b};
  case Kind::both:
    return {b != 0};
  default:
    return {};
  }
}

} // namespace scanc::rt
