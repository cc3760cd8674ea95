//===- EntryFile.cpp - Entries published by one link, read whole ----------===//
#include "runtime/cache/EntryFile.h"

#include "runtime/Hash.h"
#include "runtime/cache/Eviction.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace scanc::rt {
namespace {

/// The number grows when the layout or the meaning of an entry changes.
constexpr std::string_view magic = "SCANCEN2";
constexpr std::size_t checksumLength = 32;
/// No entry of scanc comes near; a larger file is not read into memory.
constexpr off_t largestEntry = 256 << 20;

class Descriptor {
public:
  explicit Descriptor(int number) : number(number) {}
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;
  ~Descriptor() {
    if (number >= 0)
      close(number);
  }
  explicit operator bool() const { return number >= 0; }
  int get() const { return number; }

private:
  int number;
};

void addField(std::string &bytes, std::string_view field) {
  std::uint64_t length = field.size();
  char raw[sizeof length];
  std::memcpy(raw, &length, sizeof length);
  bytes.append(raw, sizeof raw);
  bytes += field;
}

std::optional<std::string_view> takeField(std::string_view &bytes) {
  std::uint64_t length = 0;
  if (bytes.size() < sizeof length)
    return std::nullopt;
  std::memcpy(&length, bytes.data(), sizeof length);
  bytes.remove_prefix(sizeof length);
  if (length > bytes.size())
    return std::nullopt;
  std::string_view field = bytes.substr(0, length);
  bytes.remove_prefix(length);
  return field;
}

bool readWhole(int file, std::string &bytes) {
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    ssize_t got = ::read(file, bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return false;
    filled += got;
  }
  return true;
}

bool writeWhole(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t put = ::write(file, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR)
      continue;
    if (put <= 0)
      return false;
    bytes.remove_prefix(put);
  }
  return true;
}

/// Only what this user or root wrote, and nobody else may change.
bool trusted(const struct stat &status) {
  return S_ISREG(status.st_mode) && (status.st_uid == geteuid() || status.st_uid == 0) &&
         !(status.st_mode & (S_IWGRP | S_IWOTH)) && status.st_size <= largestEntry;
}

} // namespace

std::string_view extensionOf(EntryKind kind) {
  return kind == EntryKind::kernel ? ".kernel" : ".program";
}

std::string toEntry(std::string_view key, const EntryFields &fields) {
  std::string bytes(magic);
  addField(bytes, key);
  for (const std::string &field : fields)
    addField(bytes, field);
  return bytes + hashHex(bytes);
}

/// The key and the fields of an entry that is whole.
static std::optional<std::vector<std::string_view>> partsOf(std::string_view bytes) {
  if (bytes.size() < magic.size() + checksumLength || !bytes.starts_with(magic))
    return std::nullopt;
  std::string_view content = bytes.substr(0, bytes.size() - checksumLength);
  if (hashHex(content) != bytes.substr(content.size()))
    return std::nullopt;
  content.remove_prefix(magic.size());
  std::vector<std::string_view> parts;
  do {
    std::optional<std::string_view> part = takeField(content);
    if (!part)
      return std::nullopt;
    parts.push_back(*part);
  } while (!content.empty());
  return parts;
}

std::optional<std::string> keyOfEntry(std::string_view bytes) {
  auto parts = partsOf(bytes);
  return parts ? std::optional<std::string>(parts->front()) : std::nullopt;
}

std::optional<EntryFields> fromEntry(std::string_view bytes, std::string_view key) {
  auto parts = partsOf(bytes);
  if (!parts || parts->front() != key)
    return std::nullopt;
  return EntryFields(parts->begin() + 1, parts->end());
}

std::string entryName(EntryKind kind, std::string_view key) {
  return hashHex(key).append(extensionOf(kind));
}

std::vector<EntryFile> entriesOf(const std::string &folder) {
  namespace fs = std::filesystem;
  std::vector<EntryFile> entries;
  std::error_code ignored;
  for (fs::directory_iterator it(folder, ignored), end; !ignored && it != end;
       it.increment(ignored))
    for (EntryKind kind : {EntryKind::kernel, EntryKind::program})
      if (it->path().extension() == extensionOf(kind))
        entries.push_back({it->path().string(), kind});
  std::sort(entries.begin(), entries.end(),
            [](const EntryFile &one, const EntryFile &other) { return one.path < other.path; });
  return entries;
}

ReadEntry readEntry(const std::string &path, bool stamp) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!file)
    return {.bytes = {}, .isMissing = errno == ENOENT};
  struct stat status;
  if (fstat(file.get(), &status) != 0 || !trusted(status))
    return {};
  std::string bytes(status.st_size, '\0');
  if (!readWhole(file.get(), bytes))
    return {};
  if (stamp)
    stampUse(file.get(), status.st_mtim.tv_sec);
  return {.bytes = std::move(bytes)};
}

bool publishEntry(const std::string &folder, const std::string &name, std::string_view bytes) {
  static std::atomic<std::uint64_t> counter = 0;
  std::string temporary = fmt::format("{}/.{}-{}{}", folder, getpid(), counter++, unfinished);
  bool published = false;
  {
    Descriptor file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file)
      return false;
    published = writeWhole(file.get(), bytes) && fsync(file.get()) == 0;
  }
  if (published) {
    std::string path = folder + "/" + name;
    // EEXIST: another writer was first, and its entry is as good. File systems without hard links
    // get a rename, where the last writer wins.
    if (link(temporary.c_str(), path.c_str()) != 0 && errno != EEXIST)
      published = rename(temporary.c_str(), path.c_str()) == 0;
  }
  unlink(temporary.c_str());
  return published;
}

void moveAside(const std::string &path) {
  std::filesystem::path file = path, aside = file.parent_path() / quarantineName;
  mkdir(aside.c_str(), 0700);
  if (rename(path.c_str(), (aside / file.filename()).c_str()) != 0)
    unlink(path.c_str());
}

} // namespace scanc::rt
