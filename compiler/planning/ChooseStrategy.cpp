//===- ChooseStrategy.cpp - By the user's pins, else by cost --------------===//
#include "compiler/planning/Decision.h"
#include "compiler/planning/Passes.h"

namespace scanc::planning {
#define GEN_PASS_DEF_CHOOSESTRATEGYPASS
#include "compiler/planning/Passes.h.inc"
} // namespace scanc::planning

using namespace mlir;

namespace scanc::planning {

namespace {

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
    Decision decision = decide(op, device, strategy);
    if (!decision.taken) {
      InFlightDiagnostic error = emitError(*decision.place)
                                 << "[" << decision.code << "] " << decision.reason;
      for (const std::string &note : decision.notes)
        error.attachNote() << note;
      return error;
    }
    StringRef name = decision.answers[*decision.taken].strategy->name();
    op->setAttr(strategyAttr, StringAttr::get(op.getContext(), name));
    return success();
  }
};

} // namespace
} // namespace scanc::planning
