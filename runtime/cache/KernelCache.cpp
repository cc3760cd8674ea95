//===- KernelCache.cpp - Memory, then disk, then the compiler -------------===//
#include "runtime/cache/KernelCache.h"

#include "runtime/Hash.h"
#include "runtime/cache/KeyText.h"
#include "runtime/cache/NodeLock.h"

#include <fmt/format.h>

#include <algorithm>

namespace scanc::rt {
namespace {

/// The number grows when the meaning of a key changes.
constexpr std::string_view keySchema = "scanc kernel, key schema 2";

/// A text without what its first line says, if that is a comment: it names the user's file and
/// line, which change no byte of a kernel. The line stays, and so do the numbers of those below.
std::string_view withoutPlace(std::string_view text) {
  return text.starts_with("//") ? text.substr(std::min(text.find('\n'), text.size())) : text;
}

void addSource(KeyText &key, const CudaSource &source) {
  key.add("name", source.name);
  for (const auto &[name, text] : source.headers)
    key.add("header", name).add("text", text);
  key.add("source", withoutPlace(source.text));
}

EntryFields fieldsOf(const CompiledKernel &kernel) {
  return {kernel.cubin, kernel.ptx, kernel.log};
}

std::optional<CompiledKernel> kernelOf(EntryFields fields) {
  if (fields.size() != 3)
    return std::nullopt;
  CompiledKernel kernel;
  kernel.cubin = std::move(fields[0]);
  kernel.ptx = std::move(fields[1]);
  kernel.log = std::move(fields[2]);
  kernel.stats = parsePtxasLog(kernel.log);
  return kernel;
}

} // namespace

std::vector<std::string> entriesOf(const KernelVariant &variant) {
  std::vector<std::string> entries;
  for (const KernelLaunch &launch : variant.launches)
    if (std::find(entries.begin(), entries.end(), launch.entry) == entries.end())
      entries.push_back(launch.entry);
  auto placeOf = [&](const std::string &entry) { return variant.source.find(fmt::format("SCANC_KERNEL_{})", entry)); };
  std::ranges::stable_sort(entries, {}, placeOf);
  return entries;
}

std::vector<CudaSource> sourcesOf(const Program &program, const KernelVariant &variant,
                                  const std::string &architecture) {
  CudaSource whole;
  whole.name = fmt::format("{}_{}.cu", program.name, variant.name);
  whole.text = variant.source;
  whole.headers = program.headers;
  whole.architecture = architecture;
  const std::vector<std::string> entries = entriesOf(variant);
  if (entries.size() == 1)
    return {whole};
  std::vector<CudaSource> sources;
  for (const std::string &entry : entries) {
    CudaSource &source = sources.emplace_back(whole);
    source.name = fmt::format("{}_{}.cu", entry, variant.name);
    source.extraOptions = {"-DSCANC_ONE_KERNEL", "-DSCANC_KERNEL_" + entry};
  }
  return sources;
}

std::string cacheKey(const CudaSource &source, const NvrtcInfo &nvrtc,
                     const std::vector<std::string> &options) {
  KeyText key(keySchema);
  key.add("nvrtc", fmt::format("{}.{}", nvrtc.major, nvrtc.minor));
  for (const std::string &option : options)
    key.add("option", option);
  addSource(key, source);
  return key.take();
}

std::string sourceDigest(const CudaSource &source) {
  KeyText key(keySchema);
  addSource(key, source);
  return hashHex(key.take());
}

KernelCache::KernelCache(const CacheFolder &folder) : keeps(folder.mode != CacheMode::off) {
  CachePlaces places = openPlaces(folder);
  reason = places.reason;
  if (reason.empty())
    disk = std::make_unique<DiskCache>(EntryKind::kernel, std::move(places));
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
  std::optional<EntryFields> fields = disk->read(key);
  std::optional<CompiledKernel> found = fields ? kernelOf(std::move(*fields)) : std::nullopt;
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
    if (std::string path = disk->pathOf(key); !path.empty())
      onlyOne.emplace(path);
    if (Kernel found = onlyOne && onlyOne->isHeld() ? fromDisk(key) : nullptr)
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
    disk->write(key, fieldsOf(*compiled));
  return std::make_shared<const CompiledKernel>(std::move(*compiled));
}

KernelCache::Kernel KernelCache::find(const std::string &key) {
  {
    std::lock_guard lock(mutex);
    if (auto found = slots.find(key); found != slots.end() && found->second->kernel) {
      ++counts.memoryHits;
      return found->second->kernel;
    }
  }
  Kernel found = disk ? fromDisk(key) : nullptr;
  if (found && keeps) {
    std::lock_guard lock(mutex);
    auto slot = std::make_shared<Slot>();
    slot->done = true;
    slot->kernel = found;
    slots.try_emplace(key, std::move(slot));
  }
  return found;
}

Result<KernelCache::Kernel> KernelCache::get(const std::string &key, const Compile &compile) {
  if (!keeps)
    return make(key, compile);
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

Result<KernelCache::Kernel> compileCached(KernelCache &cache, const CudaSource &source) {
  Result<const NvrtcApi *> nvrtc = sharedNvrtc();
  if (!nvrtc)
    return nvrtc.error();
  return cache.get(cacheKey(source, (*nvrtc)->info, nvrtcOptions(**nvrtc, source)),
                   [&] { return compileWith(**nvrtc, source); });
}

} // namespace scanc::rt
