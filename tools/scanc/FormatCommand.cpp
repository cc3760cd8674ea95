//===- FormatCommand.cpp - scanc fmt: canonical text ----------------------===//
#include "scanc/Compile.h"
#include "tools/scanc/Commands.h"
#include "tools/scanc/Files.h"
#include "tools/scanc/Report.h"

#include <fmt/format.h>
#include <memory>

namespace scanc::cli {

namespace {

struct FormatCommand {
  std::vector<std::string> files;
  bool inPlace = false, check = false;

  Result<int> run() const;

private:
  Result<bool> formatOne(const std::string &file) const;
};

} // namespace

/// Whether the file was canonical, or is now.
Result<bool> FormatCommand::formatOne(const std::string &file) const {
  Result<std::string> text = readFile(file);
  if (!text)
    return text.error();
  Result<std::string> canonical = format(*text, displayName(file));
  if (!canonical)
    return canonical.error();
  if (check) {
    if (*canonical != *text)
      std::fprintf(stderr, "%s: not in canonical form\n", displayName(file).c_str());
    return *canonical == *text;
  }
  if (inPlace && *canonical == *text)
    return true;
  if (Result<void> written = writeFile(inPlace ? file : "-", *canonical); !written)
    return written.error();
  return true;
}

Result<int> FormatCommand::run() const {
  if (files.empty())
    return makeError("SC8001", ErrorKind::usage, "FILE is required", "see scanc fmt --help");
  bool allCanonical = true;
  for (const std::string &file : files) {
    Result<bool> canonical = formatOne(file);
    if (!canonical)
      return canonical.error();
    allCanonical &= *canonical;
  }
  return allCanonical ? 0 : 1;
}

void addFormatCommand(CLI::App &root, Action &action) {
  auto command = std::make_shared<FormatCommand>();
  CLI::App *app = root.add_subcommand("fmt", "print a program in canonical form");
  app->add_option("FILE", command->files, "the programs; - is stdin");
  CLI::Option *inPlace = app->add_flag("-i,--in-place", command->inPlace, "rewrite the files");
  app->add_flag("--check", command->check, "only say which files are not canonical, and exit 1")
      ->excludes(inPlace);
  app->callback([command, &action] { action = [command] { return command->run(); }; });
}

} // namespace scanc::cli
