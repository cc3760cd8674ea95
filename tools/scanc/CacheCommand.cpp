//===- CacheCommand.cpp - scanc cache: what is kept, and why it is not used ---===//
#include "scanc/Cache.h"

#include "tools/scanc/Commands.h"
#include "tools/scanc/Files.h"
#include "tools/scanc/Report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace scanc::cli {
namespace {

std::string inMebibytes(std::int64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
}

Result<int> printState(bool json) {
  CacheState state = cacheState();
  CacheLimits limits = cacheLimits();
  if (json)
    return print(nlohmann::ordered_json({{"schema", 1},
                                         {"folder", state.folder},
                                         {"fault", state.fault},
                                         {"below", state.below},
                                         {"readOnly", state.isReadOnly},
                                         {"entries", state.entries},
                                         {"programs", state.programs},
                                         {"bytes", state.bytes},
                                         {"quarantined", state.quarantined},
                                         {"mostEntries", limits.entries},
                                         {"mostBytes", limits.bytes}})
                     .dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
                 "\n");
  std::string text = "folder      " + (state.folder.empty() ? "none" : state.folder) + "\n";
  if (!state.fault.empty())
    text += "not used    " + state.fault + "\n";
  if (state.isReadOnly)
    text += "read only   by SCANC_CACHE\n";
  if (!state.below.empty())
    text += "over        " + state.below + " (on the network)\n";
  return print(text + fmt::format("entries     {} of at most {}: {} kernels, {} programs\n"
                                  "size        {} of at most {}\n"
                                  "set aside   {} damaged\n",
                                  state.entries, limits.entries, state.entries - state.programs,
                                  state.programs, inMebibytes(state.bytes),
                                  inMebibytes(limits.bytes), state.quarantined));
}

Result<int> prune(const std::string &size, std::int64_t entries) {
  CacheLimits limits = cacheLimits();
  if (!size.empty()) {
    limits.bytes = parseSize(size);
    if (limits.bytes < 0)
      return makeError("SC8001", ErrorKind::usage,
                       "--max-size: expected bytes, or 512M or 2G, got '" + size + "'",
                       "write --max-size=512M");
  }
  if (entries >= 0)
    limits.entries = entries;
  Result<Evicted> gone = pruneCache(limits);
  if (!gone)
    return gone.error();
  return print(fmt::format("{} entries removed, {}\n", gone->entries, inMebibytes(gone->bytes)));
}

Result<int> verify() {
  Result<Verified> verified = verifyCache();
  if (!verified)
    return verified.error();
  return print(fmt::format("{} entries, {} damaged and set aside\n", verified->entries,
                           verified->damaged));
}

Result<int> push() {
  Result<CachePushed> pushed = pushCache();
  if (!pushed)
    return pushed.error();
  return print(fmt::format("{} entries pushed, {}\n", pushed->entries, inMebibytes(pushed->bytes)));
}

/// The program of which kernels are wanted.
struct Wanted {
  CompileFlags flags;
  std::string target = "native";

  void addTo(CLI::App &app) {
    flags.addTo(app);
    flags.addStepTo(app);
    app.add_option("--target", target, "sm_80, sm_90a, … or native (default)");
  }

  /// The text of FILE, and how it is compiled.
  struct Source {
    std::string text;
    CompileOptions options;
  };
  Result<Source> source() const {
    Result<CompileOptions> options = flags.options();
    if (!options)
      return options.error();
    if (Result<void> known = checkTarget(target); !known)
      return known.error();
    if (target == "cpu")
      return makeError("SC8011", ErrorKind::usage,
                       "the cache holds kernels for a GPU, got --target=cpu",
                       "choose an architecture, as in --target=sm_90a");
    options->target = resolveTarget(target);
    Result<std::string> text = readFile(flags.file);
    if (!text)
      return text.error();
    return Source{std::move(*text), std::move(*options)};
  }
};

Result<Program> programOf(const Wanted::Source &source) {
  return isBundle(source.text) ? fromBundle(source.text)
                               : compileProgram(source.text, source.options);
}

std::string answerText(const CacheAnswer &answer) {
  std::string text =
      fmt::format("{}: {}\n", answer.variant,
                  answer.isHit           ? "cached"
                  : answer.entry.empty() ? "not cached, as nothing is"
                                         : "not cached; of the nearest entry, " + answer.difference);
  return answer.entry.empty() ? text : text + "  " + answer.entry + "\n";
}

Result<int> printWhy(const Wanted &wanted) {
  Result<Wanted::Source> source = wanted.source();
  if (!source)
    return source.error();
  std::string text;
  if (!isBundle(source->text)) {
    Result<CacheAnswer> answer = explainCachedProgram(source->text, source->options);
    if (!answer)
      return answer.error();
    text = answerText(*answer);
    if (!answer->isHit)
      source->options.load.cacheDirectory = "off"; // who asks why changes nothing
  }
  Result<Program> program = programOf(*source);
  if (!program)
    return program.error();
  Result<std::vector<CacheAnswer>> answers = explainCache(*program, source->options.target);
  if (!answers)
    return answers.error();
  for (const CacheAnswer &answer : *answers)
    text += answerText(answer);
  return print(text);
}

Result<int> warm(const Wanted &wanted) {
  Result<Wanted::Source> source = wanted.source();
  if (!source)
    return source.error();
  Result<Program> program = programOf(*source);
  if (!program)
    return program.error();
  Result<CacheWarmed> warmed = warmCache(*program, source->options.target);
  if (!warmed)
    return warmed.error();
  return print(fmt::format("{} kernels compiled, {} were there\n", warmed->compiled, warmed->found));
}

} // namespace

void addCacheCommand(CLI::App &root, Action &action) {
  CLI::App *app = root.add_subcommand("cache", "the kernels and programs that are kept on disk");
  app->require_subcommand(1);

  auto json = std::make_shared<bool>(false);
  CLI::App *stats = app->add_subcommand("stats", "where they are and how large");
  stats->add_flag("--json", *json, "the same as JSON");
  stats->callback([json, &action] { action = [json] { return printState(*json); }; });

  auto why = std::make_shared<Wanted>();
  CLI::App *explaining = app->add_subcommand("why", "whether a program and its kernels are kept, or what differs");
  why->addTo(*explaining);
  explaining->callback([why, &action] { action = [why] { return printWhy(*why); }; });

  auto wanted = std::make_shared<Wanted>();
  CLI::App *warming = app->add_subcommand("warm", "compile the kernels of a program; needs no GPU");
  wanted->addTo(*warming);
  warming->callback([wanted, &action] { action = [wanted] { return warm(*wanted); }; });

  CLI::App *verifying = app->add_subcommand("verify", "read all, and set aside what is damaged");
  verifying->callback([&action] { action = verify; });

  CLI::App *pushing =
      app->add_subcommand("push", "publish what this machine has to the folder on the network");
  pushing->callback([&action] { action = push; });

  auto size = std::make_shared<std::string>();
  auto entries = std::make_shared<std::int64_t>(-1);
  CLI::App *pruning = app->add_subcommand("prune", "remove what was not used for longest");
  pruning->add_option("--max-size", *size, "what may stay, as 512M (default: SCANC_CACHE_MAX_SIZE)");
  pruning->add_option("--max-entries", *entries, "(default: SCANC_CACHE_MAX_ENTRIES)")
      ->check(CLI::NonNegativeNumber);
  pruning->callback([size, entries, &action] {
    action = [size, entries] { return prune(*size, *entries); };
  });
}

} // namespace scanc::cli
