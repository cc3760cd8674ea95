//===- CompletionCommand.cpp - scanc completion bash|zsh|fish, scanc manual ---===//
#include "tools/scanc/Commands.h"
#include "tools/scanc/Files.h"
#include "tools/scanc/OptionTable.h"

#include <memory>

namespace scanc::cli {

void addCompletionCommands(CLI::App &root, Action &action) {
  CLI::App *app = root.add_subcommand("completion", "a script that completes command lines in a shell");
  auto shell = std::make_shared<std::string>();
  app->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}).description(""));
  app->callback([shell, &root, &action] {
    action = [shell, &root] {
      std::vector<CommandEntry> table = optionTable(root);
      return print(*shell == "bash"  ? bashCompletion(table)
                   : *shell == "zsh" ? zshCompletion(table)
                                     : fishCompletion(table));
    };
  });

  CLI::App *manual = root.add_subcommand("manual", "the manual page: scanc manual | man -l -");
  manual->callback([&root, &action] {
    action = [&root] { return print(manualPage(optionTable(root), root.get_footer())); };
  });
}

} // namespace scanc::cli
