//===- ProjectionHeadsTest.cpp - Norms over heads behind projections, in the emulation ---===//
//
// What a product of matrices reduces over the columns of a head, and columns of several heads, against the oracle.
//
//===----------------------------------------------------------------------===//
#include "scanc/LaunchPlan.h"
#include "tests/end_to_end/Emulated.h"
#include "tests/end_to_end/MachineCode.h"
#include "tests/end_to_end/ProjectionCases.h"
#include "tests/support/Comparison.h"

#include <gtest/gtest.h>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

/// Keys and queries of a delta-rule layer: an activation and then an l2norm over each head; values beside them.
const char *const normed = R"(
kernel normed(x: bf16[B, T, E], Wv: bf16[E, V], Wq, Wk: bf16[E, H, K]) -> (v: bf16[B, T, V], q, k: bf16[B, T, H, K]) {
  scan T as t over B {
    v[t,j]   = x[t,c] * Wv[c,j]
    r[h,i]   = silu(x[t,c] * Wq[c,h,i])
    q[t,h,i] = r[h,i] * rsqrt(sum[i](r[h,i] * r[h,i]) + 1e-6)
    s[h,i]   = x[t,c] * Wk[c,h,i]
    k[t,h,i] = s[h,i] * rsqrt(sum[l](s[h,l] * s[h,l]) + 1e-6)
  }
})";

/// Heads are lanes of a scan, which reads what is normed: weights of each head, of each number, of both.
const char *const lanes = R"(
kernel lanes(x: f16[B, T, E], Wf, Wx: f16[E, H, K], b: f32[H, K], w: f32[K], s: f32[H]) -> (y: f32[B, T, H, K]) {
  scan T as t over B, H {
    p[i]   = x[t,c] * Wx[c,i] + b[i]
    n[i]   = s * p[i] * rsqrt(mean[i](p[i] * p[i]) + 1e-5) * w[i]
    h[t,i] = sigmoid(x[t,c] * Wf[c,i]) * h[t-1,i] + n[i]
    y[t,i] = h[t,i]
  }
})";

/// One head, of two reductions of which one needs the other: its columns fill no panel.
const char *const softmax = R"(
kernel softmax(x: bf16[B, T, E], W: bf16[E, N], V: bf16[E, M]) -> (p: f32[B, T, N], g: f32[B, T, M]) {
  scan T as t over B {
    u[n]   = x[t,c] * W[c,n]
    e[n]   = exp(u[n] - max[n](u[n]))
    p[t,n] = e[n] / sum[n](e[n])
    g[t,m] = sigmoid(x[t,c] * V[c,m])
  }
})";

class ProjectedHeads : public testing::TestWithParam<const char *> {};

/// A head of two panels, and of a quarter of one.
TEST_P(ProjectedHeads, areNormedWhereTheyAreSummed) {
  for (std::int64_t K : {128, 16}) {
    SCOPED_TRACE(K);
    CompileOptions options = withProjection(GetParam(), {{"B", 2}, {"T", 37}, {"E", 72}, {"V", 24}, {"H", 3}, {"K", K}});
    // Results of narrow heads are copied: what lies between theirs is open.
    EXPECT_EQ(kernelsOf(normed, options), K % 64 == 0 ? 1u : 2u);
    expectRight(normed, options);
  }
}

TEST_P(ProjectedHeads, areLanesOfTheScan) {
  for (std::int64_t K : {32, 192}) {
    SCOPED_TRACE(K);
    expectRight(lanes, withProjection(GetParam(), {{"B", 2}, {"T", 9}, {"E", 24}, {"H", 2}, {"K", K}}));
  }
}

