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
    {.size = 33, .shape = "{.threads = 64, .parts = 2, .rows = 2, .ring = 3}", .whole = false},
    {.size = 100,
     .shape = "{.threads = 128, .parts = 4, .rows = 2, .ring = 3}",
     .element = "float"},
    {.size = 64, .shape = "{.threads = 64, .parts = 4, .rows = 4, .ring = 3}", .element = "float"},
    {.size = 128, .shape = "{.threads = 256, .parts = 4, .rows = 2, .ring = 3}", .element = "bf16"},
    {.size = 256, .shape = "{.threads = 256, .parts = 4, .rows = 2, .ring = 2}"}};

class DenseSequential : public testing::TestWithParam<DenseVariant> {};

TEST_P(DenseSequential, followsTheLoopAtEveryLength) {
  for (std::int64_t steps : {0, 1, 2, 3, 7, 40}) {
    DenseProblem problem(GetParam(), /*sequences=*/steps == 7 ? 3 : 1, steps, /*seed=*/steps + 1);
    const auto result = problem.run(GetParam(), 7 * steps);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_LT(problem.error(), 2e-6) << steps << " steps";
  }
}

TEST_P(DenseSequential, keepsEverythingInRegisters) {
  if (!nvrtcInfo() && !std::getenv("SCANC_REQUIRE_NVRTC"))
    GTEST_SKIP() << nvrtcInfo().error().message;
  for (const char *architecture : {"sm_80", "sm_90a"}) {
    Result<CompiledKernel> kernel = compileCuda({.text = GetParam().text(),
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

INSTANTIATE_TEST_SUITE_P(Fixtures, DenseSequential, testing::ValuesIn(variants));

TEST(DenseFaults, aStepThatDoesNotWaitForTheStateBeforeItIsFound) {
  for (int variant : {0, 3}) {
    DenseProblem problem(variants[variant], 1, 20, 1);
    const auto result =
        problem.run(variants[variant], 5,
                    withoutLine("kernel/dense_sequential.cuh",
                                "    await_copies<shape.ring - 2>();\n    meet();\n",
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
