//===- ExplainCommand.cpp - scanc explain: why this strategy, what error --===//
#include "scanc/Compile.h"
#include "tools/scanc/Commands.h"
#include "tools/scanc/ErrorPages.h"
#include "tools/scanc/Files.h"
#include "tools/scanc/Numbers.h"
#include "tools/scanc/Report.h"
#include "tools/scanc/Stages.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <memory>
#include <nlohmann/json.hpp>

namespace scanc::cli {

namespace {

struct ExplainCommand {
  CompileFlags flags;
  std::string target = "native";
  bool json = false;

  Result<int> run() const;
};

} // namespace

static Result<int> explainError(const std::string &code) {
  std::string section = errorSection(code);
  if (section.empty())
    return makeError("SC8013", ErrorKind::usage, fmt::format("there is no error {}", code),
                     "docs/errors.md lists every code");
  return print(section);
}

static std::string sizesText(const std::map<std::string, std::int64_t> &sizes) {
  std::string text;
  for (const auto &[name, size] : sizes)
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", name, size);
  return text;
}

static std::string tableOf(const Explanation &explanation) {
  std::string text =
      fmt::format("kernel     {}\ntransition {}\n", explanation.kernel, explanation.structure);
  for (const ProjectedRow &row : explanation.projections)
    text += fmt::format("projection {} times {}, summed over {}\n", row.row,
                        fmt::join(row.weights, ", "), row.over);
  text += fmt::format("target     {}\nsizes      {}\n\n", explanation.target,
                      sizesText(explanation.assumedSizes));
  text += fmt::format("  {:<16} {:>10} {:>10} {:>10} {:>9} {:>7}  {:<13}  {}\n", "strategy", "time",
                      "bytes", "flop", "registers", "shared", "deterministic", "error bound");
  for (const Candidate &candidate : explanation.candidates) {
    if (!candidate.declined.empty()) {
      text += fmt::format("  {:<16} declined: {}\n", candidate.strategy, candidate.declined);
      continue;
    }
    text += fmt::format("{} {:<16} {:>10} {:>10} {:>10} {:>9} {:>7}  {:<13}  {}\n",
                        candidate.chosen ? "*" : " ", candidate.strategy,
                        secondsText(candidate.seconds),
                        bytesText(static_cast<double>(candidate.bytes)),
                        countText(candidate.flops), candidate.registersPerThread,
                        bytesText(static_cast<double>(candidate.sharedBytes)),
                        candidate.deterministic ? "yes" : "no", candidate.errorBound);
    if (!candidate.policy.empty())
      text += fmt::format("  {:<16} {}\n", "", candidate.policy);
  }
  if (!explanation.wisdom.empty())
    text += fmt::format("\nwisdom     {}\n", explanation.wisdom);
  text += explanation.refusal.empty()
              ? "\n* chosen. Times are estimates of the cost model, not measurements.\n"
              : fmt::format("\nNone is chosen. {}\n", explanation.refusal);
  if (!explanation.sizesToBind.empty())
    text += fmt::format("A kernel is made for its {}: give --shape {}.\n",
                        explanation.sizesToBind.size() == 1 ? "size" : "sizes",
                        sizesText(explanation.sizesToBind));
  return text;
}

static std::string jsonOf(const Explanation &explanation) {
  using Json = nlohmann::ordered_json;
  Json candidates = Json::array();
  for (const Candidate &candidate : explanation.candidates) {
    Json entry = {{"strategy", candidate.strategy}, {"chosen", candidate.chosen}};
    if (!candidate.declined.empty()) {
      entry["declined"] = candidate.declined;
    } else {
      entry["seconds"] = candidate.seconds;
      entry["bytes"] = candidate.bytes;
      entry["flop"] = candidate.flops;
      entry["registersPerThread"] = candidate.registersPerThread;
      entry["sharedBytes"] = candidate.sharedBytes;
      entry["deterministic"] = candidate.deterministic;
      entry["errorBound"] = candidate.errorBound;
      entry["policy"] = candidate.policy;
    }
    candidates.push_back(std::move(entry));
  }
  Json projections = Json::array();
  for (const ProjectedRow &row : explanation.projections)
    projections.push_back({{"row", row.row}, {"over", row.over}, {"weights", row.weights}});
  Json json = {{"schema", 1},
               {"kernel", explanation.kernel},
               {"transition", explanation.structure},
               {"projections", std::move(projections)},
               {"target", explanation.target},
               {"sizes", explanation.assumedSizes}};
  json["candidates"] = std::move(candidates);
  if (!explanation.wisdom.empty())
    json["wisdom"] = explanation.wisdom;
  if (!explanation.refusal.empty())
    json["refusal"] = explanation.refusal;
  if (!explanation.sizesToBind.empty())
    json["sizesToBind"] = explanation.sizesToBind;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<int> ExplainCommand::run() const {
  if (std::string code = errorCodeIn(flags.file); !code.empty())
    return explainError(code);
  Result<CompileOptions> options = flags.options();
  if (!options)
    return options.error();
  if (Result<void> known = checkTarget(target); !known)
    return known.error();
  if (target == "cpu")
    return makeError("SC8011", ErrorKind::usage,
                     "explain is about strategies on a GPU, got --target=cpu",
                     "choose an architecture, as in --target=sm_90a; the CPU has one strategy");
  options->target = target;
  Result<std::string> text = readFile(flags.file);
  if (!text)
    return text.error();
  if (isBundle(*text))
    return makeError("SC8011", ErrorKind::usage, "a bundle holds no candidates to explain",
                     "give the program that the bundle was made from");
  if (Result<void> fits = checkStage(flags, *text, /*isRun=*/false); !fits) {
    fits.error().help = "give the program: strategies are explained for it";
    return fits.error();
  }
  if (!options->sizes.empty())
    if (Result<std::vector<Parameter>> parameters = signature(*text, *options))
      dropUnknownSizes(options->sizes, *parameters);
  Result<Explanation> explanation = explain(*text, *options);
  if (!explanation)
    return explanation.error();
  return print(json ? jsonOf(*explanation) : tableOf(*explanation));
}

void addExplainCommand(CLI::App &root, Action &action) {
  auto command = std::make_shared<ExplainCommand>();
  CLI::App *app =
      root.add_subcommand("explain", "every strategy with its cost, or an error by its code");
  command->flags.addTo(*app);
  command->flags.addStepTo(*app);
  app->add_option("--target", command->target, "sm_80, sm_90a, … or native (default)");
  app->add_flag("--json", command->json, "the same as JSON");
  app->callback([command, &action] { action = [command] { return command->run(); }; });
}

} // namespace scanc::cli
