//===- DenseTest.cpp - Transitions that are matrices, against the oracle --===//
#include "scanc/Compile.h"
#include "tests/end_to_end/Emulated.h"
#include "tests/end_to_end/MachineCode.h"
#include "tests/support/Comparison.h"

#include <gtest/gtest.h>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

/// A matrix of n x n for every step, with an initial state and a final one.
std::string dense(std::int64_t n, const std::string &scan = "scan",
                  const std::string &element = "f16") {
  std::string N = std::to_string(n);
  return "kernel dense(A: " + element + "[B, T, " + N + ", " + N + "], b: " + element + "[B, T, " +
         N + "], h0: f32[B, " + N + "]) -> (h: f32[B, T, " + N + "], hT: f32[B, " + N + "]) {\n  " +
         scan +
         R"( T as t over B {
    init h = h0
    final h -> hT
    h[t,i] = A[t,i,l] * h[t-1,l] + b[t,i]
  }
})";
}

void expectRight(const std::string &text, std::map<std::string, std::int64_t> sizes,
                 const std::string &strategy, const std::string &variants = "") {
  CompileOptions options;
  options.filename = "dense.scan";
  options.target = "sm_90a";
  options.strategy = strategy;
  options.sizes = std::move(sizes);
  double factor = strategy.starts_with("sequential") ? 1 : keptProducts;
  testing_support::expectRight(text, options, {.variants = variants, .factor = factor});
}

class DenseSizes : public testing::TestWithParam<std::int64_t> {};

TEST_P(DenseSizes, areRightAtEveryTime) {
  for (std::int64_t time : {0, 1, 3, 33})
    for (const char *variants : {"", "any"}) {
      SCOPED_TRACE(std::to_string(time) + " steps, variants " + variants);
      expectRight(dense(GetParam()), {{"B", 2}, {"T", time}}, "sequential", variants);
    }
}

TEST_P(DenseSizes, areWalkedFromTheEnd) {
  expectRight(dense(GetParam(), "reverse scan"), {{"B", 2}, {"T", 9}}, "sequential");
}

/// Chunks of one group and of several; one step more and one less than a chunk has.
TEST_P(DenseSizes, areRightByCyclicReductionAtEveryTime) {
  for (std::int64_t time : {0, 1, 3, 7, 8, 9, 50})
    for (const char *variants : {"", "any"}) {
      SCOPED_TRACE(std::to_string(time) + " steps, variants " + variants);
      expectRight(dense(GetParam()), {{"B", 2}, {"T", time}}, "cyclic_reduction(steps=8, runs=3)",
                  variants);
    }
}

TEST_P(DenseSizes, areReducedFromTheEnd) {
  expectRight(dense(GetParam(), "reverse scan"), {{"B", 2}, {"T", 23}},
              "cyclic_reduction(steps=5, runs=1)");
}

TEST_P(DenseSizes, areRightByPrefixesAtEveryTime) {
  for (std::int64_t time : {0, 1, 3, 7, 8, 9, 50})
    for (const char *variants : {"", "any"}) {
      SCOPED_TRACE(std::to_string(time) + " steps, variants " + variants);
      expectRight(dense(GetParam()), {{"B", 2}, {"T", time}},
                  time % 2 == 0 ? "blelloch(steps=8, runs=3)"
                                : "blelloch(steps=4, runs=2, prefixes=1)",
                  variants);
    }
}

TEST_P(DenseSizes, areScannedFromTheEnd) {
  for (const char *prefixes : {"", ", prefixes=1"})
    expectRight(dense(GetParam(), "reverse scan"), {{"B", 2}, {"T", 23}},
                "blelloch(steps=1, runs=1" + std::string(prefixes) + ")");
}

INSTANTIATE_TEST_SUITE_P(Dense, DenseSizes, testing::Values(1, 5, 16, 33, 64));

TEST(Dense, matricesOfBf16AreReduced) {
  expectRight(dense(40, "scan", "bf16"), {{"B", 1}, {"T", 33}},
              "cyclic_reduction(steps=4, runs=2)");
}

TEST(Dense, aMatrixOfEightWarpsIsReduced) {
  expectRight(dense(100), {{"B", 1}, {"T", 9}}, "cyclic_reduction(steps=2, runs=2)");
}

TEST(Dense, prefixesOfEightWarpsAreRight) {
  for (std::int64_t rows : {100, 128})
    for (const char *prefixes : {"", ", prefixes=1"})
      expectRight(dense(rows), {{"B", 1}, {"T", 9}},
                  "blelloch(steps=2, runs=2" + std::string(prefixes) + ")");
}

