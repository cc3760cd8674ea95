//===- ProjectionTest.cpp - Projections before a scan, in the emulation ---===//
//
// Layers as products of matrices and what is left of them, against the oracle: sizes that fill no tile,
// views of packed weights, both architectures.
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

#include <algorithm>
#include <cstring>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

/// Both gates of a layer have biases, and one weight lies the other way round.
const char *const biased = R"(
kernel biased(x: bf16[T, B, E], Wf: bf16[E, D], Wz: bf16[D, E], bf, bz: bf16[D], h0: f32[B, D]) -> (y: bf16[T, B, D], hT: f32[B, D]) {
  scan T as t over B {
    init h = h0
    f[j]   = sigmoid(x[t,k] * Wf[k,j] + bf[j])
    h[t,j] = f[j] * h[t-1,j] + (1 - f[j])
    y[t,j] = h[t,j] * silu(x[t,k] * Wz[j,k] + bz[j])
    final h -> hT
  }
})";

/// No state: two results of two sizes, one of them activated and of another type; a lane that no projection has.
const char *const alone = R"(
kernel alone(x: bf16[B, H, T, E], W: bf16[E, D], V: bf16[E, N]) -> (p: bf16[B, H, T, D], g: f32[B, H, N, T]) {
  scan T as t over B, H {
    p[t,j] = x[t,k] * W[k,j]
    g[t,n] = softplus(x[t,k] * V[k,n])
  }
})";

/// A readout of a state of several numbers, by what is projected.
const char *const readout = R"(
kernel readout(x: f16[B, T, E], a: f32[B, T, D], Wb, Wc: f16[E, N]) -> (y: f32[B, T, D]) {
  scan T as t over B, D {
    b[n]   = x[t,k] * Wb[k,n]
    h[t,n] = exp(-a[t]) * h[t-1,n] + b[n]
    y[t]   = sum[n](h[t,n] * (x[t,k] * Wc[k,n]))
  }
})";

/// One reciprocal for two activations beside each other, a bias that both epilogues of a kind read, and a name that the
/// emitted text has taken.
const char *const chain = R"(
kernel chain(x: bf16[B, T, E], Wq, Wk: bf16[E, K], Wv, Wg: bf16[E, V], Wa: bf16[E, H], e: f32[V]) -> (q, k: bf16[B, T, K], v: bf16[B, T, V], g: f32[B, T, V], a: bf16[B, T, H]) {
  scan T as t over B {
    q[t,i] = x[t,c] * Wq[c,i]
    k[t,i] = x[t,c] * Wk[c,i]
    made[j] = silu(x[t,c] * Wv[c,j] + e[j])
    v[t,j] = made[j] * made[j]
    g[t,j] = silu(x[t,c] * Wg[c,j] + e[j])
    a[t,h] = sigmoid(x[t,c] * Wa[c,h])
  }
})";

std::string layer(const std::string &element) {
  std::string text = programText("gated_layer");
  for (std::size_t at = 0; (at = text.find("f16", at)) != std::string::npos; at += element.size())
    text.replace(at, 3, element);
  return text;
}

using Case = std::pair<std::string, std::string>; // element, target
class ProjectedLayer : public testing::TestWithParam<Case> {};

/// Sizes are open, that of the sum too: a tile, one more, one less, a term, none.
TEST_P(ProjectedLayer, agreesWithTheReference) {
  auto [element, target] = GetParam();
  const std::string text = layer(element), whole = target == "sm_80" ? "pieces" : "matrices";
  auto program = compileProgram(text, withProjection(target));
  ASSERT_TRUE(program) << render(program.error());
  struct Sizes {
    std::int64_t B, T, E, D;
  };
  for (auto [B, T, E, D] : {Sizes{2, 37, 21, 13}, {1, 65, 64, 64}, {3, 1, 200, 72}, {2, 0, 8, 8}, {1, 5, 1, 1},
                            {0, 9, 8, 8}, {2, 130, 24, 104}, {2, 9, 0, 8}, {2, 9, 8, 0}, {2, 9, 72, 11}}) {
    SCOPED_TRACE(testing::Message() << B << " x " << T << " x " << E << " x " << D);
    std::string got = launchedAt(text, *program, withProjection(target), {{"B", B}, {"T", T}, {"E", E}, {"D", D}});
    if (B * T * E * D > 0) {
      EXPECT_EQ(got, E % 8 == 0 && D % 8 == 0 ? whole : "elements");
    } else { // where nothing is read, an address may be anything
      EXPECT_TRUE(got == whole || got == "pieces" || got == "elements") << got;
    }
  }
}

