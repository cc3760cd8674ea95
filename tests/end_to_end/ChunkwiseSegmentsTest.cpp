//===- ChunkwiseSegmentsTest.cpp - Packed sequences in chunks, against the oracle ---===//
//
// Segments that are a chunk, one step more, one less, empty, or many in a chunk.
//
//===----------------------------------------------------------------------===//
#include "scanc/Compile.h"
#include "tests/emulation/Program.h"
#include "tests/end_to_end/ChunkwiseCases.h"
#include "tests/end_to_end/MachineCode.h"
#include "tests/support/Comparison.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

using Offsets = std::vector<std::int32_t>;

/// How a state that decays, and may be corrected, goes on; with the parameters that are its own.
struct Recurrence {
  std::string name, parameters, step;
};

const std::string added = " + k[t,i] * v[t,j]";

std::vector<Recurrence> recurrences() {
  return {{"sums", "", "M[t-1,i,j]" + added},
          {"decays", "g: f32[T, H], ", "exp(g[t]) * M[t-1,i,j]" + added},
          {"rowDecays", "g: f32[T, H, K], ", "exp(g[t,i]) * M[t-1,i,j]" + added},
          {"corrects", "b: f32[T, H], ",
           "M[t-1,i,j] - 0.25 * sigmoid(b[t]) * k[t,i] * (k[t,l] * M[t-1,l,j])" + added},
          {"decaysAndCorrects", "g, b: f32[T, H], ",
           "exp(g[t]) * (M[t-1,i,j] - 0.25 * sigmoid(b[t]) * k[t,i] * (k[t,l] * M[t-1,l,j]))" + added}};
}

/// Rows that decay by numbers of their own before the correction: other kernels than the rest.
const Recurrence correctedRows{"correctedRows", "g: f32[T, H, K], b: f32[T, H], ",
                               "P[i,j] - 0.25 * sigmoid(b[t]) * k[t,i] * (k[t,l] * P[l,j])" + added +
                                   "\nP[i,j] = exp(g[t,i]) * M[t-1,i,j]"};

Recurrence named(const std::string &name) {
  const std::vector<Recurrence> all = recurrences();
  return *std::find_if(all.begin(), all.end(), [&](const Recurrence &one) { return one.name == name; });
}

/// With states given and taken.
std::string packed(const Recurrence &recurrence, const std::string &direction = "") {
  return "kernel packed(q, k: bf16[T, H, K], v: bf16[T, H, V], " + recurrence.parameters +
         "M0: f32[S, H, K, V], cu: i32[S+1]) -> (o: bf16[T, H, V], MT: f32[S, H, K, V]) {\n" + direction +
         "scan T as t over H reset at cu {\ninit M = M0\nfinal M -> MT\nM[t,i,j] = " + recurrence.step +
         "\no[t,j] = q[t,i] * M[t,i,j] } }";
}

/// The same without.
std::string stateless(const Recurrence &recurrence) {
  std::string text = packed(recurrence);
  for (std::string part : {"M0: f32[S, H, K, V], ", ", MT: f32[S, H, K, V]", "init M = M0\n", "final M -> MT\n"})
    text.erase(text.find(part), part.size());
  return text;
}

/// Lengths 0, 1, 63, 64, 0, 0, 65, 130, 7, 0.
const Offsets mixed{0, 0, 1, 64, 128, 128, 128, 193, 323, 330, 330};
const Offsets pairs{0, 2, 4, 6, 8, 10, 80};

void expectNearIn(const std::string &text, const Offsets &offsets, How how = {}, std::int64_t rows = 24) {
  SCOPED_TRACE(testing::PrintToString(offsets));
  how.offsets = offsets;
  expectNear(text, {{"T", offsets.back()}, {"H", 2}, {"K", rows}, {"V", 16}}, how);
}

class PackedLengths : public testing::TestWithParam<Recurrence> {};

TEST_P(PackedLengths, areRight) {
  for (const Offsets &offsets : {mixed, pairs, Offsets{0, 130}, Offsets{0, 64, 128, 192}, Offsets{0, 0, 0}, Offsets{0}})
    expectNearIn(packed(GetParam()), offsets);
}

INSTANTIATE_TEST_SUITE_P(PackedChunks, PackedLengths, testing::ValuesIn(recurrences()),
                         [](const auto &of) { return of.param.name; });

TEST(PackedChunks, correctedRowsAreRight) {
  expectNearIn(packed(correctedRows), mixed);
  expectNearIn(packed(correctedRows, "reverse "), pairs, {.variants = "any_i32"});
}

/// A run of many short segments beside one that takes most chunks: the longest run begins first.
TEST(PackedChunks, oneSegmentThatIsHalfOfAllIsRight) {
  const Offsets skewed{0, 3, 40, 41, 241, 245, 300, 400, 400, 401};
  expectNearIn(packed(named("decays")), skewed);
  expectNearIn(packed(correctedRows), skewed);
}

TEST(PackedChunks, areRightWithoutStates) {
  for (const char *name : {"sums", "corrects"})
    expectNearIn(stateless(named(name)), mixed);
}

TEST(PackedChunks, areRightFromTheEnd) {
  for (const char *name : {"rowDecays", "decaysAndCorrects"})
    expectNearIn(packed(named(name), "reverse "), mixed);
}

/// Rows that no vector divides, apart from each other.
TEST(PackedChunks, areRightInEveryVariant) {
  for (const char *variant : {"wide_i64", "any_i32"})
    expectNearIn(packed(named("decaysAndCorrects")), pairs, {.variants = variant});
  expectNearIn(packed(named("rowDecays")), pairs, {.gap = 3});
}