TEST_P(ProjectedHeads, haveReductionsThatNeedEachOther) {
  for (std::int64_t N : {100, 5}) {
    SCOPED_TRACE(N);
    CompileOptions options = withProjection(GetParam(), {{"B", 2}, {"T", 37}, {"E", 24}, {"N", N}, {"M", 20}});
    EXPECT_EQ(kernelsOf(softmax, options), 1u);
    expectRight(softmax, options);
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, ProjectedHeads, testing::Values("sm_80", "sm_90a"));

/// Where no tile has a head whole, the scan has the norm.
TEST(ProjectionHeads, staysWithTheScanWhereATileSplitsTheHead) {
  CompileOptions options = withProjection("sm_90a", {{"B", 1}, {"T", 5}, {"E", 16}, {"V", 8}, {"H", 2}, {"K", 320}});
  EXPECT_EQ(kernelsOf(normed, options), 2u);
  expectRight(normed, options);
}

/// Heads of 192 and of 128 columns want tiles of three and of two panels.
TEST(ProjectionHeads, areOfTwoProductsWhereNoTileHasBoth) {
  const std::string text = R"(
kernel two(x: bf16[B, T, E], W: bf16[E, H, 192], V: bf16[E, H, 128]) -> (p: bf16[B, T, H, 192], q: bf16[B, T, H, 128]) {
  scan T as t over B {
    a[h,i]   = x[t,c] * W[c,h,i]
    p[t,h,i] = a[h,i] * rsqrt(sum[i](a[h,i] * a[h,i]) + 1e-6)
    b[h,j]   = x[t,c] * V[c,h,j]
    q[t,h,j] = b[h,j] * rsqrt(sum[j](b[h,j] * b[h,j]) + 1e-6)
  }
})";
  CompileOptions options = withProjection("sm_90a", {{"B", 1}, {"T", 9}, {"E", 16}, {"H", 2}});
  EXPECT_EQ(kernelsOf(text, options), 2u);
  expectRight(text, options);
}

/// The columns are a lane of the scan, which the row has not.
TEST(ProjectionHeads, orColumnsAreLanes) {
  expectRight(R"(
kernel k4(x: bf16[B, T, E], W: bf16[E, D], a: f32[B, T, D]) -> (y: f32[B, T, D]) {
  scan T as t over B, D { h[t] = exp(-abs(a[t])) * h[t-1] + x[t,k] * W[k]  y[t] = h[t] }
})",
              withProjection("sm_90a", {{"B", 2}, {"T", 19}, {"E", 24}, {"D", 13}}));
}

/// Weights of heads with something between them are no matrix that is copied.
TEST(ProjectionHeads, mayLieApart) {
  const std::string text = R"(
kernel apart(x: bf16[B, T, E], W: bf16[H, E, K]) -> (y: bf16[B, H, T, K]) {
  scan T as t over B, H { y[t,i] = tanh(x[t,c] * W[c,i]) }
})";
  CompileOptions options = withProjection("sm_90a", {{"B", 2}, {"T", 9}, {"E", 16}, {"H", 3}, {"K", 64}});
  auto program = compileProgram(text, options);
  ASSERT_TRUE(program) << render(program.error());
  auto operands = makeOperands(text, options, program->parameters, 7);
  ASSERT_TRUE(operands) << render(operands.error());
  auto variant = runChosen(*program, operands->tensors, 5);
  ASSERT_TRUE(variant) << render(variant.error());
  EXPECT_EQ(*variant, "elements");
  EXPECT_EQ(firstMismatch(text, options, program->parameters, *operands), "");
}

/// As `keepsItsSumsInRegisters` of the other epilogues, in the variants that are fast.
TEST(ProjectionMachineCode, keepsItsReadoutsInRegisters) {
  for (const char *architecture : {"sm_80", "sm_90a"}) {
    auto program = compileProgram(
        normed, withProjection(architecture, {{"B", 4}, {"T", 8192}, {"E", 2048}, {"V", 2048}, {"H", 16}, {"K", 128}}));
    ASSERT_TRUE(program) << render(program.error());
    auto &variants = std::get<KernelStep>(program->entries[0].steps[0]).variants;
    std::erase_if(variants, [&](const KernelVariant &variant) {
      return variant.name != (architecture == std::string("sm_80") ? "pieces" : "matrices");
    });
    expectInRegisters(*program, architecture, /*stack=*/8, /*spilled=*/8);
  }
}

} // namespace
