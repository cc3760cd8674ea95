//===- DenseColumnsTest.cpp - Columns that share a matrix, against the oracle ---===//
#include "scanc/Compile.h"
#include "tests/emulation/Program.h"
#include "tests/end_to_end/Emulated.h"
#include "tests/end_to_end/MachineCode.h"
#include "tests/support/Comparison.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

/// A matrix of n x n for every step and sequence, states of n x D.
std::string columns(std::int64_t n, const std::string &scan = "scan",
                    const std::string &element = "f32") {
  std::string N = std::to_string(n);
  return "kernel columns(A: " + element + "[B, T, " + N + ", " + N + "], b: " + element + "[B, T, " +
         N + ", D], s0: f32[B, " + N + ", D]) -> (s: f32[B, T, " + N + ", D], sT: f32[B, " + N +
         ", D]) {\n  " + scan + R"( T as t over B {
    init s = s0
    final s -> sT
    s[t,i,j] = A[t,i,l] * s[t-1,l,j] + b[t,i,j]
  }
})";
}

CompileOptions optionsFor(const std::string &strategy, std::map<std::string, std::int64_t> sizes) {
  CompileOptions options;
  options.filename = "columns.scan";
  options.target = "sm_90a";
  options.strategy = strategy;
  options.sizes = std::move(sizes);
  return options;
}

void expectRight(const std::string &text, std::map<std::string, std::int64_t> sizes,
                 const std::string &strategy = "sequential", const std::string &variants = "") {
  testing_support::expectRight(text, optionsFor(strategy, std::move(sizes)),
                               {.variants = variants, .kernel = "dense_columns.cuh"});
}

/// Rows of the matrix, how columns are walked.
class DenseColumns : public testing::TestWithParam<std::tuple<std::int64_t, const char *>> {
protected:
  std::int64_t rows() const { return std::get<0>(GetParam()); }
  std::string strategy() const {
    return "sequential(" + std::string(std::get<1>(GetParam())) + ", lane_threads=32)";
  }
};

TEST_P(DenseColumns, areRightAtEveryTime) {
  for (std::int64_t time : {0, 1, 3, 33})
    for (const char *variants : {"", "any"}) {
      SCOPED_TRACE(std::to_string(time) + " steps, variants " + variants);
      expectRight(columns(rows()), {{"B", 2}, {"T", time}, {"D", 37}}, strategy(), variants);
    }
}

TEST_P(DenseColumns, areWalkedFromTheEnd) {
  expectRight(columns(rows(), "reverse scan"), {{"B", 2}, {"T", 9}, {"D", 5}}, strategy());
}

// 4 parts of 5 rows and 16 of 20: shares that are not whole.
INSTANTIATE_TEST_SUITE_P(
    Parts, DenseColumns,
    testing::Values(std::tuple(1, "time_threads=1"), std::tuple(5, "time_threads=1"),
                    std::tuple(16, "time_threads=1"), std::tuple(5, "time_threads=4, products=0"),
                    std::tuple(16, "time_threads=4, products=0"), std::tuple(33, "time_threads=4, products=0"),
                    std::tuple(16, "time_threads=16, staged=0"), std::tuple(20, "time_threads=16"),
                    std::tuple(64, "time_threads=16")));

INSTANTIATE_TEST_SUITE_P(Staged, DenseColumns,
                         testing::Values(std::tuple(16, "time_threads=16, staged=1"),
                                         std::tuple(5, "time_threads=4, products=0, staged=1"),
                                         std::tuple(16, "lane_threads=8, time_threads=8, products=0, staged=1"),
                                         std::tuple(20, "time_threads=16, staged=1, steps=4")));

// Rows that fill no tile of products, and more than one block of them.
INSTANTIATE_TEST_SUITE_P(Products, DenseColumns,
                         testing::Values(std::tuple(5, "products=1"), std::tuple(16, "products=1"),
                                         std::tuple(16, "products=1, staged=0"), std::tuple(33, "products=1"),
                                         std::tuple(64, "products=1, staged=0")));

TEST(DenseColumns, ofEveryNumberAndTypeAreRight) {
  for (const char *element : {"f16", "bf16", "f32"})
    for (std::int64_t count : {1, 8, 64, 70})
      expectRight(columns(16, "scan", element), {{"B", 3}, {"T", 6}, {"D", count}});
}

TEST(DenseColumns, ofEveryNumberAreRightByProducts) {
  for (const char *element : {"f16", "f32"})
    for (std::int64_t count : {1, 7, 64, 65})
      expectRight(columns(16, "scan", element), {{"B", 2}, {"T", 9}, {"D", count}}, "sequential(products=1)");
}

/// A ring as long as time, one step longer, and one shorter; inputs ahead of a time shorter than them.
TEST(DenseColumns, areRightWhereTheRingEnds) {
  for (std::int64_t time : {3, 4, 5})
    for (const char *policy : {"ring=4, steps=8", "ring=2, steps=2"})
      expectRight(columns(12), {{"B", 1}, {"T", time}, {"D", 9}},
                  "sequential(" + std::string(policy) + ")");
}

