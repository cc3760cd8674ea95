//===- Step.cpp - What a program must have to be one step of itself -------===//
#include "compiler/frontend/Importer.h"
#include "compiler/frontend/ScanImporter.h"

#include <fmt/format.h>

namespace scanc::frontend {

namespace {

/// Checks one scan, and binds what a step of it fixes.
class StepCheck {
public:
  StepCheck(CheckedKernel &kernel, const CheckedScan &checked, Diagnostics &diagnostics)
      : kernel(kernel), checked(checked), scan(*checked.scan), diagnostics(diagnostics) {}

  void bindTime(BoundSizes &sizes) const;
  void checkInputs() const;
  void pairStates() const;

private:
  void refuse(const SourceRange &place, const std::string &message, const std::string &help) const {
    diagnostics.error("SC1028", place, "no step can be made of this: " + message, help);
  }
  int usesOf(const std::string &tensor) const;

  CheckedKernel &kernel;
  const CheckedScan &checked;
  const Scan &scan;
  Diagnostics &diagnostics;
};

} // namespace

void StepCheck::bindTime(BoundSizes &sizes) const {
  const std::string &time = scan.dimension.text;
  std::int64_t size = sizeNamed(time, sizes);
  if (mlir::ShapedType::isDynamic(size))
    sizes[time] = 1;
  else if (size != 1)
    refuse(scan.dimension.place,
           fmt::format("expected 1 of dimension {}, which the scan walks, got {}", time, size),
           "leave that dimension out of the sizes");
}

/// What lies before the step reaches it through states alone.
void StepCheck::checkInputs() const {
  if (scan.reset)
    refuse(scan.reset->place, "segments cut time, of which there is one step",
           "give each sequence a lane of its own, with an initial and a final state");
  for (const Statement &statement : scan.statements)
    if (statement.kind == Statement::Kind::assignment)
      forEachReference(*statement.assignment.value, [&](const Expr &read) {
        if (read.delay > 0 && checked.symbols.at(read.text).kind == Symbol::Kind::tensor)
          refuse(read.place, fmt::format("a window reaches before it, where input '{}' is not", read.text),
                 fmt::format("keep it in a state with init and final: p[{0}] = {1}[{0}], and read p[{0}-1]",
                             scan.time.text, read.text));
      });
}

int StepCheck::usesOf(const std::string &tensor) const {
  int uses = 0;
  for (const Scan &each : kernel.kernel->scans)
    for (const Statement &statement : each.statements) {
      if (statement.kind == Statement::Kind::initial)
        uses += statement.initial.tensor.text == tensor;
      if (statement.kind == Statement::Kind::assignment)
        forEachReference(*statement.assignment.value,
                         [&](const Expr &read) { uses += read.text == tensor; });
    }
  return uses;
}

/// A final state may take the place of the initial one where both are declared alike and nothing else reads that.
void StepCheck::pairStates() const {
  for (const std::string &name : checked.states) {
    const Symbol &state = checked.symbols.at(name);
    if (!state.initial || !state.final)
      refuse(state.place, fmt::format("state '{}' has no {} state", name, state.initial ? "final" : "initial"),
             fmt::format("write init {0} = … and final {0} -> …: a step takes its states over and hands them on", name));
    else if (typeText(*state.initial) == typeText(*state.final) && usesOf(state.initial->name.text) == 1)
      kernel.updates[state.final->name.text] = state.initial->name.text;
  }
}

void bindStep(CheckedKernel &kernel, BoundSizes &sizes, Diagnostics &diagnostics) {
  for (const CheckedScan &scan : kernel.scans) {
    StepCheck check(kernel, scan, diagnostics);
    check.bindTime(sizes);
    check.checkInputs();
    check.pairStates();
  }
}

} // namespace scanc::frontend
