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

std::string layer(const std::string &element) {
  std::string text = programText("gated_layer");
  for (std::size_t at = 0; (at = text.find("f16", at)) != std::string::npos; at += element.size())
    text.replace(at, 3, element);
  return text;
}

CompileOptions optionsOf(const std::string &target, std::map<std::string, std::int64_t> sizes = {}) {
  CompileOptions options;
  options.target = target;
  options.strategy = "projection";
  options.sizes = std::move(sizes);
  return options;
}

/// The variant of the first kernel that a launch takes, or what is wrong.
std::string launched(const std::string &text, const Program &program, const CompileOptions &options,
                     Operands &operands) {
  auto variant = runChosen(program, operands.tensors, 5);
  if (!variant)
    return render(variant.error());
  std::string wrong = firstMismatch(text, options, program.parameters, operands);
  return wrong.empty() ? *variant : wrong;
}

struct Sizes {
  std::int64_t B, T, E, D;
};
using Case = std::tuple<std::string, std::string, Sizes>; // element, target
class ProjectedLayer : public testing::TestWithParam<Case> {};

TEST_P(ProjectedLayer, agreesWithTheReference) {
  auto [element, target, sizes] = GetParam();
  CompileOptions options =
      optionsOf(target, {{"B", sizes.B}, {"T", sizes.T}, {"E", sizes.E}, {"D", sizes.D}});
  expectRight(layer(element), options, {.kernel = "scanc/kernel/projection.cuh"});
}

/// Sizes that are a tile, one more, one less, a term, none.
constexpr Sizes layerSizes[] = {{2, 37, 21, 13}, {1, 65, 64, 64}, {3, 1, 200, 72}, {2, 0, 8, 8},
                                {1, 5, 1, 1},    {0, 9, 8, 8},    {2, 130, 24, 104}};

std::string nameOf(const testing::TestParamInfo<Case> &info) {
  auto [element, target, sizes] = info.param;
  return element + "_" + target + "_" + std::to_string(sizes.B) + "x" + std::to_string(sizes.T) + "x" +
         std::to_string(sizes.E) + "x" + std::to_string(sizes.D);
}

INSTANTIATE_TEST_SUITE_P(Sizes, ProjectedLayer,
                         testing::Combine(testing::Values("f16", "bf16"), testing::Values("sm_80", "sm_90a"),
                                          testing::ValuesIn(layerSizes)),
                         nameOf);

TEST(Projection, isWrittenStraightToResults) {
  for (const char *target : {"sm_80", "sm_90a"})
    for (std::int64_t steps : {0, 1, 37}) {
      CompileOptions options = optionsOf(target, {{"B", 2}, {"H", 3}, {"T", steps}, {"E", 40}, {"D", 24}, {"N", 5}});
      auto program = compileProgram(alone, options);
      ASSERT_TRUE(program) << render(program.error());
      EXPECT_EQ(program->entries[0].steps.size(), 1u);
      expectRight(alone, options);
    }
}

TEST(Projection, hasActivationsWithBiasesInItsEpilogue) {
  for (const char *target : {"sm_80", "sm_90a"})
    expectRight(biased, optionsOf(target, {{"B", 3}, {"T", 40}, {"E", 24}, {"D", 19}}));
}

TEST(Projection, isReadByReadouts) {
  for (const char *target : {"sm_80", "sm_90a"})
    expectRight(readout, optionsOf(target, {{"B", 2}, {"T", 70}, {"E", 48}, {"D", 9}, {"N", 4}}));
}

/// What is summed over needs no size at compile time, and none at launch.
TEST(Projection, hasOpenSizes) {
  const std::string text = layer("f16");
  auto program = compileProgram(text, optionsOf("sm_90a"));
  ASSERT_TRUE(program) << render(program.error());
  for (std::int64_t terms : {0, 3, 72})
    for (std::int64_t columns : {0, 8, 11}) {
      CompileOptions options = optionsOf("sm_90a", {{"B", 2}, {"T", 9}, {"E", terms}, {"D", columns}});
      auto operands = makeOperands(text, options, program->parameters, 3);
      ASSERT_TRUE(operands) << render(operands.error());
      SCOPED_TRACE(std::to_string(terms) + " x " + std::to_string(columns));
      std::string got = launched(text, *program, options, *operands);
      if (terms * columns > 0) {
        EXPECT_EQ(got, terms % 8 == 0 && columns % 8 == 0 ? "matrices" : "elements");
      } else { // where nothing is read, an address may be anything
        EXPECT_TRUE(got == "pieces" || got == "elements") << got;
      }
    }
}

