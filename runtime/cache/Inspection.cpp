//===- Inspection.cpp - What the cache holds, and why it has not what is wanted ---===//
#include "scanc/Cache.h"

#include "runtime/Hash.h"
#include "runtime/cache/CacheFolder.h"
#include "runtime/cache/Eviction.h"
#include "runtime/cache/KernelCache.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>

namespace scanc {
namespace {

namespace fs = std::filesystem;

Error unusable(const std::string &why) {
  return makeError("SC7005", ErrorKind::environment, "the cache of kernels cannot be used: " + why,
                   "name a folder of your own by SCANC_CACHE_DIR");
}

/// The folder, or why it cannot be used.
Result<std::string> usableFolder() {
  CacheState state = cacheState();
  if (!state.fault.empty())
    return unusable(state.fault);
  return state.folder;
}

/// A kernel that a program may launch.
struct KernelWanted {
  std::string variant;
  CudaSource source;
  std::string key;
};

struct Wanted {
  std::string folder;
  const rt::NvrtcApi *nvrtc;
  std::vector<KernelWanted> kernels;
};

/// What a program may launch on `architecture`, and where it is looked for.
Result<Wanted> wantedOf(const Program &program, const std::string &architecture) {
  Result<std::string> folder = usableFolder();
  if (!folder)
    return folder.error();
  Result<const rt::NvrtcApi *> nvrtc = rt::sharedNvrtc();
  if (!nvrtc)
    return nvrtc.error();
  Wanted wanted{*folder, *nvrtc, {}};
  for (const Entry &entry : program.entries)
    for (const Step &step : entry.steps)
      for (const KernelVariant &variant : std::get<KernelStep>(step).variants) {
        CudaSource source = rt::sourceOf(program, variant, architecture);
        std::string key = rt::cacheKey(source, (*nvrtc)->info, rt::nvrtcOptions(**nvrtc, source));
        wanted.kernels.push_back({variant.name, std::move(source), std::move(key)});
      }
  return wanted;
}

/// The names of all entries, without their extension.
std::vector<std::string> entriesOf(const std::string &folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (fs::directory_iterator it(folder, ignored), end; !ignored && it != end; it.increment(ignored))
    if (it->path().extension() == rt::DiskCache::extension)
      names.push_back(it->path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string pathOf(const std::string &folder, const std::string &name) {
  return fmt::format("{}/{}{}", folder, name, rt::DiskCache::extension);
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
      result.difference =
          fmt::format("of {}, {}", nameOf(wanted, i), differingLine(wanted[i].value, found[i].value));
  }
  return result;
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
  rt::CacheFolder folder = rt::resolveCacheFolder("");
  state.folder = folder.path;
  state.fault = folder.reason;
  struct stat status;
  if (folder.path.empty() || stat(folder.path.c_str(), &status) != 0)
    return state;
  state.fault = rt::prepareCacheFolder(folder.path);
  rt::CacheUse use = rt::measureCacheFolder(folder.path);
  state.entries = use.entries;
  state.bytes = use.bytes;
  state.quarantined = use.quarantined;
  return state;
}

Result<Evicted> pruneCache(const CacheLimits &limits) {
  Result<std::string> folder = usableFolder();
  if (!folder)
    return folder.error();
  return rt::evict(*folder, limits);
}

Result<Verified> verifyCache() {
  Result<std::string> folder = usableFolder();
  if (!folder)
    return folder.error();
  Verified verified;
  for (const std::string &name : entriesOf(*folder)) {
    std::optional<std::string> bytes = rt::readEntry(pathOf(*folder, name));
    std::optional<std::string> key = bytes ? rt::keyOfEntry(*bytes) : std::nullopt;
    ++verified.entries;
    if (key && rt::hashHex(*key) == name)
      continue;
    ++verified.damaged;
    rt::moveAside(*folder, name);
  }
  return verified;
}

Result<std::vector<CacheAnswer>> explainCache(const Program &program,
                                              const std::string &architecture) {
  Result<Wanted> all = wantedOf(program, architecture);
  if (!all)
    return all.error();
  std::vector<std::pair<std::string, std::string>> known; // key, path
  for (const std::string &name : entriesOf(all->folder))
    if (std::optional<std::string> bytes = rt::readEntry(pathOf(all->folder, name)))
      if (std::optional<std::string> key = rt::keyOfEntry(*bytes))
        known.emplace_back(std::move(*key), pathOf(all->folder, name));

  std::vector<CacheAnswer> answers;
  for (const KernelWanted &wanted : all->kernels) {
    std::vector<rt::KeyPart> parts = rt::partsOfKey(wanted.key);
    CacheAnswer answer;
    answer.variant = wanted.variant;
    std::size_t most = 0;
    for (const auto &[other, path] : known) {
      Comparison compared = compareKeys(parts, rt::partsOfKey(other));
      if (compared.shared <= most && !answer.entry.empty())
        continue;
      most = compared.shared;
      answer.entry = path;
      answer.isHit = other == wanted.key;
      answer.difference = compared.difference;
      if (answer.isHit)
        break;
    }
    answers.push_back(std::move(answer));
  }
  return answers;
}

Result<CacheWarmed> warmCache(const Program &program, const std::string &architecture) {
  Result<Wanted> all = wantedOf(program, architecture);
  if (!all)
    return all.error();
  rt::KernelCache cache(all->folder);
  for (const KernelWanted &wanted : all->kernels) {
    auto kernel = cache.get(wanted.key, [&] { return rt::compileWith(*all->nvrtc, wanted.source); });
    if (!kernel)
      return kernel.error();
  }
  rt::CacheCounters counters = cache.counters();
  if (!cache.withoutDisk().empty() || counters.faults > 0)
    return unusable(cache.withoutDisk().empty() ? "a kernel could not be written to " + all->folder
                                                : cache.withoutDisk());
  return CacheWarmed{counters.compiles, counters.diskHits + counters.memoryHits};
}

} // namespace scanc
