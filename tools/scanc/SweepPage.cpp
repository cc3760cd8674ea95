//===- SweepPage.cpp - Measurements as a page to look at ------------------===//
#include "tools/scanc/SweepPage.h"

#include "tools/scanc/Numbers.h"
#include "tools/scanc/Plot.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <functional>

namespace scanc::cli {

namespace {

using Group = std::vector<const Measurement *>;

/// Groups in the order of their names.
using Groups = std::map<std::string, Group>;

Groups groupBy(const Group &group, const std::function<std::string(const Measurement &)> &name) {
  Groups groups;
  for (const Measurement *each : group)
    groups[name(*each)].push_back(each);
  return groups;
}

Group timed(const Measurements &measurements) {
  Group group;
  for (const Measurement &each : measurements.list)
    if (each.isTimed())
      group.push_back(&each);
  return group;
}

const Measurement *fastest(const Group &group) {
  return *std::min_element(group.begin(), group.end(), [](const Measurement *a, const Measurement *b) {
    return a->seconds < b->seconds;
  });
}

std::string noteOf(const Measurement &each) {
  return fmt::format("{} {}: {}", each.sizesText(), each.strategy, secondsText(each.seconds));
}

/// The name of the size with the most values: along it, lines are drawn.
std::string sweptSize(const Group &group) {
  std::map<std::string, std::map<std::int64_t, int>> values;
  for (const Measurement *each : group)
    for (const auto &[name, size] : each->sizes)
      ++values[name][size];
  std::string swept;
  for (const auto &[name, seen] : values)
    if (swept.empty() || seen.size() > values[swept].size())
      swept = name;
  return swept;
}

/// The time of each strategy, by its best policy, against one size; a line for each choice of the others.
Plot timePlot(const std::string &subject, const Group &group) {
  const std::string swept = sweptSize(group);
  Plot plot{subject, swept, "seconds", true, true, {}};
  for (const auto &[family, ofFamily] : groupBy(group, [](const auto &each) { return each.family(); })) {
    PlotSeries series{family, {}, true};
    auto others = [&](const Measurement &each) {
      Measurement rest = each;
      rest.sizes.erase(swept);
      return rest.sizesText();
    };
    for (const auto &[rest, line] : groupBy(ofFamily, others)) {
      std::map<std::int64_t, const Measurement *> best;
      for (const Measurement *each : line) {
        auto size = each->sizes.find(swept);
        const Measurement *&known = best[size == each->sizes.end() ? 0 : size->second];
        if (!known || each->seconds < known->seconds)
          known = each;
      }
      series.lines.emplace_back();
      for (const auto &[size, each] : best)
        series.lines.back().push_back({static_cast<double>(size), each->seconds, noteOf(*each)});
    }
    plot.series.push_back(std::move(series));
  }
  return plot;
}

/// Operations per second against operations per byte, under what the device can do.
Plot rooflinePlot(const std::string &device, const Group &group, const SweepPageOptions &options) {
  Plot plot{"Roofline, " + device, "operations per byte", "operations per second", true, true, {}};
  double bandwidth = options.bandwidth, peak = options.flops, low = HUGE_VAL, high = 0;
  for (const Measurement *each : group) {
    if (options.bandwidth == 0)
      bandwidth = std::max(bandwidth, each->bytes / each->seconds);
    if (options.flops == 0)
      peak = std::max(peak, each->flops / each->seconds);
    low = std::min(low, each->flops / each->bytes);
    high = std::max(high, each->flops / each->bytes);
  }
  double ridge = peak / bandwidth;
  plot.series.push_back(
      {fmt::format("{}/s{}, {}op/s{}", bytesText(bandwidth), options.bandwidth == 0 ? " seen" : "",
                   countText(peak), options.flops == 0 ? " seen" : ""),
       {{{std::min(low, ridge), std::min(low, ridge) * bandwidth, ""},
         {ridge, peak, ""},
         {std::max(high, ridge), peak, ""}}},
       false});
  for (const auto &[family, ofFamily] : groupBy(group, [](const auto &each) { return each.family(); })) {
    PlotSeries series{family, {}, true};
    for (const Measurement *each : ofFamily)
      series.lines.push_back({{each->flops / each->bytes, each->flops / each->seconds, noteOf(*each)}});
    plot.series.push_back(std::move(series));
  }
  return plot;
}

/// How much longer the candidate that the cost model thinks fastest takes than the one that is.
struct Regret {
  const Measurement *picked, *best;
  double ratio() const { return picked->seconds / best->seconds; }
};

std::vector<Regret> regretsOf(const Group &group) {
  std::vector<Regret> regrets;
  auto problem = [](const Measurement &each) { return each.subject() + " " + each.sizesText(); };
  for (const auto &[name, candidates] : groupBy(group, problem)) {
    const Measurement *picked = nullptr;
    for (const Measurement *each : candidates)
      if (each->estimate > 0 && (!picked || each->estimate < picked->estimate))
        picked = each;
    if (picked && candidates.size() > 1)
      regrets.push_back({picked, fastest(candidates)});
  }
  std::sort(regrets.begin(), regrets.end(),
            [](const Regret &a, const Regret &b) { return a.ratio() > b.ratio(); });
  return regrets;
}

std::string regretSection(const std::vector<Regret> &regrets) {
  Plot plot{"Time of the cost model's pick over the best, worst first", "problem", "ratio", false, false,
            {{"pick / best", {{}}, true}}};
  for (std::size_t i = 0; i < regrets.size(); ++i)
    plot.series[0].lines[0].push_back(
        {static_cast<double>(i + 1), regrets[i].ratio(),
         fmt::format("{}: {} {}, {} {}", regrets[i].best->sizesText(), regrets[i].picked->strategy,
                     secondsText(regrets[i].picked->seconds), regrets[i].best->strategy,
                     secondsText(regrets[i].best->seconds))});
  auto within = std::count_if(regrets.begin(), regrets.end(),
                              [](const Regret &each) { return each.ratio() <= 1.1; });
  std::string text = fmt::format("<h2>The cost model</h2>\n<p>Within 10 % of the best on {} of {} "
                                 "problems that have a choice.</p>\n{}",
                                 within, regrets.size(), plot.svg());
  text += "<table><tr><th>problem</th><th>pick</th><th>best</th><th>pick / best</th></tr>\n";
  for (const Regret &each : regrets)
    if (each.ratio() > 1.1)
      text += fmt::format("<tr><td>{} {}</td><td>{} {}</td><td>{} {}</td><td>{:.2f}</td></tr>\n",
                          escaped(each.best->subject()), escaped(each.best->sizesText()),
                          escaped(each.picked->strategy), secondsText(each.picked->seconds),
                          escaped(each.best->strategy), secondsText(each.best->seconds),
                          each.ratio());
  return text + "</table>\n";
}

std::string recordTable(const Measurements &measurements) {
  std::string text = "<details><summary>Every record</summary>\n<table><tr><th>kernel</th><th>sizes</th>"
                     "<th>candidate</th><th>outcome</th><th>time</th><th>noise</th><th>estimate</th>"
                     "</tr>\n";
  for (const Measurement &each : measurements.list)
    text += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{:.1f} %</td>"
                        "<td>{}</td></tr>\n",
                        escaped(each.subject()), escaped(each.sizesText()), escaped(each.strategy),
                        escaped(each.outcome), each.isTimed() ? secondsText(each.seconds) : "",
                        100 * each.noise, each.estimate > 0 ? secondsText(each.estimate) : "");
  return text + "</table></details>\n";
}

} // namespace