TEST(Dense, prefixesOfBf16AreRight) {
  expectRight(dense(40, "scan", "bf16"), {{"B", 1}, {"T", 33}},
              "blelloch(steps=4, runs=2, prefixes=1)");
}

TEST(Dense, noSequenceIsReduced) {
  for (const char *strategy : {"cyclic_reduction", "blelloch", "blelloch(prefixes=1)"})
    expectRight(dense(16), {{"B", 0}, {"T", 9}}, strategy);
}

TEST(Dense, aStateOfColumnsIsReducedForEach) {
  expectRight(R"(kernel k(A: f16[T, 8, 8], x: f32[T, 8, D]) -> (h: f32[T, 8, D]) {
    scan T as t { h[t,i,d] = A[t,i,l] * h[t-1,l,d] + x[t,i,d] }
  })",
              {{"D", 3}, {"T", 26}}, "cyclic_reduction(steps=4, runs=2)");
}

TEST(Dense, whatIsAddedIsComputedWhereItIsReduced) {
  expectRight(
      R"(kernel k(A: f16[B, T, 20, 20], s: f32[B], x: bf16[B, T, 20]) -> (y: bf16[B, T, 20]) {
    scan T as t over B {
      h[t,i] = A[t,i,l] * h[t-1,l] + (1 - s) * sigmoid(x[t,i])
      y[t,i] = 2 * tanh(h[t,i])
    }
  })",
      {{"B", 2}, {"T", 26}}, "cyclic_reduction(steps=4, runs=2)");
}

/// Products in one term, where that is asked for: no error bound of the reference covers them.
TEST(Dense, productsInF16AreTakenWhereTheyAreAskedFor) {
  std::string text = dense(32, "@precision(f16) scan");
  CompileOptions options;
  options.target = "sm_90a";
  options.sizes = {{"B", 1}, {"T", 65536}};
  auto program = compileProgram(text, options);
  ASSERT_TRUE(program) << render(program.error());
  EXPECT_EQ(program->strategy, "cyclic_reduction");
  EXPECT_NE(program->planText.find("terms = 1"), std::string::npos);
}

TEST(Dense, matricesOfEveryTypeAreRight) {
  for (const char *element : {"bf16", "f32"})
    expectRight(dense(40, "scan", element), {{"B", 1}, {"T", 5}}, "sequential");
}

/// A ring as long as time, one step longer, and one shorter.
TEST(Dense, isRightWhereTheRingEnds) {
  for (std::int64_t time : {3, 4, 5})
    expectRight(dense(24), {{"B", 1}, {"T", time}}, "sequential(ring=4)");
}

TEST(Dense, aMatrixOfSeveralPanelsIsRight) {
  expectRight(dense(150), {{"B", 1}, {"T", 3}}, "sequential");
}

TEST(Dense, computesWhatAStepReads) {
  expectRight(
      R"(kernel k(A: f16[B, T, 20, 20], g: f32[T, 20], s: f32[B], x: bf16[B, T, 20]) -> (y: bf16[B, T, 20]) {
    scan T as t over B {
      h[t,i] = (sigmoid(g[t,i]) * A[t,i,l] * s) * h[t-1,l] + (1 - s) * sigmoid(x[t,i])
      y[t,i] = 2 * tanh(h[t,i])
    }
  })",
      {{"B", 2}, {"T", 6}}, "sequential");
}

TEST(Dense, severalTermsAreOneMatrix) {
  expectRight(R"(kernel k(A, B: f16[B, T, 12, 12], u, v, b: f32[B, T, 12]) -> (h: f32[B, T, 12]) {
    scan T as t over B {
      h[t,i] = A[t,i,l] * h[t-1,l] + B[t,i,l] * h[t-1,l] - u[t,i] * (v[t,l] * h[t-1,l]) + b[t,i]
    }
  })",
              {{"B", 2}, {"T", 6}}, "sequential");
}

TEST(Dense, readsComplexNumbersBesideAMatrix) {
  expectRight(R"(kernel k(A: f32[B, T, 6, 6], z: c64[B, T, 6], w: c64[T]) -> (h: f32[B, T, 6]) {
    scan T as t over B {
      h[t,i] = (real(w[t]) * A[t,i,l]) * h[t-1,l] + abs(z[t,i])
    }
  })",
              {{"B", 2}, {"T", 6}}, "sequential");
}

