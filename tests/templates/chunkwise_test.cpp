//===- chunkwise_test.cpp - Products of chunks against a loop in f64 -------===//
#include "scanc/Nvrtc.h"
#include "templates/Templates.h"
#include "tests/templates/Fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <functional>
#include <regex>

using namespace scanc;
using namespace scanc::templates;

namespace {

/// fixtures/chunkwise.cu for another state, element type and policy.
struct ChunkVariant {
  std::int64_t rows = 128, columns = 128, warpgroups = 2, ring = 3;
  std::string element = "bf16";
  bool copies = true;

  std::int64_t panels() const { return (rows + 63) / 64; }
  std::int64_t blocks() const { return (columns + 64 * warpgroups - 1) / (64 * warpgroups); }
  std::int64_t sharedBytes() const {
    return ring * ((2 * panels() + warpgroups) * 8192 + 1024) + warpgroups * panels() * 8192;
  }
  Dtype dtype() const { return element == "f16" ? Dtype::f16 : Dtype::bf16; }
  std::string text() const {
    std::ifstream file(std::string(SCANC_FIXTURES) + "/chunkwise.cu");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    text = std::regex_replace(text, std::regex("\\{\\.warpgroups = 2, \\.ring = 3\\}"),
                              fmt::format("{{.warpgroups = {}, .ring = {}}}", warpgroups, ring));
    text = std::regex_replace(text, std::regex("rows = 128"), fmt::format("rows = {}", rows));
    text = std::regex_replace(text, std::regex("columns = 128"), fmt::format("columns = {}", columns));
    text = std::regex_replace(text, std::regex("copies = true"), fmt::format("copies = {}", copies));
    return std::regex_replace(text, std::regex("\\bbf16\\b"), element);
  }
};

void PrintTo(const ChunkVariant &v, std::ostream *out) {
  *out << v.rows << " x " << v.columns << ' ' << v.element << ", " << v.warpgroups
       << " warpgroups, ring " << v.ring << (v.copies ? "" : ", in parts");
}

/// Random operands of one batch of two heads, and what a loop makes of them.
class ChunkProblem {
public:
  using Decay = std::function<double(std::int64_t, Numbers &)>; ///< log, of a step

  ChunkProblem(const ChunkVariant &variant, std::int64_t steps, const Decay &decay)
      : variant(variant), steps(steps),
        q("q", in, variant.dtype(), {1, steps, heads, variant.rows}),
        k("k", in, variant.dtype(), {1, steps, heads, variant.rows}),
        g("g", in, Dtype::f32, {1, steps, heads}),
        v("v", in, variant.dtype(), {1, steps, heads, variant.columns}),
        S0("S0", in, Dtype::f32, {1, heads, variant.rows, variant.columns}),
        o("o", out, variant.dtype(), {1, steps, heads, variant.columns}),
        ST("ST", out, Dtype::f32, {1, heads, variant.rows, variant.columns}) {
    Numbers numbers(steps + 1);
    for (std::int64_t h = 0; h < heads; ++h) {
      for (std::int64_t i = 0; i < variant.rows; ++i)
        for (std::int64_t j = 0; j < variant.columns; ++j)
          S0.set({0, h, i, j}, numbers.uniform(-1, 1));
      for (std::int64_t t = 0; t < steps; ++t) {
        g.set({0, t, h}, decay(t, numbers));
        for (std::int64_t i = 0; i < variant.rows; ++i) {
          q.set({0, t, h, i}, numbers.uniform(-1, 1));
          k.set({0, t, h, i}, numbers.uniform(-1, 1));
        }
        for (std::int64_t j = 0; j < variant.columns; ++j)
          v.set({0, t, h, j}, numbers.uniform(-1, 1));
      }
    }
  }

  Result<emulation::Statistics> run(std::uint64_t seed) {
    auto module = emulation::EmulatedModule::build(
        variant.text(), std::vector<std::string>{SCANC_TEMPLATES}, "scanc_chunkwise");
    if (!module)
      return module.error();
    std::vector<std::uint64_t> words;
    std::vector<emulation::Buffer> buffers;
    for (Operand *operand : {&q, &k, &g, &v, &S0, &o, &ST}) {
      operand->appendWords(words);
      buffers.push_back(operand->buffer());
    }
    words.insert(words.end(), {1, heads, static_cast<std::uint64_t>(steps)});
    return module->launch({.blocks = heads * variant.blocks(),
                           .threads = 128 * variant.warpgroups,
                           .sharedBytes = variant.sharedBytes()},
                          words, buffers, {.seed = seed});
  }

