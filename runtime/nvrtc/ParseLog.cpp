//===- ParseLog.cpp - Registers, spills and shared memory from ptxas ------===//
//
//   ptxas info    : Compiling entry function 'k' for 'sm_90a'
//   ptxas info    : Function properties for k
//   ptxas         .     256 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
//   ptxas info    : Used 32 registers, used 1 barriers, 1024 bytes smem
//
//===----------------------------------------------------------------------===//
#include "scanc/Nvrtc.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace scanc {
namespace {

/// The number that stands before `unit` in `line`, 0 where there is none.
std::int64_t numberBefore(std::string_view line, std::string_view unit) {
  std::size_t end = line.find(unit);
  if (end == line.npos)
    return 0;
  std::size_t begin = end;
  while (begin > 0 && line[begin - 1] >= '0' && line[begin - 1] <= '9')
    --begin;
  std::int64_t value = 0;
  std::from_chars(line.data() + begin, line.data() + end, value);
  return value;
}

} // namespace

std::vector<KernelStats> parsePtxasLog(std::string_view log) {
  constexpr std::string_view compiling = "Compiling entry function '";
  constexpr std::string_view properties = "Function properties for ";
  std::vector<KernelStats> stats;
  bool ofEntry = false; // device functions that were not inlined have properties too
  while (!log.empty()) {
    std::size_t end = std::min(log.find('\n'), log.size());
    std::string_view line = log.substr(0, end);
    log.remove_prefix(std::min(end + 1, log.size()));
    if (std::size_t at = line.find(compiling); at != line.npos) {
      std::string_view name = line.substr(at + compiling.size());
      stats.emplace_back().entry = std::string(name.substr(0, name.find('\'')));
    }
    if (stats.empty())
      continue;
    KernelStats &kernel = stats.back();
    if (std::size_t at = line.find(properties); at != line.npos)
      ofEntry = line.substr(at + properties.size()) == kernel.entry;
    if (ofEntry && line.find(" bytes stack frame") != line.npos) {
      kernel.stackBytes = numberBefore(line, " bytes stack frame");
      kernel.spillStoreBytes = numberBefore(line, " bytes spill stores");
      kernel.spillLoadBytes = numberBefore(line, " bytes spill loads");
    }
    if (line.find("Used ") != line.npos && line.find(" registers") != line.npos) {
      kernel.registers = numberBefore(line, " registers");
      kernel.barriers = numberBefore(line, " barriers");
      kernel.staticSharedBytes = numberBefore(line, " bytes smem");
    }
  }
  return stats;
}

std::string renderStats(const std::vector<KernelStats> &stats) {
  std::size_t width = 5;
  for (const KernelStats &kernel : stats)
    width = std::max(width, kernel.entry.size());
  std::string text = fmt::format("{:<{}}  {:>9}  {:>11}  {:>12}  {:>11}  {:>12}  {:>8}\n", "entry",
                                 width, "registers", "stack bytes", "spill stores", "spill loads",
                                 "shared bytes", "barriers");
  for (const KernelStats &kernel : stats)
    text += fmt::format("{:<{}}  {:>9}  {:>11}  {:>12}  {:>11}  {:>12}  {:>8}\n", kernel.entry,
                        width, kernel.registers, kernel.stackBytes, kernel.spillStoreBytes,
                        kernel.spillLoadBytes, kernel.staticSharedBytes, kernel.barriers);
  return text;
}

} // namespace scanc
