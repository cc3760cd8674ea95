//===- ProjectionCases.h - Plans with products of matrices -*- C++ -*-=====//
#ifndef SCANC_TESTS_END_TO_END_PROJECTIONCASES_H
#define SCANC_TESTS_END_TO_END_PROJECTIONCASES_H

#include "scanc/Compile.h"
#include "tests/support/Comparison.h"

#include <cstdint>
#include <map>
#include <string>

namespace scanc::testing_support {

/// A gated layer: three projections before the scan, one with a bias behind it, and another result beside that.
extern const char *const gatedWithOutput;

/// The roundoff of f16 is 2^13 times that of f32, and of bf16 2^16: every number of a row is rounded once to it where the
/// reference's bound has a rounding to f32.
inline constexpr double ofF16 = 1 << 13, ofBf16 = 1 << 16;

/// By the strategy `projection`, for `target`.
CompileOptions withProjection(const std::string &target, std::map<std::string, std::int64_t> sizes = {});

/// Kernels of the plan of `text`; a failure of the test, and 0, where there is none.
std::size_t kernelsOf(const std::string &text, const CompileOptions &options);

/// The variant of the first kernel that a launch takes, or what is wrong.
std::string launched(const std::string &text, const Program &program, const CompileOptions &options,
                     Operands &operands);

/// The same of `program`, compiled with open sizes, at `sizes`.
std::string launchedAt(const std::string &text, const Program &program, CompileOptions options,
                       const std::map<std::string, std::int64_t> &sizes);

} // namespace scanc::testing_support

#endif // SCANC_TESTS_END_TO_END_PROJECTIONCASES_H
