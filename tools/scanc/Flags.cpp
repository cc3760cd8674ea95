//===- Flags.cpp - Pairs, sizes and compile options from the command line -===//
#include "tools/scanc/Flags.h"

#include "runtime/tuning/Dimensions.h"
#include "scanc/Device.h"
#include "tools/scanc/Files.h"
#include "tools/scanc/Report.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <set>

namespace scanc::cli {

Result<Pairs> parsePairs(const std::vector<std::string> &texts, const std::string &option) {
  Pairs pairs;
  for (const std::string &text : texts) {
    std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
      return makeError("SC8004", ErrorKind::usage,
                       fmt::format("{}: expected NAME=VALUE, got '{}'", option, text),
                       fmt::format("write {} NAME=VALUE", option));
    pairs.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return pairs;
}

Result<std::map<std::string, std::int64_t>> parseSizes(const std::vector<std::string> &texts) {
  Result<Pairs> pairs = parsePairs(texts, "--shape");
  if (!pairs)
    return pairs.error();
  std::map<std::string, std::int64_t> sizes;
  for (const auto &[name, value] : *pairs) {
    std::optional<std::int64_t> size = tuning::parseSize(value);
    if (!size)
      return makeError("SC8004", ErrorKind::usage,
                       fmt::format("--shape: expected a size of at least 0 for '{}', got '{}'",
                                   name, value),
                       fmt::format("write --shape {}=64", name));
    if (sizes.contains(name) && sizes[name] != *size)
      return makeError("SC8004", ErrorKind::usage,
                       fmt::format("--shape: '{}' is given twice, as {} and as {}", name,
                                   sizes[name], *size),
                       "give it once");
    sizes[name] = *size;
  }
  return sizes;
}

Result<void> checkOnce(std::vector<std::string> texts, const char *options) {
  std::sort(texts.begin(), texts.end());
  auto twice = std::adjacent_find(texts.begin(), texts.end());
  if (twice == texts.end())
    return {};
  return makeError("SC8004", ErrorKind::usage,
                   fmt::format("{}: '{}' is given twice", options, *twice), "give it once");
}

static Result<double> parseNumber(std::string_view text, std::string_view whole) {
  double value = 0;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size())
    return makeError("SC8004", ErrorKind::usage,
                     fmt::format("--random: expected NAME=LOW:HIGH, got '{}'", whole),
                     "write --random f=-1:1");
  return value;
}

Result<Ranges> parseRanges(const std::vector<std::string> &texts) {
  Result<Pairs> pairs = parsePairs(texts, "--random");
  if (!pairs)
    return pairs.error();
  if (Result<void> once = checkOnce(namesOf(*pairs), "--random"); !once)
    return once.error();
  Ranges ranges;
  for (const auto &[name, range] : *pairs) {
    std::size_t colon = std::min(range.find(':'), range.size());
    Result<double> low = parseNumber(std::string_view(range).substr(0, colon), range);
    if (!low)
      return low.error();
    Result<double> high = parseNumber(
        std::string_view(range).substr(std::min(colon + 1, range.size())), range);
    if (!high)
      return high.error();
    if (!std::isfinite(*low) || !std::isfinite(*high) || *low > *high)
      return makeError("SC8004", ErrorKind::usage,
                       fmt::format("--random: expected finite LOW <= HIGH for '{}', got '{}'", name,
                                   range),
                       "write --random f=-1:1");
    ranges[name] = {*low, *high};
  }
  return ranges;
}

void CompileFlags::addTo(CLI::App &app) {
  app.add_option("FILE", file, "the program; - is stdin");
  app.add_option("--shape", shape, "sizes to specialise for: T=4096,D=64")->delimiter(',');
  app.add_option("--strategy", strategy, "use this strategy; see scanc explain FILE");
  app.add_option("--kernel", kernel, "which kernel of a file that has several");
  app.add_option("--wisdom", wisdom, "what scanc tune found (SCANC_WISDOM); off: do not look");
}

void CompileFlags::addStepTo(CLI::App &app) {
  app.add_flag("--step", step, "one step of the program, which may update its states in place");
}

Result<CompileOptions> CompileFlags::options() const {
  // Not left to the parser, which would hide what is wrong with the options behind it.
  if (file.empty())
    return makeError("SC8001", ErrorKind::usage, "FILE is required", "see scanc --help");
  Result<std::map<std::string, std::int64_t>> sizes = parseSizes(shape);
  if (!sizes)
    return sizes.error();
  CompileOptions options;
  options.filename = displayName(file);
  options.kernel = kernel;
  options.sizes = *sizes;
  options.strategy = strategy;
  options.wisdom = wisdom;
  options.variant = variant;
  options.step = step;
  if (!from.empty())
    options.from = stageFromSpelling(from);
  return options;
}

Result<void> CompileFlags::checkForBundle(bool isRun) const {
  const char *wrong = !strategy.empty()                 ? "--strategy"
                      : !kernel.empty()                 ? "--kernel"
                      : !shape.empty() && !isRun        ? "--shape"
                      : !from.empty() && from != "cuda" ? "--from"
                      : step                            ? "--step"
                                                        : nullptr;
  if (!wrong)
    return {};
  return makeError("SC8010", ErrorKind::usage,
                   fmt::format("{} is for a program: the kernels of a bundle are made already", wrong),
                   "give the program that the bundle was made from");
}

std::string resolveTarget(const std::string &target) {
  if (target != "native")
    return target;
  std::string native = nativeTarget();
  return native == "cpu" ? "sm_90a" : native;
}

Result<void> checkTarget(const std::string &target) {
  // It names a folder too, so nothing else may stand in it.
  auto isNumber = [](char c) { return c >= '0' && c <= '9'; };
  std::string_view rest = target;
  bool isArchitecture = rest.starts_with("sm_") && rest.size() > 3 && isNumber(rest[3]);
  rest.remove_prefix(isArchitecture ? 3 : 0);
  while (!rest.empty() && isNumber(rest.front()))
    rest.remove_prefix(1);
  isArchitecture &= rest.empty() || rest == "a" || rest == "f";
  if (isArchitecture || target == "native" || target == "cpu")
    return {};
  return makeError("SC8001", ErrorKind::usage,
                   fmt::format("--target: expected native, cpu or an architecture, as sm_90a, got "
                               "'{}'", target),
                   fmt::format("choose native, cpu or one of {}", architectures()));
}

void dropUnknownSizes(std::map<std::string, std::int64_t> &sizes,
                      const std::vector<Parameter> &signature) {
  std::set<std::string> names;
  for (const Parameter &parameter : signature)
    for (const std::string &dim : parameter.dims)
      if (std::string name = tuning::nameInDimension(dim); !name.empty())
        names.insert(name);
  std::erase_if(sizes, [&](const auto &entry) {
    if (names.contains(entry.first))
      return false;
    warn(fmt::format("--shape: the program has no size '{}'; it has {}", entry.first,
                     names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
    return true;
  });
}

bool isBundle(std::string_view text) {
  std::size_t begin = text.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && text[begin] == '{';
}

} // namespace scanc::cli
