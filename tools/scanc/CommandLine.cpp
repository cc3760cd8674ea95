//===- CommandLine.cpp - From words to an action --------------------------===//
#include "tools/scanc/CommandLine.h"
#include "tools/scanc/Commands.h"
#include "tools/scanc/Report.h"

#include <algorithm>
#include <memory>

namespace scanc::cli {

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

CommandLine parseCommandLine(std::vector<std::string> arguments) {
  CommandLine line{.options = std::make_shared<CLI::App>(
                       "Compiles recurrences to fused kernels. `scanc FILE` is `scanc compile FILE`.")};
  CLI::App &root = *line.options;
  root.name("scanc");
  root.set_version_flag("--version", "scanc " SCANC_VERSION);
  root.require_subcommand(1);
  root.footer("--color=auto|always|never goes with every command.\n"
              "scanc explain SC1001 explains an error.\n"
              "Exit codes: 0 well, 1 wrong input, 2 wrong usage, 3 environment, 4 wrong result, 5 interrupted, "
              "70 fault of scanc.");
  addCompileCommand(root, line.action);
  addRunCommand(root, line.action);
  addBenchCommand(root, line.action);
  addReportCommand(root, line.action);
  addExplainCommand(root, line.action);
  addFormatCommand(root, line.action);
  addTuneCommand(root, line.action);
  addCacheCommand(root, line.action);
  addDoctorCommand(root, line.action);
  addWorkerCommand(root, line.action);
  addCompletionCommands(root, line.action);

  std::string color = takeColor(arguments);
  if (color != "auto" && color != "always" && color != "never") {
    report(makeError("SC8001", ErrorKind::usage,
                     "--color: expected auto, always or never, got '" + color + "'",
                     "leave it out, or write --color=never"));
    line.code = exitCode(ErrorKind::usage);
    return line;
  }
  setColor(color);
  if (meansCompile(root, arguments))
    arguments.insert(arguments.begin(), "compile");
  std::reverse(arguments.begin(), arguments.end()); // CLI11 takes them from the back
  try {
    root.parse(arguments);
  } catch (const CLI::Success &success) {
    line.code = root.exit(success);
    return line;
  } catch (const CLI::ParseError &wrong) {
    report(makeError("SC8001", ErrorKind::usage, wrong.what(), "see scanc --help"));
    line.code = exitCode(ErrorKind::usage);
    return line;
  }
  line.command = root.get_subcommands().front()->get_name();
  return line;
}

} // namespace scanc::cli
