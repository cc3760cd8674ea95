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
  bool corrects = false;   ///< by strengths and scales of 1/2: the delta rule
  bool decaysRows = false; ///< with a ring of 1 where it does not correct
  std::int64_t spans = 1;  ///< of time, by blocks beside each other
  std::int64_t readers = 0; ///< groups that read out what the others carry

  std::int64_t mostSpilled(bool isSm80) const {
    if (readers > 0 && corrects) // the same, of twice as many copies at a time
      return copies ? 56 : 152;
    if (readers > 0) // strides: of the states that a walk begins and ends with, and of elements that are not copied
      return copies ? 28 : 88;
    if (corrects && spans > 1)
      return isSm80 ? 304 : 152; // once for a span, and of addresses where threads carry 128 columns of 128 rows
    if (corrects)
      return isSm80 ? 268 : 20;
    return decaysRows && isSm80 ? 20 : 0;
  }
  /// What takes seconds in the emulation and in ptxas: it has one head and fewer lengths, as narrow states have the others.
  bool isWide() const { return rows > 64 && columns > 64; }
  std::int64_t heads() const { return isWide() ? 1 : 2; }
  std::int64_t panels() const { return (rows + 63) / 64; }
  std::int64_t blocks() const { return (columns + 64 * warpgroups - 1) / (64 * warpgroups); }
  std::int64_t sharedBytes() const {
    if (decaysRows && corrects)
      return ring * ((2 + 3 * panels() + warpgroups) * 8192 + 2048) + warpgroups * (panels() + 1) * 8192;
    if (decaysRows)
      return (2 * panels() + warpgroups + 2 * panels()) * 8192 + 1024 + 8 * panels() * 8192 + 11 * 1024 +
             panels() * 1024 + 2048;
    if (readers > 0 && corrects) // the state once, and what reads it
      return ring * ((2 * panels() + warpgroups + 1) * 8192 + 1024) + (warpgroups + 1) * panels() * 8192 + 1024;
    if (readers > 0)
      return ring * ((2 * panels() + warpgroups) * 8192 + 1024) + readers * (warpgroups * panels() * 8192 + 2 * 1024) + 1024;
    return ring * ((2 * panels() + warpgroups + corrects) * 8192 + 1024) +
           warpgroups * (panels() + 2 * corrects) * 8192;
  }
  std::int64_t recordBytes() const { return decaysRows ? (2 + 3 * panels()) * 8192 + 2048 : 9216; }
  std::int64_t sharedBytesOfInverses() const {
    if (decaysRows) // what follows the panels is aligned
      return std::max<std::int64_t>(panels() * 4 * 8192, 2 * 8192 + 18432) + 1024 + (panels() * 1056 + 1023) / 1024 * 1024;
    return std::max<std::int64_t>(8192 + 64 * 68 * 4, panels() * 8192) + 1024;
  }
  bool hasEntries() const { return spans > 1 && (corrects || readers > 0); }
  std::int64_t partsOfSpan() const { return readers > 0 && !corrects ? (readers > 1 ? 2 : 3) : 1; }
  std::int64_t groupsOfStates() const { return corrects ? 2 : warpgroups; }
  std::int64_t sharedBytesOfStates() const {
    std::int64_t slot = (panels() + warpgroups + corrects) * 8192 + 1024;
    if (decaysRows && corrects) // keys that enter and those that leave, and what the chunk decays
      slot += panels() * 8192 + (panels() + 3) / 4 * 1024;
    if (corrects)
      return 3 * slot + 2 * panels() * 8192;
    if (decaysRows)
      return 2 * (slot + panels() * 16384) + panels() * 1024;
    return readers > 0 ? 3 * slot : std::max<std::int64_t>(ring, 2) * slot;
  }
  std::int64_t bytesOfSpan() const { return (warpgroups + (corrects ? panels() : 0)) * panels() * 16384 + 1024; }
  Dtype dtype() const { return element == "f16" ? Dtype::f16 : Dtype::bf16; }
  std::string text() const {
    std::ifstream file(std::string(SCANC_FIXTURES) + "/chunkwise.cu");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    text = std::regex_replace(text, std::regex("\\{\\.warpgroups = 2, \\.ring = 3\\}"),
                              fmt::format("{{.warpgroups = {}, .ring = {}{}}}", warpgroups, ring,
                                          readers > 0 ? fmt::format(", .readers = {}", readers) : ""));
    text = std::regex_replace(text, std::regex("rows = 128"), fmt::format("rows = {}", rows));
    text =
        std::regex_replace(text, std::regex("columns = 128"), fmt::format("columns = {}", columns));
    text =
        std::regex_replace(text, std::regex("copies = true"), fmt::format("copies = {}", copies));
    if (decaysRows)
      addDecaysOfRows(text);
    if (corrects)
      addCorrection(text);
    if (decaysRows && corrects)
      text = std::regex_replace(text, std::regex("chunk_inverses"), "chunk_factors");
    if (corrects || spans > 1)
      addScratch(text);
    if (spans > 1)
      addSpans(text);
    if (hasEntries())
      addEntries(text);
    return std::regex_replace(text, std::regex("\\bbf16\\b"), element);
  }

