//===- TuneReport.cpp - What a search found, for people and for tables ----===//
#include "tools/scanc/TuneReport.h"

#include "runtime/search/Recorded.h"
#include "tools/scanc/Numbers.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace scanc::cli {

/// "B=8,T=4096"
template <typename Value>
static std::string listOf(const std::map<std::string, Value> &values) {
  std::string text;
  for (const auto &[name, value] : values)
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", name, value);
  return text;
}

std::string pickLine(const rt::Record &pick, std::size_t points) {
  std::string line = fmt::format("{} {}: ", pick.kernel, listOf(pick.sizes));
  if (pick.outcome != "ok")
    return line + fmt::format("{}, of {} measured out of {}; the estimate says {}\n",
                              pick.evaluations > 0 ? "nothing was right" : "nothing is known",
                              pick.evaluations, points, pick.strategy);
  line += fmt::format("{} {}", pick.strategy, secondsText(pick.seconds));
  if (pick.untunedSeconds > 0)
    line += fmt::format(", untuned {} ({:.2f}x)", secondsText(pick.untunedSeconds),
                        pick.untunedSeconds / pick.seconds);
  return line + fmt::format(", {} of {} measured\n", pick.evaluations, points);
}

std::string recordsJson(const std::vector<rt::Record> &records) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const rt::Record &record : records)
    list.push_back(nlohmann::ordered_json::parse(rt::toLine(record)));
  return list.dump(2) + "\n";
}

/// As RFC 4180 wants it.
static std::string quoted(const std::string &text) {
  if (text.find_first_of(",\"\n") == std::string::npos)
    return text;
  std::string result = "\"";
  for (char c : text)
    result += c == '"' ? "\"\"" : std::string(1, c);
  return result + "\"";
}

std::string recordsCsv(const std::vector<rt::Record> &records) {
  std::string text = "kind,kernel,sizes,dtypes,target,device,strategy,outcome,seconds,noise,estimate,bytes,flops\n";
  for (const rt::Record &record : records)
    text += fmt::format("{},{},{},{},{},{},{},{},{:g},{:g},{:g},{:g},{:g}\n", record.kind, quoted(record.kernel),
                        quoted(listOf(record.sizes)), quoted(listOf(record.dtypes)), record.target,
                        quoted(record.machine.device), quoted(record.strategy), record.outcome,
                        record.seconds, record.noise, record.estimate, record.bytes, record.flops);
  return text;
}

namespace {

/// How a way to choose did over all problems.
struct Score {
  std::vector<double> regrets; ///< time over that of the best

  void add(double seconds, double best) { regrets.push_back(seconds / best); }
  std::string text() {
    std::sort(regrets.begin(), regrets.end());
    auto within = [&](double limit) {
      return std::count_if(regrets.begin(), regrets.end(), [&](double each) { return each <= limit; });
    };
    double logs = 0;
    for (double each : regrets)
      logs += std::log(each);
    return fmt::format("within 5 % of the best on {} of {}, within 10 % on {}; on the average {:.1f} % slower, "
                       "at worst {:.2f}x",
                       within(1.05), regrets.size(), within(1.10),
                       100 * (std::exp(logs / static_cast<double>(regrets.size())) - 1), regrets.back());
  }
};

} // namespace

std::string simulate(const std::vector<rt::Record> &records, const search::SearchOptions &options) {
  std::string text = "| kernel | sizes | points | measured | search | search / best | cost model / best |\n"
                     "|---|---|---|---|---|---|---|\n";
  Score found, modelled;
  std::size_t points = 0;
  std::int64_t measured = 0;
  for (const search::RecordedProblem &problem : search::problemsOf(records)) {
    search::Space space = problem.space();
    double best = problem.best();
    if (!std::isfinite(best))
      continue;
    search::RecordedEvaluator evaluator(problem);
    search::SearchResult result = findBest(evaluator, {}, space, options);
    double seconds = problem.secondsOf(result.best.strategy);
    double untuned = problem.secondsOf(space[space.pick()].text);
    text += fmt::format("| {} | {} | {} | {} | {} | {:.3f} | {:.3f} |\n", problem.like.kernel,
                        listOf(problem.like.sizes), space.size(), result.measured, result.best.strategy,
                        seconds / best, untuned / best);
    found.add(seconds, best);
    modelled.add(untuned, best);
    points += space.size();
    measured += result.measured;
  }
  if (found.regrets.empty())
    return "No problem was recorded.\n";
  return text + fmt::format("\nSearch: {}, with {:.1f} % of {} evaluations.\nCost model: {}.\n", found.text(),
                            100.0 * static_cast<double>(measured) / static_cast<double>(points), points,
                            modelled.text());
}

} // namespace scanc::cli
