//===- DoctorCommand.cpp - scanc doctor: the state of the machine ---------===//
#include "scanc/Doctor.h"

#include "tools/scanc/Commands.h"
#include "tools/scanc/Files.h"

#include <memory>

namespace scanc::cli {

void addDoctorCommand(CLI::App &root, Action &action) {
  CLI::App *app = root.add_subcommand("doctor", "what scanc finds on this machine, with cures");
  app->callback([&action] {
    action = [] { return print("scanc       " SCANC_VERSION "\n" + doctor()); };
  });
}

} // namespace scanc::cli
