//===- cache/CacheFolder.h - Where compiled kernels are kept ----*- C++ -*-===//
//
// Who may write this folder may run code as its reader: it belongs to the user,
// and nobody else may write it.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_CACHE_CACHEFOLDER_H
#define SCANC_RUNTIME_CACHE_CACHEFOLDER_H

#include <cstdint>
#include <string>

namespace scanc::rt {

/// A folder, or why there is none.
struct CacheFolder {
  std::string path;   ///< empty: kernels are kept in memory only
  std::string reason; ///< why, when `path` is empty
};

/// The folder that is meant by `requested` ("" asks the environment, "off" wants none):
/// SCANC_CACHE_DIR, then $XDG_CACHE_HOME/scanc if that is absolute, then ~/.cache/scanc.
CacheFolder resolveCacheFolder(const std::string &requested);

/// Creates what is missing of `path`, mode 0700. Returns "" or why the folder cannot be trusted.
std::string prepareCacheFolder(const std::string &path);

/// What lies in a folder, for reports.
struct CacheUse {
  std::int64_t entries = 0;
  std::int64_t bytes = 0;
  std::int64_t quarantined = 0;
};
CacheUse measureCacheFolder(const std::string &path);

} // namespace scanc::rt

#endif // SCANC_RUNTIME_CACHE_CACHEFOLDER_H
