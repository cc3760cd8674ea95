//===- OptionTable.cpp - The command line as data -------------------------===//
#include "tools/scanc/OptionTable.h"

#include "tools/scanc/Artifacts.h"

namespace scanc::cli {

/// What the value of an option may be, as far as it is the same in every command.
static std::vector<std::string> valuesOf(const std::string &option) {
  if (option == "--color")
    return {"auto", "always", "never"};
  if (option == "--target")
    return {"native", "cpu"};
  if (option == "--from")
    return {"scan", "affine", "plan", "cuda"};
  std::vector<std::string> stages;
  if (option == "--emit")
    for (const ArtifactInfo &info : allArtifacts())
      if (info.name)
        stages.emplace_back(info.name);
  return stages;
}

static OptionEntry entryOf(const CLI::Option &option) {
  OptionEntry entry;
  for (const std::string &name : option.get_snames())
    entry.names.push_back("-" + name);
  for (const std::string &name : option.get_lnames())
    entry.names.push_back("--" + name);
  entry.description = option.get_description();
  if (option.get_expected_max() > 0)
    entry.value = option.get_type_name().empty() ? "TEXT" : option.get_type_name();
  entry.values = valuesOf(entry.names.back());
  return entry;
}

static void addCommand(const CLI::App &app, const std::string &path,
                       std::vector<CommandEntry> &table) {
  CommandEntry entry;
  entry.path = path;
  entry.description = app.get_description();
  for (const CLI::Option *option : app.get_options())
    if (option->nonpositional())
      entry.options.push_back(entryOf(*option));
    else
      entry.takesFile |= option->get_name() == "FILE";
  auto isShown = [](const CLI::App *command) { return !command->get_group().empty(); };
  for (const CLI::App *command : app.get_subcommands(isShown))
    entry.commands.emplace_back(command->get_name(), command->get_description());
  table.push_back(std::move(entry));
  for (const CLI::App *command : app.get_subcommands(isShown))
    addCommand(*command, (path.empty() ? "" : path + " ") + command->get_name(), table);
}

std::vector<CommandEntry> optionTable(const CLI::App &root) {
  std::vector<CommandEntry> table;
  addCommand(root, "", table);
  // Taken from the arguments before they are parsed: it goes with every command.
  for (CommandEntry &entry : table)
    entry.options.push_back({{"--color"}, "colours in messages", "WHEN", valuesOf("--color")});
  table.front().takesFile = true; // scanc FILE is scanc compile FILE
  return table;
}

} // namespace scanc::cli
