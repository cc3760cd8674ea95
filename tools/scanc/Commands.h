//===- Commands.h - The sub-commands of scanc -------------------*- C++ -*-===//
//
// Each function adds one sub-command to the command line; when the user calls
// it, `action` is set to what it does.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_TOOLS_SCANC_COMMANDS_H
#define SCANC_TOOLS_SCANC_COMMANDS_H

#include "tools/scanc/Flags.h"

namespace scanc::cli {

void addCompileCommand(CLI::App &root, Action &action);
void addRunCommand(CLI::App &root, Action &action);
void addBenchCommand(CLI::App &root, Action &action);
void addReportCommand(CLI::App &root, Action &action);
void addExplainCommand(CLI::App &root, Action &action);
void addFormatCommand(CLI::App &root, Action &action);
void addCacheCommand(CLI::App &root, Action &action);
/// After all others, which it lists.
void addCompletionCommands(CLI::App &root, Action &action);
void addTuneCommand(CLI::App &root, Action &action);
/// Hidden: the child process of an evaluation.
void addWorkerCommand(CLI::App &root, Action &action);
void addDoctorCommand(CLI::App &root, Action &action);

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_COMMANDS_H
