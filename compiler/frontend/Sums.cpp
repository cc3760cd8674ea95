//===- Sums.cpp - Write the implicit sums of index notation out -----------===//
#include "compiler/frontend/Check.h"

#include <algorithm>

namespace scanc::frontend {

namespace {

/// Free occurrences of `index` in `expr`: not under a reduction that binds it.
std::size_t occurrences(const Expr &expr, const std::string &index) {
  auto names = [&](const Name &name) { return name.text == index; };
  bool here = std::any_of(expr.indices.begin(), expr.indices.end(), names);
  if (expr.kind == Expr::Kind::reduce && here)
    return 0;
  std::size_t count = expr.kind == Expr::Kind::reference && here;
  for (const ExprPtr &operand : expr.operands)
    count += occurrences(*operand, index);
  return count;
}

bool isSum(const Expr &expr) {
  return expr.kind == Expr::Kind::binary && (expr.text == "+" || expr.text == "-");
}

/// Whether `expr` compares two things that both vary over `index`: not a number, so the sum over
/// it stands around the select.
bool comparesAll(const Expr &expr, const std::string &index, std::size_t all) {
  return isComparison(expr) &&
         std::none_of(expr.operands.begin(), expr.operands.end(),
                      [&](const ExprPtr &operand) { return occurrences(*operand, index) == all; });
}

/// Sums over `index` at the lowest node that holds all its occurrences; at + and - each operand
/// sums its own.
void sumOver(ExprPtr &expr, const Name &index) {
  std::size_t all = occurrences(*expr, index.text);
  if (all == 0)
    return;
  for (ExprPtr &operand : expr->operands)
    if (occurrences(*operand, index.text) == all && !comparesAll(*operand, index.text, all))
      return sumOver(operand, index);
  if (isSum(*expr)) {
    for (ExprPtr &operand : expr->operands)
      sumOver(operand, index);
    return;
  }
  auto sum = std::make_unique<Expr>();
  sum->kind = Expr::Kind::reduce;
  sum->text = "sum";
  sum->place = expr->place;
  sum->indices.push_back(index);
  sum->operands.push_back(std::move(expr));
  expr = std::move(sum);
}

/// The free index names of `expr`, in the order of the text.
void collectFree(const Expr &expr, std::vector<std::string> bound, std::vector<Name> &free) {
  for (const Name &index : expr.indices) {
    if (expr.kind == Expr::Kind::reduce)
      bound.push_back(index.text);
    else if (std::find(bound.begin(), bound.end(), index.text) == bound.end() &&
             std::none_of(free.begin(), free.end(),
                          [&](const Name &name) { return name.text == index.text; }))
      free.push_back(index);
  }
  for (const ExprPtr &operand : expr.operands)
    collectFree(*operand, bound, free);
}

/// A reduction's indices must occur free below it.
void checkReductions(const Expr &expr, Diagnostics &diagnostics) {
  std::set<std::string> seen;
  if (expr.kind == Expr::Kind::reduce) {
    for (const Name &index : expr.indices) {
      if (!seen.insert(index.text).second)
        diagnostics.error("SC1006", index.place,
                          "index '" + index.text + "' stands twice in " + expr.text,
                          "remove one of them");
      else if (occurrences(*expr.operands[0], index.text) == 0)
        diagnostics.error("SC1011", index.place,
                          "nothing under " + expr.text + "[" + index.text + "] varies over '" +
                              index.text + "'",
                          "remove the index from the reduction");
    }
  }
  for (const ExprPtr &operand : expr.operands)
    checkReductions(*operand, diagnostics);
}

} // namespace

void insertSums(CheckedScan &scan, Diagnostics &diagnostics) {
  for (Statement &statement : scan.scan->statements) {
    if (statement.kind != Statement::Kind::assignment)
      continue;
    ExprPtr &value = statement.assignment.value;
    checkReductions(*value, diagnostics);
    const std::vector<Name> &kept = statement.assignment.target->indices;
    std::vector<Name> free;
    collectFree(*value, {}, free);
    for (const Name &index : free)
      if (std::none_of(kept.begin(), kept.end(),
                       [&](const Name &name) { return name.text == index.text; }))
        sumOver(value, index);
  }
}

} // namespace scanc::frontend
