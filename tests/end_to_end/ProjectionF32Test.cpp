//===- ProjectionF32Test.cpp - Projections of f32, in the emulation --------===//
//
// Products in three of tf32, which keep the bound of f32, in one where that is pinned, and term by term where
// factors have no low part, against the oracle.
//
//===----------------------------------------------------------------------===//
#include "tests/emulation/Program.h"
#include "tests/end_to_end/Emulated.h"
#include "tests/end_to_end/MachineCode.h"
#include "tests/end_to_end/ProjectionCases.h"
#include "tests/support/Comparison.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

/// Three weights of several sizes, of which one lies the other way round; gates and a result beside them.
const char *const chain = R"(
kernel chain(x: f32[B, T, E], Wq: f32[E, K], Wv: f32[E, V], Wa: f32[H, E], e: f32[V]) -> (q: f32[B, T, K], v: f32[B, T, V], a: f32[B, T, H]) {
  scan T as t over B {
    q[t,i] = x[t,c] * Wq[c,i]
    v[t,j] = silu(x[t,c] * Wv[c,j] + e[j])
    a[t,h] = sigmoid(x[t,c] * Wa[h,c])
  }
})";

std::string inF32(std::string text, const std::string &element) {
  for (std::size_t at = 0; (at = text.find(element, at)) != std::string::npos; at += 3)
    text.replace(at, element.size(), "f32");
  return text;
}

class ProjectedF32 : public testing::TestWithParam<const char *> {};

/// Sizes are open: parts of 32 terms, more, fewer than the bound of three products wants, rows of no whole pieces.
TEST_P(ProjectedF32, agreesWithTheReference) {
  const std::string text = inF32(programText("gated_layer"), "f16");
  auto program = compileProgram(text, withProjection(GetParam()));
  ASSERT_TRUE(program) << render(program.error());
  struct Sizes {
    std::int64_t B, T, E, D;
  };
  for (auto [B, T, E, D] : {Sizes{2, 37, 21, 13}, {1, 65, 64, 64}, {3, 1, 200, 72}, {1, 5, 1, 1}, {2, 130, 36, 104},
                            {2, 9, 0, 8}, {2, 9, 28, 8}, {1, 19, 32, 12}}) {
    SCOPED_TRACE(testing::Message() << B << " x " << T << " x " << E << " x " << D);
    EXPECT_EQ(launchedAt(text, *program, withProjection(GetParam()), {{"B", B}, {"T", T}, {"E", E}, {"D", D}}),
              E >= 32 && E % 4 == 0 && D % 4 == 0 ? "pieces" : "elements");
  }
}

/// Both orders of the weights, panels and slices.
TEST_P(ProjectedF32, takesColumnsOfSeveralWeights) {
  CompileOptions options = withProjection(GetParam(), {{"B", 2}, {"T", 70}, {"E", 68}, {"K", 64}, {"V", 80}, {"H", 16}});
  EXPECT_EQ(kernelsOf(chain, options), 2u);
  expectRight(chain, options);
}

/// Rounded once, where that is pinned: as much as 2^-11 of each factor, and not as little as three products.
TEST_P(ProjectedF32, isRoundedOnceWhereThatIsPinned) {
  const std::string text = std::string("@precision(tf32)") + chain;
  CompileOptions options = withProjection(GetParam(), {{"B", 1}, {"T", 33}, {"E", 40}, {"K", 16}, {"V", 8}, {"H", 8}});
  expectRight(text, options, {.factor = ofF16});
  auto program = compileProgram(text, options);
  ASSERT_TRUE(program) << render(program.error());
  EXPECT_TRUE(program->promises.errorBound.starts_with("2^-11 of what is rounded to tf32")) << program->promises.errorBound;
  EXPECT_NE(launchedAt(text, *program, options, options.sizes), "pieces"); // beyond the bound of f32
}

/// Rows that the scan computes are a factor as they are: nothing is pinned.
TEST_P(ProjectedF32, ofWhatAScanComputes) {
  std::string text = inF32(gatedWithOutput, "f16");
  text.erase(text.find('@'), text.find(')') - text.find('@') + 1);
  CompileOptions options = withProjection(GetParam(), {{"B", 2}, {"T", 37}, {"E", 36}, {"D", 40}, {"M", 24}});
  EXPECT_EQ(kernelsOf(text, options), 3u);
  expectRight(text, options);
}

