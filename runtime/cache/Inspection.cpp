//===- Inspection.cpp - What the cache holds, and why it has not what is wanted ---===//
#include "scanc/Cache.h"

#include "runtime/cache/CacheFolder.h"
#include "runtime/cache/Eviction.h"
#include "runtime/cache/KernelCache.h"
#include "runtime/cache/KeyText.h"
#include "runtime/compiler/Compiler.h"
#include "runtime/compiler/ProgramCache.h"
#include "runtime/process/AtOnce.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace scanc {
namespace {

Error unusable(const std::string &why) {
  return makeError("SC7005", ErrorKind::environment, "the cache cannot be used: " + why,
                   "name a folder of your own by SCANC_CACHE_DIR");
}

/// The folders, of which one at least can be used.
Result<rt::CachePlaces> usablePlaces() {
  rt::CachePlaces places = rt::openPlaces(rt::resolveCacheFolder(""));
  if (!places.reason.empty())
    return unusable(places.reason);
  return places;
}

/// The folder that is written.
Result<std::string> writableFolder() {
  Result<rt::CachePlaces> places = usablePlaces();
  if (!places)
    return places.error();
  if (places->writable.empty())
    return unusable(fmt::format("'{}' is only read", places->readOnly));
  return places->writable;
}

/// A kernel that a program may launch.
struct KernelWanted {
  std::string variant;
  CudaSource source;
  std::string key;
};

struct Wanted {
  const rt::NvrtcApi *nvrtc;
  std::vector<KernelWanted> kernels;
};

/// What a program may launch on `architecture`.
Result<Wanted> wantedOf(const Program &program, const std::string &architecture) {
  Result<const rt::NvrtcApi *> nvrtc = rt::sharedNvrtc();
  if (!nvrtc)
    return nvrtc.error();
  Wanted wanted{*nvrtc, {}};
  for (const Entry &entry : program.entries)
    for (const Step &step : entry.steps)
      for (const KernelVariant &variant : std::get<KernelStep>(step).variants)
        for (CudaSource &source : rt::sourcesOf(program, variant, architecture)) {
          std::string key = rt::cacheKey(source, (*nvrtc)->info, rt::nvrtcOptions(**nvrtc, source));
          wanted.kernels.push_back({variant.name, std::move(source), std::move(key)});
        }
  return wanted;
}

/// How a part is named in a difference: a text by the header that it belongs to.
std::string nameOf(const std::vector<rt::KeyPart> &parts, std::size_t i) {
  return parts[i].label == "text" ? fmt::format("the text of {}", parts[i - 1].value)
                                  : fmt::format("the {}", parts[i].label);
}

/// The first line in which two texts differ, and its number; one that ends has an empty one there.
std::string differingLine(std::string_view wanted, std::string_view found) {
  constexpr std::size_t shown = 80;
  for (int line = 1;; ++line) {
    auto take = [](std::string_view &text) {
      std::size_t end = std::min(text.find('\n'), text.size());
      std::string_view first = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      return first;
    };
    std::string_view one = take(wanted), other = take(found);
    if (one != other || (wanted.empty() && found.empty()))
      return fmt::format("line {} is '{}', there '{}'", line, one.substr(0, shown),
                         other.substr(0, shown));
  }
}

/// In what two keys differ first, and how many parts they share before they do and after.
struct Comparison {
  std::size_t shared = 0;
  std::string difference;
};

Comparison compareKeys(const std::vector<rt::KeyPart> &wanted,
                       const std::vector<rt::KeyPart> &found) {
  Comparison result;
  for (std::size_t i = 0; i < std::max(wanted.size(), found.size()); ++i) {
    bool both = i < wanted.size() && i < found.size();
    if (both && wanted[i].label == found[i].label && wanted[i].value == found[i].value) {
      ++result.shared;
      continue;
    }
    if (!result.difference.empty())
      continue;
    if (!both || wanted[i].label != found[i].label)
      result.difference = i < wanted.size() ? nameOf(wanted, i) + " is not there"
                                            : nameOf(found, i) + " is only there";
    else if (wanted[i].value.find('\n') == std::string_view::npos)
      result.difference = fmt::format("{} is '{}', there '{}'", nameOf(wanted, i), wanted[i].value,
                                      found[i].value);
    else
      result.difference = fmt::format("of {}, {}", nameOf(wanted, i),
                                      differingLine(wanted[i].value, found[i].value));
  }
  return result;
}

/// An entry that is whole.
struct KnownEntry {
  std::string key, path;
};

/// All entries of a kind, in the order in which folders are looked into.
std::vector<KnownEntry> knownEntries(const rt::CachePlaces &places, rt::EntryKind kind) {
  std::vector<KnownEntry> known;
  for (const std::string &folder : {places.writable, places.readOnly}) {
    if (folder.empty())
      continue;
    for (const rt::EntryFile &entry : rt::entriesOf(folder)) {
      rt::ReadEntry file = entry.kind == kind ? rt::readEntry(entry.path) : rt::ReadEntry();
      if (auto key = file.bytes ? rt::keyOfEntry(*file.bytes) : std::nullopt)
        known.push_back({std::move(*key), entry.path});
    }
  }
  return known;
}

/// Whether `key` is among these, and in what the nearest one differs.
CacheAnswer explain(std::string name, const std::string &key,
                    const std::vector<KnownEntry> &known) {
  std::vector<rt::KeyPart> parts = rt::partsOfKey(key);
  CacheAnswer answer;
  answer.variant = std::move(name);
  std::size_t most = 0;
  for (const KnownEntry &other : known) {
    Comparison compared = compareKeys(parts, rt::partsOfKey(other.key));
    if (compared.shared <= most && !answer.entry.empty())
      continue;
    most = compared.shared;
    answer.entry = other.path;
    answer.isHit = other.key == key;
    answer.difference = compared.difference;
    if (answer.isHit)
      break;
  }
  return answer;
}

} // namespace

