//===- Check.cpp - Declarations, states, and who may be read where --------===//
#include "compiler/frontend/Check.h"

#include "compiler/frontend/Phrases.h"

#include <algorithm>

namespace scanc::frontend {
namespace {

class Checker {
public:
  Checker(Kernel &kernel, Diagnostics &diagnostics) : kernel(kernel), diagnostics(diagnostics) {}
  CheckedKernel run();

private:
  void error(std::string_view code, const SourceRange &place, std::string message,
             std::string help, std::vector<ErrorNote> notes = {}) {
    diagnostics.error(code, place, std::move(message), std::move(help), std::move(notes));
  }
  void checkDeclarations();
  bool checkHead(Scan &scan);
  void checkOffsets(const Scan &scan);
  void checkName(const Name &name, const Scan *scan);
  void checkWritten(const Declaration &result, const SourceRange &place, const Scan &scan);
  void checkEnd(const CheckedScan &scan, const Symbol &state, const Declaration &end,
                const Name &tensor);
  bool checkIndexNames(const Scan &scan, const Expr &expr);
  CheckedScan checkScan(Scan &scan);
  void declareTensors(CheckedScan &scan);
  void declareAssigned(CheckedScan &scan);
  void checkAssigned(CheckedScan &scan, Statement &statement);
  void bindStatements(CheckedScan &scan);
  void checkExpressions(CheckedScan &scan);
  void checkReference(CheckedScan &scan, Expr &expr);
  void checkSubscripts(const Expr &expr, const std::vector<std::string> &dims, bool time,
                       const std::string &what);
  const Declaration *find(const std::vector<Declaration> &list, const std::string &name) const;
  const Declaration *declared(const Name &name, bool result, const std::string &what);
  void unknown(const SourceRange &place, const std::string &name,
               const std::vector<std::string> &known, const std::string &what) {
    diagnostics.unknown(place, name, known, what);
  }
  std::vector<std::string> dimensionNames() const;

