//===- PowerReductionTest.cpp - One matrix for all steps, in chunks of time -===//
#include "scanc/Compile.h"
#include "tests/end_to_end/Emulated.h"
#include "tests/end_to_end/MachineCode.h"
#include "tests/support/Comparison.h"

#include <gtest/gtest.h>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

std::string recurrent(std::int64_t n, const std::string &scan = "scan", const std::string &matrix = "W: f32",
                      const std::string &element = "W[i,l]") {
  std::string N = std::to_string(n);
  return "kernel recurrent(" + matrix + "[" + N + ", " + N + "], b: f32[B, T, " + N + "], h0: f32[B, " + N +
         "]) -> (h: f32[B, T, " + N + "], hT: f32[B, " + N + "]) {\n  " + scan + R"( T as t over B {
    init h = h0
    final h -> hT
    h[t,i] = )" +
         element + R"( * h[t-1,l] + b[t,i]
  }
})";
}

void expectRight(const std::string &text, std::map<std::string, std::int64_t> sizes,
                 const std::string &strategy, const std::string &variants = "",
                 const std::string &target = "sm_90a") {
  CompileOptions options;
  options.filename = "recurrent.scan";
  options.target = target;
  options.strategy = strategy;
  options.sizes = std::move(sizes);
  testing_support::expectRight(text, options, {.variants = variants, .factor = twoWalks});
}

class PowerReduction : public testing::TestWithParam<std::int64_t> {};

/// Less than a chunk, one, one step more and less, several, and a power of as many squares.
TEST_P(PowerReduction, isRightAtEveryTime) {
  for (std::int64_t time : {0, 7, 9, 50}) {
    SCOPED_TRACE(std::to_string(time) + " steps");
    expectRight(recurrent(GetParam()), {{"B", 2}, {"T", time}}, "cyclic_reduction(steps=8)",
                time % 2 == 0 ? "" : "any");
  }
}

TEST_P(PowerReduction, isWalkedFromTheEnd) {
  expectRight(recurrent(GetParam(), "reverse scan"), {{"B", 2}, {"T", 23}}, "cyclic_reduction(steps=4)");
}

INSTANTIATE_TEST_SUITE_P(Rows, PowerReduction, testing::Values(1, 33, 64));

TEST(PowerReduction, aMatrixOfEightWarpsIsRight) {
  for (std::int64_t rows : {100, 128})
    expectRight(recurrent(rows), {{"B", 1}, {"T", 9}}, "cyclic_reduction(steps=2)");
}

TEST(PowerReduction, chunksOfOneStepAreRight) {
  expectRight(recurrent(5), {{"B", 1}, {"T", 9}}, "cyclic_reduction(steps=1)", "", "sm_80");
}

TEST(PowerReduction, noSequenceIsReduced) {
  expectRight(recurrent(16), {{"B", 0}, {"T", 9}}, "cyclic_reduction");
}

TEST(PowerReduction, aMatrixForEachSequenceIsRight) {
  expectRight(recurrent(12, "scan", "W: f16[B, 12, 12], v: f32", "(v[i,l] * W[i,l])"), {{"B", 3}, {"T", 21}},
              "cyclic_reduction(steps=4)");
}

/// The square of the matrix leaves the range of f32, states do not: nothing is added, and they begin with zeros.
void expectZeros(std::int64_t rows, std::int64_t steps, const std::string &strategy) {
  const std::string N = std::to_string(rows);
  const std::string text = "kernel k(W: f32[" + N + ", " + N + "], b: f32[T, " + N + "]) -> (h: f32[T, " + N +
                           "]) { scan T as t { h[t,i] = W[i,l] * h[t-1,l] + b[t,i] } }";
  CompileOptions options;
  options.target = "sm_90a";
  options.strategy = strategy;
  options.sizes = {{"T", steps}};
  auto program = compileProgram(text, options);
  ASSERT_TRUE(program) << render(program.error());
  std::vector<float> W(rows * rows, 1e30f), b(steps * rows, 0.0f), h(steps * rows, 1.0f);
  const std::vector<TensorRef> operands{
      {W.data(), Dtype::f32, {rows, rows}, {}}, {b.data(), Dtype::f32, {steps, rows}, {}}, {h.data(), Dtype::f32, {steps, rows}, {}}};
  auto done = runChosen(*program, operands, 3);
  ASSERT_TRUE(done) << render(done.error());
  EXPECT_EQ(h, b);
}

TEST(PowerReduction, aPowerBeyondTheRangeIsNotUsed) { expectZeros(8, 40, "cyclic_reduction(steps=8)"); }

/// Each warp that met such a number wrote it where the others did.
TEST(PowerReduction, twoWarpsToldThatAPowerIsBeyondTheRange) { expectZeros(40, 9, "cyclic_reduction(steps=4)"); }

/// Few long sequences under one matrix were walked step by step: 0.7 ms for 4096 steps of 64 rows.
TEST(PowerReduction, isChosenForFewLongSequences) {
  CompileOptions options;
  options.target = "sm_90a";
  options.sizes = {{"B", 1}, {"T", 4096}};
  auto program = compileProgram(recurrent(64), options);
  ASSERT_TRUE(program) << render(program.error());
  EXPECT_EQ(program->strategy, "cyclic_reduction");
  options.sizes = {{"B", 1024}, {"T", 1024}};
  program = compileProgram(recurrent(64), options);
  ASSERT_TRUE(program) << render(program.error());
  EXPECT_EQ(program->strategy, "sequential");
}

TEST(PowerReduction, hasNoSpillsAndNoLocalMemory) {
  for (std::int64_t rows : {64, 128})
    for (const char *architecture : {"sm_80", "sm_90a"}) {
      CompileOptions options;
      options.target = architecture;
      options.strategy = "cyclic_reduction";
      options.sizes = {{"B", 2}};
      auto program = compileProgram(recurrent(rows), options);
      ASSERT_TRUE(program) << render(program.error());
      expectInRegisters(*program, architecture);
    }
}

} // namespace
