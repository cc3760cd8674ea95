//===- DiskCache.cpp - Entries published by one link, read whole ----------===//
#include "runtime/cache/DiskCache.h"

#include "runtime/Hash.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace scanc::rt {
namespace {

/// The number grows when the layout or the meaning of an entry changes.
constexpr std::string_view magic = "SCANCKC1";
constexpr std::size_t checksumLength = 32;
/// No kernel of scanc comes near; a larger file is not read into memory.
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

std::string toEntry(std::string_view key, const CompiledKernel &kernel) {
  std::string bytes(magic);
  for (std::string_view field : {key, std::string_view(kernel.cubin), std::string_view(kernel.ptx),
                                 std::string_view(kernel.log)})
    addField(bytes, field);
  return bytes + hashHex(bytes);
}

/// The key, the cubin, the PTX and the log of an entry that is whole.
static std::optional<std::array<std::string_view, 4>> fieldsOf(std::string_view bytes) {
  if (bytes.size() < magic.size() + checksumLength || !bytes.starts_with(magic))
    return std::nullopt;
  std::string_view content = bytes.substr(0, bytes.size() - checksumLength);
  if (hashHex(content) != bytes.substr(content.size()))
    return std::nullopt;
  content.remove_prefix(magic.size());
  std::array<std::string_view, 4> fields;
  for (std::string_view &field : fields) {
    auto taken = takeField(content);
    if (!taken)
      return std::nullopt;
    field = *taken;
  }
  return content.empty() ? std::optional(fields) : std::nullopt;
}

std::optional<std::string> keyOfEntry(std::string_view bytes) {
  auto fields = fieldsOf(bytes);
  return fields ? std::optional<std::string>((*fields)[0]) : std::nullopt;
}

std::optional<CompiledKernel> fromEntry(std::string_view bytes, std::string_view key) {
  auto fields = fieldsOf(bytes);
  if (!fields || (*fields)[0] != key)
    return std::nullopt;
  CompiledKernel kernel;
  kernel.cubin = (*fields)[1];
  kernel.ptx = (*fields)[2];
  kernel.log = (*fields)[3];
  kernel.stats = parsePtxasLog(kernel.log);
  return kernel;
}

std::string DiskCache::pathOf(std::string_view key) const {
  return fmt::format("{}/{}{}", folder, hashHex(key), extension);
}

/// The bytes of `file`, if they can be read and trusted.
static std::optional<std::string> readTrusted(const Descriptor &file, struct stat &status) {
  if (!file || fstat(file.get(), &status) != 0 || !trusted(status))
    return std::nullopt;
  std::string bytes(status.st_size, '\0');
  if (!readWhole(file.get(), bytes))
    return std::nullopt;
  return bytes;
}

static int openEntry(const std::string &path) {
  return open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
}

std::optional<std::string> readEntry(const std::string &path) {
  struct stat status;
  return readTrusted(Descriptor(openEntry(path)), status);
}

std::optional<CompiledKernel> DiskCache::read(std::string_view key) {
  Descriptor file(openEntry(pathOf(key)));
  if (!file && errno == ENOENT)
    return std::nullopt;
  struct stat status;
  std::optional<std::string> bytes = readTrusted(file, status);
  if (!bytes) {
    ++faultCount;
    return std::nullopt;
  }
  auto kernel = fromEntry(*bytes, key);
  if (kernel)
    stampUse(file.get(), status.st_mtim.tv_sec);
  else
    discard(key);
  return kernel;
}

void DiskCache::write(std::string_view key, const CompiledKernel &kernel) {
  static std::atomic<std::uint64_t> counter = 0;
  std::string temporary = fmt::format("{}/.{}-{}{}", folder, getpid(), counter++, unfinished);
  bool published = false;
  {
    Descriptor file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) {
      ++faultCount;
      return;
    }
    published = writeWhole(file.get(), toEntry(key, kernel)) && fsync(file.get()) == 0;
  }
  if (published) {
    std::string path = pathOf(key);
    // EEXIST: another writer was first, and its entry is as good. File systems without hard links
    // get a rename, where the last writer wins.
    if (link(temporary.c_str(), path.c_str()) != 0 && errno != EEXIST)
      published = rename(temporary.c_str(), path.c_str()) == 0;
  }
  unlink(temporary.c_str());
  faultCount += !published;
  evictNowAndThen(folder, limits);
}

void DiskCache::discard(std::string_view key) {
  ++damagedCount;
  moveAside(folder, hashHex(key));
}

void moveAside(const std::string &folder, const std::string &name) {
  std::string path = fmt::format("{}/{}{}", folder, name, DiskCache::extension);
  std::string aside = fmt::format("{}/{}", folder, DiskCache::quarantine);
  mkdir(aside.c_str(), 0700);
  if (rename(path.c_str(), fmt::format("{}/{}", aside, name).c_str()) != 0)
    unlink(path.c_str());
}

} // namespace scanc::rt
