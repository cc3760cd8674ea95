//===- SignatureTest.cpp - Parameters are the same whoever asks -----------===//
#include "scanc/Compile.h"

#include <gtest/gtest.h>

using namespace scanc;

namespace {

const char *const packed = "kernel sums(x: f32[T], cu: i32[S+1]) -> (y: f32[T]) {\n"
                           "  scan T as t reset at cu { h[t] = h[t-1] + x[t]\n y[t] = h[t] }\n}\n";

/// They were without `cuts` but in programs for a GPU, so that a caller could not tell which input
/// they are.
TEST(Signature, offsetsOfSegmentsAreNamedForTheCpuToo) {
  CompileOptions options;
  options.target = "sm_90a";
  const auto expected = orExit(compileProgram(packed, options)).parameters;
  ASSERT_EQ(expected[1].cuts, "T");
  options.target = "cpu";
  for (const auto &got :
       {orExit(signature(packed)), orExit(compile(packed, options)).program().parameters}) {
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t p = 0; p < got.size(); ++p)
      EXPECT_EQ(got[p].cuts, expected[p].cuts) << got[p].name;
  }
}

} // namespace
