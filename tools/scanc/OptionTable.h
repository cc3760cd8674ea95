//===- OptionTable.h - The command line as data -----------------*- C++ -*-===//
//
// What completions and the manual are written from: the options that CLI11 has,
// so that neither can say what the command line does not.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_TOOLS_SCANC_OPTIONTABLE_H
#define SCANC_TOOLS_SCANC_OPTIONTABLE_H

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace scanc::cli {

struct OptionEntry {
  std::vector<std::string> names; ///< "-o", "--output"
  std::string description;
  std::string value;               ///< "TEXT"; empty for a flag
  std::vector<std::string> values; ///< what the value may be, where that is known
};

struct CommandEntry {
  std::string path; ///< "cache stats"; empty for scanc itself
  std::string description;
  std::vector<OptionEntry> options;
  std::vector<std::pair<std::string, std::string>> commands; ///< name and description
  bool takesFile = false;
};

/// Every command, in the order of its definition, scanc itself first.
std::vector<CommandEntry> optionTable(const CLI::App &root);

/// Scripts for the shell of that name, and a manual page (troff).
std::string bashCompletion(const std::vector<CommandEntry> &table);
std::string zshCompletion(const std::vector<CommandEntry> &table);
std::string fishCompletion(const std::vector<CommandEntry> &table);
std::string manualPage(const std::vector<CommandEntry> &table, const std::string &footer);

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_OPTIONTABLE_H