std::string nameOf(const testing::TestParamInfo<Case> &info) { return info.param.first + "_" + info.param.second; }

INSTANTIATE_TEST_SUITE_P(Types, ProjectedLayer,
                         testing::Values(Case("f16", "sm_80"), Case("f16", "sm_90a"), Case("bf16", "sm_90a"),
                                         Case("bf16", "sm_80")),
                         nameOf);

TEST(Projection, isWrittenStraightToResults) {
  auto program = compileProgram(alone, withProjection("sm_90a"));
  ASSERT_TRUE(program) << render(program.error());
  EXPECT_EQ(program->entries[0].steps.size(), 1u);
  for (std::int64_t steps : {0, 1, 37})
    EXPECT_EQ(launchedAt(alone, *program, withProjection("sm_90a"),
                         {{"B", 2}, {"H", 3}, {"T", steps}, {"E", 40}, {"D", 24}, {"N", 5}}),
              "elements");
}

/// What the scan reads has 16 bits where these are pinned: gates and what they let in are rounded once.
TEST(Projection, isHandedOnInSixteenBits) {
  for (const auto &[element, factor] : {std::pair("f16", ofF16), {"bf16", ofBf16}})
    expectRight("@precision(" + std::string(element) + ") " + layer(element),
                withProjection("sm_90a", {{"B", 2}, {"T", 70}, {"E", 24}, {"D", 40}}), {.factor = factor});
}

TEST(Projection, hasActivationsWithBiasesInItsEpilogue) {
  expectRight(biased, withProjection("sm_90a", {{"B", 3}, {"T", 40}, {"E", 24}, {"D", 19}}));
}

TEST(Projection, isReadByReadouts) {
  expectRight(readout, withProjection("sm_80", {{"B", 2}, {"T", 70}, {"E", 48}, {"D", 9}, {"N", 4}}));
}

TEST(Projection, needsNoLanes) {
  expectRight("kernel k(x: f16[T, E], W: f16[E, D]) -> (h: f32[T, D]) { reverse scan T as t { h[t,j] = 0.5 * h[t-1,j] + "
              "x[t,k] * W[k,j] } }",
              withProjection("sm_90a", {{"T", 19}, {"E", 16}, {"D", 8}}));
}

/// Weights, which follow the row, as views of one buffer, row by row beside each other, or each turned.
void pack(Operands &operands, bool turned) {
  std::int64_t columns = 0, before = 0;
  const auto weights = [&](auto visit) {
    for (std::size_t i = 1; operands.tensors[i].sizes.size() == 2; ++i)
      visit(operands.tensors[i]);
  };
  weights([&](const TensorRef &each) { columns += each.sizes[1]; });
  const std::int64_t rows = operands.tensors[1].sizes[0], size = sizeOf(operands.tensors[1].dtype);
  std::vector<char> packed(rows * columns * size + 32);
  auto *const begin = reinterpret_cast<char *>((reinterpret_cast<std::uintptr_t>(packed.data()) + 15) / 16 * 16);
  weights([&](TensorRef &each) {
    const std::int64_t own = each.sizes[1];
    const auto *from = static_cast<const char *>(each.data);
    auto *to = begin + before * (turned ? rows : 1) * size;
    each.strides = turned ? std::vector<std::int64_t>{1, rows} : std::vector<std::int64_t>{columns, 1};
    for (std::int64_t k = 0; k < rows; ++k)
      for (std::int64_t j = 0; j < own; ++j)
        std::memcpy(to + (k * each.strides[0] + j * each.strides[1]) * size, from + (k * own + j) * size, size);
    each.data = to;
    before += own;
  });
  operands.storage.push_back(std::move(packed));
}

