//===- Cycles.cpp - In which order the values of a step are known ---------===//
#include "compiler/frontend/Check.h"

#include <functional>

namespace scanc::frontend {

namespace {

class Orderer {
public:
  Orderer(CheckedScan &scan, Diagnostics &diagnostics) : scan(scan), diagnostics(diagnostics) {}
  void visit(const std::string &name);

private:
  CheckedScan &scan;
  Diagnostics &diagnostics;
  std::set<std::string> open, done;
};

} // namespace

void Orderer::visit(const std::string &name) {
  Symbol &symbol = scan.symbols.at(name);
  if (!symbol.assignment || done.contains(name))
    return;
  open.insert(name);
  // Collected first: recursing from within a deep expression would add its depth to every level.
  std::vector<const Expr *> needed;
  forEachReference(*symbol.assignment->assignment.value, [&](Expr &expr) {
    if (expr.delay == 0 && scan.symbols.at(expr.text).assignment)
      needed.push_back(&expr);
  });
  for (const Expr *expr : needed) {
    if (open.contains(expr->text))
      diagnostics.error("SC1018", expr->place,
                        "'" + expr->text + "' at this step depends on itself through '" + name +
                            "'",
                        "read one of them at the step before");
    else
      visit(expr->text);
  }
  open.erase(name);
  done.insert(name);
  scan.order.push_back(name);
}

void orderAssignments(CheckedScan &scan, Diagnostics &diagnostics) {
  Orderer orderer(scan, diagnostics);
  for (auto &[name, symbol] : scan.symbols)
    orderer.visit(name);
}

} // namespace scanc::frontend
