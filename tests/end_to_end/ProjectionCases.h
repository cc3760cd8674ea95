//===- ProjectionCases.h - Plans with products of matrices -*- C++ -*-=====//
#ifndef SCANC_TESTS_END_TO_END_PROJECTIONCASES_H
#define SCANC_TESTS_END_TO_END_PROJECTIONCASES_H

#include "scanc/Compile.h"

#include <cstdint>
#include <map>
#include <string>

namespace scanc::testing_support {

/// By the strategy `projection`, for `target`.
CompileOptions withProjection(const std::string &target, std::map<std::string, std::int64_t> sizes = {});

/// Kernels of the plan of `text`; a failure of the test, and 0, where there is none.
std::size_t kernelsOf(const std::string &text, const CompileOptions &options);

} // namespace scanc::testing_support

#endif // SCANC_TESTS_END_TO_END_PROJECTIONCASES_H