  Kernel &kernel;
  Diagnostics &diagnostics;
  std::map<std::string, const Scan *> written; ///< results, and the scan that writes each
};

} // namespace

const Declaration *Checker::find(const std::vector<Declaration> &list,
                                 const std::string &name) const {
  for (const Declaration &declaration : list)
    if (declaration.name.text == name)
      return &declaration;
  return nullptr;
}

std::vector<std::string> Checker::dimensionNames() const {
  std::vector<std::string> names;
  for (const auto *list : {&kernel.parameters, &kernel.results})
    for (const Declaration &declaration : *list)
      for (const Dimension &dim : declaration.dims)
        names.push_back(dim.text);
  return names;
}

/// Names that mean something else already.
void Checker::checkName(const Name &name, const Scan *scan) {
  if (functions().contains(name.text) || isReduction(name.text))
    error("SC1008", name.place, "'" + name.text + "' is the name of a function",
          "give the value another name");
  if (scan && name.text == scan->time.text)
    error("SC1008", name.place, "'" + name.text + "' is the name of the step",
          "give the value another name, or write: scan " + scan->dimension.text + " as …");
}

void Checker::checkDeclarations() {
  std::set<std::string> seen;
  for (const auto *list : {&kernel.parameters, &kernel.results})
    for (const Declaration &declaration : *list) {
      checkName(declaration.name, nullptr);
      if (!seen.insert(declaration.name.text).second)
        error("SC1006", declaration.name.place, "'" + declaration.name.text + "' is declared twice",
              "rename one of them");
    }
}

/// Whether the dimensions that `scan` walks are those of the kernel.
bool Checker::checkHead(Scan &scan) {
  bool walks = true;
  std::vector<std::string> dims = dimensionNames();
  auto known = [&](const std::string &name) {
    return std::find(dims.begin(), dims.end(), name) != dims.end();
  };
  auto check = [&](const Name &name) {
    if (!known(name.text))
      unknown(name.place, name.text, dims, "dimension");
    walks &= known(name.text);
  };
  check(scan.dimension);
  std::set<std::string> lanes;
  for (const Name &name : scan.over) {
    check(name);
    if (name.text == scan.dimension.text || !lanes.insert(name.text).second)
      error("SC1006", name.place, "dimension '" + name.text + "' is already walked by this scan",
            "remove it from `over`");
    if (name.text == scan.time.text)
      error("SC1008", scan.time.place,
            "'" + scan.time.text + "' is both the name of the step and of a lane",
            "call the step something else: scan " + scan.dimension.text + " as t");
  }
  lanes.insert(scan.dimension.text);
  for (const auto *list : {&kernel.parameters, &kernel.results})
    for (const Declaration &declaration : *list) {
      std::set<std::string> seen;
      for (const Dimension &dim : declaration.dims)
        if (lanes.contains(dim.text) && !seen.insert(dim.text).second)
          error("SC1006", dim.place,
                "dimension '" + dim.text + "', which the scan walks, stands twice in '" +
                    declaration.name.text + "'",
                "subscripts leave walked dimensions out: give one of them another name");
      if (declaration.name.text == scan.time.text)
        error("SC1008", scan.time.place,
              "'" + scan.time.text + "' is both the name of the step and of a tensor",
              "call the step something else: scan " + scan.dimension.text + " as step");
    }
  if (scan.reset)
    checkOffsets(scan);
  return walks;
}

void Checker::checkOffsets(const Scan &scan) {
  const Declaration *offsets = declared(*scan.reset, /*result=*/false, "tensor of offsets");
  if (!offsets)
    return;
  bool fits = offsets->dtype == Dtype::i32 && offsets->dims.size() == 1 &&
              offsets->dims[0].text.ends_with("+1");
  if (!fits)
    error("SC1020", scan.reset->place,
          "reset at: expected offsets of type i32[S+1], got " + typeText(*offsets) + " for '" +
              scan.reset->text + "'",
          "declare " + scan.reset->text + ": i32[S+1]");
}

/// A result that `scan` writes, at `place`: once in the kernel, and by every lane.
void Checker::checkWritten(const Declaration &result, const SourceRange &place, const Scan &scan) {
  if (!written.emplace(result.name.text, &scan).second)
    error("SC1013", place, "result '" + result.name.text + "' is written twice",
          "declare a result of its own for each");
  for (const Name &lane : scan.over)
    if (!hasDimension(result, lane.text))
      error("SC1014", result.name.place,
            "result '" + result.name.text + "' lacks dimension '" + lane.text +
                "' that the scan runs over",
            "add " + lane.text + " to its dimensions: each lane writes its own part");
}

const Declaration *Checker::declared(const Name &name, bool result, const std::string &what) {
  const auto &list = result ? kernel.results : kernel.parameters;
  if (const Declaration *found = find(list, name.text))
    return found;
  std::vector<std::string> known;
  for (const Declaration &declaration : list)
    known.push_back(declaration.name.text);
  unknown(name.place, name.text, known, what);
  return nullptr;
}

void Checker::declareTensors(CheckedScan &scan) {
  for (const Declaration &declaration : kernel.parameters) {
    Symbol symbol;
    symbol.kind = Symbol::Kind::tensor;
    symbol.name = declaration.name.text;
    symbol.place = declaration.name.place;
    symbol.declaration = &declaration;
    scan.symbols.emplace(symbol.name, symbol);
  }
}

/// Names on left-hand sides: a state where some right-hand side reads it at an earlier step.
void Checker::declareAssigned(CheckedScan &scan) {
  std::set<std::string> readBefore;
  for (Statement &statement : scan.scan->statements)
    if (statement.kind == Statement::Kind::assignment)
      forEachReference(*statement.assignment.value, [&](Expr &expr) {
        if (expr.hasTime && expr.delay != 0)
          readBefore.insert(expr.text);
      });
  for (Statement &statement : scan.scan->statements) {
    if (statement.kind != Statement::Kind::assignment)
      continue;
    const Expr &target = *statement.assignment.target;
    auto existing = scan.symbols.find(target.text);
    if (existing != scan.symbols.end()) {
      bool input = existing->second.kind == Symbol::Kind::tensor;
      error("SC1013", target.place,
            "'" + target.text + "' " +
                (input ? "is an input and cannot be assigned" : "is assigned twice"),
            "give the value another name",
            {{input ? "declared here" : "first assigned here", existing->second.place}});
      continue;
    }
    Symbol symbol;
    symbol.name = target.text;
    symbol.place = target.place;
    symbol.assignment = &statement;
    symbol.declaration = find(kernel.results, target.text);
    symbol.isResult = symbol.declaration != nullptr;
    symbol.kind = target.hasTime && readBefore.contains(target.text) ? Symbol::Kind::state
                  : symbol.isResult                                  ? Symbol::Kind::result
                                                                     : Symbol::Kind::local;
    for (const Name &index : target.indices)
      symbol.indices.push_back(index.text);
    if (symbol.kind == Symbol::Kind::state)
      scan.states.push_back(symbol.name);
    scan.symbols.emplace(symbol.name, symbol);
    checkAssigned(scan, statement);
  }
}

void Checker::checkAssigned(CheckedScan &scan, Statement &statement) {
  const Expr &target = *statement.assignment.target;
  const Symbol &symbol = scan.symbols.at(target.text);
  if (!symbol.isResult)
    checkName({target.text, target.place}, scan.scan);
  if (!checkIndexNames(*scan.scan, target))
    return;
  std::set<std::string> names;
  for (const Name &index : target.indices)
    if (!names.insert(index.text).second)
      error("SC1007", index.place, "index '" + index.text + "' stands twice on a left-hand side",
            "give one of them another name");
  if (target.delay != 0)
    error("SC1009", target.place,
          "expected [" + scan.scan->time.text + "] on a left-hand side, got " +
              stepText(scan.scan->time.text, target.delay),
          "assign at [" + scan.scan->time.text + "] and read at [" + scan.scan->time.text + "-1]");
  if (symbol.kind == Symbol::Kind::local && target.hasTime)
    error("SC1021", target.place,
          "'" + target.text + "' is assigned at [" + scan.scan->time.text +
              "] but is neither a result nor read at [" + scan.scan->time.text + "-1]",
          "a local lives for one step: write it without [" + scan.scan->time.text + "]");
  if (symbol.kind == Symbol::Kind::result && !target.hasTime)
    error("SC1007", target.place, "result '" + target.text + "' is assigned without the step",
          "write " + target.text + "[" + scan.scan->time.text + ", …]");
  if (symbol.isResult) {
    checkWritten(*symbol.declaration, target.place, *scan.scan);
    if (target.hasTime && !hasDimension(*symbol.declaration, scan.scan->dimension.text))
      error("SC1007", target.place,
            "result '" + target.text + "' has no dimension '" + scan.scan->dimension.text + "'",
            "a final state is written by: final STATE -> " + target.text);
    else if (target.hasTime)
      checkSubscripts(target, subscripted(*symbol.declaration, *scan.scan), true,
                      "result '" + target.text + "'");
  }
}

/// Whether the index names of `expr` are its own: they stand beside the step and the lanes in one
/// space.
bool Checker::checkIndexNames(const Scan &scan, const Expr &expr) {
  for (const Name &index : expr.indices) {
    auto fail = [&](std::string_view code, const std::string &message, const std::string &help) {
      error(code, index.place, message, help);
      return false;
    };
    if (index.text == scan.time.text)
      return fail("SC1007", "the step '" + index.text + "' comes first and once",
                  "write " + expr.text + "[" + scan.time.text + ", …]");
    if (std::any_of(scan.over.begin(), scan.over.end(),
                    [&](const Name &lane) { return lane.text == index.text; }))
      return fail("SC1008", "'" + index.text + "' is a lane, not an index",
                  "dimensions in `over` are never written: remove it, or use another index name");
    if (scan.reset && index.text == segmentName)
      return fail("SC1008", "'" + index.text + "' is the name of the segments",
                  "use another index name");
  }
  return true;
}

/// The subscripts of `expr` against the dimensions `dims` that they name.
void Checker::checkSubscripts(const Expr &expr, const std::vector<std::string> &dims, bool time,
                              const std::string &what) {
  if (expr.indices.size() == dims.size() && expr.hasTime == time)
    return;
  std::string expected = time ? "the step" : "";
  for (const std::string &dim : dims)
    expected += (expected.empty() ? "" : ", ") + ("an index over " + dim);
  std::string got = std::to_string(expr.indices.size() + expr.hasTime) + " subscript" +
                    (expr.indices.size() + expr.hasTime == 1 ? "" : "s");
  if (expr.hasTime != time)
    got += expr.hasTime ? " with a step" : " without a step";
  error("SC1007", expr.place,
        what + ": expected " + (expected.empty() ? "no subscripts" : "[" + expected + "]") +
            ", got " + got,
        subscriptsHelp);
}

void Checker::bindStatements(CheckedScan &scan) {
  for (Statement &statement : scan.scan->statements) {
    if (statement.kind == Statement::Kind::assignment)
      continue;
    const Name &name = statement.kind == Statement::Kind::stateType ? statement.stateType.state
                       : statement.kind == Statement::Kind::initial ? statement.initial.state
                                                                    : statement.final.state;
    auto found = scan.symbols.find(name.text);
    if (found == scan.symbols.end()) {
      unknown(name.place, name.text, scan.states, "state");
      continue;
    }
    if (found->second.kind != Symbol::Kind::state) {
      const std::string &t = scan.scan->time.text;
      error("SC1005", name.place, "'" + name.text + "' is not a state",
            "a state is assigned at [" + t + "] and read at [" + t + "-1]");
      continue;
    }
    Symbol &state = found->second;
    bool twice = false;
    if (statement.kind == Statement::Kind::stateType) {
      twice = state.stateType.has_value();
      state.stateType = statement.stateType.dtype;
      if (statement.stateType.dtype == Dtype::i32)
        error("SC1017", name.place,
              "state '" + name.text + "': expected a floating-point type, got i32",
              "declare it f32");
    } else if (statement.kind == Statement::Kind::initial) {
      twice = state.initial != nullptr;
      state.initial = declared(statement.initial.tensor, false, "tensor of initial states");
      if (state.initial)
        checkEnd(scan, state, *state.initial, statement.initial.tensor);
    } else {
      twice = state.final != nullptr;
      state.final = declared(statement.final.tensor, true, "result");
      if (state.final) {
        checkWritten(*state.final, statement.final.tensor.place, *scan.scan);
        checkEnd(scan, state, *state.final, statement.final.tensor);
      }
    }
    if (twice)
      error("SC1006", name.place, "'" + name.text + "' has this statement already", "remove one of them");
  }
}

/// Whether the dimensions of an initial or final state hold the state: the segments of packed
/// sequences first, then one dimension for each index.
void Checker::checkEnd(const CheckedScan &scan, const Symbol &state, const Declaration &end,
                       const Name &tensor) {
  std::vector<std::string> dims = subscripted(end, *scan.scan);
  std::size_t expected = state.indices.size();
  bool fits = !hasDimension(end, scan.scan->dimension.text);
  std::string segments;
  if (scan.scan->reset) {
    const Declaration *offsets = find(kernel.parameters, scan.scan->reset->text);
    if (!offsets || offsets->dims.size() != 1 || !offsets->dims[0].text.ends_with("+1"))
      return; // reported
    segments = offsets->dims[0].text.substr(0, offsets->dims[0].text.size() - 2);
    fits &= !dims.empty() && dims.front() == segments;
    ++expected;
  }
  if (!fits || dims.size() != expected)
    error("SC1019", tensor.place,
          "'" + end.name.text + "' cannot hold state '" + state.name + "': expected " +
              endText(*scan.scan, segments, state.indices) + ", got " + typeText(end),
          "declare " + end.name.text + " with these dimensions; lanes may stand anywhere");
}

void Checker::checkReference(CheckedScan &scan, Expr &expr) {
  const std::string &t = scan.scan->time.text;
  auto found = scan.symbols.find(expr.text);
  if (found == scan.symbols.end()) {
    std::vector<std::string> known;
    for (const auto &[name, symbol] : scan.symbols)
      known.push_back(name);
    if (find(kernel.results, expr.text)) {
      bool elsewhere = written.contains(expr.text) && written.at(expr.text) != scan.scan;
      error(elsewhere ? "SC1023" : "SC1005", expr.place,
            "result '" + expr.text + "' is read " +
                (elsewhere ? "but another scan writes it" : "but never assigned"),
            elsewhere ? "scans of a kernel are independent: compute it in this scan, or in a "
                        "kernel of its own"
                      : "assign it: " + expr.text + "[" + t + ", …] = …");
      return;
    }
    unknown(expr.place, expr.text, known, "name");
    return;
  }
  if (!checkIndexNames(*scan.scan, expr))
    return;
  const Symbol &symbol = found->second;
  switch (symbol.kind) {
  case Symbol::Kind::tensor: {
    bool time = hasDimension(*symbol.declaration, scan.scan->dimension.text);
    checkSubscripts(expr, subscripted(*symbol.declaration, *scan.scan), time,
                    "'" + expr.text + "'");
    if (expr.delay < 0 || expr.delay > 7)
      error("SC1009", expr.place,
            "expected a step from [" + t + "] to [" + t + "-7], got " + stepText(t, expr.delay),
            "a window reaches at most 7 steps back and never ahead");
    break;
  }
  case Symbol::Kind::state:
    if (!expr.hasTime || expr.indices.size() != symbol.indices.size())
      error("SC1007", expr.place,
            "state '" + expr.text + "': expected " + shapeText(true, symbol.indices.size()) +
                ", got " + shapeText(expr.hasTime, expr.indices.size()),
            subscriptsHelp);
    else if (expr.delay != 0 && expr.delay != 1)
      error("SC1010", expr.place,
            "state '" + expr.text + "': expected [" + t + "] or [" + t + "-1], got " +
                stepText(t, expr.delay),
            expr.delay < 0
                ? "what lies ahead is read by a scan in reverse: reverse scan " +
                      scan.scan->dimension.text + " as " + t
                : "a step further back is a state of its own: g[" + t + "] = " + expr.text + "[" +
                      t + "-1]");
    break;
  case Symbol::Kind::result:
  case Symbol::Kind::local: {
    bool time = symbol.kind == Symbol::Kind::result;
    if (symbol.assignment->assignment.target->hasTime != time)
      break; // reported there
    if (expr.delay != 0)
      error("SC1010", expr.place, "'" + expr.text + "' is read at another step, but is no state",
            "a state is assigned at the step: " + expr.text + "[" + t + "] = …");
    else if (expr.indices.size() != symbol.indices.size() || expr.hasTime != time)
      error("SC1007", expr.place,
            "'" + expr.text + "': expected " + shapeText(time, symbol.indices.size()) + ", got " +
                shapeText(expr.hasTime, expr.indices.size()),
            subscriptsHelp);
    break;
  }
  }
}

void Checker::checkExpressions(CheckedScan &scan) {
  for (Statement &statement : scan.scan->statements)
    if (statement.kind == Statement::Kind::assignment) {
      checkFunctions(*statement.assignment.value, false, diagnostics);
      forEachReference(*statement.assignment.value,
                       [&](Expr &expr) { checkReference(scan, expr); });
    }
}

CheckedScan Checker::checkScan(Scan &scan) {
  CheckedScan checked;
  checked.scan = &scan;
  checkAttributes(scan.attributes, diagnostics);
  if (!checkHead(scan)) // subscripts would be counted against the wrong dimensions
    return checked;
  declareTensors(checked);
  declareAssigned(checked);
  bindStatements(checked);
  checkExpressions(checked);
  for (const Declaration &result : kernel.results)
    if (auto found = checked.symbols.find(result.name.text);
        found != checked.symbols.end() && found->second.assignment)
      checked.outputs.push_back(result.name.text);
  if (checked.outputs.empty() && std::none_of(checked.symbols.begin(), checked.symbols.end(),
                                              [](auto &entry) { return entry.second.final; }))
    error("SC1012", scan.dimension.place,
          "the scan over '" + scan.dimension.text + "' writes no result",
          "assign a result at [" + scan.time.text + "], or write: final STATE -> RESULT");
  if (diagnostics.hasErrors())
    return checked;
  orderAssignments(checked, diagnostics);
  resolveIndices(checked, diagnostics);
  insertSums(checked, diagnostics);
  if (!diagnostics.hasErrors())
    inferTypes(checked, diagnostics);
  return checked;
}

CheckedKernel Checker::run() {
  CheckedKernel checked;
  checked.kernel = &kernel;
  checkDeclarations();
  checkAttributes(kernel.attributes, diagnostics);
  if (kernel.results.empty())
    error("SC1012", kernel.name.place, "kernel '" + kernel.name.text + "' has no result",
          "declare what it computes: -> (y: f32[…])");
  else if (kernel.scans.empty())
    error("SC1012", kernel.name.place, "kernel '" + kernel.name.text + "' has no scan",
          "write one: scan T as t { … }");
  for (Scan &scan : kernel.scans)
    checked.scans.push_back(checkScan(scan));
  if (!diagnostics.hasErrors())
    for (const Declaration &result : kernel.results)
      if (!written.contains(result.name.text))
        error("SC1012", result.name.place, "result '" + result.name.text + "' is never written",
              "assign it: " + result.name.text + "[…] = …, or remove it");
  return checked;
}

CheckedKernel check(Kernel &kernel, Diagnostics &diagnostics) {
  return Checker(kernel, diagnostics).run();
}

} // namespace scanc::frontend
