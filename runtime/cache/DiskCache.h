//===- cache/DiskCache.h - Entries of one kind on disk ----------*- C++ -*-===//
//
// A fault of the disk never changes a result and is never an error: what cannot
// be read is made again, what cannot be written is used from memory. Faults are
// counted.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_CACHE_DISKCACHE_H
#define SCANC_RUNTIME_CACHE_DISKCACHE_H

#include "runtime/cache/CacheFolder.h"
#include "runtime/cache/EntryFile.h"
#include "runtime/cache/Eviction.h"

#include <atomic>

namespace scanc::rt {

class DiskCache {
public:
  /// Requires places that were opened.
  DiskCache(EntryKind kind, CachePlaces places, CacheLimits limits = cacheLimits())
      : kind(kind), places(std::move(places)), limits(limits) {}

  /// What is kept under `key`, in the first folder that has it. A damaged entry is moved aside
  /// where the folder may be written.
  std::optional<EntryFields> read(std::string_view key);
  /// Publishes whole or not at all. The first writer wins.
  void write(std::string_view key, const EntryFields &fields);
  /// Counts the entry of `key` as damaged, and moves it to the quarantine.
  void discard(std::string_view key);

  /// Where the entry of `key` is written; "" where none is.
  std::string pathOf(std::string_view key) const;
  std::int64_t damaged() const { return damagedCount; }
  std::int64_t faults() const { return faultCount; }

private:
  EntryKind kind;
  CachePlaces places;
  CacheLimits limits;
  std::atomic<std::int64_t> damagedCount = 0; ///< entries that were of no use
  std::atomic<std::int64_t> faultCount = 0;   ///< reads and writes that the system refused
};

} // namespace scanc::rt

#endif // SCANC_RUNTIME_CACHE_DISKCACHE_H
