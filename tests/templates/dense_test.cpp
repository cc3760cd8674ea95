//===- dense_test.cpp - A matrix as transition, against a loop in f64 ------===//
#include "scanc/Nvrtc.h"
#include "templates/Templates.h"
#include "tests/templates/DenseFixture.h"

#include <gtest/gtest.h>

#include <cstdlib>

using namespace scanc;
using namespace scanc::templates;

namespace {

/// State sizes that fill no panel, no 16 bytes and no warp among them.
const DenseVariant variants[] = {
    {.size = 64, .shape = "{.threads = 128, .parts = 4, .rows = 2, .ring = 4}"},
    {.size = 64, .shape = "{.threads = 128, .parts = 2, .rows = 1, .ring = 2}"},
    {.size = 64, .shape = "{.threads = 64, .parts = 4, .rows = 2, .ring = 6}"},
    {.size = 32, .shape = "{.threads = 32, .parts = 2, .rows = 2, .ring = 5}"},
    {.size = 32, .shape = "{.threads = 32, .parts = 1, .rows = 1, .ring = 3}", .element = "bf16"},
    {.size = 16, .shape = "{.threads = 32, .parts = 2, .rows = 1, .ring = 3}"},
    {.size = 5, .shape = "{.threads = 32, .parts = 2, .rows = 1, .ring = 3}", .whole = false},
    {.size = 7,
     .shape = "{.threads = 32, .parts = 2, .rows = 1, .ring = 2}",
     .element = "float",
     .whole = false},
    {.size = 40, .shape = "{.threads = 64, .parts = 4, .rows = 2, .ring = 3}"},
    {.size = 33, .shape = "{.threads = 128, .parts = 4, .rows = 2, .ring = 3}", .whole = false},
    {.size = 100,
     .shape = "{.threads = 128, .parts = 4, .rows = 1, .ring = 3}",
     .element = "float"},
    {.size = 64, .shape = "{.threads = 64, .parts = 4, .rows = 4, .ring = 3}", .element = "float"},
    {.size = 128, .shape = "{.threads = 256, .parts = 4, .rows = 2, .ring = 3}", .element = "bf16"},
    {.size = 256, .shape = "{.threads = 256, .parts = 4, .rows = 1, .ring = 3}"}};

void expectRegisters(const DenseVariant &variant) {
  if (!nvrtcInfo() && !std::getenv("SCANC_REQUIRE_NVRTC"))
    GTEST_SKIP() << nvrtcInfo().error().message;
  for (const char *architecture : {"sm_80", "sm_90a"}) {
    Result<CompiledKernel> kernel = compileCuda({.text = variant.text(),
                                                 .headers = templateHeaders(),
                                                 .architecture = architecture,
                                                 .extraOptions = {}});
    ASSERT_TRUE(kernel) << kernel.error().message << kernel.error().help;
    EXPECT_EQ(kernel->stats[0].stackBytes, 0) << kernel->log;
    EXPECT_EQ(kernel->stats[0].spillStoreBytes, 0) << kernel->log;
    EXPECT_EQ(kernel->log.find("warning"), std::string::npos) << kernel->log;
    EXPECT_EQ(kernel->ptx.find(".local"), std::string::npos);
  }
}

class DenseSequential : public testing::TestWithParam<DenseVariant> {};

TEST_P(DenseSequential, followsTheLoopAtEveryLength) {
  for (std::int64_t steps : {0, 1, 2, 3, 7, 40}) {
    DenseProblem problem(GetParam(), /*sequences=*/steps == 7 ? 3 : 1, steps, /*seed=*/steps + 1);
    const auto result = problem.run(GetParam(), 7 * steps);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_LT(problem.error(), 2e-6) << steps << " steps";
  }
}

TEST_P(DenseSequential, keepsEverythingInRegisters) { expectRegisters(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Fixtures, DenseSequential, testing::ValuesIn(variants));

/// Chunks and groups that end raggedly, and states of which padding is a part.
const DenseVariant reductions[] = {
    {.size = 64,
     .shape = "{.threads = 128, .parts = 4, .rows = 2, .ring = 3, .chunk = 4, .group = 4}"},
    {.size = 32,
     .shape = "{.threads = 64, .parts = 4, .rows = 2, .ring = 4, .chunk = 5, .group = 2}"},
    {.size = 32,
     .shape = "{.threads = 64, .parts = 2, .rows = 1, .ring = 4, .chunk = 1, .group = 3}",
     .element = "bf16"},
    {.size = 5,
     .shape = "{.threads = 32, .parts = 2, .rows = 1, .ring = 3, .chunk = 3, .group = 2}",
     .whole = false},
    {.size = 64,
     .shape =
         "{.threads = 128, .parts = 4, .rows = 2, .ring = 4, .chunk = 4, .group = 4, .terms = 2}"},
    {.size = 33,
     .shape =
         "{.threads = 128, .parts = 4, .rows = 2, .ring = 8, .chunk = 3, .group = 3, .terms = 2}",
     .element = "bf16",
     .whole = false},
    {.size = 5,
     .shape = "{.threads = 32, .parts = 2, .rows = 1, .ring = 3, .chunk = 3, .group = 1, .terms = 2}",
     .whole = false},
    {.size = 128,
     .shape =
         "{.threads = 256, .parts = 4, .rows = 2, .ring = 6, .chunk = 6, .group = 2, .terms = 2}"},
    {.size = 40,
     .shape = "{.threads = 128, .parts = 4, .rows = 2, .ring = 5, .chunk = 3, .group = 8}"},
    {.size = 30,
     .shape = "{.threads = 64, .parts = 4, .rows = 2, .ring = 5, .chunk = 4, .group = 1}",
     .whole = false},
    {.size = 128,
     .shape = "{.threads = 256, .parts = 4, .rows = 2, .ring = 3, .chunk = 6, .group = 2}"},
    {.size = 33,
     .shape =
         "{.threads = 128, .parts = 4, .rows = 2, .ring = 3, .chunk = 4, .group = 3, .told = 4}",
     .whole = false},
    {.size = 32,
     .shape =
         "{.threads = 64, .parts = 4, .rows = 2, .ring = 7, .chunk = 5, .group = 2, .terms = 2, .told = 3}"},
    {.size = 120,
     .shape = "{.threads = 256, .parts = 2, .rows = 1, .ring = 3, .chunk = 24, .group = 2}"}};

/// Products are rounded to the 11 bits of f16, or the 8 of bf16, once per step of a chunk, or to those
/// of both terms.
double boundOf(const DenseVariant &variant) {
  const bool brief = variant.element == "bf16";
  return variant.policyField("terms") == 2 ? (brief ? 6e-5 : 4e-6) : brief ? 8e-3 : 1e-3;
}

void expectTheLoop(const DenseVariant &variant) {
  for (std::int64_t steps : {0, 1, 4, 5, 9, 33}) {
    DenseProblem problem(variant, /*sequences=*/steps == 9 ? 3 : 1, steps, /*seed=*/steps + 1);
    const auto result = problem.run(variant, 7 * steps);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_LT(problem.error(), boundOf(variant)) << steps << " steps";
  }
}

class CyclicReduction : public testing::TestWithParam<DenseVariant> {};

TEST_P(CyclicReduction, followsTheLoopAtEveryLength) { expectTheLoop(GetParam()); }

TEST_P(CyclicReduction, keepsEverythingInRegisters) { expectRegisters(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Fixtures, CyclicReduction, testing::ValuesIn(reductions));

/// Groups of which a prefix is made from one that lies before them, and from all time.
const DenseVariant scans[] = {
    {.size = 64,
     .shape = "{.threads = 128, .parts = 4, .rows = 2, .ring = 3, .chunk = 4, .group = 4}",
     .sharing = "dense_blelloch"},
    {.size = 32,
     .shape = "{.threads = 64, .parts = 4, .rows = 2, .ring = 4, .chunk = 5, .group = 2, .terms = 2, .told = 3}",
     .sharing = "dense_blelloch"},
    {.size = 5,
     .shape = "{.threads = 32, .parts = 2, .rows = 1, .ring = 3, .chunk = 1, .group = 1, .terms = 2}",
     .whole = false,
     .sharing = "dense_blelloch"},
    {.size = 33,
     .shape = "{.threads = 128, .parts = 4, .rows = 2, .ring = 3, .chunk = 4, .group = 3, .terms = 2, .prefixes = true}",
     .whole = false,
     .sharing = "dense_blelloch"},
    {.size = 64,
     .shape = "{.threads = 128, .parts = 4, .rows = 2, .ring = 5, .chunk = 3, .group = 3, .told = 3, .prefixes = true}",
     .element = "bf16",
     .sharing = "dense_blelloch"},
    {.size = 16,
     .shape = "{.threads = 32, .parts = 2, .rows = 1, .ring = 4, .chunk = 1, .group = 1, .prefixes = true}",
     .sharing = "dense_blelloch"},
    {.size = 128,
     .shape = "{.threads = 256, .parts = 4, .rows = 2, .ring = 4, .chunk = 6, .group = 2, .prefixes = true}",
     .sharing = "dense_blelloch"}};

class DenseBlelloch : public testing::TestWithParam<DenseVariant> {};

TEST_P(DenseBlelloch, followsTheLoopAtEveryLength) { expectTheLoop(GetParam()); }

/// Those that leave the prefixes of all steps.
std::vector<DenseVariant> scansWithPrefixes() {
  std::vector<DenseVariant> some;
  for (const DenseVariant &variant : scans)
    if (variant.shape.find(".prefixes = true") != std::string::npos)
      some.push_back(variant);
  return some;
}

class DensePrefixes : public testing::TestWithParam<DenseVariant> {};

TEST_P(DensePrefixes, areThoseOfEveryStep) {
  DenseProblem problem(GetParam(), 2, 14, 3);
  const auto result = problem.run(GetParam(), 1);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_LT(problem.errorOfPrefixes(GetParam()), boundOf(GetParam()));
}

TEST_P(DenseBlelloch, isTheSameWhoeverIsFirst) {
  DenseProblem first(GetParam(), 1, 37, 5);
  ASSERT_TRUE(first.run(GetParam(), 1));
  for (std::uint64_t seed = 2; seed < 4; ++seed) {
    DenseProblem other(GetParam(), 1, 37, 5);
    ASSERT_TRUE(other.run(GetParam(), seed));
    EXPECT_EQ(first.states(), other.states());
  }
}

TEST_P(DenseBlelloch, keepsEverythingInRegisters) { expectRegisters(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Fixtures, DenseBlelloch, testing::ValuesIn(scans));
INSTANTIATE_TEST_SUITE_P(Fixtures, DensePrefixes, testing::ValuesIn(scansWithPrefixes()));

/// Chunks of 16 steps, groups of 32.
const DenseVariant wide{
    .size = 32,
    .shape = "{.threads = 64, .parts = 4, .rows = 2, .ring = 3, .chunk = 16, .group = 2}"};

void expectCloseAt(std::int64_t steps, const Magnitudes &magnitudes) {
  DenseProblem problem(wide, 1, steps, 3, magnitudes);
  const auto result = problem.run(wide, 1);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_LT(problem.error(), 3e-3);
}

TEST(DenseFaults, productsThatLeaveTheRangeOfF16) {
  expectCloseAt(30, {.growth = [](std::int64_t) { return 16; }});
  expectCloseAt(70, {.growth = [](std::int64_t) { return 1.0 / 16; }});
}

TEST(DenseFaults, aProductThatLeavesTheRangeOfF32WhereTheStateDoesNot) {
  expectCloseAt(
      20,
      {.growth = [](std::int64_t t) { return t < 16 ? 512 : 1; }, .initial = 1e-30, .input = 0});
}

TEST(DenseFaults, rowsOf0ThatKeepTheExponentOfAProductUp) {
  expectCloseAt(40, {.growth = [](std::int64_t t) { return t < 16   ? 1.0 / 16
                                                           : t < 32 ? 40
                                                                    : 1; },
                     .input = 0,
                     .zeroRows = 16});
}

TEST(DenseFaults, aStateThatDependsOnWhoWasFirst) {
  const DenseVariant &variant = reductions[1];
  DenseProblem first(variant, 2, 47, 5);
  ASSERT_TRUE(first.run(variant, 1));
  for (std::uint64_t seed = 2; seed < 6; ++seed) {
    DenseProblem other(variant, 2, 47, 5);
    ASSERT_TRUE(other.run(variant, seed));
    EXPECT_EQ(first.states(), other.states());
  }
}

TEST(DenseFaults, aMapThatIsReadBeforeItIsTold) {
  const DenseVariant &variant = reductions[0];
  DenseProblem problem(variant, 1, 40, 1);
  const auto result = problem.run(
      variant, 5,
      withoutLine("grid/matrix_chunks.cuh",
                  "    while ((load_acquire(space.arrivals(mine.sequence) + mine.group)",
                  "    while (false && (load_acquire(space.arrivals(mine.sequence) + mine.group)"));
  // A race, or a map that nobody has written yet.
  ASSERT_FALSE(result);
}

TEST(DenseFaults, aMapThatIsMultipliedBeforeItHasLandedIsFound) {
  const char *const lines[][2] = {
      {"    meet(); // the map before", "    // the map before"},
      {"    await_copies<slots - 3>();\n", "    await_copies<slots - 2>();\n"}};
  for (auto [line, without] : lines) {
    DenseProblem problem(reductions[1], 1, 47, 1);
    EXPECT_FALSE(problem.run(reductions[1], 5, withoutLine("block/matrix_chain.cuh", line, without)))
        << line;
  }
}

TEST(DenseFaults, aWholeMatrixThatIsMultipliedBeforeItHasLandedIsFound) {
  const DenseVariant &variant = reductions[std::size(reductions) - 1];
  DenseProblem problem(variant, 1, 25, 1);
  EXPECT_FALSE(problem.run(variant, 5,
                           withoutLine("block/matrix_chain.cuh", "    whole.await(slot);\n", "")));
}

TEST(DenseFaults, flagsThatALaunchLeavesSet) {
  const DenseVariant &variant = reductions[1];
  for (std::int64_t steps : {0, 5, 47}) {
    DenseProblem problem(variant, 2, steps, 5);
    ASSERT_TRUE(problem.run(variant, 1));
    EXPECT_TRUE(problem.flagsAreZero()) << steps;
  }
}

TEST(DenseFaults, aStepThatDoesNotWaitForTheStateBeforeItIsFound) {
  for (int variant : {0, 3}) {
    DenseProblem problem(variants[variant], 1, 20, 1);
    const auto result =
        problem.run(variants[variant], 5,
                    withoutLine("kernel/dense_sequential.cuh",
                                "    await_copies<shape.ring - 2>();\n    show_panel<F>();\n",
                                "    await_copies<shape.ring - 2>();\n"));
    // A race, or cells that nobody has written the first time around the ring.
    ASSERT_FALSE(result);
  }
}

TEST(DenseFaults, aPanelThatHasNotLandedIsFound) {
  DenseProblem problem(variants[0], 1, 20, 1);
  const auto result = problem.run(variants[0], 5,
                                  withoutLine("kernel/dense_sequential.cuh",
                                              "    await_copies<shape.ring - 2>();\n",
                                              "    await_copies<shape.ring - 1>();\n"));
  // Unwritten the first time around the ring, a race with the copy afterwards.
  ASSERT_FALSE(result);
}

} // namespace
