//===- CpuKernel.cpp - The kernel of a session on the CPU -----------------===//
#include "compiler/cpu/Cpu.h"
#include "compiler/pipeline/Session.h"
#include "compiler/planning/Pins.h"

namespace scanc::pipeline {

/// A pin that cannot be honoured: the CPU computes in one way, in the order of time.
static Result<void> checkPins(scan::RecurrenceInterface op, Session &session) {
  llvm::StringRef strategy = planning::pinnedStrategy(op, session.strategy());
  if (!strategy.empty() && strategy != "sequential") {
    bool isOption = !session.strategy().empty();
    mlir::emitError(isOption ? op->getLoc() : planning::placeOfPin(op, "@strategy"),
                    "[SC3002] the pinned strategy ")
        << strategy << " declines: the CPU computes in the order of time (sequential)";
    Error error = session.takeError();
    error.help = "choose a GPU with --target, or leave the choice to the target: --strategy=auto";
    return error;
  }
  auto honoured = [](llvm::StringRef pin, llvm::StringRef value) {
    return pin == "precision" && value == "ieee";
  };
  if (auto pin = planning::brokenPin(op, /*deterministic=*/true, honoured)) {
    mlir::emitError(planning::placeOfPin(op, *pin), "[SC3004] the pin ")
        << *pin
        << " cannot be honoured on the CPU, which computes in the order of time and in the types "
           "of the states";
    Error error = session.takeError();
    error.help = "remove the pin, or declare the state in the type to accumulate in";
    return error;
  }
  return {};
}

Result<Kernel> compileForCpu(Session &session) {
  mlir::func::FuncOp function = session.function();
  if (session.reached() != Stage::scan) {
    Error error;
    error.code = "SC1025";
    error.kind = ErrorKind::usage;
    error.message = "expected step form for the CPU, got the text of stage " +
                    std::string(spelling(session.reached()));
    error.help =
        "choose a GPU, as in --target=sm_90a, or give the program or the text of --emit=scan";
    return error;
  }
  for (auto op : function.getBody().getOps<scan::StepOp>())
    if (auto kept = checkPins(op, session); !kept)
      return kept.error();
  Program program;
  program.name = function.getName().str();
  program.strategy = "cpu";
  program.parameters = signatureOf(function);
  program.sourceText = session.text();
  program.entries.push_back({"forward", {}});
  auto executable = cpu::createExecutable(function, program);
  if (!executable)
    return executable.error();
  return Kernel(std::move(program), std::move(*executable));
}

} // namespace scanc::pipeline