std::string sweepPage(const Measurements &measurements, const SweepPageOptions &options) {
  const Group group = timed(measurements);
  std::string page = fmt::format(
      "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n"
      "<meta charset=\"utf-8\"/>\n<title>{0}</title>\n<style>body {{ font: 14px sans-serif; margin: 2em; }}\n"
      "svg {{ font-size: 11px; }} .title {{ font-size: 13px; }} td, th {{ padding: 2px 8px; text-align: left; }}"
      "</style>\n</head>\n<body>\n<h1>{0}</h1>\n<p>{1} records, {2} of them timed{3}.</p>\n",
      escaped(options.title), measurements.list.size(), group.size(),
      measurements.skipped > 0 ? fmt::format("; {} could not be read", measurements.skipped) : "");
  page += "<h2>Time</h2>\n";
  for (const auto &[subject, ofSubject] : groupBy(group, [](const auto &each) { return each.subject(); }))
    page += timePlot(subject, ofSubject).svg();
  Group counted = group;
  std::erase_if(counted, [](const Measurement *each) { return each->bytes <= 0 || each->flops <= 0; });
  if (!counted.empty())
    page += "<h2>Roofline</h2>\n";
  auto device = [](const Measurement &each) { return each.device.empty() ? each.target : each.device; };
  for (const auto &[name, ofDevice] : groupBy(counted, device))
    page += rooflinePlot(name, ofDevice, options).svg();
  if (std::vector<Regret> regrets = regretsOf(group); !regrets.empty())
    page += regretSection(regrets);
  return page + recordTable(measurements) + "</body>\n</html>\n";
}

} // namespace scanc::cli
