//===- cache/DiskCache.h - Compiled kernels on disk, one file each --------===//
//
// A fault of the disk never changes a result and is never an error: what cannot
// be read is compiled again, what cannot be written is used from memory. Faults
// are counted. An entry holds its whole key, which is compared, so that no
// collision of names can give a wrong kernel, and a checksum of everything.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_CACHE_DISKCACHE_H
#define SCANC_RUNTIME_CACHE_DISKCACHE_H

#include "runtime/cache/Eviction.h"
#include "scanc/Nvrtc.h"

#include <atomic>
#include <optional>

namespace scanc::rt {

/// The bytes of an entry, and back. Nothing where the bytes are damaged or of another key.
std::string toEntry(std::string_view key, const CompiledKernel &kernel);
std::optional<CompiledKernel> fromEntry(std::string_view bytes, std::string_view key);
/// The key of an entry that is whole.
std::optional<std::string> keyOfEntry(std::string_view bytes);

/// The bytes of a file that this user or root wrote and nobody else may change.
std::optional<std::string> readEntry(const std::string &path);
/// Moves the entry of this name, without its extension, to the quarantine of its folder.
void moveAside(const std::string &folder, const std::string &name);

class DiskCache {
public:
  static constexpr const char *extension = ".kernel";
  static constexpr const char *quarantine = "quarantine";
  static constexpr const char *unfinished = ".tmp"; ///< ends the name of what is being written

  /// Requires a folder that `prepareCacheFolder` accepts.
  explicit DiskCache(std::string folder, CacheLimits limits = cacheLimits())
      : folder(std::move(folder)), limits(limits) {}

  /// The kernel of `key`. A damaged entry is moved aside.
  std::optional<CompiledKernel> read(std::string_view key);
  /// Publishes whole or not at all. The first writer wins.
  void write(std::string_view key, const CompiledKernel &kernel);
  /// Moves the entry of `key` to the quarantine.
  void discard(std::string_view key);

  std::string pathOf(std::string_view key) const;
  std::int64_t damaged() const { return damagedCount; }
  std::int64_t faults() const { return faultCount; }

private:
  std::string folder;
  CacheLimits limits;
  std::atomic<std::int64_t> damagedCount = 0; ///< entries that were moved aside
  std::atomic<std::int64_t> faultCount = 0;   ///< reads and writes that the system refused
};

} // namespace scanc::rt

#endif // SCANC_RUNTIME_CACHE_DISKCACHE_H