TEST(PackedChunks, areRightInF16) { expectNearIn(withF16(packed(named("decays"))), mixed, {}, 72); }

TEST(PackedChunks, areRightWithOtherRings) {
  for (const char *policy : {"chunkwise(ring=2)", "chunkwise(ring=4, time_threads=128)"})
    expectNearIn(packed(named("decays")), mixed, {.strategy = policy});
}

/// A kernel with operands of its own, segment by segment.
class PackedRun {
public:
  PackedRun(const std::string &text, const Offsets &offsets, std::int64_t steps) {
    CompileOptions options;
    options.filename = "packed.scan";
    options.target = "sm_90a";
    options.strategy = "chunkwise";
    options.sizes = {{"H", 1}, {"K", 16}, {"V", 16}};
    auto compiled = compileProgram(text, options);
    EXPECT_TRUE(compiled) << render(compiled.error());
    program = *compiled;
    options.sizes["T"] = steps;
    options.sizes["S"] = static_cast<std::int64_t>(offsets.size()) - 1;
    auto drawn = makeOperands(text, options, program.parameters, 5);
    EXPECT_TRUE(drawn) << render(drawn.error());
    operands = std::move(*drawn);
    for (std::size_t p = 0; p < program.parameters.size(); ++p)
      if (!program.parameters[p].cuts.empty())
        std::memcpy(operands.tensors[p].data, offsets.data(), sizeof(std::int32_t) * offsets.size());
  }

  Result<void> run() { return emulation::runProgram(program, operands.tensors, {.seed = 3}); }

  /// Calls `visit(number of the parameter, place, type)` for every element of inputs or results that lies within the
  /// steps [begin, end) or is of segment `segment`, or for all others.
  template <typename F>
  void forEach(Parameter::Role role, std::int32_t begin, std::int32_t end, std::int32_t segment, bool inside, F visit) {
    for (std::size_t p = 0; p < program.parameters.size(); ++p) {
      const Parameter &parameter = program.parameters[p];
      if (parameter.role != role || !parameter.cuts.empty())
        continue;
      const TensorRef &tensor = operands.tensors[p];
      const auto rows = tensor.sizes[0];
      std::int64_t inRow = 1;
      for (std::size_t d = 1; d < tensor.sizes.size(); ++d)
        inRow *= tensor.sizes[d];
      for (std::int64_t i = 0; i < rows * inRow; ++i) {
        const std::int64_t row = i / inRow;
        const bool of = parameter.dims[0] == "S" ? row == segment : row >= begin && row < end;
        if (of == inside)
          visit(static_cast<char *>(tensor.data) + i * sizeOf(tensor.dtype), tensor.dtype);
      }
    }
  }

private:
  Program program;
  Operands operands;
};

/// What is no number in one sequence changes no bit of the others.
TEST(PackedChunks, areNotReachedByTheirNeighbours) {
  const Offsets offsets{0, 40, 110, 150};
  constexpr std::int32_t poisoned = 1;
  for (const char *name : {"decays", "rowDecays", "decaysAndCorrects"}) {
    SCOPED_TRACE(name);
    std::vector<double> results[2];
    for (bool poison : {false, true}) {
      PackedRun kernel(packed(named(name)), offsets, 150);
      const std::int32_t begin = offsets[poisoned], end = offsets[poisoned + 1];
      if (poison)
        kernel.forEach(Parameter::Role::input, begin, end, poisoned, true,
                       [](char *at, Dtype type) { storeElement(at, type, NAN); });
      auto done = kernel.run();
      ASSERT_TRUE(done) << render(done.error());
      kernel.forEach(Parameter::Role::output, begin, end, poisoned, false,
                     [&](char *at, Dtype type) { results[poison].push_back(loadElement(at, type)); });
    }
    EXPECT_EQ(results[0], results[1]);
  }
}

/// Offsets that are no partition make wrong results, and no access outside the tensors.
TEST(PackedChunks, stayWithinTheirTensorsWhateverTheOffsets) {
  constexpr std::int32_t most = 2147483647;
  for (const char *name : {"decays", "rowDecays", "decaysAndCorrects"})
    for (const Offsets &offsets : {Offsets{5, 3, 9, 1}, Offsets{0, most, 7, -most - 1, 70}, Offsets{-4, 170},
                                   Offsets(70, -1), Offsets(70, most), Offsets{0}}) {
      SCOPED_TRACE(name + testing::PrintToString(offsets));
      auto done = PackedRun(packed(named(name)), offsets, 70).run();
      // Two blocks may have segments that overlap, and inverses of chunks that nobody has are not made.
      if (!done) {
        EXPECT_TRUE(done.error().code == "emulation.race" || done.error().code == "emulation.unwritten")
            << render(done.error());
      }
    }
}

/// Two registers at most, where each warp multiplies for itself.
TEST(PackedChunks, keepTheirStatesInRegisters) {
  CompileOptions options;
  options.strategy = "chunkwise";
  options.sizes = {{"K", 128}, {"V", 128}};
  for (const char *architecture : {"sm_80", "sm_90a"}) {
    options.target = architecture;
    auto program = compileProgram(packed(named("decays")), options);
    ASSERT_TRUE(program) << render(program.error());
    std::erase_if(std::get<KernelStep>(program->entries[0].steps[0]).variants,
                  [](const KernelVariant &variant) { return variant.name != "wide_i32"; });
    const bool isSm80 = architecture == std::string("sm_80");
    expectInRegisters(*program, architecture, isSm80 ? 8 : 0, isSm80 ? 16 : 0);
  }
}

} // namespace
