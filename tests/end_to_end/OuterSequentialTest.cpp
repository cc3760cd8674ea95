//===- OuterSequentialTest.cpp - Outer products step by step, against the oracle ---===//
#include "tests/end_to_end/Emulated.h"
#include "tests/end_to_end/MachineCode.h"

#include <gtest/gtest.h>


using namespace scanc;
using namespace scanc::testing_support;

namespace {

using Sizes = std::map<std::string, std::int64_t>;

CompileOptions optionsFor(const Sizes &sizes, const std::string &policy = "") {
  CompileOptions options;
  options.filename = "outer.scan";
  options.target = "sm_90a";
  options.strategy = "sequential" + policy;
  options.sizes = sizes;
  return options;
}

void expectRightOuter(const std::string &text, const Sizes &sizes, const std::string &variants = "",
                      const std::string &policy = "") {
  expectRight(text, optionsFor(sizes, policy), {.variants = variants, .kernel = "outer_sequential.cuh"});
}

class OuterTimes : public testing::TestWithParam<std::int64_t> {};

/// One decay of all, one of each head that all steps have, one of each row, a correction, one with a decay.
TEST_P(OuterTimes, areRightInEveryVariant) {
  for (const char *variants : {"", "any"})
    for (const char *name : {"simple_gla", "retnet", "gla", "delta_rule", "gated_delta"}) {
      SCOPED_TRACE(std::string(name) + " " + variants);
      expectRightOuter(programText(name), {{"B", 1}, {"T", GetParam()}, {"H", 2}, {"K", 72}, {"V", 24}}, variants);
    }
}

INSTANTIATE_TEST_SUITE_P(OuterSequential, OuterTimes, testing::Values(0, 1, 2, 5));

using RowsAndColumns = std::tuple<std::int64_t, std::int64_t>;
class OuterSizes : public testing::TestWithParam<RowsAndColumns> {};

TEST_P(OuterSizes, areRight) {
  auto [rows, columns] = GetParam();
  for (std::int64_t steps : {1, 3})
    expectRightOuter(programText("delta_rule"),
                     {{"B", 1}, {"T", steps}, {"H", 2}, {"K", std::max<std::int64_t>(rows, steps > 1 ? 65 : 1)}, {"V", columns}});
}

INSTANTIATE_TEST_SUITE_P(OuterSequential, OuterSizes,
                         testing::Values(RowsAndColumns(1, 1), RowsAndColumns(5, 5), RowsAndColumns(16, 100),
                                         RowsAndColumns(100, 16), RowsAndColumns(128, 128), RowsAndColumns(256, 8),
                                         RowsAndColumns(1024, 4)));

TEST(OuterSequential, isRightWithOtherThreads) {
  for (const char *policy : {"(runs=4)", "(runs=32, time_threads=32)", "(runs=8, time_threads=256)", "(time_threads=64)"})
    expectRightOuter(programText("gated_delta"), {{"B", 2}, {"T", 3}, {"H", 1}, {"K", 100}, {"V", 40}}, "", policy);
}

/// The rows of the state are adjacent in memory, and time is walked from the end.
TEST(OuterSequential, statesWhoseRowsAreAdjacentAreRight) {
  std::string text = R"(kernel k(q, k: bf16[B, T, H, K], v: bf16[B, T, H, V], g: f32[B, T, H], S0: f32[B, H, V, K])
      -> (o: bf16[B, T, H, V], ST: f32[B, H, V, K]) {
    reverse scan T as t over B, H {
      init S = S0
      final S -> ST
      S[t,j,i] = sigmoid(g[t]) * S[t-1,j,i] + k[t,i] * v[t,j]
      o[t,j]   = q[t,i] * S[t,j,i]
    }
  })";
  for (auto [rows, columns] : {RowsAndColumns(72, 40), RowsAndColumns(70, 7)})
    expectRightOuter(text, {{"B", 2}, {"T", 3}, {"H", 1}, {"K", rows}, {"V", columns}});
}

