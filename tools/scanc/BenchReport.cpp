//===- BenchReport.cpp - A comparison as text and as JSON -----------------===//
#include "tools/scanc/BenchReport.h"

#include "runtime/tuning/Statistics.h"
#include "tools/scanc/Numbers.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace scanc::cli {

using tuning::Estimate;
using tuning::Evaluation;
using tuning::Outcome;

const Evaluation *BenchReport::base() const {
  auto timed = std::find_if(evaluations.begin(), evaluations.end(), [](const Evaluation &each) {
    return each.outcome == Outcome::ok;
  });
  return timed == evaluations.end() ? nullptr : &*timed;
}

/// "auto (blelloch)": what was asked for, and what the planner made of it.
static std::string nameOf(const Evaluation &evaluation) {
  bool isOpen = evaluation.strategy == "auto" && !evaluation.chosen.empty();
  return isOpen ? fmt::format("auto ({})", evaluation.chosen) : evaluation.strategy;
}

std::string BenchReport::text() const {
  std::string text = fmt::format("kernel     {}\ntarget     {}, {}\nsizes     ", kernel, target, device);
  for (const auto &[name, size] : sizes)
    text += fmt::format(" {}={}", name, size);
  text += fmt::format("\nbytes      {} compulsory\n",
                      bytesText(static_cast<double>(compulsoryBytes)));
  if (base())
    text += fmt::format("copy       {:.4g} GB/s, read and written\n", copyBandwidth * 1e-9);
  std::size_t width = 10;
  for (const Evaluation &each : evaluations)
    width = std::max(width, nameOf(each).size());
  text += fmt::format("\n{:<{}}  {:>8}  {:>7}  {:>8}  {:>7}  {:>11}  {}\n", "strategy", width, "time",
                      "noise", "GB/s", "of copy", "error/bound", "time over the first");
  for (const Evaluation &each : evaluations) {
    text += fmt::format("{:<{}}", nameOf(each), width);
    if (each.outcome != Outcome::ok) {
      text += fmt::format("  {}: {}\n", spelling(each.outcome), each.detail);
      continue;
    }
    double rate = static_cast<double>(compulsoryBytes) / each.seconds;
    text += fmt::format("  {:>8}  {:>5.1f} %  {:>8.4g}  {:>5.1f} %  {:>11.2g}",
                        secondsText(each.seconds), 100 * each.noise, rate * 1e-9,
                        100 * rate / copyBandwidth, each.errorOverBound);
    if (&each != base()) {
      Estimate ratio = tuning::pairedRatio(each.samples, base()->samples);
      text += fmt::format("  {:.3f} [{:.3f}, {:.3f}]", ratio.value, ratio.low, ratio.high);
    }
    text += "\n";
  }
  if (const Evaluation *first = base())
    text += fmt::format("\nMedians of {} samples, taken in turns; intervals hold the median ratio with "
                        "95 % confidence.\n",
                        first->samples.size());
  return text;
}

std::string BenchReport::json() const {
  using Json = nlohmann::ordered_json;
  Json candidates = Json::array();
  for (const Evaluation &each : evaluations) {
    Json entry = {{"strategy", each.strategy},
                  {"chosen", each.chosen},
                  {"outcome", std::string(spelling(each.outcome))},
                  {"detail", each.detail},
                  {"compileSeconds", each.compileSeconds},
                  {"errorOverBound", each.errorOverBound}};
    if (each.outcome == Outcome::ok) {
      double rate = static_cast<double>(compulsoryBytes) / each.seconds;
      Estimate ratio = tuning::pairedRatio(each.samples, base()->samples);
      entry["seconds"] = each.seconds;
      entry["noise"] = each.noise;
      entry["bytesPerSecond"] = rate;
      entry["ofCopy"] = rate / copyBandwidth;
      entry["ratio"] = {{"value", ratio.value}, {"low", ratio.low}, {"high", ratio.high}};
      entry["samples"] = each.samples;
    }
    candidates.push_back(std::move(entry));
  }
  Json json = {{"schema", 1},
               {"kernel", kernel},
               {"file", file},
               {"target", target},
               {"device", device},
               {"sizes", sizes},
               {"compulsoryBytes", compulsoryBytes},
               {"copyBytesPerSecond", copyBandwidth}};
  json["candidates"] = std::move(candidates);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<void> BenchReport::verdict() const {
  // The worst first: numbers that are wrong, then faults of ours, then what was not to be had.
  const std::pair<Outcome, ErrorKind> kinds[] = {{Outcome::wrong, ErrorKind::mismatch},
                                                 {Outcome::outOfBounds, ErrorKind::mismatch},
                                                 {Outcome::crashed, ErrorKind::internal},
                                                 {Outcome::timedOut, ErrorKind::internal},
                                                 {Outcome::refused, ErrorKind::input}};
  for (auto [outcome, kind] : kinds)
    for (const Evaluation &each : evaluations)
      if (each.outcome == outcome)
        return makeError("SC8020", kind,
                         fmt::format("'{}' is not timed: {}: {}", each.strategy, spelling(outcome),
                                     each.detail),
                         kind == ErrorKind::input
                             ? "scanc explain says more of a code, and of what strategies decline"
                             : "please report it, with the program, its sizes and --seed");
  return {};
}

} // namespace scanc::cli
