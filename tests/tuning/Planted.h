//===- Planted.h - Candidates with faults, and the problem they are for -*- C++ -*-===//
#ifndef SCANC_TESTS_TUNING_PLANTED_H
#define SCANC_TESTS_TUNING_PLANTED_H

#include "runtime/tuning/InProcess.h"

namespace scanc::testing {

/// y[t] = a[t] y[t-1] + x[t] over a few lanes, on the CPU.
tuning::Problem plantedProblem();

/// Makes kernels of the CPU. A strategy that names a fault gets a kernel that has it: "wrong value",
/// "unwritten result", "write before", "write behind", "write input", "segmentation fault", "endless loop",
/// "garbage", "early exit", "slow", "endless compile", "damage when timed".
Result<Kernel> compilePlanted(std::string_view text, const CompileOptions &options);

} // namespace scanc::testing

#endif // SCANC_TESTS_TUNING_PLANTED_H
