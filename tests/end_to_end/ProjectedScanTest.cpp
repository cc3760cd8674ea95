//===- ProjectedScanTest.cpp - Layers in one kernel, in the emulation -----===//
//
// Projections that are scanned where they are made, against the oracle: sizes that fill no tile, biases, initial and final
// states, several lanes, both architectures.
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

CompileOptions optionsOf(const std::string &target, std::map<std::string, std::int64_t> sizes = {}) {
  CompileOptions options;
  options.target = target;
  options.strategy = "projected_scan";
  options.sizes = std::move(sizes);
  return options;
}

class OneKernel : public testing::TestWithParam<const char *> {};

/// Sizes are open, that of the sum too: a tile, one more, one less, a term, none.
TEST_P(OneKernel, agreesWithTheReference) {
  const std::string text = programText("gated_layer");
  auto program = compileProgram(text, optionsOf(GetParam()));
  ASSERT_TRUE(program) << render(program.error());
  EXPECT_EQ(program->entries[0].steps.size(), 1u);
  struct Sizes {
    std::int64_t B, T, E, D;
  };
  for (auto [B, T, E, D] : {Sizes{2, 137, 21, 13}, {1, 129, 64, 72}, {3, 1, 200, 8}, {2, 9, 0, 8},
                            {2, 0, 8, 8}, {0, 9, 8, 8}, {2, 9, 8, 0}}) {
    SCOPED_TRACE(testing::Message() << B << " x " << T << " x " << E << " x " << D);
    std::string got = launchedAt(text, *program, optionsOf(GetParam()), {{"B", B}, {"T", T}, {"E", E}, {"D", D}});
    if (B * T * E * D > 0)
      EXPECT_EQ(got, E % 8 == 0 ? "pieces" : "elements");
    else // where nothing is read, an address may be anything
      EXPECT_TRUE(got == "pieces" || got == "elements") << got;
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, OneKernel, testing::Values("sm_80", "sm_90a"),
                         [](const auto &info) { return std::string(info.param); });

/// Biases of columns, an input of lanes and steps, states, two results of two types; time is outermost and runs backwards.
TEST(ProjectedScan, hasOtherInputsInItsSteps) {
  expectRight(R"(
kernel gru(x: bf16[T, B, E], Wf, Wv: bf16[E, D], bf: bf16[D], s: f32[B, D, T], h0: bf16[B, D]) -> (y: bf16[T, B, D], g: f32[B, T, D], hT: f32[D, B]) {
  reverse scan T as t over B {
    init h = h0
    f[j]   = sigmoid(x[t,k] * Wf[k,j] + bf[j])
    h[t,j] = f[j] * h[t-1,j] + s[t,j] * (x[t,k] * Wv[k,j])
    y[t,j] = h[t-1,j] + bf[j]
    g[t,j] = f[j]
    final h -> hT
  }
})",
              optionsOf("sm_90a", {{"B", 3}, {"T", 140}, {"E", 24}, {"D", 19}}));
}

TEST(ProjectedScan, tellsLanesApart) {
  expectRight(R"(
kernel lanes(x: f16[B, H, T, E], W: f16[D, E], s: f32[H]) -> (h: f32[H, B, T, D]) {
  scan T as t over B, H { h[t,j] = s * h[t-1,j] + x[t,k] * W[j,k] }
})",
              optionsOf("sm_80", {{"B", 2}, {"H", 3}, {"T", 70}, {"E", 40}, {"D", 9}}));
}

TEST(ProjectedScan, needsNoLanes) {
  expectRight("kernel k(x: f16[T, E], W: f16[E, D]) -> (h: f32[T, D]) { scan T as t { h[t,j] = 0.5 * h[t-1,j] + "
              "x[t,k] * W[k,j] } }",
              optionsOf("sm_90a", {{"T", 190}, {"E", 16}, {"D", 8}}));
}

/// Numbers of a step that leave the registers would cost more than the launch that is saved.
TEST(ProjectedScanMachineCode, keepsItsStepsInRegisters) {
  for (const char *architecture : {"sm_80", "sm_90a"}) {
    auto program = compileProgram(programText("gated_layer"),
                                  optionsOf(architecture, {{"B", 16}, {"T", 2048}, {"E", 256}, {"D", 64}}));
    ASSERT_TRUE(program) << render(program.error());
    auto &variants = std::get<KernelStep>(program->entries[0].steps[0]).variants;
    std::erase_if(variants, [](const KernelVariant &variant) { return variant.name.ends_with("_turned"); });
    expectInRegisters(*program, architecture, /*stack=*/0, /*spilled=*/0);
  }
}

} // namespace