/// Weights 1 to 3 as views of one buffer, row by row beside each other, or each turned.
void pack(Operands &operands, bool turned) {
  TensorRef &first = operands.tensors[1];
  const std::int64_t rows = first.sizes[0], columns = first.sizes[1], size = sizeOf(first.dtype);
  std::vector<char> packed(3 * rows * columns * size + 32);
  auto *const begin = reinterpret_cast<char *>((reinterpret_cast<std::uintptr_t>(packed.data()) + 15) / 16 * 16);
  for (std::int64_t i = 0; i < 3; ++i) {
    TensorRef &weights = operands.tensors[1 + i];
    const auto *from = static_cast<const char *>(weights.data);
    auto *to = begin + i * columns * (turned ? rows : 1) * size;
    weights.strides = turned ? std::vector<std::int64_t>{1, rows} : std::vector<std::int64_t>{3 * columns, 1};
    for (std::int64_t k = 0; k < rows; ++k)
      for (std::int64_t j = 0; j < columns; ++j)
        std::memcpy(to + (k * weights.strides[0] + j * weights.strides[1]) * size, from + (k * columns + j) * size, size);
    weights.data = to;
  }
  operands.storage.push_back(std::move(packed));
}

TEST(Projection, takesViewsOfPackedWeights) {
  const std::string text = layer("bf16");
  CompileOptions options = optionsOf("sm_90a", {{"B", 2}, {"T", 33}, {"E", 24}, {"D", 40}});
  for (const char *target : {"sm_90a", "sm_80"})
    for (bool turned : {false, true}) {
      options.target = target;
      auto program = compileProgram(text, options);
      ASSERT_TRUE(program) << render(program.error());
      auto operands = makeOperands(text, options, program->parameters, 7);
      ASSERT_TRUE(operands) << render(operands.error());
      pack(*operands, turned);
      EXPECT_EQ(launched(text, *program, options, *operands),
                std::string(target == std::string("sm_80") ? "pieces" : "matrices") + (turned ? "_turned" : ""));
    }
}

TEST(Projection, copiesPiecesWhereLanesDoNotFollowEachOther) {
  CompileOptions options = optionsOf("sm_90a", {{"B", 2}, {"H", 2}, {"T", 5}, {"E", 16}, {"D", 8}, {"N", 8}});
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

/// Weights of another size than the row are refused where they are given.
TEST(Projection, refusesWeightsOfOtherSizes) {
  const std::string text = layer("f16");
  CompileOptions options = optionsOf("sm_90a", {{"B", 1}, {"T", 4}, {"E", 8}, {"D", 8}});
  auto program = compileProgram(text, optionsOf("sm_90a"));
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
}

/// Sums of the largest tiles leave a few registers for an epilogue; an address may be spilled. A turned variant differs in
/// the order of its strides alone.
TEST(ProjectionMachineCode, keepsItsSumsInRegisters) {
  for (const char *architecture : {"sm_80", "sm_90a"}) {
    CompileOptions options = optionsOf(architecture, {{"B", 4}, {"T", 8192}, {"E", 256}, {"D", 528}});
    auto program = compileProgram(layer("f16"), options);
    ASSERT_TRUE(program) << render(program.error());
    auto &variants = std::get<KernelStep>(program->entries[0].steps[0]).variants;
    std::erase_if(variants, [](const KernelVariant &variant) { return variant.name.ends_with("_turned"); });
    expectInRegisters(*program, architecture, /*stack=*/8, /*spilled=*/8);
  }
}

} // namespace
