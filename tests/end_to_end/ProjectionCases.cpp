//===- ProjectionCases.cpp - Plans with products of matrices --------------===//
#include "tests/end_to_end/ProjectionCases.h"

#include "tests/end_to_end/Emulated.h"

#include <gtest/gtest.h>

namespace scanc::testing_support {

CompileOptions withProjection(const std::string &target, std::map<std::string, std::int64_t> sizes) {
  CompileOptions options;
  options.target = target;
  options.strategy = "projection";
  options.sizes = std::move(sizes);
  return options;
}

std::size_t kernelsOf(const std::string &text, const CompileOptions &options) {
  auto program = compileProgram(text, options);
  EXPECT_TRUE(program) << render(program.error());
  return program ? program->entries[0].steps.size() : 0;
}

} // namespace scanc::testing_support