/// Compiled for `sizes` of which `open` are left open: what a launch of packed weights runs.
void expectPacked(const std::string &text, const std::map<std::string, std::int64_t> &sizes,
                  const std::vector<std::string> &open) {
  CompileOptions options = withProjection("sm_90a", sizes);
  for (const char *target : {"sm_90a", "sm_80"}) {
    options.target = target;
    CompileOptions left = options;
    for (const std::string &size : open)
      left.sizes.erase(size);
    auto program = compileProgram(text, left);
    ASSERT_TRUE(program) << render(program.error());
    for (bool turned : {false, true}) {
      auto operands = makeOperands(text, options, program->parameters, 7);
      ASSERT_TRUE(operands) << render(operands.error());
      pack(*operands, turned);
      EXPECT_EQ(launched(text, *program, options, *operands),
                std::string(target == std::string("sm_80") ? "pieces" : "matrices") + (turned ? "_turned" : ""));
    }
  }
}

TEST(Projection, takesViewsOfPackedWeights) {
  expectPacked(layer("bf16"), {{"B", 2}, {"T", 33}, {"E", 24}, {"D", 40}}, {});
}

/// Five weights of 128, 80 and 16 columns in tiles of two panels and three slices, as for many rows.
TEST(Projection, takesColumnsOfSeveralWeightsInOneTile) {
  expectPacked(chain, {{"B", 2}, {"T", 70}, {"E", 24}, {"K", 128}, {"V", 80}, {"H", 16}}, {"B", "T", "E"});
}

TEST(Projection, copiesPiecesWhereLanesDoNotFollowEachOther) {
  CompileOptions options = withProjection("sm_90a", {{"B", 2}, {"H", 2}, {"T", 5}, {"E", 16}, {"D", 8}, {"N", 8}});
  auto program = compileProgram(alone, options);
  ASSERT_TRUE(program) << render(program.error());
  auto operands = makeOperands(alone, options, program->parameters, 7);
  ASSERT_TRUE(operands) << render(operands.error());
  TensorRef &x = operands->tensors[0];
  std::vector<char> apart(2 * (2 * 5 * 16 + 16) * 2 + 32);
  auto *const begin = reinterpret_cast<char *>((reinterpret_cast<std::uintptr_t>(apart.data()) + 15) / 16 * 16);
  for (std::int64_t b = 0; b < 2; ++b)
    std::memcpy(begin + b * (2 * 5 * 16 + 16) * 2, static_cast<char *>(x.data) + b * 2 * 5 * 16 * 2, 2 * 5 * 16 * 2);
  x.data = begin;
  x.strides = {2 * 5 * 16 + 16, 5 * 16, 16, 1};
  EXPECT_EQ(launched(alone, *program, options, *operands), "pieces");
}

/// A map of matrices has 40 bits for the bytes from one to the next, and only multiples of 16.
TEST(Projection, copiesPiecesWhereAStrideIsOfNoMap) {
  CompileOptions options =
      withProjection("sm_90a", {{"B", 2}, {"T", 5}, {"E", 24}, {"K", 8}, {"V", 8}, {"H", 8}});
  auto program = compileProgram(chain, options);
  ASSERT_TRUE(program) << render(program.error());
  auto operands = makeOperands(chain, options, program->parameters, 7);
  ASSERT_TRUE(operands) << render(operands.error());
  auto planned = [&](std::int64_t stride) { // nothing is read: apart from all other tensors
    operands->tensors[0].data = reinterpret_cast<void *>(std::uintptr_t(3) << 44);
    operands->tensors[0].strides = {stride, 24, 1};
    LaunchTarget host;
    host.device = DeviceKind::cpu;
    auto plan = planLaunch(*program, operands->tensors, host);
    return plan ? std::get<KernelStep>(program->entries[0].steps[0]).variants[plan->kernels[0].variant].name
                : render(plan.error());
  };
  constexpr std::int64_t most = std::int64_t(1) << 39; // elements
  EXPECT_EQ(planned(most - 8), "matrices");
  EXPECT_EQ(planned(most), "pieces");
  EXPECT_EQ(planned(124), "elements");
}

