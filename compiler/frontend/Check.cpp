//===- Check.cpp - Declarations, states, and who may be read where --------===//
#include "compiler/frontend/Check.h"

#include <algorithm>
#include <functional>

namespace scanc::frontend {

const std::map<std::string, Function> &functions() {
  static const std::map<std::string, Function> table = {
      {"exp", {1, true}},        {"log", {1, false}},       {"sqrt", {1, false}},
      {"rsqrt", {1, false}},     {"abs", {1, true}},        {"min", {2, false}},
      {"max", {2, false}},       {"clamp", {3, false}},     {"pow", {2, false}},
      {"tanh", {1, false}},      {"sigmoid", {1, false}},   {"silu", {1, false}},
      {"gelu", {1, false}},      {"relu", {1, false}},      {"softplus", {1, false}},
      {"logsigmoid", {1, false}}, {"logaddexp", {2, false}}, {"sin", {1, false}},
      {"cos", {1, false}},       {"real", {1, true}},       {"imag", {1, true}},
      {"conj", {1, true}},       {"select", {3, true}}};
  return table;
}

bool hasDimension(const Declaration &declaration, const std::string &name) {
  return std::any_of(declaration.dims.begin(), declaration.dims.end(),
                     [&](const Dimension &dim) { return dim.text == name; });
}

std::vector<std::string> subscripted(const Declaration &declaration, const Scan &scan) {
  std::vector<std::string> names;
  for (const Dimension &dim : declaration.dims) {
    bool lane = std::any_of(scan.over.begin(), scan.over.end(),
                            [&](const Name &name) { return name.text == dim.text; });
    if (!lane && dim.text != scan.dimension.text)
      names.push_back(dim.text);
  }
  return names;
}

namespace {

class Checker {
public:
  Checker(Kernel &kernel, Diagnostics &diagnostics) : kernel(kernel), diagnostics(diagnostics) {}
  CheckedKernel run();

private:
  void error(std::string_view code, const SourceRange &place, std::string message,
             std::string help = "", std::vector<ErrorNote> notes = {}) {
    diagnostics.error(code, place, std::move(message), std::move(help), std::move(notes));
  }
  void checkDeclarations();
  void checkAttributes(const std::vector<Attribute> &attributes);
  void checkHead(Scan &scan);
  CheckedScan checkScan(Scan &scan);
  void declareTensors(CheckedScan &scan);
  void declareAssigned(CheckedScan &scan);
  void checkAssigned(CheckedScan &scan, Statement &statement);
  void bindStatements(CheckedScan &scan);
  void checkExpressions(CheckedScan &scan);
  void checkReference(CheckedScan &scan, Expr &expr);
  void checkFunctions(Expr &expr, bool condition);
  void checkSubscripts(const Expr &expr, const std::vector<std::string> &dims, bool time,
                       const std::string &what);
  void checkCycles(CheckedScan &scan);
  const Declaration *find(const std::vector<Declaration> &list, const std::string &name) const;
  const Declaration *declared(const Name &name, bool result, const std::string &what);
  void unknown(const SourceRange &place, const std::string &name, std::vector<std::string> known,
               const std::string &what);
  std::vector<std::string> dimensionNames() const;