private:
  /// What the emitter prints of a low-rank correction, and the kernel that goes before.
  static void addCorrection(std::string &text) {
    replaceAll(
        text,
        {{"#include \"scanc/kernel/chunkwise.cuh\"\n",
          "#include \"scanc/kernel/chunk_inverses.cuh\"\n#include "
          "\"scanc/kernel/chunkwise.cuh\"\n"},
         {"  // Readouts of columns",
          "  __device__ __forceinline__ float strength(const numbers &) const { return 0.5f; }\n"
          "  __device__ __forceinline__ float input_scale(const numbers &) const { return 0.5f; }\n"
          "  // Readouts of columns"}});
    text += "extern \"C\" __global__ void __launch_bounds__(128)\n"
            "scanc_inverses(const __grid_constant__ scanc::device::program::arguments args) {\n"
            "  using namespace scanc::device;\n"
            "  kernel::chunk_inverses(program::simple_gla{args}, args.scratch, "
            "block_storage<kernel::chunk_inverses_storage<program::simple_gla>>());\n}\n";
  }

  /// What the emitter prints where launches go before.
  static void addScratch(std::string &text) {
    const std::string size = "static_assert(sizeof(arguments) == 8 * ";
    const std::size_t at = text.find("};\n" + size);
    ASSERT_NE(at, std::string::npos);
    const int words = std::stoi(text.substr(at + 3 + size.size()));
    text.replace(at, 3 + size.size() + 2,
                 fmt::format("  unsigned char *scratch;\n}};\n{}{}", size, words + 1));
    replaceAll(text, {{"simple_gla{args}, block_storage<kernel::chunkwise",
                       "simple_gla{args}, args.scratch, block_storage<kernel::chunkwise"}});
  }

  /// And where blocks share the time of a lane.
  static void addSpans(std::string &text) {
    text = std::regex_replace(text, std::regex("(\\.ring = [0-9])(\\}|,)"), "$1, .splits = true$2");
    replaceAll(text, {{"#include \"scanc/kernel/chunkwise.cuh\"\n",
                       "#include \"scanc/kernel/chunk_states.cuh\"\n"
                       "#include \"scanc/kernel/chunkwise.cuh\"\n"}});
    text += "extern \"C\" __global__ void "
            "__launch_bounds__(scanc::device::kernel::states_of<scanc::device::program::simple_gla>"
            "::shape.threads())\n"
            "scanc_states(const __grid_constant__ scanc::device::program::arguments args) {\n"
            "  using namespace scanc::device;\n"
            "  kernel::chunk_states(program::simple_gla{args}, args.scratch, "
            "block_storage<kernel::chunk_states_storage<program::simple_gla>>());\n}\n";
  }

  /// And what passes states through them.
  static void addEntries(std::string &text) {
    replaceAll(text, {{"#include \"scanc/kernel/chunkwise.cuh\"\n",
                       "#include \"scanc/kernel/chunk_entries.cuh\"\n"
                       "#include \"scanc/kernel/chunkwise.cuh\"\n"}});
    text += "extern \"C\" __global__ void __launch_bounds__(256)\n"
            "scanc_entries(const __grid_constant__ scanc::device::program::arguments args) {\n"
            "  using namespace scanc::device;\n"
            "  kernel::chunk_entries(program::simple_gla{args}, args.scratch, "
            "block_storage<kernel::chunk_entries_storage<program::simple_gla>>());\n}\n";
  }

  /// What the emitter prints of a decay for each row.
  static void addDecaysOfRows(std::string &text) {
    replaceAll(
        text,
        {{"tensor<const float, 3> g;", "tensor<const float, 4> g;"},
         {"sizeof(arguments) == 8 * 37", "sizeof(arguments) == 8 * 38"},
         {"return {thread::read(args.g.data + (at.g + offset(step) * offset(args.g.stride[1])))};",
          "return {};"},
         {"  struct numbers {\n    float g;\n  };", "  struct numbers {};"},
         {"float log_decay(const numbers &of) const { return 1.4426950408889634f * of.g; }",
          "float decay(float g) const { return exp2_approximate(1.4426950408889634f * g); }\n"
          "  using decay_element = float;\n"
          "  __device__ __forceinline__ void fetch_decay(float *to, const lane &at, long long "
          "step, int i, "
          "bool exists) const {\n"
          "    fetch<rows>(to, args.g.data + (at.g + offset(step) * offset(args.g.stride[1])), "
          "offset(args.g.stride[3]), i, exists);\n"
          "  }"},
         {"  template <int size>\n", "  template <int size, typename T>\n"},
         {"fetch(element *to, const element *row,", "fetch(T *to, const T *row,"},
         {"array<element, 8> piece;",
          "constexpr int count = 16 / sizeof(T);\n      array<T, count> piece;"},
         {"e < 8; ++e)\n        piece[e]", "e < count; ++e)\n        piece[e]"},
         {"thread::read(row + (at + e) * stride) : element{};",
          "thread::read(row + (at + e) * stride) : T{};"},
         {"reinterpret_cast<array<element, 8> &>", "reinterpret_cast<array<T, count> &>"}});
  }

  static void replaceAll(std::string &text,
                         const std::vector<std::pair<const char *, const char *>> &changes) {
    for (const auto &[from, to] : changes) {
      const std::size_t at = text.find(from);
      ASSERT_NE(at, std::string::npos) << from;
      text.replace(at, std::string(from).size(), to);
    }
  }
};