/// Factors of f32 are not rounded, decays may have any sign, and states any type of tensor.
TEST(OuterSequential, factorsOfF32AndDecaysOfAnySignAreRight) {
  for (const char *decay : {"g[t]", "tanh(g[t])", "0 * g[t]", "w[t,i]"})
    for (const char *state : {"f32", "f16", "bf16"})
      expectRightOuter("kernel k(q, k, w: f32[B, T, H, K], v: f32[B, T, H, V], g: f32[B, T, H], S0: " +
                           std::string(state) + "[B, H, K, V]) -> (o: f32[B, T, H, V], ST: " + state +
                           "[B, H, K, V]) {\n scan T as t over B, H { init S = S0 final S -> ST\n S[t,i,j] = " + decay +
                           " * S[t-1,i,j] + k[t,i] * v[t,j]\n o[t,j] = 0.5 * q[t,i] * S[t,i,j] + v[t,j] } }",
                       {{"B", 1}, {"T", 3}, {"H", 2}, {"K", 68}, {"V", 12}});
}

/// Eight numbers of 16 bits are 16 bytes, four of f32 are: rows of 100 have whole pieces of these and half a last one of those.
TEST(OuterSequential, decaysOf16BitsWhoseLastPieceIsNotWholeAreRight) {
  for (const char *type : {"f16", "bf16"})
    expectRightOuter("kernel k(q, k, g: " + std::string(type) + "[B, T, H, K], v: f16[B, T, H, V]) -> (o: f32[B, T, H, V]) {\n"
                     " scan T as t over B, H { S[t,i,j] = exp(-abs(g[t,i])) * S[t-1,i,j] + k[t,i] * v[t,j]\n"
                     " o[t,j] = q[t,i] * S[t,i,j] } }",
                     {{"B", 2}, {"T", 3}, {"H", 2}, {"K", 100}, {"V", 12}});
}

/// The state of the step before, with a bonus; corrections by other vectors, of what has decayed and before; several of a step.
TEST(OuterSequential, statesThatAreReadBeforeAndPlacesOfAStepAreRight) {
  for (const char *name : {"rwkv6", "rwkv7", "generalized_delta", "delta_product", "kda"})
    for (std::int64_t steps : {1, 5}) {
      SCOPED_TRACE(std::string(name) + " " + std::to_string(steps));
      expectRightOuter(programText(name), {{"B", 1}, {"T", steps}, {"H", 2}, {"K", 70}, {"V", 24}}, steps > 1 ? "any" : "wide_i32");
    }
}

/// States given and taken, decays of rows and of none, beside several corrections and before one.
TEST(OuterSequential, statesThatCorrectionsReadBeforeRowsDecayAreRight) {
  for (const char *step : {"exp(g[t,i]) * (S[t-1,i,j] - 0.01 * p[t,i] * (q[t,l] * S[t-1,l,j])) + k[t,i] * v[t,j]",
                           "0.5 * S[t-1,i,j] - 0.01 * k[t,i] * (q[t,l] * S[t-1,l,j]) + k[t,i] * v[t,j]",
                           "P[i,j] - 0.01 * p[t,i] * (p[t,l] * P[l,j])"})
    for (const char *read : {"S[t,i,j]", "S[t-1,i,j]"}) {
      if (step[0] != '0' && read[3] == '-')
        continue; // of one place alone
      SCOPED_TRACE(std::string(step) + " " + read);
      expectRightOuter("kernel k(q, k, p, g: f32[B, T, K], v: f32[B, T, V], S0: f32[B, K, V]) -> (o: f32[B, T, V], ST: f32[B, K, V]) {\n"
                       "scan T as t over B { init S = S0 final S -> ST\nD[i,j] = exp(g[t,i]) * S[t-1,i,j]\n"
                       "P[i,j] = D[i,j] - 0.01 * k[t,i] * (k[t,l] * D[l,j]) + k[t,i] * v[t,j]\n"
                       "S[t,i,j] = " + std::string(step) + "\no[t,j] = q[t,i] * " + read + " } }",
                       {{"B", 2}, {"T", 3}, {"K", 68}, {"V", 12}}, "wide_i32");
    }
}

TEST(OuterSequential, spillsNothing) {
  for (const char *architecture : {"sm_80", "sm_90a"})
    for (const char *name : {"gla", "gated_delta", "rwkv7"}) {
      SCOPED_TRACE(std::string(name) + " " + architecture);
      CompileOptions options = optionsFor({{"B", 256}, {"T", 1}, {"H", 16}, {"K", 128}, {"V", 128}});
      options.target = architecture;
      auto program = compileProgram(programText(name), options);
      ASSERT_TRUE(program) << render(program.error());
      expectInRegisters(*program, architecture);
    }
}

} // namespace
