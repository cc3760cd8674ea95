//===- ChooseStrategy.cpp - By the user's pins, else by cost --------------===//
#include "compiler/planning/Passes.h"
#include "compiler/planning/Pins.h"
#include "compiler/planning/Planner.h"
#include "compiler/planning/Tuning.h"

namespace scanc::planning {
#define GEN_PASS_DEF_CHOOSESTRATEGYPASS
#include "compiler/planning/Passes.h.inc"
} // namespace scanc::planning

using namespace mlir;

namespace scanc::planning {

namespace {

/// Strategies of the language that have no file in this folder yet.
bool isLater(StringRef name) {
  return llvm::is_contained({"matmul_scan", "cyclic_reduction", "chunkwise"}, name);
}

std::string names() {
  std::string list;
  for (const auto &strategy : allStrategies())
    list += (list.empty() ? "" : ", ") + strategy->name().str();
  return list;
}

class ChooseStrategy : public impl::ChooseStrategyPassBase<ChooseStrategy> {
public:
  using ChooseStrategyPassBase::ChooseStrategyPassBase;

  void runOnOperation() override {
    std::optional<Target> device = targetFor(target);
    if (!device) {
      emitError(getOperation().getLoc())
          << "[SC3006] unsupported architecture: expected one of " << knownTargets() << ", got "
          << target;
      return signalPassFailure();
    }
    WalkResult result = getOperation().walk([&](scan::AffineOp op) {
      return succeeded(choose(op, *device)) ? WalkResult::advance() : WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

private:
  LogicalResult choose(scan::AffineOp op, const Target &device) {
    if (auto wrong = setTuning(op, strategy))
      return op.emitError("[SC3007] the fields of a policy: ") << *wrong;
    Mapping mapping(op);
    std::vector<Answer> answers = ask(mapping, device, assumeSizes(op));
    const Answer *chosen = cheapest(answers);
    if (StringRef name = pinnedStrategy(op, strategyName(strategy)); !name.empty()) {
      if (isLater(name))
        return op.emitError("[SC3003] not yet supported: strategy ") << name << "; expected one of "
                                                                     << names();
      auto found = llvm::find_if(answers, [&](const Answer &answer) {
        return answer.strategy->name() == name;
      });
      if (found == answers.end())
        return op.emitError("[SC3003] unknown strategy: expected one of ")
               << names() << ", got " << name;
      if (found->declined)
        return op.emitError("[SC3002] the pinned strategy ")
               << name << " declines: " << *found->declined;
      chosen = &*found;
    }
    if (!chosen)
      return refuse(op, answers);
    if (auto pin = brokenPin(op, chosen->cost.deterministic))
      return op.emitError("[SC3004] the pin ")
             << *pin << " cannot be honoured by strategy " << chosen->strategy->name();
    op->setAttr(strategyAttr, StringAttr::get(op.getContext(), chosen->strategy->name()));
    return success();
  }

  /// One reason where all strategies give the same, else one note per strategy.
  static LogicalResult refuse(scan::AffineOp op, ArrayRef<Answer> answers) {
    bool same = llvm::all_of(answers, [&](const Answer &answer) {
      return answer.declined == answers.front().declined;
    });
    if (same)
      return op.emitError("[SC3001] not yet supported: ") << *answers.front().declined;
    InFlightDiagnostic error =
        op.emitError("[SC3001] not yet supported: no strategy accepts this recurrence");
    for (const Answer &answer : answers)
      error.attachNote() << answer.strategy->name() << ": " << *answer.declined;
    return error;
  }
};

} // namespace
} // namespace scanc::planning
