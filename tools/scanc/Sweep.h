//===- Sweep.h - A grid of problems, as TOML --------------------*- C++ -*-===//
//
// The format of bench/sweeps/sweep.py, which says what the fields are; docs/tuning.md has it too.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_TOOLS_SCANC_SWEEP_H
#define SCANC_TOOLS_SCANC_SWEEP_H

#include "runtime/tuning/Evaluate.h"
#include "scanc/Tuning.h"

namespace scanc::cli {

struct SweepPoint {
  tuning::Problem problem;
  std::vector<std::string> strategies; ///< empty: all
  /// Values that a field of a policy may have, by name; what is not named is free.
  std::map<std::string, std::vector<std::int64_t>> fields;
  double mostBytes = 0; ///< a point whose operands are larger is left out
};

/// The points of the sweep in `file`; a group without a program of its own is about `text`. SC8022 where the
/// file is no sweep.
Result<std::vector<SweepPoint>> readSweep(const std::string &file, const std::string &text,
                                          const std::string &filename);

/// The kernel that the problem is about, by its name; empty where its text is none.
std::string kernelName(const tuning::Problem &problem);

/// The candidates of the strategies and field values that the point asks for, best estimate first.
Result<std::vector<Candidate>> candidatesOf(const SweepPoint &point);

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_SWEEP_H