TEST(DenseColumns, computeWhatAStepReads) {
  expectRight(R"(kernel k(A: f16[B, T, 20, 20], g: f32[B, T, 20], x: bf16[B, T, 20, U, V], w: f32[U])
      -> (y: bf16[B, T, 20, U, V]) {
    scan T as t over B {
      h[t,i,u,v] = (sigmoid(g[t,i]) * A[t,i,l]) * h[t-1,l,u,v] + sigmoid(x[t,i,u,v]) * w[u]
      y[t,i,u,v] = 2 * tanh(h[t,i,u,v])
    }
  })",
              {{"B", 2}, {"T", 6}, {"U", 3}, {"V", 5}});
}

/// Without its barrier a warp reads matrices that another one has ordered, and may not be there yet.
class DenseColumnsRace : public testing::TestWithParam<const char *> {};

TEST_P(DenseColumnsRace, aMissingBarrierIsARace) {
  CompileOptions options = optionsFor(GetParam(), {{"B", 1}, {"T", 20}, {"D", 64}});
  auto program = compileProgram(columns(16), options);
  ASSERT_TRUE(program) << render(program.error());
  std::string &text = program->headers.at("scanc/block/matrix_ring.cuh");
  const std::string barrier = "block_barrier(); // matrices";
  ASSERT_NE(text.find(barrier), std::string::npos);
  text.replace(text.find(barrier), barrier.size(), "// matrices");
  auto operands = makeOperands(columns(16), options, program->parameters, 3);
  ASSERT_TRUE(operands) << render(operands.error());
  auto done = emulation::runProgram(*program, operands->tensors, {});
  ASSERT_FALSE(done);
  EXPECT_TRUE(done.error().code == "emulation.race" || done.error().code == "emulation.unwritten")
      << done.error().code;
}

INSTANTIATE_TEST_SUITE_P(Walks, DenseColumnsRace,
                         testing::Values("sequential(time_threads=1, lane_threads=64)",
                                         "sequential(time_threads=16, staged=1, lane_threads=4)",
                                         "sequential(products=1)"));

/// An infinite state leaves the others alone: what pads rows and columns is not multiplied by it.
class DenseColumnsInfinity : public testing::TestWithParam<const char *> {};

TEST_P(DenseColumnsInfinity, doesNotReachOthers) {
  CompileOptions options = optionsFor(GetParam(), {{"B", 1}, {"T", 5}, {"D", 2}});
  auto program = compileProgram(columns(5), options);
  ASSERT_TRUE(program) << render(program.error());
  auto operands = makeOperands(columns(5), options, program->parameters, 3);
  ASSERT_TRUE(operands) << render(operands.error());
  auto floats = [&](std::size_t operand) {
    return reinterpret_cast<float *>(operands->storage[operand].data());
  };
  // Diagonal matrices; row 1 of column 0 is infinite from the beginning.
  for (int t = 0; t < 5; ++t)
    for (int i = 0; i < 5; ++i)
      for (int l = 0; l < 5; ++l)
        floats(0)[(t * 5 + i) * 5 + l] = i == l ? 0.5f : 0.0f;
  floats(2)[1 * 2 + 0] = HUGE_VALF;
  auto done = emulation::runProgram(*program, operands->tensors, {});
  ASSERT_TRUE(done) << render(done.error());
  for (int t = 0; t < 5; ++t)
    for (int i = 0; i < 5; ++i) // of the other column
      EXPECT_TRUE(std::isfinite(floats(3)[(t * 5 + i) * 2 + 1])) << t << " " << i;
  EXPECT_TRUE(std::isinf(floats(3)[1 * 2 + 0]));
}

INSTANTIATE_TEST_SUITE_P(Walks, DenseColumnsInfinity,
                         testing::Values("sequential(time_threads=4, products=0)", "sequential(products=1)"));

/// Every variant: read from ptxas.
TEST(DenseColumns, haveNoSpillsAndNoLocalMemory) {
  struct Shape {
    std::int64_t rows, sequences, columns;
    const char *element, *strategy = "sequential";
  };
  for (Shape shape : {Shape{16, 512, 64, "f32"}, {16, 64, 64, "f32"}, {16, 1, 64, "f32"}, {64, 64, 64, "f16"},
                      {128, 8, 32, "f16"}, {5, 100, 3, "bf16"}, {16, 64, 64, "f32", "sequential(products=0)"},
                      {16, 64, 64, "f16", "sequential(products=1)"}, {64, 64, 64, "f32", "sequential(products=1)"},
                      {16, 1, 64, "f32", "sequential(staged=0, products=0)"},
                      {16, 8, 64, "f32", "sequential(lane_threads=8, time_threads=8, products=0, staged=1)"}})
    for (const char *architecture : {"sm_80", "sm_90a"}) {
      SCOPED_TRACE(std::to_string(shape.rows) + " " + shape.element);
      CompileOptions options =
          optionsFor(shape.strategy, {{"B", shape.sequences}, {"T", 64}, {"D", shape.columns}});
      options.target = architecture;
      auto program = compileProgram(columns(shape.rows, "scan", shape.element), options);
      ASSERT_TRUE(program) << render(program.error());
      expectInRegisters(*program, architecture);
    }
}

} // namespace