std::int64_t parseSize(const std::string &text) {
  std::int64_t count = 0;
  auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), count);
  std::string unit(end, text.data() + text.size());
  int shift = unit.empty() ? 0 : unit == "K" ? 10 : unit == "M" ? 20 : unit == "G" ? 30 : -1;
  if (status != std::errc() || count < 0 || shift < 0 || count > (INT64_MAX >> shift))
    return -1;
  return count << shift;
}

CacheLimits cacheLimits() {
  CacheLimits limits;
  auto read = [](const char *name, std::int64_t &limit) {
    const char *text = std::getenv(name);
    if (std::int64_t given = text ? parseSize(text) : -1; given >= 0)
      limit = given;
  };
  read("SCANC_CACHE_MAX_SIZE", limits.bytes);
  read("SCANC_CACHE_MAX_ENTRIES", limits.entries);
  return limits;
}

CacheState cacheState() {
  CacheState state;
  rt::CacheFolder asked = rt::resolveCacheFolder("");
  rt::CachePlaces places = rt::placesOf(asked);
  state.isReadOnly = places.writable.empty() && !places.readOnly.empty();
  state.folder = state.isReadOnly ? places.readOnly : places.writable;
  state.below = state.isReadOnly ? "" : places.readOnly;
  state.fault = places.reason;
  struct stat status;
  if (state.folder.empty() || stat(state.folder.c_str(), &status) != 0)
    return state;
  state.fault = rt::openPlaces(asked).reason;
  rt::CacheUse use = rt::measureCacheFolder(state.folder);
  state.entries = use.entries;
  state.programs = use.programs;
  state.bytes = use.bytes;
  state.quarantined = use.quarantined;
  return state;
}

Result<Evicted> pruneCache(const CacheLimits &limits) {
  Result<std::string> folder = writableFolder();
  if (!folder)
    return folder.error();
  return rt::evict(*folder, limits);
}

