//===- Functions.cpp - What may be called, with how many arguments --------===//
#include "compiler/frontend/Check.h"

namespace scanc::frontend {

const std::map<std::string, Function> &functions() {
  static const std::map<std::string, Function> table = {
      {"exp", {1, true}},         {"log", {1, false}},       {"sqrt", {1, false}},
      {"rsqrt", {1, false}},      {"abs", {1, true}},        {"min", {2, false}},
      {"max", {2, false}},        {"clamp", {3, false}},     {"pow", {2, false}},
      {"tanh", {1, false}},       {"sigmoid", {1, false}},   {"silu", {1, false}},
      {"gelu", {1, false}},       {"relu", {1, false}},      {"softplus", {1, false}},
      {"logsigmoid", {1, false}}, {"logaddexp", {2, false}}, {"sin", {1, false}},
      {"cos", {1, false}},        {"real", {1, true}},       {"imag", {1, true}},
      {"conj", {1, true}},        {"select", {3, true}}};
  return table;
}

bool isReduction(const std::string &name) {
  return name == "sum" || name == "mean" || name == "max" || name == "min" || name == "logsumexp";
}

bool isComparison(const Expr &expr) {
  return expr.kind == Expr::Kind::binary &&
         std::string_view("+-*/").find(expr.text) == std::string_view::npos;
}

/// "(a, b)"
static std::string formOf(int arity) {
  std::string form;
  for (char name = 'a'; name < 'a' + arity; ++name)
    form += (form.empty() ? "(" : ", ") + std::string(1, name);
  return form + ")";
}

static void checkCall(const Expr &expr, Diagnostics &diagnostics) {
  auto found = functions().find(expr.text);
  if (found == functions().end() && isReduction(expr.text)) {
    diagnostics.error("SC1015", expr.place,
                      expr.text + ": expected the index names it runs over, got none",
                      "write " + expr.text + "[j](…)");
    return;
  }
  if (found == functions().end()) {
    std::vector<std::string> names;
    for (const auto &[name, function] : functions())
      names.push_back(name);
    diagnostics.unknown(expr.place, expr.text, names, "function");
    return;
  }
  if (expr.operands.size() != static_cast<std::size_t>(found->second.arity))
    diagnostics.error("SC1015", expr.place,
                      expr.text + ": expected " + std::to_string(found->second.arity) +
                          (found->second.arity == 1 ? " argument, got " : " arguments, got ") +
                          std::to_string(expr.operands.size()),
                      isReduction(expr.text) && expr.operands.size() == 1
                          ? "write " + expr.text + "[j](…) to reduce over an index"
                          : "write " + expr.text + formOf(found->second.arity));
}

void checkFunctions(const Expr &expr, bool condition, Diagnostics &diagnostics) {
  bool comparison = isComparison(expr);
  if (comparison && !condition)
    diagnostics.error("SC1022", expr.place, "expected a number, got a comparison",
                      "comparisons stand in the first argument of select(c, a, b)");
  if (condition && !comparison)
    diagnostics.error("SC1022", expr.place, "expected a comparison in select, got a number",
                      "write select(x > 0, a, b)");
  if (expr.kind == Expr::Kind::call)
    checkCall(expr, diagnostics);
  bool select = expr.kind == Expr::Kind::call && expr.text == "select";
  for (std::size_t i = 0; i < expr.operands.size(); ++i)
    checkFunctions(*expr.operands[i], select && i == 0, diagnostics);
}

} // namespace scanc::frontend
