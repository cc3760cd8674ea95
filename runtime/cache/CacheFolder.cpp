//===- CacheFolder.cpp - The cache folder found, made and checked ---------===//
#include "runtime/cache/CacheFolder.h"

#include "runtime/cache/DiskCache.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace scanc::rt {
namespace {

namespace fs = std::filesystem;

std::string environment(const char *name) {
  const char *value = std::getenv(name);
  return value ? value : "";
}

CacheFolder named(const std::string &name) {
  if (name == "off")
    return {"", "turned off"};
  return {name, ""};
}

} // namespace

CacheFolder resolveCacheFolder(const std::string &requested) {
  if (!requested.empty())
    return named(requested);
  if (std::string name = environment("SCANC_CACHE_DIR"); !name.empty())
    return named(name);
  if (std::string xdg = environment("XDG_CACHE_HOME"); xdg.starts_with('/'))
    return {xdg + "/scanc", ""};
  if (std::string home = environment("HOME"); home.starts_with('/'))
    return {home + "/.cache/scanc", ""};
  return {"", "neither SCANC_CACHE_DIR, XDG_CACHE_HOME nor HOME names a folder"};
}

std::string prepareCacheFolder(const std::string &path) {
  fs::path partial;
  for (const fs::path &component : fs::path(path)) {
    partial /= component;
    if (mkdir(partial.c_str(), 0700) != 0 && errno != EEXIST && errno != EISDIR) {
      // A parent that exists may refuse mkdir for other reasons (read-only, not ours).
      std::string why = std::strerror(errno);
      struct stat status;
      if (stat(partial.c_str(), &status) != 0)
        return fmt::format("cannot create '{}': {}", partial.string(), why);
    }
  }
  struct stat status;
  fs::path folder = path;
  if (!folder.has_filename())
    folder = folder.parent_path(); // "x/" would follow a link
  if (lstat(folder.c_str(), &status) != 0)
    return fmt::format("cannot read '{}': {}", path, std::strerror(errno));
  if (!S_ISDIR(status.st_mode))
    return fmt::format("'{}' is no folder (links are not followed)", path);
  if (status.st_uid != geteuid())
    return fmt::format("'{}' belongs to another user", path);
  if (status.st_mode & (S_IWGRP | S_IWOTH))
    return fmt::format("others may write '{}': run chmod 700 on it", path);
  return "";
}

CacheUse measureCacheFolder(const std::string &path) {
  CacheUse use;
  std::error_code ignored;
  for (fs::directory_iterator it(path, ignored), end; !ignored && it != end; it.increment(ignored))
    if (it->path().extension() == DiskCache::extension) {
      ++use.entries;
      std::error_code unsized;
      std::uintmax_t bytes = it->file_size(unsized);
      use.bytes += unsized ? 0 : static_cast<std::int64_t>(bytes);
    }
  for (fs::directory_iterator it(fs::path(path) / DiskCache::quarantine, ignored), end;
       !ignored && it != end; it.increment(ignored))
    ++use.quarantined;
  return use;
}

} // namespace scanc::rt
