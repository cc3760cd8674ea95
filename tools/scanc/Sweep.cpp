//===- Sweep.cpp - A grid of problems, as TOML ----------------------------===//
#include "tools/scanc/Sweep.h"

#include "runtime/search/Space.h"
#include "runtime/tuning/Workbench.h"
#include "tools/scanc/Files.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <utility>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace scanc::cli {

using Sizes = std::map<std::string, std::int64_t>;

namespace {

/// Reads one group of points.
class GroupReader {
public:
  GroupReader(const std::string &file, const toml::table &group) : file(file), group(group) {}

  Result<void> read(const std::string &text, const std::string &filename, std::vector<SweepPoint> &points);

private:
  Error wrong(const toml::node &at, const std::string &expected) const {
    return makeError("SC8022", ErrorKind::input,
                     fmt::format("{}:{}: expected {}", file, at.source().begin.line, expected),
                     "bench/sweeps has examples, docs/tuning.md the fields");
  }
  Result<void> checkNames() const;
  Result<std::vector<std::string>> strings(const char *name) const;
  Result<std::map<std::string, std::vector<std::int64_t>>> numbers(const char *name) const;
  Result<std::pair<double, double>> range(const toml::node &at, const std::string &text,
                                          const Sizes &sizes) const;

  const std::string &file;
  const toml::table &group;
};

} // namespace

Result<void> GroupReader::checkNames() const {
  for (const auto &[key, value] : group) {
    std::string_view name = key.str();
    bool isKnown = false;
    for (std::string_view known :
         {"text", "types", "strategies", "sizes", "ranges", "most_bytes", "fields"})
      isKnown |= name == known;
    if (!isKnown)
      return wrong(value, fmt::format("text, types, strategies, sizes, fields, ranges or most_bytes, got {}", name));
  }
  return {};
}

Result<std::vector<std::string>> GroupReader::strings(const char *name) const {
  std::vector<std::string> list;
  const toml::node *node = group.get(name);
  if (!node)
    return list;
  if (!node->is_array())
    return wrong(*node, fmt::format("a list of strings for {}", name));
  for (const toml::node &each : *node->as_array()) {
    if (!each.is_string())
      return wrong(each, fmt::format("a list of strings for {}", name));
    list.push_back(each.as_string()->get());
  }
  return list;
}

Result<std::map<std::string, std::vector<std::int64_t>>> GroupReader::numbers(const char *name) const {
  std::map<std::string, std::vector<std::int64_t>> lists;
  const toml::node *node = group.get(name);
  if (!node)
    return lists;
  const std::string expected = fmt::format("lists of numbers of at least 0 by name for {}", name);
  if (!node->is_table())
    return wrong(*node, expected);
  for (const auto &[key, list] : *node->as_table()) {
    if (!list.is_array() || list.as_array()->empty())
      return wrong(list, expected);
    for (const toml::node &each : *list.as_array()) {
      if (!each.is_integer() || each.as_integer()->get() < 0)
        return wrong(each, expected);
      lists[std::string(key.str())].push_back(each.as_integer()->get());
    }
  }
  return lists;
}

/// "0.5", "-1/R": a number, perhaps divided by another or by a size.
static std::optional<double> valueOf(std::string_view text, const Sizes &sizes) {
  auto number = [&](std::string_view part) -> std::optional<double> {
    if (auto size = sizes.find(std::string(part)); size != sizes.end())
      return static_cast<double>(size->second);
    double value = 0;
    auto [end, failed] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (failed != std::errc() || end != part.data() + part.size())
      return std::nullopt;
    return value;
  };
  std::size_t slash = text.find('/');
  if (slash == std::string_view::npos)
    return number(text);
  std::optional<double> above = number(text.substr(0, slash)), under = number(text.substr(slash + 1));
  if (!above || !under || *under == 0)
    return std::nullopt;
  return *above / *under;
}

Result<std::pair<double, double>> GroupReader::range(const toml::node &at, const std::string &text,
                                                     const Sizes &sizes) const {
  std::size_t colon = std::min(text.find(':'), text.size());
  std::optional<double> low = valueOf(std::string_view(text).substr(0, colon), sizes);
  std::optional<double> high =
      valueOf(std::string_view(text).substr(std::min(colon + 1, text.size())), sizes);
  if (!low || !high || !std::isfinite(*low) || !std::isfinite(*high) || *low > *high)
    return wrong(at, fmt::format("LOW:HIGH, numbers or quotients as -1/R:1/R, got '{}'", text));
  return std::pair(*low, *high);
}

static void replaceAll(std::string &text, std::string_view what, const std::string &by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
}

/// Calls `visit` with every combination, the last name varying fastest.
template <typename Visit>
static Result<void> forEachCombination(const std::map<std::string, std::vector<std::int64_t>> &values,
                                       const Visit &visit) {
  std::vector<std::size_t> at(values.size(), 0);
  for (;;) {
    Sizes sizes;
    std::size_t k = 0;
    for (const auto &[name, list] : values)
      sizes[name] = list[at[k++]];
    if (Result<void> visited = visit(sizes); !visited)
      return visited;
    auto list = values.rbegin();
    for (k = at.size(); k-- > 0; ++list) {
      if (++at[k] < list->second.size())
        break;
      at[k] = 0;
    }
    if (k == static_cast<std::size_t>(-1))
      return {};
  }
}

