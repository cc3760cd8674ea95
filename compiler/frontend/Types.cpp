//===- Types.cpp - Compute types of states, locals and expressions --------===//
#include "compiler/frontend/Check.h"

#include <algorithm>
#include <limits>

namespace scanc::frontend {

namespace {

Compute computeOf(Dtype dtype) {
  return dtype == Dtype::f64 ? Compute::f64 : dtype == Dtype::c64 ? Compute::c64 : Compute::f32;
}

class TypeInference {
public:
  TypeInference(CheckedScan &scan, Diagnostics &diagnostics)
      : scan(scan), diagnostics(diagnostics) {}
  void run();

private:
  Compute typeOf(const Expr &expr, bool report);
  void checkCall(const Expr &expr, const std::vector<Compute> &operands);
  void checkStored(const Symbol &symbol, Compute value);
  void checkNumbers(Expr &value);
  void checkNumber(const Expr &expr);

  CheckedScan &scan;
  Diagnostics &diagnostics;
};

} // namespace

void TypeInference::checkCall(const Expr &expr, const std::vector<Compute> &operands) {
  bool complex = std::find(operands.begin(), operands.end(), Compute::c64) != operands.end();
  if (complex && !functions().at(expr.text).complex)
    diagnostics.error("SC1017", expr.place,
                      expr.text + ": expected a real argument, got a complex one",
                      "take real(…), imag(…) or abs(…) of it first");
}

Compute TypeInference::typeOf(const Expr &expr, bool report) {
  std::vector<Compute> operands;
  Compute widest = Compute::f32;
  for (const ExprPtr &operand : expr.operands) {
    operands.push_back(typeOf(*operand, report));
    widest = std::max(widest, operands.back());
  }
  if (report && widest == Compute::c64 &&
      std::find(operands.begin(), operands.end(), Compute::f64) != operands.end())
    diagnostics.error("SC1017", expr.place, "f64 and c64 do not mix: a part of c64 is an f32",
                      "declare the f64 tensor f32");
  switch (expr.kind) {
  case Expr::Kind::number:
    return Compute::f32;
  case Expr::Kind::reference: {
    const Symbol &symbol = scan.symbols.at(expr.text);
    return symbol.kind == Symbol::Kind::tensor ? computeOf(symbol.declaration->dtype) : symbol.type;
  }
  case Expr::Kind::call:
    if (report)
      checkCall(expr, operands);
    if (expr.text == "real" || expr.text == "imag" || expr.text == "abs" ||
        !functions().at(expr.text).complex)
      return widest == Compute::c64 ? Compute::f32 : widest;
    if (expr.text == "select")
      return std::max(operands[1], operands[2]);
    return widest;
  case Expr::Kind::binary: {
    if (report && isComparison(expr) && widest == Compute::c64)
      diagnostics.error("SC1017", expr.place, "complex numbers have no order",
                        "compare real(…), imag(…) or abs(…)");
    return widest;
  }
  case Expr::Kind::reduce:
    if (report && widest == Compute::c64 && expr.text != "sum" && expr.text != "mean")
      diagnostics.error("SC1017", expr.place,
                        expr.text + ": expected real numbers, got complex ones",
                        "take real(…), imag(…) or abs(…) of them first");
    return widest;
  case Expr::Kind::negate:
    return widest;
  }
  return widest;
}

void TypeInference::checkStored(const Symbol &symbol, Compute value) {
  auto real = [](Dtype dtype) { return dtype != Dtype::c64; };
  bool complex = value == Compute::c64;
  auto check = [&](const Declaration *declaration) {
    if (!declaration)
      return;
    if (complex && real(declaration->dtype))
      diagnostics.error("SC1017", symbol.place,
                        "'" + declaration->name.text + "': expected type c64, got " +
                            std::string(spelling(declaration->dtype)),
                        "declare it c64, or store real(…)");
    if (declaration->dtype == Dtype::i32 && declaration != symbol.initial)
      diagnostics.error("SC1017", declaration->name.place,
                        "result '" + declaration->name.text +
                            "': expected a floating-point type, got i32",
                        "declare it f32");
  };
  if (symbol.isResult)
    check(symbol.declaration);
  check(symbol.initial);
  check(symbol.final);
  if (symbol.stateType && complex && real(*symbol.stateType))
    diagnostics.error("SC1017", symbol.place,
                      "state '" + symbol.name + "': expected type c64, got " +
                          std::string(spelling(*symbol.stateType)),
                      "declare it c64, or leave its type out");
}

/// Numbers of a statement without f64 are constants of f32, where a larger one would be inf.
void TypeInference::checkNumbers(Expr &value) {
  bool wide = false;
  forEachReference(value, [&](Expr &expr) { wide |= typeOf(expr, false) == Compute::f64; });
  if (!wide)
    checkNumber(value);
}

void TypeInference::checkNumber(const Expr &expr) {
  if (expr.kind == Expr::Kind::number && expr.value > std::numeric_limits<float>::max())
    diagnostics.error("SC1003", expr.place,
                      "expected a number that f32 can hold, got '" + expr.text + "'",
                      "compute in f64: declare a tensor beside it f64");
  for (const ExprPtr &operand : expr.operands)
    checkNumber(*operand);
}

void TypeInference::run() {
  // Types only grow, and there are three: a few rounds reach the fixed point.
  for (bool changed = true; changed;) {
    changed = false;
    for (auto &[name, symbol] : scan.symbols) {
      if (!symbol.assignment)
        continue;
      Compute type = typeOf(*symbol.assignment->assignment.value, false);
      if (symbol.kind == Symbol::Kind::state) {
        if (symbol.initial)
          type = std::max(type, computeOf(symbol.initial->dtype));
        if (symbol.stateType)
          type = std::max(type, computeOf(*symbol.stateType));
      }
      if (type > symbol.type) {
        symbol.type = type;
        changed = true;
      }
    }
  }
  for (auto &[name, symbol] : scan.symbols) {
    if (!symbol.assignment)
      continue;
    typeOf(*symbol.assignment->assignment.value, true);
    checkNumbers(*symbol.assignment->assignment.value);
    checkStored(symbol, symbol.type);
    if (symbol.kind == Symbol::Kind::state && !symbol.stateType)
      symbol.stateType = symbol.type == Compute::f64   ? Dtype::f64
                         : symbol.type == Compute::c64 ? Dtype::c64
                                                       : Dtype::f32;
  }
}

void inferTypes(CheckedScan &scan, Diagnostics &diagnostics) {
  TypeInference(scan, diagnostics).run();
}

} // namespace scanc::frontend
