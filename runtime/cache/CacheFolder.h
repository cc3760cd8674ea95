//===- cache/CacheFolder.h - Where entries are kept -------------*- C++ -*-===//
//
// Who may write this folder may run code as its reader: it belongs to the user,
// and nobody else may write it.
//
// A folder on a network file system is read, and what is new goes to a folder of
// the machine: many nodes that write one folder wait for each other, and what they
// fsync goes over the network. `scanc cache push` takes it there.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_CACHE_CACHEFOLDER_H
#define SCANC_RUNTIME_CACHE_CACHEFOLDER_H

#include "runtime/process/Fork.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace scanc::rt {

/// What SCANC_CACHE says.
enum class CacheMode : std::uint8_t {
  off,       ///< nothing is kept, not even in memory
  memory,    ///< nothing is kept on disk
  readOnly,  ///< folders are read
  readWrite, ///< the folder is written wherever it lies
  layered,   ///< as readWrite, but a folder on a network file system is read only; the default
};

/// A folder, or why there is none.
struct CacheFolder {
  std::string path;   ///< empty: nothing is kept on disk
  std::string reason; ///< why, when `path` is empty
  CacheMode mode = CacheMode::layered;
};

/// The folder that is meant by `requested` ("" asks the environment, "off" wants none):
/// SCANC_CACHE_DIR, then $XDG_CACHE_HOME/scanc if that is absolute, then ~/.cache/scanc; none where
/// SCANC_CACHE wants none.
CacheFolder resolveCacheFolder(const std::string &requested);

/// The folders of a cache.
struct CachePlaces {
  std::string writable; ///< empty: nothing is written
  std::string readOnly; ///< looked into after `writable`; empty: there is none
  std::string reason;   ///< why both are empty
};

/// Which folders these are, without making any.
CachePlaces placesOf(const CacheFolder &folder);
/// Makes what is missing, and leaves out what cannot be used.
CachePlaces openPlaces(const CacheFolder &folder);

/// Creates what is missing of `path`, mode 0700. Returns "" or why the folder cannot be trusted.
std::string prepareCacheFolder(const std::string &path);

/// The user's own folder on this machine; it may have to be made.
std::string nodeFolder();

/// What lies in a folder, for reports.
struct CacheUse {
  std::int64_t entries = 0; ///< of all kinds
  std::int64_t programs = 0;
  std::int64_t bytes = 0;
  std::int64_t quarantined = 0;
};
CacheUse measureCacheFolder(const std::string &path);

/// The caches of the process, for the life of it.
template <typename Cache>
struct SharedCaches {
  ForkMutex mutex;
  std::map<std::pair<std::string, CacheMode>, std::shared_ptr<Cache>> caches;
};
template <typename Cache>
inline SharedCaches<Cache> &sharedCaches = *new SharedCaches<Cache>;

/// The process's `Cache` for the folder that is meant by `requested`; it is made of a CacheFolder.
template <typename Cache>
std::shared_ptr<Cache> sharedCache(const std::string &requested) {
  auto &[mutex, caches] = sharedCaches<Cache>;
  CacheFolder folder = resolveCacheFolder(requested);
  std::pair key(folder.path, folder.mode);
  {
    std::lock_guard lock(mutex);
    if (auto found = caches.find(key); found != caches.end())
      return found->second;
  }
  // Not under the mutex, which a fork waits for: a cache may be told of forks, too.
  auto made = std::make_shared<Cache>(folder);
  std::lock_guard lock(mutex);
  return caches.try_emplace(std::move(key), std::move(made)).first->second;
}

} // namespace scanc::rt

#endif // SCANC_RUNTIME_CACHE_CACHEFOLDER_H
