//===- FissionTest.cpp - Kernels before and behind a scan, in the emulation ---===//
//
// Norms and gates of what a state is read out to, short convolutions before it and rows of projections that a step computes,
// against the oracle.
//
//===----------------------------------------------------------------------===//
#include "tests/end_to_end/ChunkwiseCases.h"
#include "tests/end_to_end/MachineCode.h"
#include "tests/end_to_end/ProjectionCases.h"

#include <gtest/gtest.h>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

const std::string rmsNorm = "r[j] * rsqrt(mean[j](r[j] * r[j]) + 1e-5) * w[j] * silu(z[t,j])";

/// A program of tests/programs that writes `o`, whose readout is `r` and whose result is `end`.
std::string ending(const std::string &name, const std::string &end = rmsNorm) {
  std::string text = programText(name);
  const bool isPacked = text.find("q, k: bf16[T") != std::string::npos;
  text.insert(text.find("q, k: "), isPacked ? "z: bf16[T, H, V], w: f32[V], " : "z: bf16[B, T, H, V], w: f32[V], ");
  auto at = text.find("o[t,j]");
  text.replace(at, 6, "r[j]");
  return text.insert(at, "o[t,j] = " + end + "\n    ");
}

CompileOptions split(const Sizes &sizes, const std::string &target = "sm_90a") {
  CompileOptions options = withProjection(target, sizes);
  options.strategy = "fission";
  return options;
}

const How normed{.strategy = "fission", .normed = true};

