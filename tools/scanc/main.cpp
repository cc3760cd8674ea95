//===- main.cpp - The command line of scanc -------------------------------===//
//
// Owns its options: those of MLIR and LLVM stay in scanc-opt. Exit codes are
// those of `exitCode`, 0 when all is well.
//
//===----------------------------------------------------------------------===//
#include "tools/scanc/Commands.h"
#include "tools/scanc/Report.h"

#include <algorithm>
#include <csignal>
#include <new>

using namespace scanc;

/// `scanc FILE …` means `scanc compile FILE …`.
static bool meansCompile(const CLI::App &root, const std::vector<std::string> &arguments) {
  if (arguments.empty())
    return false;
  const std::string &first = arguments.front();
  for (const char *own : {"-h", "--help", "--version"})
    if (first == own)
      return false;
  std::vector<const CLI::App *> commands = root.get_subcommands([](const CLI::App *) { return true; });
  return std::none_of(commands.begin(), commands.end(),
                      [&](const CLI::App *command) { return command->check_name(first); });
}

/// --color stands before or after the sub-command.
static std::string takeColor(std::vector<std::string> &arguments) {
  std::string choice = "auto";
  for (auto at = arguments.begin(); at != arguments.end();) {
    if (!at->starts_with("--color=")) {
      ++at;
      continue;
    }
    choice = at->substr(8);
    at = arguments.erase(at);
  }
  return choice;
}

static int runTool(std::vector<std::string> arguments) {
  CLI::App root("Compiles recurrences to fused kernels. `scanc FILE` is `scanc compile FILE`.");
  root.name("scanc");
  root.set_version_flag("--version", "scanc " SCANC_VERSION);
  root.require_subcommand(1);
  root.footer("--color=auto|always|never goes with every command.\n"
              "scanc explain SC1001 explains an error.\n"
              "Exit codes: 0 well, 1 wrong input, 2 wrong usage, 3 environment, 4 wrong result, 5 interrupted, "
              "70 fault of scanc.");
  cli::Action action;
  cli::addCompileCommand(root, action);
  cli::addRunCommand(root, action);
  cli::addBenchCommand(root, action);
  cli::addReportCommand(root, action);
  cli::addExplainCommand(root, action);
  cli::addFormatCommand(root, action);
  cli::addTuneCommand(root, action);
  cli::addCacheCommand(root, action);
  cli::addDoctorCommand(root, action);
  cli::addWorkerCommand(root, action);
  cli::addCompletionCommands(root, action);

  std::string color = takeColor(arguments);
  if (color != "auto" && color != "always" && color != "never") {
    cli::report(scanc::makeError("SC8001", ErrorKind::usage,
                               "--color: expected auto, always or never, got '" + color + "'",
                               "leave it out, or write --color=never"));
    return exitCode(ErrorKind::usage);
  }
  cli::setColor(color);
  if (meansCompile(root, arguments))
    arguments.insert(arguments.begin(), "compile");
  std::reverse(arguments.begin(), arguments.end()); // CLI11 takes them from the back
  try {
    root.parse(arguments);
  } catch (const CLI::Success &success) {
    return root.exit(success);
  } catch (const CLI::ParseError &wrong) {
    cli::report(scanc::makeError("SC8001", ErrorKind::usage, wrong.what(), "see scanc --help"));
    return exitCode(ErrorKind::usage);
  }
  Result<int> code = action();
  if (!code) {
    cli::report(code.error());
    return exitCode(code.error().kind);
  }
  return *code;
}

int main(int argc, char **argv) {
  // A reader that closes its pipe ends us without a word.
  std::signal(SIGPIPE, SIG_DFL);
  // Nothing of ours throws, but the libraries below it may.
  Error error;
  try {
    return runTool(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::bad_alloc &) {
    error = scanc::makeError("SC8014", ErrorKind::environment, "there is not enough memory",
                           "give smaller sizes by --shape, or raise the limit (ulimit -v)");
  } catch (const std::exception &unexpected) {
    error = scanc::makeError("SC4002", ErrorKind::internal, unexpected.what(),
                           "please report it, with the program");
  }
  cli::report(error);
  return exitCode(error.kind);
}
