//===- CacheFolder.cpp - The cache folder found, made and checked ---------===//
#include "runtime/cache/CacheFolder.h"

#include "runtime/Hash.h"
#include "runtime/cache/EntryFile.h"

#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
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

/// The folder, or "" where nothing names one.
std::string namedFolder(const std::string &requested) {
  if (!requested.empty())
    return requested;
  if (std::string name = environment("SCANC_CACHE_DIR"); !name.empty())
    return name;
  if (std::string xdg = environment("XDG_CACHE_HOME"); xdg.starts_with('/'))
    return xdg + "/scanc";
  if (std::string home = environment("HOME"); home.starts_with('/'))
    return home + "/.cache/scanc";
  return "";
}

/// Whether the file system of a folder, or of the nearest one above it that exists, is shared
/// between machines. FUSE holds most of those that the kernel does not know.
bool isOnNetwork(const std::string &path) {
  constexpr std::int64_t known[] = {
      NFS_SUPER_MAGIC,  SMB_SUPER_MAGIC,   CIFS_SUPER_MAGIC, SMB2_SUPER_MAGIC,
      CODA_SUPER_MAGIC, AFS_SUPER_MAGIC,   AFS_FS_MAGIC,     CEPH_SUPER_MAGIC,
      V9FS_MAGIC,       OCFS2_SUPER_MAGIC, FUSE_SUPER_MAGIC,
      0x0BD00BD0, // Lustre
      0x47504653, // GPFS
      0x19830326, // BeeGFS
      0x01161970, // GFS2
      0xAAD7AAEA, // PanFS
  };
  std::error_code ignored;
  for (fs::path at = fs::absolute(path, ignored); !at.empty(); at = at.parent_path()) {
    struct statfs system;
    if (statfs(at.c_str(), &system) == 0)
      return std::find(std::begin(known), std::end(known),
                       std::int64_t(system.f_type) & 0xFFFFFFFF) != std::end(known);
    if (at == at.parent_path())
      break;
  }
  return false;
}

/// Returns "" or why what lies at `path` is no folder that only this user, or root where it is only
/// read, may write.
std::string distrust(const std::string &path, bool isRead) {
  struct stat status;
  fs::path folder = path;
  if (!folder.has_filename())
    folder = folder.parent_path(); // "x/" would follow a link
  if (lstat(folder.c_str(), &status) != 0)
    return fmt::format("cannot read '{}': {}", path, std::strerror(errno));
  if (!S_ISDIR(status.st_mode))
    return fmt::format("'{}' is no folder (links are not followed)", path);
  if (status.st_uid != geteuid() && !(isRead && status.st_uid == 0))
    return fmt::format("'{}' belongs to another user", path);
  if (status.st_mode & (S_IWGRP | S_IWOTH))
    return fmt::format("others may write '{}': run chmod 700 on it", path);
  return "";
}

} // namespace

CacheFolder resolveCacheFolder(const std::string &requested) {
  using enum CacheMode;
  std::string said = environment("SCANC_CACHE");
  std::string path = namedFolder(requested);
  if (said == "off")
    return {"", "turned off by SCANC_CACHE", off};
  if (said != "" && said != "memory" && said != "ro" && said != "rw")
    return {"", fmt::format("SCANC_CACHE: expected off, memory, ro or rw, got '{}'", said), memory};
  if (path == "off" || said == "memory")
    return {"", "turned off", memory};
  if (path.empty())
    return {"", "neither SCANC_CACHE_DIR, XDG_CACHE_HOME nor HOME names a folder", memory};
  return {path, "", said == "ro" ? readOnly : said == "rw" ? readWrite : layered};
}

CachePlaces placesOf(const CacheFolder &folder) {
  if (folder.path.empty())
    return {.writable = "", .readOnly = "", .reason = folder.reason};
  if (folder.mode == CacheMode::readOnly)
    return {.writable = "", .readOnly = folder.path, .reason = ""};
  std::string node = nodeFolder() + "/cache-" + hashHex(folder.path).substr(0, 8);
  // Where the machine has nothing but the network, a layer would gain nothing.
  if (folder.mode == CacheMode::layered && isOnNetwork(folder.path) && !isOnNetwork(node))
    return {.writable = node, .readOnly = folder.path, .reason = ""};
  return {.writable = folder.path, .readOnly = "", .reason = ""};
}

CachePlaces openPlaces(const CacheFolder &folder) {
  CachePlaces places = placesOf(folder);
  std::string unwritable, unreadable;
  if (!places.writable.empty())
    unwritable = prepareCacheFolder(places.writable);
  if (!places.readOnly.empty())
    unreadable = distrust(places.readOnly, /*isRead=*/true);
  if (!unwritable.empty())
    places.writable.clear();
  if (!unreadable.empty())
    places.readOnly.clear();
  if (places.writable.empty() && places.readOnly.empty() && places.reason.empty())
    places.reason = unwritable.empty() ? unreadable : unwritable;
  return places;
}

std::string nodeFolder() {
  std::string runtime = environment("XDG_RUNTIME_DIR");
  return runtime.starts_with('/') ? runtime + "/scanc" : fmt::format("/tmp/scanc-{}", geteuid());
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
  return distrust(path, /*isRead=*/false);
}

CacheUse measureCacheFolder(const std::string &path) {
  CacheUse use;
  std::error_code ignored;
  for (const EntryFile &entry : entriesOf(path)) {
    ++use.entries;
    use.programs += entry.kind == EntryKind::program;
    std::error_code unsized;
    std::uintmax_t bytes = fs::file_size(entry.path, unsized);
    use.bytes += unsized ? 0 : static_cast<std::int64_t>(bytes);
  }
  for (fs::directory_iterator it(fs::path(path) / quarantineName, ignored), end;
       !ignored && it != end; it.increment(ignored))
    ++use.quarantined;
  return use;
}

} // namespace scanc::rt