/// Columns that are not innermost in memory are read one by one.
TEST(Dense, aTransposedMatrixIsRight) {
  expectRight(R"(kernel k(A: f16[B, T, 32, 32], x: f16[B, T, 32]) -> (h: f32[B, T, 32]) {
    scan T as t over B { h[t,i] = A[t,l,i] * h[t-1,l] + x[t,i] }
  })",
              {{"B", 2}, {"T", 6}}, "sequential");
}

/// As many steps as a chunk has were copied at once, as if they were rows.
TEST(Dense, inputsWithTimeInnermostWereCopiedAsRows) {
  for (const char *strategy : {"sequential", "cyclic_reduction(steps=8, runs=3)", "blelloch(steps=8, runs=3)"})
    expectRight(R"(kernel k(A: f16[B, 20, 20, T], x: f32[B, 20, T]) -> (h: f32[B, 20, T]) {
      scan T as t over B { h[t,i] = A[t,i,l] * h[t-1,l] + x[t,i] }
    })",
                {{"B", 2}, {"T", 16}}, strategy);
}

TEST(Dense, anIndexInTwoPlacesReadsADiagonal) {
  expectRight(R"(kernel k(A: f16[T, 16, 16, 16], x: f32[T, 16, 16]) -> (h: f32[T, 16]) {
    scan T as t {
      h[t,i] = A[t,i,i,l] * h[t-1,l] + x[t,i,i]
    }
  })",
              {{"T", 4}}, "sequential");
}

TEST(Dense, oneMatrixForAllStepsIsRight) {
  expectRight(R"(kernel k(A: f32[32, 32], x: f32[T, 32]) -> (h: f32[T, 32]) {
    scan T as t { h[t,i] = A[i,l] * h[t-1,l] + x[t,i] }
  })",
              {{"T", 6}}, "sequential");
}

/// A state of several columns is a lane for each.
TEST(Dense, aStateOfColumnsIsRight) {
  expectRight(R"(kernel k(A: f16[T, 8, 8], x: f32[T, 8, D]) -> (h: f32[T, 8, D]) {
    scan T as t { h[t,i,d] = A[t,i,l] * h[t-1,l,d] + x[t,i,d] }
  })",
              {{"D", 3}, {"T", 6}}, "sequential");
}

using Machine = std::tuple<std::int64_t, const char *, const char *>; // size, element, strategy
class DenseMachineCode : public testing::TestWithParam<Machine> {};

/// Every variant, for both architectures where the strategy is not declined: read from ptxas.
TEST_P(DenseMachineCode, hasNoSpillsAndNoLocalMemory) {
  auto [size, element, strategy] = GetParam();
  for (const char *architecture : {"sm_80", "sm_90a"}) {
    CompileOptions options;
    options.target = architecture;
    options.strategy = strategy;
    options.sizes = {{"B", 256}};
    auto program = compileProgram(dense(size, "scan", element), options);
    if (!program && program.error().code == "SC3002" && architecture != std::string("sm_90a"))
      continue;
    ASSERT_TRUE(program) << render(program.error());
    // 32 rows with their prefixes, by single warps and with 64-bit offsets: two registers too many.
    bool isCrowded = size == 32 && architecture == std::string("sm_80") &&
                     strategy == std::string("blelloch(prefixes=1)");
    expectInRegisters(*program, architecture, isCrowded ? 8 : 0, isCrowded ? 8 : 0);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Dense, DenseMachineCode,
    testing::Values(Machine{5, "f16", "sequential"}, Machine{16, "f32", "sequential"},
                    Machine{32, "f16", "sequential"}, Machine{64, "f16", "sequential"},
                    Machine{64, "f32", "sequential"}, Machine{128, "f16", "sequential"},
                    Machine{128, "f32", "sequential"}, Machine{256, "f16", "sequential"},
                    Machine{192, "f32", "sequential"}, Machine{5, "f16", "cyclic_reduction"},
                    Machine{32, "bf16", "cyclic_reduction"}, Machine{33, "f16", "cyclic_reduction"},
                    Machine{64, "f16", "cyclic_reduction"}, Machine{64, "bf16", "cyclic_reduction"},
                    Machine{128, "f16", "cyclic_reduction"}, Machine{5, "f16", "blelloch"},
                    Machine{32, "bf16", "blelloch"}, Machine{64, "f16", "blelloch"},
                    Machine{128, "f16", "blelloch"}, Machine{32, "f16", "blelloch(prefixes=1)"},
                    Machine{64, "f16", "blelloch(prefixes=1)"},
                    Machine{128, "f16", "blelloch(prefixes=1)"}));

} // namespace