  Kernel &kernel;
  Diagnostics &diagnostics;
  std::set<std::string> written; ///< results
};

} // namespace

const Declaration *Checker::find(const std::vector<Declaration> &list,
                                 const std::string &name) const {
  for (const Declaration &declaration : list)
    if (declaration.name.text == name)
      return &declaration;
  return nullptr;
}

void Checker::unknown(const SourceRange &place, const std::string &name,
                      std::vector<std::string> known, const std::string &what) {
  std::string meant = nearest(name, known);
  error("SC1005", place, "unknown " + what + " '" + name + "'",
        meant.empty() ? "" : "did you mean '" + meant + "'?");
}

std::vector<std::string> Checker::dimensionNames() const {
  std::vector<std::string> names;
  for (const auto *list : {&kernel.parameters, &kernel.results})
    for (const Declaration &declaration : *list)
      for (const Dimension &dim : declaration.dims)
        names.push_back(dim.text);
  return names;
}

void Checker::checkDeclarations() {
  std::set<std::string> seen;
  for (const auto *list : {&kernel.parameters, &kernel.results})
    for (const Declaration &declaration : *list) {
      if (!seen.insert(declaration.name.text).second)
        error("SC1006", declaration.name.place,
              "'" + declaration.name.text + "' is declared twice", "rename one of them");
      std::set<std::string> dims;
      for (const Dimension &dim : declaration.dims) {
        bool number = dim.text.find_first_not_of("0123456789") == std::string::npos;
        if (!number && !dims.insert(dim.text).second)
          error("SC1006", dim.place, "dimension '" + dim.text + "' stands twice in '" +
                                         declaration.name.text + "'",
                "a subscript could not tell them apart: give one another name");
      }
    }
}

void Checker::checkAttributes(const std::vector<Attribute> &attributes) {
  static const std::vector<std::string> names = {"strategy",   "chunk",     "radix",
                                                 "accumulate", "precision", "deterministic"};
  static const std::map<std::string, std::vector<std::string>> values = {
      {"strategy",
       {"auto", "sequential", "blelloch", "look_back", "matmul_scan", "cyclic_reduction",
        "chunkwise"}},
      {"precision", {"ieee", "tf32", "tf32x3", "f16", "bf16", "bf16x3"}},
      {"accumulate", {"f32", "f64"}}};
  std::set<std::string> seen;
  for (const Attribute &attribute : attributes) {
    const std::string &name = attribute.name.text;
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      unknown(attribute.name.place, name, names, "attribute");
      continue;
    }
    if (!seen.insert(name).second)
      error("SC1006", attribute.name.place, "attribute '@" + name + "' stands twice");
    if (auto found = values.find(name); found != values.end()) {
      if (std::find(found->second.begin(), found->second.end(), attribute.value) ==
          found->second.end()) {
        std::string list;
        for (const std::string &value : found->second)
          list += (list.empty() ? "" : ", ") + value;
        error("SC1016", attribute.value.empty() ? attribute.name.place : attribute.valuePlace,
              "@" + name + ": expected one of " + list + ", got '" + attribute.value + "'");
      }
    } else if (name == "deterministic" ? !attribute.value.empty()
                                       : attribute.value.empty() ||
                                             attribute.value.find_first_not_of("0123456789") !=
                                                 std::string::npos ||
                                             attribute.value.size() > 9) {
      error("SC1016", attribute.name.place,
            name == "deterministic" ? "@deterministic takes no value"
                                    : "@" + name + ": expected a number, got '" +
                                          attribute.value + "'");
    }
  }
}

void Checker::checkHead(Scan &scan) {
  std::vector<std::string> dims = dimensionNames();
  auto known = [&](const std::string &name) {
    return std::find(dims.begin(), dims.end(), name) != dims.end();
  };
  if (!known(scan.dimension.text))
    unknown(scan.dimension.place, scan.dimension.text, dims, "dimension");
  std::set<std::string> lanes;
  for (const Name &name : scan.over) {
    if (!known(name.text))
      unknown(name.place, name.text, dims, "dimension");
    if (name.text == scan.dimension.text || !lanes.insert(name.text).second)
      error("SC1006", name.place, "dimension '" + name.text + "' is already walked by this scan");
  }
  for (const Declaration &result : kernel.results)
    for (const Name &lane : scan.over)
      if (!hasDimension(result, lane.text)) {
        // Final states of packed sequences are told by `final`; every other result needs all lanes.
        error("SC1014", result.name.place,
              "result '" + result.name.text + "' lacks dimension '" + lane.text +
                  "' that the scan runs over",
              "add " + lane.text + " to its dimensions: each lane writes its own part");
      }
  if (scan.reset) {
    const Declaration *offsets = declared(*scan.reset, /*result=*/false, "tensor of offsets");
    bool fits = offsets && offsets->dtype == Dtype::i32 && offsets->dims.size() == 1 &&
                offsets->dims[0].text.ends_with("+1");
    if (offsets && !fits)
      error("SC1020", scan.reset->place,
            "reset at: expected offsets of type i32[S+1], got another type for '" +
                scan.reset->text + "'",
            "declare " + scan.reset->text + ": i32[S+1]");
  }
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
                  : symbol.isResult                                   ? Symbol::Kind::result
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
  std::set<std::string> names;
  for (const Name &index : target.indices)
    if (!names.insert(index.text).second)
      error("SC1007", index.place, "index '" + index.text + "' stands twice on a left-hand side");
  if (target.delay != 0)
    error("SC1009", target.place, "expected '" + scan.scan->time.text +
                                      "' on a left-hand side, got another step",
          "assign at [" + scan.scan->time.text + "] and read at [" + scan.scan->time.text + "-1]");
  if (symbol.kind == Symbol::Kind::local && target.hasTime)
    error("SC1021", target.place,
          "'" + target.text + "' is assigned at [" + scan.scan->time.text +
              "] but is neither a result nor read at [" + scan.scan->time.text + "-1]",
          "a local lives for one step: write it without [" + scan.scan->time.text + "]");
  if (symbol.kind == Symbol::Kind::result && !target.hasTime)
    error("SC1007", target.place,
          "result '" + target.text + "' is assigned without the step",
          "write " + target.text + "[" + scan.scan->time.text + ", …]");
  if (symbol.isResult) {
    written.insert(target.text);
    if (target.hasTime && !hasDimension(*symbol.declaration, scan.scan->dimension.text))
      error("SC1007", target.place, "result '" + target.text + "' has no dimension '" +
                                        scan.scan->dimension.text + "'",
            "a final state is written by: final STATE -> " + target.text);
    else
      checkSubscripts(target, subscripted(*symbol.declaration, *scan.scan), true,
                      "result '" + target.text + "'");
  }
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
        "dimensions in `over` are never written; the step comes first, the rest in memory order");
}