Result<Verified> verifyCache() {
  Result<std::string> folder = writableFolder();
  if (!folder)
    return folder.error();
  Verified verified;
  for (const rt::EntryFile &entry : rt::entriesOf(*folder)) {
    rt::ReadEntry file = rt::readEntry(entry.path);
    auto key = file.bytes ? rt::keyOfEntry(*file.bytes) : std::nullopt;
    ++verified.entries;
    if (key && entry.path.ends_with("/" + rt::entryName(entry.kind, *key)))
      continue;
    ++verified.damaged;
    rt::moveAside(entry.path);
  }
  return verified;
}

Result<CachePushed> pushCache() {
  rt::CachePlaces places = rt::placesOf(rt::resolveCacheFolder(""));
  const std::string &from = places.writable, &to = places.readOnly;
  if (!places.reason.empty())
    return unusable(places.reason);
  if (from.empty())
    return unusable(fmt::format("'{}' is only read", to));
  if (to.empty())
    return unusable(
        fmt::format("'{}' is not on a network file system, so there is nothing to push", from));
  for (const std::string &folder : {from, to})
    if (std::string fault = rt::prepareCacheFolder(folder); !fault.empty())
      return unusable(fault);
  CachePushed pushed;
  for (const rt::EntryFile &entry : rt::entriesOf(from)) {
    std::string name = entry.path.substr(from.size() + 1);
    rt::ReadEntry file = rt::readEntry(entry.path);
    struct stat status;
    bool isWhole = file.bytes && rt::keyOfEntry(*file.bytes);
    if (!isWhole || stat((to + "/" + name).c_str(), &status) == 0)
      continue;
    if (!rt::publishEntry(to, name, *file.bytes))
      return unusable(fmt::format("'{}' cannot be written", to));
    ++pushed.entries;
    pushed.bytes += static_cast<std::int64_t>(file.bytes->size());
  }
  rt::evictNowAndThen(to, cacheLimits());
  return pushed;
}

Result<CacheAnswer> explainCachedProgram(std::string_view text, const CompileOptions &options) {
  Result<rt::CachePlaces> places = usablePlaces();
  if (!places)
    return places.error();
  std::string key = rt::aliasKey(rt::Question::program, text, options, rt::compilerIdentity());
  return explain("program", key, knownEntries(*places, rt::EntryKind::program));
}

Result<std::vector<CacheAnswer>> explainCache(const Program &program,
                                              const std::string &architecture) {
  Result<rt::CachePlaces> places = usablePlaces();
  if (!places)
    return places.error();
  Result<Wanted> all = wantedOf(program, architecture);
  if (!all)
    return all.error();
  std::vector<KnownEntry> known = knownEntries(*places, rt::EntryKind::kernel);
  std::vector<CacheAnswer> answers;
  for (const KernelWanted &wanted : all->kernels)
    answers.push_back(explain(wanted.variant, wanted.key, known));
  return answers;
}

Result<CacheWarmed> warmCache(const Program &program, const std::string &architecture) {
  Result<std::string> folder = writableFolder();
  if (!folder)
    return folder.error();
  Result<Wanted> all = wantedOf(program, architecture);
  if (!all)
    return all.error();
  rt::KernelCache cache("");
  auto kernels = rt::callAtOnce(all->kernels.size(), rt::processors(), [&](std::size_t i) {
    const KernelWanted &wanted = all->kernels[i];
    return cache.get(wanted.key, [&] { return rt::compileWith(*all->nvrtc, wanted.source); });
  });
  for (const auto &kernel : kernels)
    if (!kernel)
      return kernel.error();
  rt::CacheCounters counters = cache.counters();
  if (!cache.withoutDisk().empty() || counters.faults > 0)
    return unusable(cache.withoutDisk().empty() ? "a kernel could not be written to " + *folder
                                                : cache.withoutDisk());
  return CacheWarmed{counters.compiles, counters.diskHits + counters.memoryHits};
}

} // namespace scanc
