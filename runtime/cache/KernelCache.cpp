//===- KernelCache.cpp - Memory, then disk, then the compiler -------------===//
#include "runtime/cache/KernelCache.h"

#include "runtime/cache/CacheFolder.h"
#include "runtime/cache/NodeLock.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace scanc::rt {
namespace {

/// Grows when the meaning of a key changes.
constexpr int keySchema = 1;

/// The caches of the process, for the life of it.
ForkMutex &cachesMutex = *new ForkMutex;
std::map<std::string, std::shared_ptr<KernelCache>> &caches =
    *new std::map<std::string, std::shared_ptr<KernelCache>>;

} // namespace

CudaSource sourceOf(const Program &program, const KernelVariant &variant,
                    const std::string &architecture) {
  CudaSource source;
  source.name = fmt::format("{}_{}.cu", program.name, variant.name);
  source.text = variant.source;
  source.headers = program.headers;
  source.architecture = architecture;
  return source;
}

std::string cacheKey(const CudaSource &source, const NvrtcInfo &nvrtc,
                     const std::vector<std::string> &options) {
  std::string key = fmt::format("scanc kernel, key schema {}\n", keySchema);
  auto add = [&](std::string_view label, std::string_view value) {
    key += fmt::format("{} {}:", label, value.size());
    key += value;
    key += '\n';
  };
  add("nvrtc", fmt::format("{}.{}", nvrtc.major, nvrtc.minor));
  for (const std::string &option : options)
    add("option", option);
  add("name", source.name);
  for (const auto &[name, text] : source.headers) {
    add("header", name);
    add("text", text);
  }
  add("source", source.text);
  return key;
}

std::vector<KeyPart> partsOfKey(std::string_view key) {
  std::vector<KeyPart> parts;
  auto upTo = [&](char end) {
    std::size_t at = std::min(key.find(end), key.size());
    std::string_view text = key.substr(0, at);
    key.remove_prefix(std::min(at + 1, key.size()));
    return text;
  };
  parts.push_back({"schema", upTo('\n')});
  while (!key.empty()) {
    std::string_view label = upTo(' '), length = upTo(':');
    std::size_t count = 0;
    auto [end, status] = std::from_chars(length.data(), length.data() + length.size(), count);
    if (status != std::errc() || end != length.data() + length.size() || count >= key.size())
      return {};
    parts.push_back({label, key.substr(0, count)});
    key.remove_prefix(count + 1); // and the end of the line
  }
  return parts;
}

KernelCache::KernelCache(const std::string &requested) {
  CacheFolder folder = resolveCacheFolder(requested);
  reason = folder.reason;
  if (folder.path.empty())
    return;
  reason = prepareCacheFolder(folder.path);
  if (reason.empty())
    disk = std::make_unique<DiskCache>(folder.path);
}

std::shared_ptr<KernelCache> KernelCache::shared(const std::string &requested) {
  CacheFolder folder = resolveCacheFolder(requested);
  {
    std::lock_guard lock(cachesMutex);
    if (auto found = caches.find(folder.path); found != caches.end())
      return found->second;
  }
  // Not under the mutex, which a fork waits for: a cache is told of forks, too.
  auto made = std::make_shared<KernelCache>(folder.path.empty() ? "off" : folder.path);
  std::lock_guard lock(cachesMutex);
  return caches.try_emplace(folder.path, std::move(made)).first->second;
}

void KernelCache::afterFork(bool inChild) {
  for (auto slot = slots.begin(); inChild && slot != slots.end();) {
    if (slot->second->done) {
      ++slot;
      continue;
    }
    // Never destroyed: that would wait for threads which only the parent has.
    new std::shared_ptr<Slot>(std::move(slot->second));
    slot = slots.erase(slot);
  }
  mutex.unlock();
}

KernelCache::Kernel KernelCache::fromDisk(const std::string &key) {
  auto found = disk->read(key);
  if (!found)
    return nullptr;
  std::lock_guard lock(mutex);
  ++counts.diskHits;
  return std::make_shared<const CompiledKernel>(std::move(*found));
}

Result<KernelCache::Kernel> KernelCache::make(const std::string &key, const Compile &compile) {
  std::optional<NodeLock> onlyOne;
  if (disk) {
    if (Kernel found = fromDisk(key))
      return found;
    onlyOne.emplace(disk->pathOf(key));
    if (Kernel found = onlyOne->isHeld() ? fromDisk(key) : nullptr)
      return found;
  }
  {
    std::lock_guard lock(mutex);
    ++counts.compiles;
  }
  Result<CompiledKernel> compiled = compile();
  if (!compiled)
    return compiled.error();
  // What was compiled is what is used: an entry just published is never read back.
  if (disk)
    disk->write(key, *compiled);
  return std::make_shared<const CompiledKernel>(std::move(*compiled));
}

Result<KernelCache::Kernel> KernelCache::get(const std::string &key, const Compile &compile) {
  std::shared_ptr<Slot> slot;
  {
    std::unique_lock lock(mutex);
    auto [found, isNew] = slots.try_emplace(key);
    if (!isNew) {
      slot = found->second;
      ++(slot->done ? counts.memoryHits : counts.waits);
      slot->finished.wait(lock, [&] { return slot->done; });
      if (slot->error)
        return *slot->error;
      return slot->kernel;
    }
    slot = found->second = std::make_shared<Slot>();
  }

  Result<Kernel> made = make(key, compile);
  std::lock_guard lock(mutex);
  slot->done = true;
  slot->finished.notify_all();
  if (!made) {
    slot->error = made.error();
    if (auto found = slots.find(key); found != slots.end() && found->second == slot)
      slots.erase(found);
    return made.error();
  }
  slot->kernel = *made;
  return made;
}

void KernelCache::discard(const std::string &key) {
  std::lock_guard lock(mutex);
  if (auto found = slots.find(key); found != slots.end() && found->second->done)
    slots.erase(found);
  if (disk)
    disk->discard(key);
}

CacheCounters KernelCache::counters() const {
  std::lock_guard lock(mutex);
  CacheCounters result = counts;
  if (disk) {
    result.damaged = disk->damaged();
    result.faults = disk->faults();
  }
  return result;
}

} // namespace scanc::rt