  /// The norm of the difference over the norm, of results and of final states: the larger. A NaN counts.
  double error() const {
    double off = 0, all = 0, offState = 0, allState = 0;
    for (std::int64_t h = 0; h < heads; ++h)
      for (std::int64_t j = 0; j < variant.columns; ++j) {
        std::vector<double> state(variant.rows);
        for (std::int64_t i = 0; i < variant.rows; ++i)
          state[i] = S0.at({0, h, i, j});
        for (std::int64_t t = 0; t < steps; ++t) {
          double sum = 0;
          for (std::int64_t i = 0; i < variant.rows; ++i) {
            state[i] = std::exp(g.at({0, t, h})) * state[i] + k.at({0, t, h, i}) * v.at({0, t, h, j});
            sum += 0.25 * q.at({0, t, h, i}) * state[i];
          }
          add(off, all, o.at({0, t, h, j}), sum);
        }
        for (std::int64_t i = 0; i < variant.rows; ++i)
          add(offState, allState, ST.at({0, h, i, j}), state[i]);
      }
    const double results = steps > 0 ? std::sqrt(off / all) : 0;
    const double states = std::sqrt(offState / allState);
    return std::isfinite(results + states) ? std::max(results, states) : INFINITY;
  }

private:
  static constexpr std::int64_t heads = 2;
  static constexpr Operand::Role in = Operand::Role::input, out = Operand::Role::output;

  static void add(double &off, double &all, double got, double wanted) {
    off += (got - wanted) * (got - wanted);
    all += wanted * wanted;
  }

  ChunkVariant variant;
  std::int64_t steps;
  Operand q, k, g, v, S0, o, ST;
};

double gentle(std::int64_t, Numbers &numbers) { return numbers.uniform(-0.2, 0); }

/// Rounding to 8 bits of factors and of results, 2^-9 of each at the most and a third of its square on
/// average: the root of the sum over q, S, the scores and the result. 11 bits in f16.
double tolerance(const ChunkVariant &variant) {
  return (variant.element == "f16" ? 0x1p-12 : 0x1p-9) * 2;
}

class Chunkwise : public testing::TestWithParam<ChunkVariant> {};

TEST_P(Chunkwise, followsTheLoopAtEveryLength) {
  for (std::int64_t steps : {0, 1, 3, 64, 65, 200}) {
    ChunkProblem problem(GetParam(), steps, gentle);
    const auto result = problem.run(/*seed=*/steps + 1);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_LT(problem.error(), tolerance(GetParam())) << steps << " steps";
  }
}

// A spill in the loop costs more than anything else there; where each warp multiplies for itself, a few
// addresses may lie in memory.
TEST_P(Chunkwise, keepsItsStateInRegisters) {
  if (!nvrtcInfo() && !std::getenv("SCANC_REQUIRE_NVRTC"))
    GTEST_SKIP() << nvrtcInfo().error().message;
  const std::string text = std::regex_replace(
      GetParam().text(), std::regex("using offset = long long"), "using offset = int");
  for (const char *architecture : {"sm_80", "sm_90a"}) {
    Result<CompiledKernel> kernel = compileCuda({.text = text,
                                                 .headers = templateHeaders(),
                                                 .architecture = architecture,
                                                 .extraOptions = {}});
    ASSERT_TRUE(kernel) << kernel.error().message << kernel.error().help;
    EXPECT_LE(kernel->stats[0].spillStoreBytes, architecture == std::string("sm_80") ? 32 : 0)
        << kernel->log;
    EXPECT_EQ(kernel->log.find("serialized"), std::string::npos) << kernel->log;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Variants, Chunkwise,
    testing::Values(ChunkVariant{}, ChunkVariant{.rows = 64, .columns = 200, .warpgroups = 1},
                    ChunkVariant{.rows = 64, .columns = 64, .warpgroups = 1, .ring = 2},
                    ChunkVariant{.rows = 16, .columns = 16, .warpgroups = 1, .ring = 4},
                    ChunkVariant{.rows = 72, .columns = 40, .warpgroups = 1, .element = "f16"},
                    ChunkVariant{.rows = 5, .columns = 67, .ring = 2, .copies = false}));

// What a decay makes of exponents: steps that forget all, in a row and between others, and none that do.
TEST(Chunkwise, takesDecaysOfAnySize) {
  const ChunkVariant variant{.rows = 16, .columns = 16, .warpgroups = 1};
  const ChunkProblem::Decay decays[] = {
      [](std::int64_t, Numbers &) { return 0.0; },
      [](std::int64_t, Numbers &) { return -20.0; },
      [](std::int64_t, Numbers &) { return -1e4; },
      [](std::int64_t, Numbers &) { return -INFINITY; },
      [](std::int64_t t, Numbers &n) { return t % 17 == 3 ? -INFINITY : n.uniform(-0.1, 0); },
      [](std::int64_t t, Numbers &) { return t % 64 == 63 ? -1e4 : -1e-3; }};
  for (const ChunkProblem::Decay &decay : decays) {
    ChunkProblem problem(variant, /*steps=*/150, decay);
    const auto result = problem.run(/*seed=*/3);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_LT(problem.error(), tolerance(variant)) << &decay - decays;
  }
}

} // namespace
