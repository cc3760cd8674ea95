//===- projected_scan_test.cpp - A layer in one kernel against a loop in f64 ---===//
#include "scanc/Nvrtc.h"
#include "templates/Templates.h"
#include "tests/templates/Fixture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <regex>

using namespace scanc;
using namespace scanc::templates;

namespace {

/// fixtures/gated_layer.cu for another element type, order of the weights, direction and policy.
struct LayerVariant {
  device::projected_policy shape;
  std::string element = "f16";
  bool across = true, copies = true, reverse = false;

  /// Parts of both factors, the maps and states of 64 lanes of each warp, and two words.
  std::int64_t sharedBytes() const {
    const std::int64_t panels = shape.ring * (shape.warpgroups + 3), warps = shape.threads() / 32;
    return (panels * 8192 + warps * 64 * 12 + 8 + 1023) / 1024 * 1024;
  }
  Dtype dtype() const { return element == "f16" ? Dtype::f16 : Dtype::bf16; }
  std::string text() const {
    std::ifstream file(std::string(SCANC_FIXTURES) + "/gated_layer.cu");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto replace = [&](const std::string &from, const std::string &to) {
      const std::size_t at = text.find(from);
      ASSERT_NE(at, std::string::npos) << from;
      text.replace(at, from.size(), to);
    };
    replace("{.warpgroups = 2, .ring = 5}",
            fmt::format("{{.warpgroups = {}, .ring = {}}}", shape.warpgroups, shape.ring));
    replace("across = true", fmt::format("across = {}", across));
    replace("copies = true", fmt::format("copies = {}", copies));
    replace("reverse = false", fmt::format("reverse = {}", reverse));
    return std::regex_replace(text, std::regex("\\bf16\\b"), element);
  }
};

void PrintTo(const LayerVariant &v, std::ostream *out) {
  *out << v.shape.steps() << " steps, " << v.shape.warpgroups << " warpgroups, ring " << v.shape.ring
       << ", " << v.element << (v.copies ? "" : ", in parts")
       << (v.across ? "" : ", weights transposed") << (v.reverse ? ", reverse" : "");
}

struct LayerSizes {
  std::int64_t batch, steps, depth, lanes, blocks;
};

struct LayerErrors {
  double results, states;
  bool zero; ///< whether the workspace is, in the end
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// The norm of what is off over the norm of what is wanted. A NaN counts.
struct Distance {
  double off = 0, norm = 0;
  void add(double got, double wanted) {
    off += (got - wanted) * (got - wanted);
    norm += wanted * wanted;
  }
  double value() const { return norm > 0 ? std::sqrt(off / norm) : std::sqrt(off); }
};

Result<LayerErrors> errorsOf(const LayerVariant &v, const LayerSizes &s, std::uint64_t seed) {
  const auto in = Operand::Role::input, out = Operand::Role::output;
  // Rows of some elements more than they have: strides are not sizes.
  const std::int64_t gap = v.copies ? 8 : 1;
  const auto padded = [&](std::int64_t size) { return (size + gap) / gap * gap; };
  Operand x("x", in, v.dtype(), {s.batch, s.steps, s.depth}, padded(s.depth));
  std::vector<Operand> weights;
  for (const char *name : {"Wf", "Wv", "Wz"})
    weights.push_back(v.across
                          ? Operand(name, in, v.dtype(), {s.depth, s.lanes}, padded(s.lanes))
                          : Operand(name, in, v.dtype(), {s.lanes, s.depth}, padded(s.depth)));
  Operand h0("h0", in, Dtype::f32, {s.batch, s.lanes}),
      y("y", out, v.dtype(), {s.batch, s.steps, s.lanes}, padded(s.lanes)),
      hT("hT", out, Dtype::f32, {s.batch, s.lanes});
  Numbers numbers(seed);
  for (std::int64_t b = 0; b < s.batch; ++b) {
    for (std::int64_t t = 0; t < s.steps; ++t)
      for (std::int64_t k = 0; k < s.depth; ++k)
        x.set({b, t, k}, numbers.uniform(-1, 1));
    for (std::int64_t j = 0; j < s.lanes; ++j)
      h0.set({b, j}, numbers.uniform(-1, 1));
  }
  // Sums of about 1, and gates that forget little: what a tile knows of those before it counts.
  const double scale = s.depth > 0 ? std::sqrt(3.0 / s.depth) : 1;
  for (Operand &of : weights)
    for (std::int64_t k = 0; k < s.depth; ++k)
      for (std::int64_t j = 0; j < s.lanes; ++j) {
        const double weight = numbers.uniform(-scale, scale);
        v.across ? of.set({k, j}, weight) : of.set({j, k}, weight);
      }

  const std::int64_t tiles = std::max<std::int64_t>(1, (s.steps + v.shape.steps() - 1) / v.shape.steps());
  const std::int64_t rows = s.batch * ((s.lanes + 63) / 64);
  std::vector<std::uint64_t> workspace(32 + rows + rows * ((tiles + tiles / 16 + 2) / 2 * 2) * 64);
  std::vector<std::uint64_t> words;
  std::vector<emulation::Buffer> buffers;
  const auto append = [&](Operand &operand) {
    operand.appendWords(words);
    buffers.push_back(operand.buffer());
  };
  append(x);
  for (Operand &of : weights) {
    append(of);
    if (!v.across) // as the text has it, W[k, j]
      std::swap(words[words.size() - 2], words[words.size() - 1]);
  }
  append(h0);
  append(y);
  append(hT);
  for (std::int64_t size : {s.batch, s.steps, s.depth, s.lanes})
    words.push_back(static_cast<std::uint64_t>(size));
  words.push_back(reinterpret_cast<std::uint64_t>(workspace.data()));
  buffers.push_back({.name = "workspace",
                     .data = workspace.data(),
                     .bytes = static_cast<std::int64_t>(workspace.size() * 8),
                     .granule = 4});
  auto module = emulation::EmulatedModule::build(
      v.text(), std::vector<std::string>{library()}, "scanc_gated_layer");
  if (!module)
    return module.error();
  const auto result = module->launch(
      {.blocks = s.blocks, .threads = v.shape.threads(), .sharedBytes = v.sharedBytes()}, words,
      buffers, {.seed = seed});
  if (!result)
    return result.error();

  Distance results, states;
  for (std::int64_t b = 0; b < s.batch; ++b)
    for (std::int64_t j = 0; j < s.lanes; ++j) {
      double h = h0.at({b, j});
      for (std::int64_t i = 0; i < s.steps; ++i) {
        const std::int64_t t = v.reverse ? s.steps - 1 - i : i;
        double sums[3] = {};
        for (int w = 0; w < 3; ++w)
          for (std::int64_t k = 0; k < s.depth; ++k)
            sums[w] += x.at({b, t, k}) * (v.across ? weights[w].at({k, j}) : weights[w].at({j, k}));
        const double f = sigmoid(sums[0]);
        h = f * h + (1 - f) * sums[1];
        results.add(y.at({b, t, j}), h * sums[2] * sigmoid(sums[2]));
      }
      states.add(hT.at({b, j}), h);
    }
  const bool zero = std::all_of(workspace.begin(), workspace.end(), [](std::uint64_t w) { return w == 0; });
  return LayerErrors{results.value(), states.value(), zero && y.gapsAreUntouched()};
}

class ProjectedScan : public testing::TestWithParam<LayerVariant> {};

// Results are rounded once, by at most 2^-8 of them in bf16 and 2^-11 in f16. States are f32: a sum's terms and a
// step's operations are off by some 2^-24 of what they are made of, and a gate forgets before these have added up.
// Without terms nothing is added: states of the second tile are what is left of the initial ones.
TEST_P(ProjectedScan, isTheLayerAtEverySize) {
  const double rounding = GetParam().element == "f16" ? 0x1p-11 : 0x1p-8;
  const bool odd = !GetParam().copies;
  for (const LayerSizes &s :
       {odd ? LayerSizes{2, 150, 37, 70, 3} : LayerSizes{2, 300, 72, 72, 3}, LayerSizes{1, 1, 8, 8, 2},
        LayerSizes{3, 64, 64, 64, 1}, LayerSizes{1, 70, 0, 16, 2}, LayerSizes{2, 0, 16, 72, 2}}) {
    const auto errors = errorsOf(GetParam(), s, s.depth + 1);
    ASSERT_TRUE(errors) << errors.error().message;
    EXPECT_LT(errors->results, rounding) << s.steps << " x " << s.depth;
    EXPECT_LT(errors->states, 0x1p-20) << s.steps << " x " << s.depth;
    EXPECT_TRUE(errors->zero) << s.steps << " x " << s.depth;
  }
}

// Two groups of sixteen tiles, and some of the next.
TEST(ProjectedScanTiles, knowsAllTilesBefore) {
  const LayerVariant v{.shape = {.warpgroups = 1, .ring = 2}};
  const auto errors = errorsOf(v, {1, 64 * 34 + 5, 8, 8, 3}, 1);
  ASSERT_TRUE(errors) << errors.error().message;
  EXPECT_LT(errors->results, 0x1p-11);
  EXPECT_LT(errors->states, 0x1p-20);
  EXPECT_TRUE(errors->zero);
}

// Numbers of a step that leave the registers would cost more than the launch that is saved.
TEST_P(ProjectedScan, keepsItsStepsInRegisters) {
  if (!nvrtcInfo() && !std::getenv("SCANC_REQUIRE_NVRTC"))
    GTEST_SKIP() << nvrtcInfo().error().message;
  for (const char *architecture : {"sm_80", "sm_90a"}) {
    Result<CompiledKernel> kernel = compileCuda({.text = GetParam().text(),
                                                 .headers = templateHeaders(),
                                                 .architecture = architecture,
                                                 .extraOptions = {}});
    ASSERT_TRUE(kernel) << kernel.error().message << kernel.error().help;
    for (const KernelStats &stats : kernel->stats)
      EXPECT_EQ(stats.spillStoreBytes, 0) << architecture << kernel->log;
    EXPECT_EQ(kernel->log.find("serialized"), std::string::npos) << kernel->log;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Variants, ProjectedScan,
    testing::Values(
        LayerVariant{.shape = {.warpgroups = 1, .ring = 4}},
        LayerVariant{.shape = {.warpgroups = 2, .ring = 3},
                     .element = "bf16",
                     .across = false,
                     .reverse = true},
        LayerVariant{.shape = {.warpgroups = 1, .ring = 2}, .copies = false}));

} // namespace
