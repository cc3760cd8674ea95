//===- Files.cpp - Reads and writes that say what went wrong --------------===//
#include "tools/scanc/Files.h"

#include "tools/scanc/Report.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <unistd.h>

namespace scanc::cli {

namespace {

struct CloseFile {
  void operator()(std::FILE *file) const { std::fclose(file); }
};

} // namespace

static Error readError(const std::string &path, int reason) {
  return makeError("SC8002", ErrorKind::input,
                   fmt::format("cannot read '{}': {}", path, std::strerror(reason)));
}

static Error writeError(const std::string &path, int reason) {
  return makeError("SC8003", ErrorKind::environment,
                   fmt::format("cannot write '{}': {}", path, std::strerror(reason)));
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
  std::unique_ptr<std::FILE, CloseFile> stream(std::fopen(path.c_str(), "rb"));
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

Result<void> writeFile(const std::string &path, std::string_view bytes) {
  if (path == "-")
    return writeAll(stdout, "<stdout>", bytes);
  // A device or a pipe is written as it is; a file must not be replaced in part.
  std::error_code failed;
  std::filesystem::file_status before = std::filesystem::status(path, failed);
  bool isFile = std::filesystem::is_regular_file(before);
  bool inPlace = std::filesystem::exists(before) && !isFile;
  std::string place = isFile ? resolveLinks(path) : path;
  std::string target = inPlace ? path : fmt::format("{}.{}.part", place, getpid());
  {
    std::unique_ptr<std::FILE, CloseFile> stream(std::fopen(target.c_str(), "wb"));
    if (!stream)
      return writeError(path, errno);
    if (Result<void> written = writeAll(stream.get(), path, bytes); !written) {
      if (!inPlace)
        std::remove(target.c_str());
      return written;
    }
  }
  if (isFile)
    std::filesystem::permissions(target, before.permissions(), failed);
  if (!inPlace && std::rename(target.c_str(), place.c_str()) != 0) {
    int reason = errno;
    std::remove(target.c_str());
    return writeError(path, reason);
  }
  return {};
}

Result<void> makeFolder(const std::string &path) {
  std::error_code failed;
  std::filesystem::create_directories(path, failed);
  if (failed)
    return writeError(path, failed.value());
  return {};
}

} // namespace scanc::cli