/// A norm over heads of two panels.
TEST_P(ProjectedF32, isNormedOverHeads) {
  expectRight(R"(kernel normed(x: f32[B, T, E], W: f32[E, H, K]) -> (q: f32[B, T, H, K]) {
    scan T as t over B {
      s[h,i]   = silu(x[t,c] * W[c,h,i])
      q[t,h,i] = s[h,i] * rsqrt(sum[i](s[h,i] * s[h,i]) + 1e-6)
    }
  })",
              withProjection(GetParam(), {{"B", 1}, {"T", 37}, {"E", 36}, {"H", 3}, {"K", 128}}));
}

/// An infinity less itself would be a NaN, and so would what tf32 has no number for, in all columns of their row; and what
/// is left of a row whose product is infinite in f32 is so here.
TEST_P(ProjectedF32, anInfiniteFactorIsNoNaN) {
  CompileOptions options = withProjection(GetParam(), {{"B", 1}, {"T", 70}, {"E", 32}, {"K", 8}, {"V", 8}, {"H", 8}});
  auto program = compileProgram(chain, options);
  ASSERT_TRUE(program) << render(program.error());
  auto operands = makeOperands(chain, options, program->parameters, 3);
  ASSERT_TRUE(operands) << render(operands.error());
  constexpr std::int64_t terms = 32, columns = 8;
  auto *x = reinterpret_cast<float *>(operands->tensors[0].data), *w = reinterpret_cast<float *>(operands->tensors[1].data);
  for (std::int64_t j = 0; j < columns; ++j)
    w[7 * columns + j] = j % 2 ? 1.0f : 0.5f; // no low part
  x[3 * terms + 7] = INFINITY;
  x[5 * terms + 7] = -3.4028235e38f;
  x[66 * terms + 7] = NAN;
  auto variant = runChosen(*program, operands->tensors, 5);
  ASSERT_TRUE(variant) << render(variant.error());
  EXPECT_EQ(*variant, "pieces");
  const auto *q = reinterpret_cast<const float *>(operands->tensors[5].data);
  for (std::int64_t t = 0; t < 70; ++t)
    for (std::int64_t j = 0; j < columns; ++j) {
      double sum = 0;
      for (std::int64_t c = 0; c < terms; ++c)
        sum += static_cast<double>(x[t * terms + c]) * w[c * columns + j];
      const float got = q[t * columns + j];
      if (std::isnan(sum))
        EXPECT_TRUE(std::isnan(got)) << t << ", " << j;
      else if (std::isinf(sum))
        EXPECT_EQ(got, sum) << t << ", " << j;
      else
        EXPECT_NEAR(got, sum, 1e-5 * std::max(1.0, std::fabs(sum))) << t << ", " << j;
    }
}

INSTANTIATE_TEST_SUITE_P(Targets, ProjectedF32, testing::Values("sm_80", "sm_90a"));

/// Plain f32 is none of the two.
TEST(ProjectionOfF32, isRefusedWhereItIsPinnedToIeee) {
  auto program = compileProgram("@precision(ieee)" + std::string(chain), withProjection("sm_90a"));
  ASSERT_FALSE(program);
  EXPECT_NE(render(program.error()).find("precision"), std::string::npos) << render(program.error());
}

/// Two parts of factors beside the sums of a part; addresses may be spilled.
TEST(ProjectionOfF32, keepsItsSumsInRegisters) {
  for (const char *architecture : {"sm_80", "sm_90a"}) {
    CompileOptions options = withProjection(architecture, {{"B", 4}, {"T", 8192}, {"E", 256}, {"K", 256}, {"V", 256}, {"H", 16}});
    auto program = compileProgram(chain, options);
    ASSERT_TRUE(program) << render(program.error());
    expectInRegisters(*program, architecture, /*stack=*/16, /*spilled=*/16);
  }
}

} // namespace
