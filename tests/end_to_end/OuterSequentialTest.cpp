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

TEST(OuterSequential, spillsNothing) {
  for (const char *architecture : {"sm_80", "sm_90a"})
    for (const char *name : {"gla", "gated_delta"}) {
      SCOPED_TRACE(std::string(name) + " " + architecture);
      CompileOptions options = optionsFor({{"B", 256}, {"T", 1}, {"H", 16}, {"K", 128}, {"V", 128}});
      options.target = architecture;
      auto program = compileProgram(programText(name), options);
      ASSERT_TRUE(program) << render(program.error());
      expectInRegisters(*program, architecture);
    }
}

} // namespace