void PrintTo(const ChunkVariant &v, std::ostream *out) {
  *out << v.rows << " x " << v.columns << ' ' << v.element << ", " << v.warpgroups
       << " warpgroups, ring " << v.ring << (v.copies ? "" : ", in parts")
       << (v.corrects ? ", with a correction" : "") << (v.decaysRows ? ", decays of rows" : "")
       << (v.readers > 0 ? fmt::format(", {} readers", v.readers) : "")
       << (v.spans > 1 ? fmt::format(", {} spans", v.spans) : "");
}

/// Random operands of one batch, and what a loop makes of them.
class ChunkProblem {
public:
  using Decay = std::function<double(std::int64_t, Numbers &)>; ///< log, of a step

  ChunkProblem(const ChunkVariant &variant, std::int64_t steps, const Decay &decay)
      : variant(variant), heads(variant.heads()), steps(steps),
        q("q", in, variant.dtype(), {1, steps, heads, variant.rows}),
        k("k", in, variant.dtype(), {1, steps, heads, variant.rows}),
        g("g", in, Dtype::f32, sizesOfDecays(variant, steps)),
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
        if (!variant.decaysRows)
          g.set({0, t, h}, decay(t, numbers));
        for (std::int64_t i = 0; variant.decaysRows && i < variant.rows; ++i)
          g.set({0, t, h, i}, decay(t, numbers));
        for (std::int64_t i = 0; i < variant.rows; ++i) {
          q.set({0, t, h, i}, numbers.uniform(-1, 1));
          // With a correction, a transition whose powers do not grow: keys of length 1.
          k.set({0, t, h, i},
                numbers.uniform(-1, 1) * (variant.corrects ? std::sqrt(3.0 / variant.rows) : 1));
        }
        for (std::int64_t j = 0; j < variant.columns; ++j)
          v.set({0, t, h, j}, numbers.uniform(-1, 1));
      }
    }
  }

  Result<emulation::Statistics> run(std::uint64_t seed) {
    std::vector<std::uint64_t> words;
    std::vector<emulation::Buffer> buffers;
    for (Operand *operand : {&q, &k, &g, &v, &S0, &o, &ST}) {
      operand->appendWords(words);
      buffers.push_back(operand->buffer());
    }
    words.insert(words.end(), {1, static_cast<std::uint64_t>(heads), static_cast<std::uint64_t>(steps)});
    if (!variant.corrects && variant.spans == 1)
      return launchWalk(words, buffers, seed);
    const std::int64_t chunks = variant.corrects ? heads * ((steps + 63) / 64) : 0;
    const std::int64_t told = heads * variant.blocks() * (variant.spans - 1) * variant.partsOfSpan();
    const std::int64_t bytes = variant.recordBytes() * chunks + variant.bytesOfSpan() * told;
    std::vector<std::uint64_t> scratch(bytes / 8 + 16, ~std::uint64_t{0});
    const auto begin = (reinterpret_cast<std::uint64_t>(scratch.data()) + 15) / 16 * 16;
    words.push_back(begin);
    // What a launch reads, one before has written: in parts, as not all of it exists from the first on.
    const auto addPart = [&](std::int64_t from, std::int64_t to) {
      if (to > from)
        buffers.push_back({.name = "scratch",
                           .data = reinterpret_cast<void *>(begin + from),
                           .bytes = to - from,
                           .initialized = false,
                           .granule = 4});
    };
    addPart(0, variant.recordBytes() * chunks);
    if (chunks > 0) {
      if (auto result = launch("scanc_inverses", chunks, 128, variant.sharedBytesOfInverses(),
                               words, buffers, seed);
          !result)
        return result;
      buffers.back().initialized = true;
    }
    addPart(variant.recordBytes() * chunks, bytes);
    if (told > 0) {
      if (auto result = launch("scanc_states", told, 128 * variant.groupsOfStates(),
                               variant.sharedBytesOfStates(), words, buffers, seed);
          !result)
        return result;
      buffers.back().initialized = true;
    }
    if (told > 0 && variant.hasEntries()) {
      const std::int64_t states = heads * variant.blocks() * variant.warpgroups, panels = variant.panels();
      const auto result = variant.corrects ? launch("scanc_entries", states * 4, 128 * panels, panels * 8192, words, buffers, seed)
                                           : launch("scanc_entries", states * panels * 8, 128, 0, words, buffers, seed);
      if (!result)
        return result;
    }
    return launchWalk(words, buffers, seed);
  }

  /// The norm of the difference over the norm, of results and of final states: the larger. A NaN
  /// counts.
  double error() const {
    double off = 0, all = 0, offState = 0, allState = 0;
    for (std::int64_t h = 0; h < heads; ++h)
      for (std::int64_t j = 0; j < variant.columns; ++j) {
        std::vector<double> state(variant.rows);
        for (std::int64_t i = 0; i < variant.rows; ++i)
          state[i] = S0.at({0, h, i, j});
        for (std::int64_t t = 0; t < steps; ++t) {
          double sum = 0, known = 0;
          for (std::int64_t i = 0; i < variant.rows; ++i)
            known += k.at({0, t, h, i}) * state[i] * std::exp(variant.decaysRows ? g.at({0, t, h, i}) : 0);
          const double strength = variant.corrects ? 0.5 : 0, scale = variant.corrects ? 0.5 : 1;
          for (std::int64_t i = 0; i < variant.rows; ++i) {
            const double key = k.at({0, t, h, i});
            const double g = variant.decaysRows ? this->g.at({0, t, h, i}) : this->g.at({0, t, h});
            const double corrected = variant.decaysRows // which then decay before
                                         ? std::exp(g) * state[i] - strength * key * known
                                         : std::exp(g) * (state[i] - strength * key * known);
            state[i] = corrected + scale * key * v.at({0, t, h, j});
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
  static constexpr Operand::Role in = Operand::Role::input, out = Operand::Role::output;

  Result<emulation::Statistics> launchWalk(const std::vector<std::uint64_t> &words,
                                           const std::vector<emulation::Buffer> &buffers,
                                           std::uint64_t seed) const {
    return launch("scanc_chunkwise", heads * variant.blocks() * variant.spans, 128 * (variant.warpgroups + variant.readers),
                  variant.sharedBytes(), words, buffers, seed);
  }

  Result<emulation::Statistics> launch(const std::string &entry, std::int64_t blocks,
                                       std::int64_t threads, std::int64_t sharedBytes,
                                       const std::vector<std::uint64_t> &words,
                                       const std::vector<emulation::Buffer> &buffers,
                                       std::uint64_t seed) const {
    auto module = emulation::EmulatedModule::build(
        variant.text(), std::vector<std::string>{library()}, entry);
    if (!module)
      return module.error();
    return module->launch({.blocks = blocks, .threads = threads, .sharedBytes = sharedBytes}, words,
                          buffers, {.seed = seed});
  }

  static std::vector<std::int64_t> sizesOfDecays(const ChunkVariant &variant, std::int64_t steps) {
    std::vector<std::int64_t> sizes = {1, steps, variant.heads()};
    if (variant.decaysRows)
      sizes.push_back(variant.rows);
    return sizes;
  }

  static void add(double &off, double &all, double got, double wanted) {
    off += (got - wanted) * (got - wanted);
    all += wanted * wanted;
  }

  ChunkVariant variant;
  std::int64_t heads, steps;
  Operand q, k, g, v, S0, o, ST;
};

double gentle(std::int64_t, Numbers &numbers) { return numbers.uniform(-0.2, 0); }

/// Rounding to 8 bits of factors and of results, 2^-9 of each at the most and a third of its square
/// on average: the root of the sum over S, the scores, the keys and the result. 11 bits in f16. A
/// correction rounds the inverse, what it multiplies and their product as well.
double tolerance(const ChunkVariant &variant) {
  return (variant.element == "f16" ? 0x1p-12 : 0x1p-9) * (variant.corrects ? 4 : 2);
}

class Chunkwise : public testing::TestWithParam<ChunkVariant> {};

TEST_P(Chunkwise, followsTheLoopAtEveryLength) {
  for (std::int64_t steps : {0, 1, 3, 64, 65, 200}) {
    if (GetParam().isWide() && (steps == 3 || steps == 64))
      continue; // of narrow states
    ChunkProblem problem(GetParam(), steps, gentle);
    const auto result = problem.run(/*seed=*/steps + 1);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_LT(problem.error(), tolerance(GetParam())) << steps << " steps";
  }
}

// The state and the sums of products must not leave the registers. Where each warp multiplies for
// itself some addresses do, with a correction or decays of rows. Narrow states, which have registers to spare, are
// compiled for sm_80 where SCANC_SOAK is set.
TEST_P(Chunkwise, keepsItsStateInRegisters) {
  if (!nvrtcInfo() && !std::getenv("SCANC_REQUIRE_NVRTC"))
    GTEST_SKIP() << nvrtcInfo().error().message;
  const std::string text = std::regex_replace(
      GetParam().text(), std::regex("using offset = long long"), "using offset = int");
  for (const char *architecture : {"sm_80", "sm_90a"}) {
    const bool isSm80 = architecture == std::string("sm_80");
    if (isSm80 && !GetParam().isWide() && !std::getenv("SCANC_SOAK"))
      continue;
    if (isSm80 && GetParam().readers > 0)
      continue; // groups wait for each other by cells that only others have
    Result<CompiledKernel> kernel = compileCuda({.text = text,
                                                 .headers = templateHeaders(),
                                                 .architecture = architecture,
                                                 .extraOptions = {}});
    ASSERT_TRUE(kernel) << kernel.error().message << kernel.error().help;
    for (const KernelStats &stats : kernel->stats)
      EXPECT_LE(stats.spillStoreBytes, GetParam().mostSpilled(isSm80)) << kernel->log;
    EXPECT_EQ(kernel->log.find("serialized"), std::string::npos) << kernel->log;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Variants, Chunkwise,
    testing::Values(
        ChunkVariant{}, ChunkVariant{.rows = 64, .columns = 200, .warpgroups = 1},
        ChunkVariant{.rows = 64, .columns = 64, .warpgroups = 1, .ring = 2},
        ChunkVariant{.rows = 16, .columns = 16, .warpgroups = 1, .ring = 4},
        ChunkVariant{.rows = 72, .columns = 40, .warpgroups = 1, .element = "f16"},
        ChunkVariant{.rows = 5, .columns = 67, .ring = 2, .copies = false},
        ChunkVariant{.ring = 1, .decaysRows = true},
        ChunkVariant{.rows = 104, .columns = 64, .warpgroups = 1, .ring = 1, .decaysRows = true},
        ChunkVariant{.rows = 16,
                     .columns = 16,
                     .warpgroups = 1,
                     .ring = 1,
                     .element = "f16",
                     .decaysRows = true},
        ChunkVariant{.rows = 5, .columns = 67, .ring = 1, .copies = false, .decaysRows = true},
        ChunkVariant{.ring = 2, .corrects = true},
        ChunkVariant{.rows = 40, .columns = 16, .warpgroups = 1, .ring = 2, .corrects = true},
        ChunkVariant{.ring = 2, .corrects = true, .decaysRows = true},
        ChunkVariant{.rows = 40,
                     .columns = 16,
                     .warpgroups = 1,
                     .ring = 2,
                     .element = "f16",
                     .corrects = true,
                     .decaysRows = true},
        ChunkVariant{.rows = 5,
                     .columns = 67,
                     .ring = 2,
                     .copies = false,
                     .corrects = true,
                     .decaysRows = true},
        ChunkVariant{.readers = 2}, ChunkVariant{.rows = 72, .columns = 67, .copies = false, .readers = 2},
        ChunkVariant{.spans = 2, .readers = 2},
        ChunkVariant{.corrects = true, .readers = 2},
        ChunkVariant{.rows = 72, .columns = 67, .copies = false, .corrects = true, .spans = 3, .readers = 2},
        ChunkVariant{.columns = 64, .warpgroups = 1, .ring = 2, .readers = 1},
        ChunkVariant{.rows = 40, .columns = 56, .warpgroups = 1, .ring = 2, .spans = 5, .readers = 1},
        ChunkVariant{.rows = 16, .columns = 80, .warpgroups = 1, .spans = 3},
        ChunkVariant{.ring = 1, .decaysRows = true, .spans = 2},
        ChunkVariant{.ring = 2, .corrects = true, .spans = 3},
        ChunkVariant{.ring = 2, .corrects = true, .decaysRows = true, .spans = 3},
        ChunkVariant{.rows = 40, .columns = 16, .warpgroups = 1, .ring = 2, .corrects = true, .decaysRows = true, .spans = 2},
        ChunkVariant{
            .rows = 40, .columns = 72, .ring = 2, .element = "f16", .corrects = true, .spans = 2}));

// What a decay makes of exponents: steps that forget all, in a row and between others, and none
// that do.
TEST(Chunkwise, takesDecaysOfAnySize) {
  const ChunkProblem::Decay decays[] = {
      [](std::int64_t, Numbers &) { return 0.0; },
      [](std::int64_t, Numbers &) { return -20.0; },
      [](std::int64_t, Numbers &) { return -1e4; },
      [](std::int64_t, Numbers &) { return -INFINITY; },
      [](std::int64_t t, Numbers &n) { return t % 17 == 3 ? -INFINITY : n.uniform(-0.1, 0); },
      [](std::int64_t, Numbers &n) { return std::floor(n.uniform(0, 4)) * -10; },
      [](std::int64_t t, Numbers &) { return t % 64 == 63 ? -1e4 : -1e-3; }};
  const ChunkVariant variants[] = {
      {.rows = 16, .columns = 16, .warpgroups = 1},
      {.rows = 16, .columns = 16, .warpgroups = 1, .ring = 1, .decaysRows = true},
      {.rows = 16, .columns = 16, .warpgroups = 1, .ring = 2, .corrects = true, .decaysRows = true}};
  for (const ChunkVariant &variant : variants)
    for (const ChunkProblem::Decay &decay : decays) {
      ChunkProblem problem(variant, /*steps=*/150, decay);
      const auto result = problem.run(/*seed=*/3);
      ASSERT_TRUE(result) << result.error().message;
      EXPECT_LT(problem.error(), tolerance(variant))
          << variant.decaysRows << ' ' << variant.corrects << ' ' << &decay - decays;
    }
}

} // namespace