TEST(Fission, normsAndGatesOfReadoutsAreRight) {
  const Sizes sizes{{"B", 1}, {"T", 70}, {"H", 2}, {"K", 24}, {"V", 48}};
  for (const char *name : {"simple_gla", "gla", "delta_rule", "kda"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(kernelsOf(ending(name), split(sizes)), 2u);
    expectNear(ending(name), sizes, normed);
  }
}

/// One lane of many steps, which read none before: time was walked by so few threads that a norm took six times as long.
TEST(Fission, stepsOfANormWereWalkedOneAfterTheOther) {
  const Sizes sizes{{"B", 1}, {"T", 600}, {"H", 1}, {"K", 16}, {"V", 32}};
  auto program = compileProgram(ending("simple_gla"), split(sizes));
  ASSERT_TRUE(program) << render(program.error());
  EXPECT_NE(program->planText.find("dim<lane t in T : 600>"), std::string::npos);
  expectNear(ending("simple_gla"), sizes, normed);
}

/// Few lanes of a short convolution alone: an array of what threads tell each other of no states had no elements.
TEST(LookBack, programsWithoutAStateDidNotCompile) {
  CompileOptions options = split({{"B", 1}, {"T", 300}, {"D", 8}});
  options.strategy = "look_back";
  const std::string text = "kernel k(x: bf16[B, T, D]) -> (y: f32[B, T, D]) { scan T as t over B, D { y[t] = silu(x[t] + x[t-3]) } }";
  expectRight(text, options);
  auto program = compileProgram(text, options);
  ASSERT_TRUE(program) << render(program.error());
  EXPECT_TRUE(compileVariant(*program, 0, "sm_90a"));
}

/// Two norms, one behind the other, of columns that a thread holds; rows apart from each other.
TEST(Fission, otherReductionsOfReadoutsAreRight) {
  const Sizes sizes{{"B", 2}, {"T", 33}, {"H", 1}, {"K", 16}, {"V", 16}};
  const std::string layerNorm = "c[j] * rsqrt(mean[j](c[j] * c[j]) + 1e-3) + w[j] * z[t,j]\n    c[j] = r[j] - mean[j](r[j])";
  How apart = normed;
  apart.gap = 3;
  expectNear(ending("simple_gla", layerNorm), sizes, apart);
  expectNear(ending("gla", "z[t,j] * exp(r[j] - max[j](r[j])) / sum[j](exp(r[j] - max[j](r[j])))"), sizes, normed);
}

TEST(Fission, normsInPackedSequencesAreRight) {
  How how = normed;
  how.offsets = {0, 0, 1, 64, 129, 129, 140};
  expectNear(ending("packed_delta"), {{"T", 140}, {"H", 2}, {"K", 24}, {"V", 48}}, how);
}

/// What a gate reads of earlier steps begins anew with each segment.
TEST(Fission, gatesOfEarlierStepsBeginWithTheirSegment) {
  How how = normed;
  how.offsets = {0, 1, 40, 41, 70};
  std::string gate = rmsNorm;
  gate.replace(gate.find("z[t,j]"), 6, "z[t-1,j]");
  expectNear(ending("packed_delta", gate), {{"T", 70}, {"H", 1}, {"K", 16}, {"V", 24}}, how);
}

/// The same norms in the walk itself, where a block has all columns: of one group of 64, of two, and of groups with different work.
TEST(Chunkwise, normsAndGatesOfReadoutsInTheWalkAreRight) {
  How fused = normed;
  fused.strategy = "chunkwise";
  const Sizes narrow{{"B", 1}, {"T", 70}, {"H", 2}, {"K", 24}, {"V", 40}}, wide{{"B", 1}, {"T", 70}, {"H", 1}, {"K", 24}, {"V", 100}};
  for (const char *name : {"simple_gla", "gla", "delta_rule"})
    for (const Sizes &sizes : {narrow, wide}) {
      SCOPED_TRACE(name);
      expectNear(ending(name), sizes, fused);
    }
  expectNear(ending("kda"), wide, fused);
  expectNear(ending("simple_gla"), {{"B", 1}, {"T", 200}, {"H", 1}, {"K", 128}, {"V", 104}}, fused);
}

/// Two sums of a row beside each other, scaled queries and an odd end of rows; packed sequences, rows that are apart.
TEST(Chunkwise, otherSumsOfReadoutsInTheWalkAreRight) {
  How fused = normed;
  fused.strategy = "chunkwise";
  fused.gap = 3;
  const std::string twice = "(r[j] - mean[j](r[j])) * rsqrt(mean[j](r[j] * r[j] * w[j]) + 1) + z[t,j]";
  expectNear(ending("retnet", twice), {{"B", 1}, {"T", 66}, {"H", 1}, {"K", 16}, {"V", 77}}, fused);
  fused.offsets = {0, 0, 1, 64, 129, 129, 140};
  expectNear(ending("packed_delta"), {{"T", 140}, {"H", 1}, {"K", 24}, {"V", 72}}, fused);
}

/// Short convolutions of queries, keys and values; values are read by the result, too.
std::string convolved(const std::string &direction, const std::string &sequences, const std::string &step) {
  return "kernel k(q, k: bf16[T, H, K], v: bf16[T, H, V], a: bf16[H, K], c: bf16[H, V], g: f32[T, H]" + sequences +
         ") -> (o: bf16[T, H, V], ST: f32[" + (sequences.empty() ? "" : "S, ") + "H, K, V]) {\n" + direction + R"( {
      k1[i]    = silu(k[t,i] + a[i] * k[t-2,i])
      v1[j]    = silu(v[t,j] + c[j] * v[t-1,j])
      S[t,i,j] = )" + step + R"( + k1[i] * v1[j]
      o[t,j]   = silu(q[t,i] + q[t-3,i]) * S[t,i,j] + 0.5 * v1[j]
      final S -> ST
    }
  })";
}

const std::string decays = "exp(g[t]) * S[t-1,i,j]";
const std::string corrects = "S[t-1,i,j] - 0.3 / (1 + sum[i](k1[i] * k1[i])) * k1[i] * (k1[l] * S[t-1,l,j])";

TEST(Fission, windowsOfAKernelBeforeAreRight) {
  const Sizes sizes{{"T", 70}, {"H", 2}, {"K", 24}, {"V", 16}};
  EXPECT_EQ(kernelsOf(convolved("scan T as t over H", "", decays), split(sizes)), 4u);
  expectNear(convolved("scan T as t over H", "", decays), sizes, {.strategy = "fission", .gap = 3});
  expectNear(convolved("reverse scan T as t over H", "", corrects), sizes, {.strategy = "fission"});
  expectNear(withF16(convolved("scan T as t over H", "", corrects)), sizes, {.strategy = "fission"});
  expectNear(convolved("scan T as t over H reset at cu", ", cu: i32[S+1]", corrects), sizes,
             {.strategy = "fission", .offsets = {0, 1, 3, 3, 67, 70}});
}

