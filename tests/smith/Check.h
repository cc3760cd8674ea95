//===- Check.h - One program by every strategy, against the oracle -*- C++ -*-===//
#ifndef SCANC_TESTS_SMITH_CHECK_H
#define SCANC_TESTS_SMITH_CHECK_H

#include "tests/smith/Smith.h"

#include <optional>

namespace scanc::smith {

/// What is done with each program beside running it on the CPU and writing its kernels for sm_80 or sm_90a.
struct Effort {
  /// Which of its kernels run in the emulation: none, one of a strategy that is drawn, or one of each strategy.
  enum class Emulation { none, one, all } emulation = Emulation::one;
  bool gpu = false;         ///< those kernels run on the GPU of this machine in place of the emulation, and not on the CPU
  /// What goes through NVRTC: nothing, those kernels, or what every strategy writes for sm_80 and for sm_90a.
  enum class MachineCode { none, run, all } machineCode = MachineCode::none;
  bool policies = true;     ///< now and then a policy of the search space in place of the planner's
  std::string only = "";    ///< this strategy alone: "cpu", "blelloch", "blelloch(ring=2)"
};

/// What went wrong.
struct Finding {
  std::string how;  ///< what it was tried with, and how it failed: "blelloch: emulation.race"
  std::string what; ///< in words, with the architecture and the variant
  std::string strategy; ///< what to pin to see it again; "cpu"
};

/// What was done, by name: "cpu", "emulated blelloch", "launched blelloch", "declined".
using Tally = std::map<std::string, std::int64_t>;

std::optional<Finding> check(const RandomProgram &program, const Effort &effort, Tally &tally);

} // namespace scanc::smith

#endif // SCANC_TESTS_SMITH_CHECK_H
