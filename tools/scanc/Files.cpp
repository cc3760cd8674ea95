//===- Files.cpp - Reads and writes that say what went wrong --------------===//
#include "tools/scanc/Files.h"

#include "tools/scanc/Report.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <unistd.h>
#include <vector>

namespace scanc::cli {

namespace {

struct CloseFile {
  void operator()(std::FILE *file) const { std::fclose(file); }
};
using Stream = std::unique_ptr<std::FILE, CloseFile>;

/// A file beside the place that it is meant for, which `commit` moves it to. Without a commit
/// nothing is left of it.
class PendingFile {
public:
  explicit PendingFile(const std::string &path);
  PendingFile(PendingFile &&) = default;
  ~PendingFile();

  Result<void> open();
  Result<void> write(std::string_view bytes);
  Result<void> commit();

private:
  std::string path;  ///< as the user calls it
  std::string place; ///< behind links
  std::string part;  ///< where the bytes go first; `path` itself for a device
  std::filesystem::file_status before;
  Stream stream;
  bool isPending = false; ///< `part` exists and is to go
};

} // namespace

static Error readError(const std::string &path, int reason) {
  return makeError("SC8002", ErrorKind::input,
                   fmt::format("cannot read '{}': {}", path, std::strerror(reason)),
                   "check the path and its permissions; - is stdin");
}

static Error writeError(const std::string &path, int reason) {
  return makeError("SC8003", ErrorKind::environment,
                   fmt::format("cannot write '{}': {}", path, std::strerror(reason)),
                   "choose another place, or make room there");
}

std::string displayName(const std::string &path) { return path == "-" ? "<stdin>" : path; }

static Result<std::string> readAll(std::FILE *stream, const std::string &path) {
  std::string bytes;
  char buffer[1 << 16];
  errno = 0;
  while (std::size_t count = std::fread(buffer, 1, sizeof(buffer), stream))
    bytes.append(buffer, count);
  if (std::ferror(stream))
    return readError(path, errno);
  return bytes;
}

Result<std::string> readFile(const std::string &path) {
  if (path == "-")
    return readAll(stdin, "<stdin>");
  Stream stream(std::fopen(path.c_str(), "rb"));
  if (!stream)
    return readError(path, errno);
  return readAll(stream.get(), path);
}

static Result<void> writeAll(std::FILE *stream, const std::string &path, std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), stream) != bytes.size() || std::fflush(stream))
    return writeError(path, errno);
  return {};
}

/// The file that a chain of links leads to, which is replaced in the place of the first link.
static std::string resolveLinks(const std::string &path) {
  std::error_code failed;
  std::filesystem::path resolved = std::filesystem::canonical(path, failed);
  return failed ? path : resolved.string();
}

PendingFile::PendingFile(const std::string &path) : path(path) {
  std::error_code failed;
  before = std::filesystem::status(path, failed);
  bool isFile = std::filesystem::is_regular_file(before);
  place = isFile ? resolveLinks(path) : path;
  bool inPlace = std::filesystem::exists(before) && !isFile;
  part = inPlace ? path : fmt::format("{}.{}.part", place, getpid());
}

PendingFile::~PendingFile() {
  if (stream && isPending)
    std::remove(part.c_str());
}

Result<void> PendingFile::open() {
  stream.reset(std::fopen(part.c_str(), "wb"));
  if (!stream)
    return writeError(path, errno);
  isPending = part != path;
  return {};
}

Result<void> PendingFile::write(std::string_view bytes) {
  return writeAll(stream.get(), path, bytes);
}

Result<void> PendingFile::commit() {
  if (!isPending)
    return {};
  std::error_code failed;
  if (std::filesystem::is_regular_file(before))
    std::filesystem::permissions(part, before.permissions(), failed);
  if (std::rename(part.c_str(), place.c_str()) != 0)
    return writeError(path, errno);
  isPending = false;
  return {};
}

Result<void> writeFiles(std::span<const OutputFile> files) {
  std::vector<PendingFile> pending;
  for (const auto &[path, bytes] : files) {
    if (path == "-") {
      if (Result<void> written = writeAll(stdout, "<stdout>", bytes); !written)
        return written;
      continue;
    }
    pending.emplace_back(path);
    if (Result<void> opened = pending.back().open(); !opened)
      return opened;
    if (Result<void> written = pending.back().write(bytes); !written)
      return written;
  }
  for (PendingFile &file : pending)
    if (Result<void> committed = file.commit(); !committed)
      return committed;
  return {};
}

Result<void> writeFile(const std::string &path, std::string_view bytes) {
  const OutputFile file(path, bytes);
  return writeFiles({&file, 1});
}

Result<int> print(std::string_view text) {
  Result<void> written = writeFile("-", text);
  if (!written)
    return written.error();
  return 0;
}

Result<void> checkWritable(const std::string &path) { return PendingFile(path).open(); }

Result<void> makeFolder(const std::string &path) {
  std::error_code failed;
  std::filesystem::create_directories(path, failed);
  if (failed)
    return writeError(path, failed.value());
  return {};
}

} // namespace scanc::cli
