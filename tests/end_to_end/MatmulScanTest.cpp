//===- MatmulScanTest.cpp - Products with decays, against the oracle ------===//
#include "scanc/Compile.h"
#include "tests/emulation/Program.h"
#include "tests/end_to_end/MachineCode.h"
#include "tests/support/Comparison.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

/// Rows of V columns with a decay each, whose results need inputs and the state before.
std::string rows(const std::string &attributes = "", const std::string &scan = "scan") {
  return attributes + R"( kernel rows(a: f32[N, T, R], b, z: f32[N, T, R, V], s0: f32[N, R, V])
      -> (y: f32[N, T, R, V], sT: f32[N, R, V]) {
    )" + scan + R"( T as t over N {
      init s = s0
      final s -> sT
      s[t,i,j] = a[t,i] * s[t-1,i,j] + b[t,i,j]
      y[t,i,j] = s[t,i,j] * z[t,i,j] + s[t-1,i,j]
    }
  })";
}

struct Trial {
  std::string text;
  CompileOptions options;
  Program program;
  Operands operands;

  float *floats(std::size_t operand) {
    return reinterpret_cast<float *>(operands.storage[operand].data());
  }
  std::size_t count(std::size_t operand) const { return operands.storage[operand].size() / 4; }
};

Trial prepare(const std::string &text, std::map<std::string, std::int64_t> sizes,
            const std::string &strategy = "matmul_scan") {
  Trial run;
  run.text = text;
  run.options.filename = "matmul.scan";
  run.options.target = "sm_90a";
  run.options.strategy = strategy;
  run.options.sizes = std::move(sizes);
  run.program = orExit(compileProgram(run.text, run.options));
  run.operands = orExit(makeOperands(run.text, run.options, run.program.parameters, 3));
  return run;
}

void launch(Trial &run, std::uint64_t seed = 1) {
  emulation::Options emulated;
  emulated.seed = seed;
  auto done = emulation::runProgram(run.program, run.operands.tensors, emulated);
  ASSERT_TRUE(done) << render(done.error());
}

std::string mismatch(Trial &run) {
  return firstMismatch(run.text, run.options, run.program.parameters, run.operands, splitProducts);
}

TEST(MatmulScan, isRightAtEveryTimeAndNumberOfColumns) {
  for (std::int64_t time : {0, 1, 16, 17, 130})
    for (std::int64_t columns : {1, 5, 36}) {
      SCOPED_TRACE(std::to_string(time) + " steps, " + std::to_string(columns) + " columns");
      Trial run = prepare(rows(), {{"N", 2}, {"T", time}, {"R", 3}, {"V", columns}});
      launch(run, time + columns);
      EXPECT_EQ(mismatch(run), "");
    }
}

TEST(MatmulScan, isRightInEveryRadixAndBlock) {
  for (const char *radix : {"8", "16", "32"})
    for (const char *policy : {"", "(time_threads=4)", "(time_threads=16, lane_threads=16)", "(lanes=2)"}) {
      SCOPED_TRACE(std::string(radix) + policy);
      Trial run = prepare(rows("@radix(" + std::string(radix) + ")"),
                        {{"N", 1}, {"T", 150}, {"R", 2}, {"V", 40}}, std::string("matmul_scan") + policy);
      launch(run);
      EXPECT_EQ(mismatch(run), "");
    }
}

TEST(MatmulScan, aMissingBarrierIsARace) {
  Trial run = prepare(rows(), {{"N", 1}, {"T", 130}, {"R", 1}, {"V", 32}});
  std::string &text = run.program.headers.at("scanc/kernel/matmul_scan.cuh");
  const std::string barrier = "  block_barrier();\n";
  ASSERT_EQ(text.find(barrier), text.rfind(barrier));
  text.replace(text.find(barrier), barrier.size(), "\n");
  auto done = emulation::runProgram(run.program, run.operands.tensors, {});
  ASSERT_FALSE(done);
  EXPECT_TRUE(done.error().code == "emulation.race" || done.error().code == "emulation.unwritten")
      << done.error().code;
}

TEST(MatmulScan, walksFromTheEnd) {
  Trial run = prepare(rows("", "reverse scan"), {{"N", 1}, {"T", 70}, {"R", 2}, {"V", 32}});
  launch(run);
  EXPECT_EQ(mismatch(run), "");
}