void Checker::bindStatements(CheckedScan &scan) {
  for (Statement &statement : scan.scan->statements) {
    if (statement.kind == Statement::Kind::assignment)
      continue;
    const Name &name = statement.kind == Statement::Kind::stateType ? statement.stateType.state
                       : statement.kind == Statement::Kind::initial ? statement.initial.state
                                                                    : statement.final.state;
    auto found = scan.symbols.find(name.text);
    if (found == scan.symbols.end() || found->second.kind != Symbol::Kind::state) {
      unknown(name.place, name.text, scan.states, "state");
      continue;
    }
    Symbol &state = found->second;
    bool twice = false;
    if (statement.kind == Statement::Kind::stateType) {
      twice = state.stateType.has_value();
      state.stateType = statement.stateType.dtype;
      if (statement.stateType.dtype == Dtype::i32)
        error("SC1017", name.place, "a state has a floating-point type, got i32");
    } else if (statement.kind == Statement::Kind::initial) {
      twice = state.initial != nullptr;
      state.initial = declared(statement.initial.tensor, false, "tensor of initial states");
    } else {
      twice = state.final != nullptr;
      state.final = declared(statement.final.tensor, true, "result");
      if (state.final && !written.insert(state.final->name.text).second)
        error("SC1013", statement.final.tensor.place,
              "result '" + state.final->name.text + "' is written twice");
    }
    if (twice)
      error("SC1006", name.place, "'" + name.text + "' has this statement already");
    for (const Declaration *end : {state.initial, state.final}) {
      bool reported = !end;
      if (reported || (end == state.initial) != (statement.kind == Statement::Kind::initial))
        continue;
      std::vector<std::string> dims = subscripted(*end, *scan.scan);
      if (scan.scan->reset && !dims.empty())
        dims.erase(dims.begin()); // the segment
      if (dims.size() != state.indices.size() || hasDimension(*end, scan.scan->dimension.text))
        error("SC1019", name.place,
              "'" + end->name.text + "' cannot hold state '" + name.text + "': expected " +
                  std::to_string(state.indices.size()) + " dimensions beside the lanes" +
                  (scan.scan->reset ? " and a leading dimension of segments" : "") + ", got " +
                  std::to_string(dims.size()));
    }
  }
}

void Checker::checkFunctions(Expr &expr, bool condition) {
  bool comparison = expr.kind == Expr::Kind::binary &&
                    std::string_view("+-*/").find(expr.text) == std::string_view::npos;
  if (comparison && !condition)
    error("SC1022", expr.place, "expected a number, got a comparison",
          "comparisons stand in the first argument of select(c, a, b)");
  if (condition && !comparison)
    error("SC1022", expr.place, "expected a comparison in select, got a number",
          "write select(x > 0, a, b)");
  if (expr.kind == Expr::Kind::call) {
    auto found = functions().find(expr.text);
    std::vector<std::string> names;
    for (const auto &[name, function] : functions())
      names.push_back(name);
    if (found == functions().end())
      unknown(expr.place, expr.text, names, "function");
    else if (expr.operands.size() != static_cast<std::size_t>(found->second.arity))
      error("SC1015", expr.place,
            expr.text + ": expected " + std::to_string(found->second.arity) + " arguments, got " +
                std::to_string(expr.operands.size()));
  }
  for (std::size_t i = 0; i < expr.operands.size(); ++i)
    checkFunctions(*expr.operands[i], expr.kind == Expr::Kind::call && expr.text == "select" && i == 0);
}

