//===- projection_test.cpp - Products of matrices against a loop in f64 ----===//
#include "scanc/Nvrtc.h"
#include "templates/Templates.h"
#include "tests/emulation/include/scanc_emulation/maps.h"
#include "tests/templates/Fixture.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <regex>
#include <span>

using namespace scanc;
using namespace scanc::templates;

namespace {

/// fixtures/projection.cu for other sizes, an element type, an order of the weights and a policy.
struct ProductVariant {
  device::product_policy shape;
  std::int64_t plain = 40, gated = 24;
  std::string element = "bf16";
  bool across = true, copies = true;

  std::int64_t sharedBytes() const {
    const std::int64_t panels = shape.rows() / 64 + (shape.columns + 63) / 64;
    const std::int64_t slots = shape.ring * panels * 8192;
    return shape.tensors ? (slots + 16 * shape.ring + 1023) / 1024 * 1024 : slots;
  }
  Dtype dtype() const { return element == "f16" ? Dtype::f16 : Dtype::bf16; }
  std::string text() const {
    std::ifstream file(std::string(SCANC_FIXTURES) + "/projection.cu");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto replace = [&](const std::string &from, const std::string &to) {
      const std::size_t at = text.find(from);
      ASSERT_NE(at, std::string::npos) << from;
      text.replace(at, from.size(), to);
    };
    replace(
        "{.warpgroups = 2, .columns = 160, .ring = 4, .tall = 2, .tensors = true}",
        fmt::format("{{.warpgroups = {}, .columns = {}, .ring = {}, .tall = {}, .tensors = {}}}",
                    shape.warpgroups, shape.columns, shape.ring, shape.tall, shape.tensors));
    replace("plain = 384, gated = 144", fmt::format("plain = {}, gated = {}", plain, gated));
    replace("across = true", fmt::format("across = {}", across));
    replace("copies = true", fmt::format("copies = {}", copies));
    return std::regex_replace(text, std::regex("\\bbf16\\b"), element);
  }
};

void PrintTo(const ProductVariant &v, std::ostream *out) {
  *out << v.shape.rows() << " x " << v.shape.columns << " of " << v.plain + v.gated << ' '
       << v.element << ", " << v.shape.warpgroups << " warpgroups, ring " << v.shape.ring
       << (v.shape.tensors ? ", whole matrices"
           : v.copies      ? ""
                           : ", in parts")
       << (v.across ? "" : ", weights transposed");
}

/// Maps of the panels of both right factors, of their slices, and of the rows, as the host makes them for the fixture's
/// tensors, `words`.
std::vector<emulation::GivenMap> mapsOf(const ProductVariant &v, std::span<const std::uint64_t> words, int batch,
                                        int steps, int depth) {
  const auto at = [](std::uint64_t address) { return reinterpret_cast<const void *>(address); };
  const auto bytes = [&](int word) { return 2 * static_cast<long long>(words[word]); };
  std::vector<emulation::GivenMap> maps;
  for (int columns : {64, 16})
    for (int factor : {0, 1}) {
      if ((columns == 64 ? v.shape.panels() : v.shape.slices()) == 0)
        continue;
      const int own = static_cast<int>(factor == 0 ? v.plain : v.gated);
      const void *first = at(words[4] + factor * v.plain * bytes(6));
      if (v.across)
        maps.push_back({first, depth, own, 1, bytes(5), 16, 64, columns});
      else
        maps.push_back({first, own, depth, 1, bytes(6), 16, columns, 64});
    }
  maps.push_back({at(words[0]), steps, depth, batch, bytes(2), bytes(1), v.shape.rows(), 64});
  return maps;
}

/// The norm of what is off over the norm of a product of random factors. A NaN counts.
Result<double> errorOf(const ProductVariant &v, std::int64_t batch, std::int64_t steps,
                       std::int64_t depth, std::int64_t blocks, std::uint64_t seed) {
  const auto in = Operand::Role::input, out = Operand::Role::output;
  const std::int64_t all = v.plain + v.gated;
  // Rows of 8 elements more than they have: strides are not sizes.
  const std::int64_t gap = v.copies ? 8 : 1;
  Operand x("x", in, v.dtype(), {batch, steps, depth}, (depth + gap) / gap * gap);
  Operand W("W", in, v.dtype(), {v.across ? depth : all, v.across ? all : depth},
            ((v.across ? all : depth) + gap) / gap * gap);
  Operand p("p", out, v.dtype(), {batch, steps, v.plain}),
      g("g", out, v.dtype(), {batch, steps, v.gated});
  Numbers numbers(seed);
  for (std::int64_t k = 0; k < depth; ++k) {
    for (std::int64_t b = 0; b < batch; ++b)
      for (std::int64_t t = 0; t < steps; ++t)
        x.set({b, t, k}, numbers.uniform(-1, 1));
    for (std::int64_t j = 0; j < all; ++j)
      v.across ? W.set({k, j}, numbers.uniform(-1, 1)) : W.set({j, k}, numbers.uniform(-1, 1));
  }
  std::vector<std::uint64_t> words;
  std::vector<emulation::Buffer> buffers;
  for (Operand *operand : {&x, &W, &p, &g}) {
    operand->appendWords(words);
    buffers.push_back(operand->buffer());
  }
  if (!v.across) // as the text has it, W[k, j]
    std::swap(words[words.size() - 8 - 2], words[words.size() - 8 - 1]);
  words.insert(words.end(), {static_cast<std::uint64_t>(batch), static_cast<std::uint64_t>(steps),
                             static_cast<std::uint64_t>(depth)});
  constexpr std::size_t begin = 24, wordsOfMap = 16, most = 5;
  const auto maps = mapsOf(v, words, static_cast<int>(batch), static_cast<int>(steps), static_cast<int>(depth));
  words.resize(begin + wordsOfMap * most);
  for (std::size_t i = 0; i < maps.size(); ++i)
    std::memcpy(words.data() + begin + wordsOfMap * i, &maps[i], sizeof maps[i]);
  auto module = emulation::EmulatedModule::build(
      v.text(), std::vector<std::string>{library()}, "scanc_projection");
  if (!module)
    return module.error();
  const auto result = module->launch(
      {.blocks = blocks, .threads = v.shape.threads(), .sharedBytes = v.sharedBytes()}, words,
      buffers, {.seed = seed});
  if (!result)
    return result.error();
  double off = 0, norm = 0;
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t t = 0; t < steps; ++t)
      for (std::int64_t j = 0; j < all; ++j) {
        double sum = 0;
        for (std::int64_t k = 0; k < depth; ++k)
          sum += x.at({b, t, k}) * (v.across ? W.at({k, j}) : W.at({j, k}));
        const double wanted = j < v.plain ? sum : sum / (1 + std::exp(-sum));
        const double got = j < v.plain ? p.at({b, t, j}) : g.at({b, t, j - v.plain});
        off += (got - wanted) * (got - wanted);
        norm += wanted * wanted;
      }
  return norm > 0 ? std::sqrt(off / norm) : std::sqrt(off);
}

