//===- ProjectionBehindTest.cpp - Projections of what a scan computes, in the emulation ---===//
//
// A layer with its output projection, and rows that a step makes of inputs, against the oracle.
//
//===----------------------------------------------------------------------===//
#include "scanc/LaunchPlan.h"
#include "tests/end_to_end/Emulated.h"
#include "tests/end_to_end/ProjectionCases.h"
#include "tests/support/Comparison.h"

#include <gtest/gtest.h>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

/// Two weights of one row, a window of an input, and a third of another; no state.
const char *const rows = R"(
@precision(bf16) kernel rows(x: bf16[B, T, E], w: f32[E], U: bf16[E, M], V: bf16[N, E], W: bf16[E, H, 64]) -> (u: bf16[B, T, M], v: f32[B, T, N], q: bf16[B, T, H, 64]) {
  scan T as t over B {
    s[k]     = silu(x[t,k] + w[k] * x[t-1,k])
    u[t,m]   = s[k] * U[k,m]
    v[t,n]   = exp(s[k] * V[n,k])
    p[h,i]   = tanh(x[t,k]) * W[k,h,i]
    q[t,h,i] = p[h,i] * rsqrt(sum[i](p[h,i] * p[h,i]) + 1e-6)
  }
})";

/// A state of 16 bits is a row as it is: nothing is pinned.
const char *const narrow = R"(
kernel narrow(a, x: f32[B, T, D], W: bf16[D, M]) -> (y: f32[B, T, M]) {
  scan T as t over B {
    state h: bf16
    h[t,j] = 0.5 * a[t,j] * h[t-1,j] + x[t,j]
    y[t,m] = h[t,j] * W[j,m]
  }
})";

class ProjectionBehind : public testing::TestWithParam<const char *> {};

TEST_P(ProjectionBehind, ofALayer) {
  CompileOptions options =
      withProjection(GetParam(), {{"B", 2}, {"T", 37}, {"E", 24}, {"D", 40}, {"M", 24}});
  EXPECT_EQ(kernelsOf(gatedWithOutput, options), 3u);
  expectRight(gatedWithOutput, options, {.factor = ofF16});
}

TEST_P(ProjectionBehind, ofRowsThatAreComputed) {
  CompileOptions options = withProjection(GetParam(), {{"B", 2}, {"T", 19}, {"E", 24}, {"M", 8}, {"N", 11}, {"H", 2}});
  EXPECT_EQ(kernelsOf(rows, options), 4u); // V lies the other way round than U
  expectRight(rows, options, {.factor = ofBf16});
}

INSTANTIATE_TEST_SUITE_P(Targets, ProjectionBehind, testing::Values("sm_80", "sm_90a"));

TEST(ProjectionBehindOf, narrowStates) {
  expectRight(narrow, withProjection("sm_90a", {{"B", 2}, {"T", 21}, {"D", 40}, {"M", 16}}));
}

/// Of packed sequences that are walked from their ends; of what is itself projected; of heads whose norms are part of the product.
TEST(ProjectionBehindOf, otherScans) {
  expectRight(R"(
@precision(bf16) kernel k1(x: bf16[T, E], cu: i32[S+1], W: bf16[E, D], U: bf16[D, M], h0: f32[S, D]) -> (y: f32[T, M], hT: f32[S, D]) {
  reverse scan T as t reset at cu {
    init h = h0
    h[t,j] = 0.5 * h[t-1,j] + x[t,k] * W[k,j]
    y[t,m] = tanh(h[t,j]) * U[j,m]
    final h -> hT
  }
})",
              withProjection("sm_90a", {{"T", 40}, {"S", 3}, {"E", 16}, {"D", 24}, {"M", 8}}), {.factor = ofBf16});
  expectRight(R"(
@precision(bf16) kernel k3(x: bf16[B, T, E], W: bf16[E, F], V: bf16[F, M]) -> (y: bf16[B, T, M]) {
  scan T as t over B { y[t,m] = silu(x[t,k] * W[k,f]) * V[f,m] }
})",
              withProjection("sm_90a", {{"B", 2}, {"T", 19}, {"E", 24}, {"F", 40}, {"M", 16}}), {.factor = ofBf16});
  expectRight(R"(
@precision(f16) kernel k2(x: f16[T, B, E], W: f16[E, D], U: f16[D, H, 64], g: f32[T, B, D]) -> (y: f32[T, B, H, 64], s: f32[T, B, D]) {
  scan T as t over B {
    h[t,j] = sigmoid(g[t,j]) * h[t-1,j] + x[t,k] * W[k,j]
    s[t,j] = h[t,j]
    p[a,i] = s[t,j] * U[j,a,i]
    y[t,a,i] = p[a,i] * rsqrt(mean[i](p[a,i] * p[a,i]) + 1e-5)
  }
})",
              withProjection("sm_90a", {{"T", 9}, {"B", 3}, {"E", 16}, {"D", 24}, {"H", 2}}), {.factor = ofF16});
}

/// Sizes are open: whole matrices where they fit, pieces or elements else, and none.
TEST(ProjectionBehindOf, anySizes) {
  auto program = compileProgram(gatedWithOutput, withProjection("sm_90a"));
  ASSERT_TRUE(program) << render(program.error());
  for (std::int64_t D : {8, 13, 0}) {
    SCOPED_TRACE(D);
    CompileOptions options = withProjection("sm_90a", {{"B", 2}, {"T", 9}, {"E", 8}, {"D", D}, {"M", 8}});
    auto operands = makeOperands(gatedWithOutput, options, program->parameters, 3);
    ASSERT_TRUE(operands) << render(operands.error());
    auto variant = runChosen(*program, operands->tensors, 5);
    ASSERT_TRUE(variant) << render(variant.error());
    EXPECT_EQ(firstMismatch(gatedWithOutput, options, program->parameters, *operands, ofF16), "");
  }
}

} // namespace