Result<void> GroupReader::read(const std::string &text, const std::string &filename,
                               std::vector<SweepPoint> &points) {
  if (Result<void> known = checkNames(); !known)
    return known;
  Result<std::vector<std::string>> types = strings("types"), strategies = strings("strategies");
  auto sizes = numbers("sizes"), fields = numbers("fields");
  for (const Error *failed : {types ? nullptr : &types.error(), strategies ? nullptr : &strategies.error(),
                              sizes ? nullptr : &sizes.error(), fields ? nullptr : &fields.error()})
    if (failed)
      return *failed;
  SweepPoint point;
  point.problem.text = group["text"].value_or(text);
  point.problem.filename = group.contains("text") ? file : filename;
  point.strategies = *strategies;
  point.fields = *fields;
  constexpr double sixteenGibibytes = 16.0 * (1 << 30);
  point.mostBytes = group["most_bytes"].value_or(sixteenGibibytes);
  if (point.problem.text.empty())
    return wrong(group, "a text, as no FILE is given");
  const toml::table *ranges = group["ranges"].as_table();
  if (types->empty())
    types->push_back("");
  for (const std::string &type : *types) {
    SweepPoint typed = point;
    replaceAll(typed.problem.text, "{type}", type);
    Result<void> read = forEachCombination(*sizes, [&](const Sizes &at) -> Result<void> {
      SweepPoint each = typed;
      each.problem.sizes = at;
      if (ranges)
        for (const auto &[name, limits] : *ranges) {
          Result<std::pair<double, double>> found = range(limits, limits.value_or(std::string()), at);
          if (!found)
            return found.error();
          each.problem.ranges[std::string(name.str())] = *found;
        }
      points.push_back(std::move(each));
      return {};
    });
    if (!read)
      return read;
  }
  return {};
}

Result<std::vector<SweepPoint>> readSweep(const std::string &file, const std::string &text,
                                          const std::string &filename) {
  Result<std::string> source = readFile(file);
  if (!source)
    return source.error();
  toml::parse_result parsed = toml::parse(*source, file);
  if (!parsed)
    return makeError("SC8022", ErrorKind::input,
                     fmt::format("{}:{}: {}", file, parsed.error().source().begin.line,
                                 std::string(parsed.error().description())),
                     "bench/sweeps has examples, docs/tuning.md the fields");
  std::vector<SweepPoint> points;
  const toml::array *groups = parsed.table()["points"].as_array();
  if (groups)
    for (const toml::node &group : *groups)
      if (const toml::table *table = group.as_table())
        if (Result<void> read = GroupReader(file, *table).read(text, filename, points); !read)
          return read.error();
  if (points.empty())
    return makeError("SC8022", ErrorKind::input, fmt::format("{}: expected [[points]], got none", file),
                     "bench/sweeps has examples, docs/tuning.md the fields");
  return points;
}

std::string kernelName(const tuning::Problem &problem) {
  if (!problem.kernel.empty())
    return problem.kernel;
  constexpr std::string_view keyword = "kernel ";
  Result<std::string> text = format(problem.text, problem.filename);
  std::size_t at = text ? text->find(keyword) : std::string::npos;
  if (at == std::string::npos)
    return "";
  at += keyword.size();
  return text->substr(at, text->find('(', at) - at);
}

Result<std::vector<Candidate>> candidatesOf(const SweepPoint &point) {
  CompileOptions options = tuning::compileOptions(point.problem);
  std::vector<Candidate> all;
  if (point.strategies.empty()) {
    Result<std::vector<Candidate>> space = searchSpace(point.problem.text, options);
    if (!space)
      return space.error();
    all = std::move(*space);
  }
  std::optional<Error> refusal;
  for (const std::string &strategy : point.strategies) {
    options.strategy = strategy;
    Result<std::vector<Candidate>> space = searchSpace(point.problem.text, options);
    if (space)
      all.insert(all.end(), space->begin(), space->end());
    else
      refusal = space.error();
  }
  if (all.empty() && refusal)
    return *refusal;
  std::stable_sort(all.begin(), all.end(),
                   [](const Candidate &a, const Candidate &b) { return a.seconds < b.seconds; });
  bool isFirst = true; // one pick of the cost model: the best of those of all strategies
  for (Candidate &candidate : all)
    if (candidate.chosen)
      candidate.chosen = std::exchange(isFirst, false);
  search::Space space(all);
  std::vector<Candidate> kept;
  for (std::size_t i = 0; i < all.size(); ++i) {
    bool isWanted = true;
    for (const auto &[name, values] : point.fields)
      if (auto field = space[i].fields.find(name); field != space[i].fields.end())
        isWanted &= std::find(values.begin(), values.end(), field->second) != values.end();
    if (isWanted || all[i].chosen)
      kept.push_back(all[i]);
  }
  return kept;
}

} // namespace scanc::cli