/// Results are rounded once, by at most 2^-9 in bf16 and 2^-12 in f16.
double tolerance(const ProductVariant &v) { return v.element == "f16" ? 0x1p-12 : 0x1p-9; }

class Projection : public testing::TestWithParam<ProductVariant> {};

TEST_P(Projection, isTheProductAtEverySize) {
  struct Sizes {
    std::int64_t batch, steps, depth, blocks;
  };
  for (const Sizes &s : {Sizes{2, 70, 200, 3}, {1, 1, 8, 1}, {3, 64, 64, 2}, {1, 130, 0, 1}}) {
    const auto error = errorOf(GetParam(), s.batch, s.steps, s.depth, s.blocks, s.depth + 1);
    ASSERT_TRUE(error) << error.error().message;
    EXPECT_LT(*error, tolerance(GetParam())) << s.steps << " x " << s.depth;
  }
}

// Sums that leave the registers would cost more than the products; an address may.
TEST_P(Projection, keepsItsSumsInRegisters) {
  if (!nvrtcInfo() && !std::getenv("SCANC_REQUIRE_NVRTC"))
    GTEST_SKIP() << nvrtcInfo().error().message;
  for (const char *architecture : {"sm_80", "sm_90a"}) {
    if (GetParam().shape.tensors && architecture == std::string("sm_80"))
      continue;
    Result<CompiledKernel> kernel = compileCuda({.text = GetParam().text(),
                                                 .headers = templateHeaders(),
                                                 .architecture = architecture,
                                                 .extraOptions = {}});
    ASSERT_TRUE(kernel) << kernel.error().message << kernel.error().help;
    for (const KernelStats &stats : kernel->stats)
      EXPECT_LE(stats.spillStoreBytes, 8) << architecture << kernel->log;
    EXPECT_EQ(kernel->log.find("serialized"), std::string::npos) << kernel->log;
    EXPECT_EQ(kernel->log.find("setmaxnreg"), std::string::npos) << kernel->log;
  }
}