/// Rows of all batches are those of one matrix where they follow each other everywhere: not if one result has gaps.
TEST(Projection, keepsBatchesApartWhereThoseOfAResultAreApart) {
  CompileOptions options =
      withProjection("sm_90a", {{"B", 3}, {"T", 5}, {"E", 24}, {"K", 8}, {"V", 8}, {"H", 8}});
  auto program = compileProgram(chain, options);
  ASSERT_TRUE(program) << render(program.error());
  auto operands = makeOperands(chain, options, program->parameters, 7);
  ASSERT_TRUE(operands) << render(operands.error());
  TensorRef &q = operands->tensors[7];
  ASSERT_EQ(q.sizes, (std::vector<std::int64_t>{3, 5, 8}));
  auto *const together = static_cast<char *>(q.data);
  constexpr std::int64_t batch = 5 * 8 * 2, gap = 16; // bytes
  std::vector<char> apart(3 * (batch + gap));
  const TensorRef contiguous = q;
  q.data = apart.data();
  q.strides = {(batch + gap) / 2, 8, 1};
  auto variant = runChosen(*program, operands->tensors, 5);
  ASSERT_TRUE(variant) << render(variant.error());
  EXPECT_EQ(*variant, "matrices");
  for (std::int64_t b = 0; b < 3; ++b)
    std::memcpy(together + b * batch, apart.data() + b * (batch + gap), batch);
  q = contiguous;
  EXPECT_EQ(firstMismatch(chain, options, program->parameters, *operands), "");
}

/// Weights of another size than the row are refused where they are given.
TEST(Projection, refusesWeightsOfOtherSizes) {
  const std::string text = layer("f16");
  CompileOptions options = withProjection("sm_90a", {{"B", 1}, {"T", 4}, {"E", 8}, {"D", 8}});
  auto program = compileProgram(text, withProjection("sm_90a"));
  ASSERT_TRUE(program) << render(program.error());
  auto operands = makeOperands(text, options, program->parameters, 7);
  ASSERT_TRUE(operands) << render(operands.error());
  operands->tensors[2].sizes = {7, 8};
  LaunchTarget host;
  host.device = DeviceKind::cpu;
  auto plan = planLaunch(*program, operands->tensors, host);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, "SC6004") << render(plan.error());
  EXPECT_NE(plan.error().message.find("Wv"), std::string::npos) << plan.error().message;
  EXPECT_NE(plan.error().message.find("expected 8 elements in dimension 0 ('E'), as in 'x'; got 7"), std::string::npos)
      << plan.error().message;
}

/// Sums of the largest tiles leave a few registers for an epilogue; an address may be spilled. A turned variant differs in
/// the order of its strides alone.
TEST(ProjectionMachineCode, keepsItsSumsInRegisters) {
  for (const char *architecture : {"sm_80", "sm_90a"}) {
    CompileOptions options = withProjection(architecture, {{"B", 4}, {"T", 8192}, {"E", 256}, {"D", 528}});
    auto program = compileProgram(layer("f16"), options);
    ASSERT_TRUE(program) << render(program.error());
    auto &variants = std::get<KernelStep>(program->entries[0].steps[0]).variants;
    std::erase_if(variants, [](const KernelVariant &variant) { return variant.name.ends_with("_turned"); });
    expectInRegisters(*program, architecture, /*stack=*/8, /*spilled=*/8);
  }
}

} // namespace
