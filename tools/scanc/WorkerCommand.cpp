//===- WorkerCommand.cpp - scanc as the child of an evaluation -----------===//
#include "runtime/tuning/Worker.h"
#include "tools/scanc/Commands.h"
#include "tools/scanc/Files.h"

#include <algorithm>
#include <memory>

namespace scanc::cli {

/// Serves candidates that are strategies or, where they are among `bundles`, files.
static Result<int> serve(const std::vector<std::string> &bundles) {
  tuning::InProcessOptions options;
  options.compile = [&](std::string_view text, const CompileOptions &given) -> Result<Kernel> {
    if (std::find(bundles.begin(), bundles.end(), given.strategy) == bundles.end())
      return compile(text, given);
    Result<std::string> bundle = readFile(given.strategy);
    if (!bundle)
      return bundle.error();
    Result<Program> program = fromBundle(*bundle);
    if (!program)
      return program.error();
    return loadCuda(std::move(*program), given.load);
  };
  return tuning::serve(std::move(options));
}

void addWorkerCommand(CLI::App &root, Action &action) {
  CLI::App *app = root.add_subcommand(tuning::workerCommand, "answers requests of scanc");
  app->group(""); // for no one but scanc
  auto bundles = std::make_shared<std::vector<std::string>>();
  app->add_option("BUNDLE", *bundles);
  app->callback([bundles, &action] { action = [bundles] { return serve(*bundles); }; });
}

} // namespace scanc::cli
