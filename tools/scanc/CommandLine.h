//===- CommandLine.h - From words to an action ------------------*- C++ -*-===//
#ifndef SCANC_TOOLS_SCANC_COMMANDLINE_H
#define SCANC_TOOLS_SCANC_COMMANDLINE_H

#include "tools/scanc/Flags.h"

#include <memory>
#include <string>
#include <vector>

namespace scanc::cli {

struct CommandLine {
  std::shared_ptr<CLI::App> options; ///< which the action may print
  std::string command; ///< which sub-command `action` is of; empty: there is nothing to do but to exit
  Action action;
  int code = 0; ///< to exit with where there is no command
};

/// Reads what stands behind the name of the tool. Help and wrong usage are printed here.
CommandLine parseCommandLine(std::vector<std::string> arguments);

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_COMMANDLINE_H
