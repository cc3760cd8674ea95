//===- ProjectedScanBehindTest.cpp - Layers with their output projection in one kernel, in the emulation ---===//
//
// What the scan makes of a tile is multiplied where it is made, against the oracle: panels that are not full, results beside it,
// biases of its columns, both orders of its weights.
//
//===----------------------------------------------------------------------===//
#include "scanc/Compile.h"
#include "scanc/LaunchPlan.h"
#include "tests/emulation/Program.h"
#include "tests/end_to_end/Emulated.h"
#include "tests/end_to_end/MachineCode.h"
#include "tests/end_to_end/ProjectionCases.h"
#include "tests/support/Comparison.h"

#include <gtest/gtest.h>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

/// Columns of the index that the input has, of weights that lie the other way round; time is outermost and runs backwards. Of lanes
/// that do not exist the row is no number.
const char *const turned = R"(
@precision(bf16) kernel turned(x: bf16[T, B, E], W, V: bf16[D, E], U: bf16[E, D], c: bf16[E]) -> (y: f32[T, B, E]) {
  reverse scan T as t over B {
    p[j]   = x[t,k] * W[j,k]
    h[t,j] = sigmoid(p[j]) * h[t-1,j] + x[t,k] * V[j,k]
    y[t,k] = h[t,j] * log(abs(p[j])) * U[k,j] + c[k]
  }
})";

CompileOptions fused(const std::string &target, std::map<std::string, std::int64_t> sizes) {
  CompileOptions options = withProjection(target, std::move(sizes));
  options.strategy = "projected_scan";
  return options;
}

class BehindOneKernel : public testing::TestWithParam<const char *> {};

TEST_P(BehindOneKernel, isMultipliedWhereItIsMade) {
  CompileOptions options = fused(GetParam(), {{"B", 2}, {"T", 137}, {"E", 72}, {"D", 40}, {"M", 72}});
  EXPECT_EQ(kernelsOf(gatedWithOutput, options), 1u);
  expectRight(gatedWithOutput, options, {.factor = ofF16});
}

TEST_P(BehindOneKernel, hasColumnsOfAnIndexThatIsSummedOver) {
  expectRight(turned, fused(GetParam(), {{"B", 2}, {"T", 70}, {"E", 135}, {"D", 13}}), {.factor = ofBf16});
}

INSTANTIATE_TEST_SUITE_P(Targets, BehindOneKernel, testing::Values("sm_80", "sm_90a"));

/// Sizes of lanes and columns are known, others open: no terms, whose weights nobody has waited for, and no steps.
TEST(ProjectedScanBehind, anySizes) {
  auto program = compileProgram(gatedWithOutput, fused("sm_90a", {{"D", 8}, {"M", 8}}));
  ASSERT_TRUE(program) << render(program.error());
  for (auto [T, E] : {std::pair<std::int64_t, std::int64_t>{9, 16}, {9, 0}, {0, 8}, {65, 11}}) {
    SCOPED_TRACE(testing::Message() << T << " x " << E);
    CompileOptions options = fused("sm_90a", {{"B", 2}, {"T", T}, {"E", E}, {"D", 8}, {"M", 8}});
    auto operands = makeOperands(gatedWithOutput, options, program->parameters, 3);
    ASSERT_TRUE(operands) << render(operands.error());
    auto variant = runChosen(*program, operands->tensors, 5);
    ASSERT_TRUE(variant) << render(variant.error());
    EXPECT_EQ(firstMismatch(gatedWithOutput, options, program->parameters, *operands, ofF16), "");
  }
}

TEST(ProjectedScanBehindMachineCode, keepsItsStepsInRegisters) {
  for (const char *architecture : {"sm_80", "sm_90a"}) {
    auto program = compileProgram(gatedWithOutput, fused(architecture, {{"B", 16}, {"T", 2048}, {"E", 256}, {"D", 64}, {"M", 256}}));
    ASSERT_TRUE(program) << render(program.error());
    auto &variants = std::get<KernelStep>(program->entries[0].steps[0]).variants;
    std::erase_if(variants, [](const KernelVariant &variant) { return variant.name.ends_with("_turned"); });
    expectInRegisters(*program, architecture, /*stack=*/0, /*spilled=*/0);
  }
}

} // namespace
