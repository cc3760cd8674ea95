//===- cache/KernelCache.h - Each kernel compiled once ----------*- C++ -*-===//
//
// Memory, then disk, then the compiler. Threads that want the same kernel wait
// for the one that makes it, and so do processes of a machine, for some time. A kernel stays in
// memory for the life of the cache: 5 to 200 kB each.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_CACHE_KERNELCACHE_H
#define SCANC_RUNTIME_CACHE_KERNELCACHE_H

#include "runtime/cache/DiskCache.h"
#include "runtime/nvrtc/NvrtcApi.h"
#include "runtime/process/Fork.h"
#include "scanc/Program.h"

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace scanc::rt {

/// The functions of a variant, each once, in the order in which they are first launched; of a text of several functions,
/// in its order: what takes longest to compile stands first, as NVRTC holds a lock while it parses.
std::vector<std::string> entriesOf(const KernelVariant &variant);

/// The translation units of a variant of `program`: its text for each of `entriesOf`, which may be
/// compiled at once, each without the others. Texts of several functions look at SCANC_ONE_KERNEL and
/// SCANC_KERNEL_name; one that does not has them all in each unit.
std::vector<CudaSource> sourcesOf(const Program &program, const KernelVariant &variant,
                                  const std::string &architecture);

/// Everything that decides the bytes of a kernel, as a KeyText.
std::string cacheKey(const CudaSource &source, const NvrtcInfo &nvrtc,
                     const std::vector<std::string> &options);

struct CacheCounters {
  std::int64_t memoryHits = 0;
  std::int64_t diskHits = 0;
  std::int64_t compiles = 0;
  std::int64_t waits = 0;   ///< answered by another thread's compile
  std::int64_t damaged = 0; ///< entries of the disk moved aside
  std::int64_t faults = 0;  ///< of the disk
};

/// The name of everything in a key but NVRTC and its options: of what a bundle's machine code was
/// made.
std::string sourceDigest(const CudaSource &source);

class KernelCache final : ForkGuard {
public:
  using Compile = std::function<Result<CompiledKernel>()>;
  using Kernel = std::shared_ptr<const CompiledKernel>;

  /// A folder that cannot be used leaves the memory.
  explicit KernelCache(const CacheFolder &folder);
  /// `requested` as for `resolveCacheFolder`.
  explicit KernelCache(const std::string &requested)
      : KernelCache(resolveCacheFolder(requested)) {}

  /// The kernel of `key` where it is kept, or null.
  Kernel find(const std::string &key);
  /// The kernel of `key`. An error of `compile` goes to all who wait, and is not kept.
  Result<Kernel> get(const std::string &key, const Compile &compile);
  /// Forgets the kernel of `key`: the driver refused it.
  void discard(const std::string &key);

  CacheCounters counters() const;
  /// "" or why nothing is kept on disk.
  const std::string &withoutDisk() const { return reason; }

private:
  struct Slot {
    std::condition_variable finished;
    bool done = false;
    Kernel kernel;
    std::optional<Error> error;
  };

  void beforeFork() override { mutex.lock(); }
  /// A child has no thread that finishes what was begun: it begins anew.
  void afterFork(bool inChild) override;

  Kernel fromDisk(const std::string &key);
  Result<Kernel> make(const std::string &key, const Compile &compile);

  bool keeps; ///< in memory
  std::unique_ptr<DiskCache> disk;
  std::string reason;
  mutable std::mutex mutex;
  std::map<std::string, std::shared_ptr<Slot>, std::less<>> slots;
  CacheCounters counts;
};

/// The kernel of a source, from `cache` or by the NVRTC of this machine, which is opened for its
/// version. Fails as `sharedNvrtc` and `compileWith` do.
Result<KernelCache::Kernel> compileCached(KernelCache &cache, const CudaSource &source);

} // namespace scanc::rt

#endif // SCANC_RUNTIME_CACHE_KERNELCACHE_H
