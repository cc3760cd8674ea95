//===- WorkerCommand.cpp - scanc as the child of an evaluation -----------===//
#include "runtime/tuning/Worker.h"
#include "tools/scanc/Commands.h"

namespace scanc::cli {

void addWorkerCommand(CLI::App &root, Action &action) {
  CLI::App *app = root.add_subcommand(tuning::workerCommand, "answers requests of scanc");
  app->group(""); // for no one but scanc
  app->callback([&action] { action = [] { return Result<int>(tuning::serve()); }; });
}

} // namespace scanc::cli