void Checker::checkReference(CheckedScan &scan, Expr &expr) {
  const std::string &t = scan.scan->time.text;
  auto found = scan.symbols.find(expr.text);
  if (found == scan.symbols.end()) {
    std::vector<std::string> known;
    for (const auto &[name, symbol] : scan.symbols)
      known.push_back(name);
    if (const Declaration *result = find(kernel.results, expr.text)) {
      error("SC1005", expr.place, "result '" + result->name.text + "' is read but never assigned");
      return;
    }
    unknown(expr.place, expr.text, known, "name");
    return;
  }
  const Symbol &symbol = found->second;
  switch (symbol.kind) {
  case Symbol::Kind::tensor: {
    bool time = hasDimension(*symbol.declaration, scan.scan->dimension.text);
    checkSubscripts(expr, subscripted(*symbol.declaration, *scan.scan), time,
                    "'" + expr.text + "'");
    if (expr.delay < 0 || expr.delay > 7)
      error("SC1009", expr.place,
            "expected a step from [" + t + "] to [" + t + "-7], got [" + t +
                (expr.delay < 0 ? "+" : "-") + std::to_string(std::abs(expr.delay)) + "]",
            "a window reaches at most 7 steps back and never ahead");
    break;
  }
  case Symbol::Kind::state:
    if (!expr.hasTime || expr.indices.size() != symbol.indices.size())
      error("SC1007", expr.place,
            "state '" + expr.text + "': expected the step and " +
                std::to_string(symbol.indices.size()) + " indices, got " +
                std::to_string(expr.indices.size()) + (expr.hasTime ? "" : " without a step"));
    else if (expr.delay != 0 && expr.delay != 1)
      error("SC1010", expr.place,
            "state '" + expr.text + "': expected [" + t + "] or [" + t + "-1], got another step",
            "a step further back is a state of its own: g[" + t + "] = " + expr.text + "[" + t +
                "-1]");
    break;
  case Symbol::Kind::result:
  case Symbol::Kind::local:
    if (expr.delay != 0)
      error("SC1010", expr.place, "'" + expr.text + "' is read at an earlier step, but is no state");
    else if (expr.indices.size() != symbol.indices.size() ||
             expr.hasTime != (symbol.kind == Symbol::Kind::result))
      error("SC1007", expr.place,
            "'" + expr.text + "': expected " + std::to_string(symbol.indices.size()) +
                " indices" + (symbol.kind == Symbol::Kind::result ? " after the step" : "") +
                ", got " + std::to_string(expr.indices.size()));
    break;
  }
}

void Checker::checkExpressions(CheckedScan &scan) {
  for (Statement &statement : scan.scan->statements)
    if (statement.kind == Statement::Kind::assignment) {
      checkFunctions(*statement.assignment.value, false);
      forEachReference(*statement.assignment.value,
                       [&](Expr &expr) { checkReference(scan, expr); });
    }
}

/// Names that need each other at the same step have no value.
void Checker::checkCycles(CheckedScan &scan) {
  std::map<std::string, int> color; // 1: being visited, 2: done
  std::function<void(const std::string &)> visit = [&](const std::string &name) {
    Symbol &symbol = scan.symbols.at(name);
    if (!symbol.assignment || color[name] == 2)
      return;
    color[name] = 1;
    forEachReference(*symbol.assignment->assignment.value, [&](Expr &expr) {
      auto found = scan.symbols.find(expr.text);
      if (found == scan.symbols.end() || !found->second.assignment || expr.delay != 0)
        return;
      if (color[expr.text] == 1)
        error("SC1018", expr.place,
              "'" + expr.text + "' at this step depends on itself through '" + name + "'",
              "read one of them at the step before");
      else
        visit(expr.text);
    });
    color[name] = 2;
  };
  for (auto &[name, symbol] : scan.symbols)
    visit(name);
}

CheckedScan Checker::checkScan(Scan &scan) {
  CheckedScan checked;
  checked.scan = &scan;
  checkAttributes(scan.attributes);
  checkHead(scan);
  declareTensors(checked);
  declareAssigned(checked);
  bindStatements(checked);
  checkExpressions(checked);
  for (const Declaration &result : kernel.results)
    if (auto found = checked.symbols.find(result.name.text);
        found != checked.symbols.end() && found->second.assignment)
      checked.outputs.push_back(result.name.text);
  if (diagnostics.hasErrors())
    return checked;
  checkCycles(checked);
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
  checkAttributes(kernel.attributes);
  if (kernel.scans.empty())
    error("SC1012", kernel.name.place, "kernel '" + kernel.name.text + "' has no scan");
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