TEST(MatmulScan, sumsPrefixesAndTakesDecaysThatDoNotVary) {
  for (const char *step : {"h[t,j] = h[t-1,j] + x[t,j]", "h[t,j] = w * h[t-1,j] + x[t,j]"}) {
    SCOPED_TRACE(step);
    Trial run = prepare(std::string("kernel sums(w: f32[B], x: bf16[B, T, D]) -> (h: f32[B, T, D]) {"
                                  "scan T as t over B { ") + step + " } }",
                      {{"B", 3}, {"T", 90}, {"D", 24}});
    launch(run);
    EXPECT_EQ(mismatch(run), "");
  }
}

TEST(MatmulScan, keepsDecaysOfZeroOfOneOfBothSignsAndOfGreatLogarithms) {
  Trial run = prepare(rows(), {{"N", 1}, {"T", 100}, {"R", 8}, {"V", 32}});
  const float kinds[] = {0.0f, 1.0f, -1.0f, -0.7f, 1e-30f, 1e-38f, 0x1p-149f, -0.0f};
  float *a = run.floats(0);
  for (std::size_t i = 0; i < run.count(0); ++i)
    a[i] = i / 8 % 3 == 0 ? kinds[(i + i / 24) % 8] : a[i];
  launch(run);
  EXPECT_EQ(mismatch(run), "");
}

/// 0 decays times an infinity would be a NaN in all steps of its tile.
TEST(MatmulScan, aPoisonedStepLeavesTheStepsBeforeIt) {
  constexpr std::int64_t time = 64, columns = 32, poisoned = 25;
  for (float poison : {INFINITY, -INFINITY, std::nanf(""), 3.4028235e38f}) {
    Trial clean = prepare(rows(), {{"N", 1}, {"T", time}, {"R", 1}, {"V", columns}}), dirty = clean;
    dirty.operands = orExit(makeOperands(dirty.text, dirty.options, dirty.program.parameters, 3));
    for (Trial *run : {&clean, &dirty}) {
      float *b = run->floats(1);
      if (run == &dirty)
        b[poisoned * columns + 7] = poison;
      launch(*run);
    }
    const float *expected = clean.floats(4), *got = dirty.floats(4);
    for (std::int64_t t = 0; t < time; ++t)
      for (std::int64_t j = 0; j < columns; ++j)
        if (t < poisoned || j != 7) {
          EXPECT_NEAR(got[t * columns + j], expected[t * columns + j], 1e-5)
              << poison << " at step " << t << ", column " << j;
        } else if (t == poisoned) {
          EXPECT_FALSE(std::abs(got[t * columns + j]) < 1e37) << poison;
        }
  }
}

/// The relative L2 error of the first result.
double relativeError(Trial &run) {
  auto expected = orExit(evaluateReference(run.text, run.operands.tensors, run.options));
  double error = 0, size = 0;
  const float *got = run.floats(run.operands.storage.size() - expected.size());
  for (std::size_t i = 0; i < expected[0].values.size(); ++i) {
    error += std::pow(got[i] - expected[0].values[i], 2);
    size += std::pow(expected[0].values[i], 2);
  }
  return std::sqrt(error / size);
}

TEST(MatmulScan, isAsAccurateAsItsPrecisionIsPinned) {
  struct {
    const char *precision;
    double least, most;
  } const cases[] = {{"tf32x3", 0, 5e-7}, {"bf16x3", 1e-7, 2e-5}, {"tf32", 3e-5, 7e-4}, {"bf16", 3e-4, 5e-3}};
  for (auto [precision, least, most] : cases) {
    SCOPED_TRACE(precision);
    Trial run = prepare(rows("@precision(" + std::string(precision) + ")"),
                      {{"N", 2}, {"T", 120}, {"R", 2}, {"V", 32}}, "");
    EXPECT_EQ(run.program.strategy, "matmul_scan");
    launch(run);
    double error = relativeError(run);
    EXPECT_GE(error, least);
    EXPECT_LE(error, most);
  }
}

/// Every variant in every precision: read from ptxas.
TEST(MatmulScan, hasNoSpillsAndNoLocalMemory) {
  for (const char *precision : {"tf32x3", "tf32", "bf16x3", "bf16"})
    for (const char *radix : {"8", "16", "32"}) {
      Trial run = prepare("@precision(" + std::string(precision) + ") @radix(" + radix + ")" + rows(),
                          {{"T", 64}, {"R", 16}, {"V", 64}});
      SCOPED_TRACE(std::string(precision) + " " + radix);
      expectInRegisters(run.program, run.options.target);
    }
}

} // namespace
