//===- Eviction.cpp - The entries that were not used for longest go first -===//
#include "runtime/cache/Eviction.h"

#include "runtime/cache/CacheFolder.h"
#include "runtime/cache/EntryFile.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <vector>

namespace scanc::rt {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t minute = 60, hour = 60 * minute, week = 7 * 24 * hour;

struct File {
  std::string path;
  struct stat status;
};

bool isSame(const struct stat &one, const struct stat &other) {
  return one.st_ino == other.st_ino && one.st_size == other.st_size &&
         one.st_mtim.tv_sec == other.st_mtim.tv_sec && one.st_mtim.tv_nsec == other.st_mtim.tv_nsec;
}

void addFile(std::vector<File> &files, std::string path) {
  File file{std::move(path), {}};
  if (lstat(file.path.c_str(), &file.status) == 0 && S_ISREG(file.status.st_mode))
    files.push_back(std::move(file));
}

std::vector<File> filesOf(const fs::path &folder, std::string_view ending = "") {
  std::vector<File> files;
  std::error_code ignored;
  for (fs::directory_iterator it(folder, ignored), end; !ignored && it != end;
       it.increment(ignored))
    if (it->path().string().ends_with(ending))
      addFile(files, it->path().string());
  return files;
}

/// Whether the file is gone; one that changed since it was looked at stays.
bool remove(const File &file) {
  struct stat now;
  return lstat(file.path.c_str(), &now) == 0 && isSame(now, file.status) &&
         unlink(file.path.c_str()) == 0;
}

void removeOlder(const std::vector<File> &files, std::int64_t age) {
  std::time_t now = std::time(nullptr);
  for (const File &file : files)
    if (now - file.status.st_mtim.tv_sec > age)
      remove(file);
}

/// Holds the right to evict from a folder, if nobody had it within the last minute.
class Turn {
public:
  explicit Turn(const std::string &folder)
      : file(open(fmt::format("{}/.evicted", folder).c_str(),
                  O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)) {
    struct stat status;
    if (file < 0 || flock(file, LOCK_EX | LOCK_NB) != 0 || fstat(file, &status) != 0)
      return;
    std::time_t since = std::time(nullptr) - status.st_mtim.tv_sec;
    bool isNew = status.st_size == 0;
    if (!isNew && since >= 0 && since < minute)
      return;
    taken = (!isNew || write(file, "\n", 1) == 1) && futimens(file, nullptr) == 0;
  }
  Turn(const Turn &) = delete;
  Turn &operator=(const Turn &) = delete;
  ~Turn() {
    if (file >= 0)
      close(file);
  }
  bool isTaken() const { return taken; }

private:
  int file;
  bool taken = false;
};

} // namespace

Evicted evict(const std::string &folder, const CacheLimits &limits) {
  removeOlder(filesOf(folder, unfinished), hour);
  removeOlder(filesOf(fs::path(folder) / quarantineName), week);
  std::vector<File> entries;
  for (EntryFile &entry : entriesOf(folder))
    addFile(entries, std::move(entry.path));

  std::int64_t bytes = 0, count = static_cast<std::int64_t>(entries.size());
  for (const File &entry : entries)
    bytes += entry.status.st_size;
  std::sort(entries.begin(), entries.end(), [](const File &one, const File &other) {
    return std::pair(one.status.st_mtim.tv_sec, one.status.st_mtim.tv_nsec) <
           std::pair(other.status.st_mtim.tv_sec, other.status.st_mtim.tv_nsec);
  });
  Evicted gone;
  for (const File &entry : entries) {
    if (bytes <= limits.bytes && count <= limits.entries)
      break;
    if (!remove(entry))
      continue;
    --count;
    bytes -= entry.status.st_size;
    ++gone.entries;
    gone.bytes += entry.status.st_size;
  }
  return gone;
}

void evictNowAndThen(const std::string &folder, const CacheLimits &limits) {
  if (!Turn(folder).isTaken())
    return;
  CacheUse use = measureCacheFolder(folder);
  if (use.bytes > limits.bytes || use.entries > limits.entries)
    evict(folder, {limits.bytes / 10 * 9, limits.entries / 10 * 9});
}

void stampUse(int file, std::int64_t lastUse) {
  if (std::time(nullptr) - lastUse > hour)
    futimens(file, nullptr);
}

} // namespace scanc::rt
