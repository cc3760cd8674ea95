//===- wisdom/Record.cpp - One measurement as a line of JSON --------------===//
#include "runtime/wisdom/Record.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace scanc::rt {

using Json = nlohmann::ordered_json;

static constexpr int schema = 1;

std::string toLine(const Record &record) {
  Json json = {{"schema", schema},
               {"kind", record.kind},
               {"key", record.key},
               {"kernel", record.kernel},
               {"file", record.file},
               {"sizes", record.sizes},
               {"dtypes", record.dtypes},
               {"target", record.target},
               {"device", record.machine.device},
               {"multiprocessors", record.machine.multiprocessors},
               {"driver", record.machine.driver},
               {"nvrtc", record.machine.nvrtc},
               {"scanc", record.machine.scanc},
               {"strategy", record.strategy},
               {"policy", record.policy},
               {"outcome", record.outcome},
               {"seconds", record.seconds},
               {"noise", record.noise},
               {"samples", record.samples},
               {"compileSeconds", record.compileSeconds},
               {"estimate", record.estimate},
               {"bytes", record.bytes},
               {"flops", record.flops},
               {"isUntuned", record.isUntuned}};
  if (record.kind == "pick") {
    json["untunedSeconds"] = record.untunedSeconds;
    json["evaluations"] = record.evaluations;
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<Record> fromLine(std::string_view line) {
  Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object())
    return std::nullopt;
  Record record;
  bool isWhole = true;
  auto read = [&](const char *name, auto &field) {
    auto found = json.find(name);
    if (found == json.end()) {
      isWhole = false;
      return;
    }
    try {
      found->get_to(field);
    } catch (const Json::exception &) { // another type
      isWhole = false;
    }
  };
  int known = 0;
  read("schema", known);
  read("kind", record.kind);
  read("key", record.key);
  read("kernel", record.kernel);
  read("file", record.file);
  read("sizes", record.sizes);
  read("dtypes", record.dtypes);
  read("target", record.target);
  read("device", record.machine.device);
  read("multiprocessors", record.machine.multiprocessors);
  read("driver", record.machine.driver);
  read("nvrtc", record.machine.nvrtc);
  read("scanc", record.machine.scanc);
  read("strategy", record.strategy);
  read("policy", record.policy);
  read("outcome", record.outcome);
  read("seconds", record.seconds);
  read("noise", record.noise);
  read("samples", record.samples);
  read("compileSeconds", record.compileSeconds);
  read("estimate", record.estimate);
  read("bytes", record.bytes);
  read("flops", record.flops);
  read("isUntuned", record.isUntuned);
  if (record.kind == "pick") {
    read("untunedSeconds", record.untunedSeconds);
    read("evaluations", record.evaluations);
  }
  if (!isWhole || known != schema || (record.kind != "pick" && record.kind != "evaluation"))
    return std::nullopt;
  return record;
}

Result<RecordFile> readRecords(const std::string &path) {
  RecordFile file;
  if (access(path.c_str(), F_OK) != 0 && errno == ENOENT)
    return file;
  std::ifstream stream(path);
  std::stringstream text;
  if (!stream || !(text << stream.rdbuf()).good())
    if (struct stat status; stat(path.c_str(), &status) != 0 || status.st_size != 0)
      return makeError("SC7020", ErrorKind::environment,
                       fmt::format("cannot read the records in '{}'", path),
                       "give a file of lines that scanc tune wrote");
  for (std::string line; std::getline(text, line);) {
    if (line.empty())
      continue;
    if (std::optional<Record> record = fromLine(line))
      file.records.push_back(std::move(*record));
    else
      ++file.skipped;
  }
  return file;
}

/// Writes all of `bytes`; the error number, or 0.
static int writeAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return written < 0 ? errno : ENOSPC;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

/// The same for a line at the end of an open, locked file.
static int appendLine(int file, std::string line) {
  struct stat status;
  if (fstat(file, &status) != 0)
    return errno;
  char last = '\n';
  if (status.st_size > 0 && pread(file, &last, 1, status.st_size - 1) != 1)
    return errno;
  if (last != '\n')
    line.insert(0, "\n");
  int fault = writeAll(file, line);
  if (fault == 0 && fsync(file) != 0)
    fault = errno;
  if (fault != 0 && ftruncate(file, status.st_size) != 0)
    return fault; // a torn line is skipped by whoever reads
  return fault;
}

Result<void> appendRecord(const std::string &path, const Record &record) {
  int file = open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  int fault = file < 0 ? errno : 0;
  if (file >= 0) {
    while (flock(file, LOCK_EX) != 0 && errno == EINTR) {
    }
    fault = appendLine(file, toLine(record));
    if (close(file) != 0 && fault == 0)
      fault = errno;
  }
  if (fault == 0)
    return {};
  return makeError("SC7021", ErrorKind::environment,
                   fmt::format("cannot add a record to '{}': {}", path, std::strerror(fault)),
                   "make room there, or name another file");
}

} // namespace scanc::rt
