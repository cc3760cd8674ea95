//===- ReportCommand.cpp - scanc report: a sweep as a page ----------------===//
#include "tools/scanc/Commands.h"
#include "tools/scanc/Files.h"
#include "tools/scanc/Report.h"
#include "tools/scanc/SweepPage.h"

#include <fmt/format.h>
#include <memory>

namespace scanc::cli {

namespace {

struct ReportCommand {
  std::vector<std::string> files;
  std::string output = "-", title = "scanc: a sweep";
  double bandwidth = 0, flops = 0; ///< in units of 1e9

  Result<int> run() const;
};

} // namespace

Result<int> ReportCommand::run() const {
  if (files.empty())
    return makeError("SC8001", ErrorKind::usage, "FILE is required", "see scanc report --help");
  Measurements all;
  for (const std::string &file : files) {
    Result<std::string> text = readFile(file);
    if (!text)
      return text.error();
    Result<Measurements> found = readMeasurements(*text, displayName(file));
    if (!found)
      return found.error();
    all.list.insert(all.list.end(), found->list.begin(), found->list.end());
    all.skipped += found->skipped;
  }
  if (all.skipped > 0)
    warn(fmt::format("{} records could not be read", all.skipped));
  if (Result<void> written = writeFile(output, sweepPage(all, {title, bandwidth * 1e9, flops * 1e9}));
      !written)
    return written.error();
  return 0;
}

void addReportCommand(CLI::App &root, Action &action) {
  auto command = std::make_shared<ReportCommand>();
  CLI::App *app = root.add_subcommand("report", "the records of a sweep as one page with plots");
  app->add_option("FILE", command->files, "records of scanc tune, as JSON or CSV; - is stdin");
  app->add_option("-o,--output", command->output, "where the page goes (default: stdout)");
  app->add_option("--title", command->title, "of the page");
  app->add_option("--bandwidth", command->bandwidth, "GB/s of the roofline (default: the best seen)");
  app->add_option("--flops", command->flops, "GFLOP/s of the roofline (default: the best seen)");
  app->callback([command, &action] { action = [command] { return command->run(); }; });
}

} // namespace scanc::cli
