//===- wisdom/Record.h - One measurement as a line of JSON ------*- C++ -*-===//
//
// The lines of a wisdom file, which holds the picks of searches, and of a file of
// results, which holds every evaluation.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_WISDOM_RECORD_H
#define SCANC_RUNTIME_WISDOM_RECORD_H

#include "scanc/Result.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanc::rt {

/// What candidates were measured on.
struct Machine {
  std::string device;               ///< "NVIDIA H200"; "cpu"
  std::int64_t multiprocessors = 0; ///< 0 on the CPU
  int driver = 0;                   ///< 13000 for 13.0; 0: none
  std::string nvrtc;                ///< "13.0"; empty: none
  std::string scanc;                ///< version

  bool operator==(const Machine &) const = default;
};

struct Record {
  std::string kind = "evaluation"; ///< or "pick", of a search
  std::string key;                 ///< of the kernel: `kernelKey`
  std::string kernel, file;
  std::map<std::string, std::int64_t> sizes;
  std::map<std::string, std::string> dtypes; ///< of the parameters, by name
  std::string target;                        ///< "sm_90a"
  Machine machine;
  std::string strategy; ///< with its policy pinned
  std::string policy;   ///< as the plan prints it
  std::string outcome;  ///< "ok", …
  double seconds = 0, noise = 0;
  std::vector<double> samples;
  double compileSeconds = 0;
  double estimate = 0, bytes = 0, flops = 0; ///< of the cost model
  bool isUntuned = false;                    ///< what the cost model takes
  double untunedSeconds = 0;                 ///< of a pick: what the cost model's pick takes
  std::int64_t evaluations = 0;              ///< of a pick: that were known when it was made
};

/// One line, which ends with a newline.
std::string toLine(const Record &record);
/// Nothing where the line is no record of this schema.
std::optional<Record> fromLine(std::string_view line);

struct RecordFile {
  std::vector<Record> records;
  std::int64_t skipped = 0; ///< lines that are no records: torn, or of another schema
};

/// The records of a file; of one that does not exist, none. SC7020 where it cannot be read.
Result<RecordFile> readRecords(const std::string &path);

/// Adds a line to a file, which is made where it does not exist, and waits until it is on the disk. A line
/// before it that a crash cut short stays alone; one of ours that does not fit is taken back. Writers of
/// one machine wait for each other. SC7021 where it cannot be written.
Result<void> appendRecord(const std::string &path, const Record &record);

} // namespace scanc::rt

#endif // SCANC_RUNTIME_WISDOM_RECORD_H
