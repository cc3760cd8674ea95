//===- BenchReport.h - What scanc bench prints ------------------*- C++ -*-===//
#ifndef SCANC_TOOLS_SCANC_BENCHREPORT_H
#define SCANC_TOOLS_SCANC_BENCHREPORT_H

#include "runtime/tuning/Evaluate.h"
#include "scanc/Result.h"

namespace scanc::cli {

/// Candidates for one problem, compared.
struct BenchReport {
  std::string kernel, file, target, device;
  std::map<std::string, std::int64_t> sizes;
  std::int64_t compulsoryBytes = 0;
  double copyBandwidth = 0; ///< bytes per second, read and written; 0 where nothing was timed
  std::vector<tuning::Evaluation> evaluations;

  std::string text() const;
  std::string json() const;
  /// SC8020 where a candidate was not timed; the worst of them decides the exit code.
  Result<void> verdict() const;

  /// The first that was timed, which others are compared with; null where none was.
  const tuning::Evaluation *base() const;
};

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_BENCHREPORT_H