/// Queries and keys of length 1: their norms go before the scan with the windows that they are of, where all numbers of a row are
/// at hand; beside the scan they cost more than the kernels before.
TEST(Fission, normsOfWindowsAreMadeWithThem) {
  const Sizes sizes{{"B", 1}, {"T", 70}, {"H", 2}, {"K", 24}, {"V", 48}};
  const std::string text = programText("gated_deltanet");
  auto program = compileProgram(text, split(sizes));
  ASSERT_TRUE(program) << render(program.error());
  const std::string before = program->planText.substr(0, program->planText.find("plan.chunkwise"));
  auto first = before.find("math.rsqrt");
  ASSERT_NE(first, std::string::npos);
  EXPECT_NE(before.find("math.rsqrt", first + 1), std::string::npos);
  expectNear(text, sizes, normed);
}

/// So few steps that sequential is estimated to be faster for the scan: it read rows of 16 bits, which its bound does not allow.
TEST(Fission, aScanInF32ReadRoundedWindows) {
  const Sizes sizes{{"T", 4}, {"K", 64}, {"V", 17}};
  const std::string text = "kernel k(k: bf16[T, K], v: bf16[T, V], q: bf16[T, K]) -> (o: f32[T, V]) { reverse scan T as t { "
                           "S[t,i,j] = S[t-1,i,j] + tanh(k[t,i] + 0.5 * k[t-2,i]) * v[t,j]  o[t,j] = q[t,i] * S[t,i,j] } }";
  auto program = compileProgram(text, split(sizes));
  ASSERT_TRUE(program) << render(program.error());
  EXPECT_NE(program->planText.find("plan.chunkwise"), std::string::npos);
  EXPECT_EQ(program->planText.find("plan.sequential \"k\""), std::string::npos);
}

/// Heads that share a convolved key: the kernel before has no lane of theirs.
TEST(Fission, windowsThatLanesShareAreComputedOnce) {
  expectNear(R"(kernel k(q: bf16[T, H, G, K], k: bf16[T, H, K], v: bf16[T, H, V]) -> (o: f32[T, H, G, V]) {
    scan T as t over H, G {
      S[t,i,j] = 0.9 * S[t-1,i,j] + silu(k[t,i] + k[t-1,i]) * v[t,j]
      o[t,j]   = q[t,i] * S[t,i,j]
    }
  })",
             {{"T", 66}, {"H", 2}, {"G", 2}, {"K", 16}, {"V", 16}}, {.strategy = "fission"});
}

/// Rows of projections that a step makes of windows and activations, rounded to 16 bits as is pinned.
TEST(Fission, projectionsOfComputedRowsAreRight) {
  const char *const text = R"(
@precision(bf16) kernel k(x: bf16[B, T, E], w: f32[E], W, U: bf16[E, D]) -> (y: f32[B, T, D]) {
  scan T as t over B {
    s[e]   = silu(x[t,e] + w[e] * x[t-1,e])
    f[j]   = sigmoid(s[e] * W[e,j])
    h[t,j] = f[j] * h[t-1,j] + (1 - f[j]) * (s[e] * U[e,j])
    y[t,j] = h[t,j]
  }
})";
  constexpr double ofBf16 = 1 << 16; // times the reference's bound: each number of a row is rounded once to 16 bits
  for (const char *target : {"sm_80", "sm_90a"}) {
    CompileOptions options = split({{"B", 1}, {"T", 64}, {"E", 120}, {"D", 56}}, target);
    EXPECT_EQ(kernelsOf(text, options), 3u);
    expectRight(text, options, {.factor = ofBf16});
  }
}

/// In f32, by a scan of steps.
TEST(Fission, normsOfAStateInF32AreRight) {
  std::string text = ending("delta_rule");
  for (std::size_t at = 0; (at = text.find("bf16", at)) != std::string::npos;)
    text.replace(at, 4, "f32");
  expectRight(text, split({{"B", 2}, {"T", 5}, {"H", 2}, {"K", 32}, {"V", 48}}));
}

} // namespace
