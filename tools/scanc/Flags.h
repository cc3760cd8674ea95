//===- Flags.h - Options that several sub-commands share --------*- C++ -*-===//
#ifndef SCANC_TOOLS_SCANC_FLAGS_H
#define SCANC_TOOLS_SCANC_FLAGS_H

#include "scanc/Compile.h"

#include <CLI/CLI.hpp>
#include <functional>

namespace scanc::cli {

/// What a sub-command does once its options are read: its exit code, or an error.
using Action = std::function<Result<int>()>;

/// NAME=VALUE pairs, in the order given.
using Pairs = std::vector<std::pair<std::string, std::string>>;

/// Splits "f=f.npy". Fails with SC8004; `option` is for the message.
Result<Pairs> parsePairs(const std::vector<std::string> &texts, const std::string &option);

/// Splits "T=4096"; sizes are at least 0. Fails with SC8004.
Result<std::map<std::string, std::int64_t>> parseSizes(const std::vector<std::string> &texts);

/// The ranges of random inputs, by name.
using Ranges = std::map<std::string, std::pair<double, double>>;
/// Splits "f=-1:1"; ranges are finite and ascend. Fails with SC8004, also where a name is given twice.
Result<Ranges> parseRanges(const std::vector<std::string> &texts);

/// Fails with SC8004 where two of `texts`, given by `options`, are the same.
Result<void> checkOnce(std::vector<std::string> texts, const char *options);

/// The names of a list of pairs.
template <typename Map>
std::vector<std::string> namesOf(const Map &map) {
  std::vector<std::string> names;
  for (const auto &entry : map)
    names.push_back(entry.first);
  return names;
}

/// The options that make a CompileOptions.
struct CompileFlags {
  std::string file;
  std::vector<std::string> shape;
  std::string strategy, kernel, wisdom;
  std::string variant;
  std::string from;
  bool step = false;

  void addTo(CLI::App &app);
  void addStepTo(CLI::App &app);
  /// Without `target`, which commands read in their own ways.
  Result<CompileOptions> options() const;
  /// Fails with SC8010 where an option chooses what was settled when the bundle was made. A run
  /// takes the sizes of its tensors from --shape all the same.
  Result<void> checkForBundle(bool isRun) const;
};

/// Fails with SC8001 where the text is none of "native", "cpu" and the form of an architecture.
Result<void> checkTarget(const std::string &target);

/// "native" as an architecture: the first GPU's, or without one the newest that we generate for.
std::string resolveTarget(const std::string &target);

/// Drops the names in `sizes` that no parameter has, with a warning.
void dropUnknownSizes(std::map<std::string, std::int64_t> &sizes,
                      const std::vector<Parameter> &signature);

/// Whether the text is a bundle.
bool isBundle(std::string_view text);

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_FLAGS_H