/// Panels and slices of every tile, as a thread of the device counts them.
std::string textOfTiles(int columns, int factors) {
  return fmt::format(R"(
#include "scanc/block/product_tile.cuh"
#include "scanc/thread/access.cuh"
using namespace scanc::device;
struct arguments {{ const int *widths; int *out; }};
struct run {{
  static constexpr product_policy shape{{.warpgroups = 1, .columns = {}, .ring = 2}};
  static constexpr int factors = {};
  const arguments &args;
  __device__ int width(int i) const {{ return thread::read(args.widths + i); }}
}};
extern "C" __global__ void __launch_bounds__(32) test_kernel(const __grid_constant__ arguments args) {{
  const run product{{args}};
  const block::column_tiles<run> tiles(product);
  constexpr int parts = run::shape.panels() + run::shape.slices();
  if (thread_index() > 0)
    return;
  thread::write(args.out, tiles.count());
  for (int i = 0; i < tiles.count() * parts; ++i) {{
    const block::column_source from = tiles.source(i / parts, i % parts);
    thread::write(args.out + 1 + 2 * i, from.factor);
    thread::write(args.out + 2 + 2 * i, from.column);
  }}
}}
)",
                     columns, factors);
}

// A panel takes 64 columns of one factor, a slice 16.
TEST(ProjectionTiles, haveEveryColumnOfEveryFactorOnce) {
  constexpr int factors = 5;
  using Widths = std::array<int, factors>;
  for (int columns : {16, 48, 64, 96, 176, 240, 256}) {
    auto module = emulation::EmulatedModule::build(
        textOfTiles(columns, factors), std::vector<std::string>{library()}, "test_kernel");
    ASSERT_TRUE(module) << module.error().message;
    const int panels = columns / 64, parts = panels + columns % 64 / 16;
    for (Widths widths : {Widths{528}, {128, 128, 128, 128, 16}, {5}, {0, 70, 33}, {16, 16, 16, 16, 16},
                          {64, 63, 65, 1}, {}, {300, 2}}) {
      SCOPED_TRACE(testing::Message() << columns << " columns of " << testing::PrintToString(widths));
      std::vector<int> out(1000);
      const std::vector<emulation::Buffer> buffers = {
          {.name = "widths", .data = widths.data(), .bytes = sizeof widths},
          {.name = "out", .data = out.data(), .bytes = 4 * static_cast<std::int64_t>(out.size())}};
      const std::vector<std::uint64_t> words = {reinterpret_cast<std::uint64_t>(widths.data()),
                                                reinterpret_cast<std::uint64_t>(out.data())};
      const auto result =
          module->launch({.blocks = 1, .threads = 32, .sharedBytes = 0}, words, buffers, {.seed = 1});
      ASSERT_TRUE(result) << result.error().message;
      std::array<std::vector<int>, factors> times;
      for (int i = 0; i < factors; ++i)
        times[i].resize(widths[i]);
      for (int i = 0; i < out[0] * parts; ++i) {
        const int factor = out[1 + 2 * i], first = out[2 + 2 * i], size = i % parts < panels ? 64 : 16;
        ASSERT_TRUE(factor >= 0 && factor < factors && first >= 0);
        for (int column = first; column < std::min(first + size, widths[factor]); ++column)
          ++times[factor][column];
      }
      for (int i = 0; i < factors; ++i)
        EXPECT_EQ(times[i], std::vector<int>(widths[i], 1)) << "factor " << i;
      if (columns == 176 && widths[4] == 16 && widths[0] == 128) { // five weights, without a column to spare
        EXPECT_EQ(out[0], 3);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Variants, Projection,
    testing::Values(
        ProductVariant{.shape = {.warpgroups = 1, .columns = 64, .ring = 2, .tensors = true}},
        ProductVariant{
            .shape = {.warpgroups = 2, .columns = 160, .ring = 4, .tall = 2, .tensors = true},
            .plain = 120,
            .gated = 136},
        ProductVariant{.shape = {.warpgroups = 3, .columns = 176, .ring = 4, .tensors = true}},
        ProductVariant{.shape = {.warpgroups = 2, .columns = 256, .ring = 4, .tensors = true},
                       .element = "f16"},
        ProductVariant{.shape = {.warpgroups = 2, .columns = 80, .ring = 3, .tall = 2, .tensors = true},
                       .plain = 200,
                       .gated = 72},
        ProductVariant{.shape = {.warpgroups = 3, .columns = 64, .ring = 2, .tensors = true},
                       .plain = 130,
                       .across = false},
        ProductVariant{.shape = {.warpgroups = 1, .columns = 48, .ring = 3, .tensors = true},
                       .plain = 16,
                       .gated = 72,
                       .across = false},
        ProductVariant{
            .shape = {.warpgroups = 1, .columns = 96, .ring = 3}, .plain = 80, .gated = 24},
        ProductVariant{.shape = {.warpgroups = 2, .columns = 64, .ring = 2},
                       .element = "f16",
                       .across = false},
        ProductVariant{.shape = {.warpgroups = 1, .columns = 64, .ring = 3},
                       .plain = 37,
                       .gated = 30,
                       .copies = false},
        ProductVariant{.shape = {.warpgroups = 1, .columns = 64, .ring = 2},
                       .plain = 3,
                       .gated = 5,
                       .across = false,
                       .copies = false}));

} // namespace
