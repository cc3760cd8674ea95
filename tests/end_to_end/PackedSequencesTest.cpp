//===- PackedSequencesTest.cpp - Segments in emulated kernels, against the oracle ---===//
//
// Segments that begin and end everywhere: at borders of tiles and warps and beside
// them, after every step, empty ones in front, within and behind.
//
//===----------------------------------------------------------------------===//
#include "scanc/Compile.h"
#include "tests/emulation/Program.h"
#include "tests/end_to_end/MachineCode.h"
#include "tests/support/Comparison.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

using Offsets = std::vector<std::int32_t>;

struct Layout {
  std::string name, text;
};

std::string reversed(std::string text) {
  return text.insert(text.find("scan T"), "reverse ");
}

std::vector<Layout> layouts() {
  const std::string lanes =
      "kernel k(a, x: f32[T, D], cu: i32[S+1], h0: f32[S, D]) -> (y: f32[T, D], hT: f32[S, D]) {\n"
      "scan T as t over D reset at cu { init h = h0\nfinal h -> hT\n"
      "h[t] = tanh(a[t]) * h[t-1] + x[t] - 0.5 * x[t-2]\ny[t] = h[t] + h[t-1] } }";
  const std::string time =
      "kernel k(a, x: f32[D, T], cu: i32[S+1]) -> (y: f32[D, T], hT: f32[S, D]) {\n"
      "scan T as t over D reset at cu { final h -> hT\n"
      "h[t] = tanh(a[t]) * h[t-1] + x[t] + x[t-7]\ny[t] = h[t] } }";
  std::string timeStates = time;
  timeStates.insert(timeStates.find(")"), ", h0: f32[S, D]");
  timeStates.insert(timeStates.find("final"), "init h = h0\n");
  const std::string cascade =
      "kernel k(a: bf16[T, D], x: bf16[T, D], cu: i32[S+1], g0: f32[S, D]) -> (y: bf16[T, D]) {\n"
      "scan T as t over D reset at cu { init g = g0\ng[t] = sigmoid(a[t]) * g[t-1] + x[t]\n"
      "h[t] = 0.5 * h[t-1] + g[t] * a[t]\ny[t] = h[t] * x[t] } }";
  const std::string complex =
      "kernel k(a, x: c64[T, D], cu: i32[S+1], h0: c64[S, D]) -> (y: c64[T, D], hT: c64[S, D]) {\n"
      "scan T as t over D reset at cu { init h = h0\nfinal h -> hT\n"
      "h[t] = a[t] / (1 + abs(a[t])) * h[t-1] + x[t]\ny[t] = h[t] } }";
  return {{"lanes", lanes},         {"lanesReversed", reversed(lanes)},
          {"time", time},           {"timeReversed", reversed(time)},
          {"timeStates", timeStates},
          {"cascade", cascade},     {"cascadeReversed", reversed(cascade)},
          {"complex", complex}};
}

/// Offsets of all kinds for `steps` steps.
std::vector<Offsets> patterns(std::int32_t steps) {
  std::vector<Offsets> list{{0, steps}, {0, 0, 0, steps, steps}};
  Offsets each(steps + 1);
  for (std::int32_t t = 0; t <= steps; ++t)
    each[t] = t;
  list.push_back(each);
  Offsets borders{0};
  for (std::int32_t border = 8; border < steps; border *= 2)
    for (std::int32_t at : {border - 1, border, border + 1})
      if (at > borders.back() && at <= steps)
        borders.push_back(at);
  borders.push_back(steps);
  list.push_back(borders);
  Offsets manyEmpty{0};
  for (int i = 0; i < 100; ++i)
    manyEmpty.push_back(steps / 3);
  manyEmpty.push_back(steps - steps / 4);
  for (int i = 0; i < 40; ++i)
    manyEmpty.push_back(steps);
  list.push_back(manyEmpty);
  Offsets gaps{0, 0}; // segments without steps begin at neighbouring steps
  for (std::int32_t t = 1; t <= steps; ++t)
    gaps.insert(gaps.end(), t == steps ? 2 : t % 4, t);
  list.push_back(gaps);
  std::mt19937 random(steps);
  Offsets skewed{0};
  while (skewed.back() < steps) {
    std::int32_t length = random() % 8 == 0 ? 0 : random() % 20;
    skewed.push_back(std::min(steps, skewed.back() + length));
  }
  list.push_back(skewed);
  return list;
}

using Case = std::tuple<Layout, std::string, std::int64_t>; // text, strategy, T

class PackedSequences : public testing::TestWithParam<Case> {
protected:
  void SetUp() override {
    auto [layout, strategy, steps] = GetParam();
    text = layout.text;
    options.filename = layout.name;
    options.target = "sm_90a";
    options.strategy = strategy;
    options.sizes = {{"T", steps}, {"D", 21}};
    auto compiled = compileProgram(text, options);
    ASSERT_TRUE(compiled) << render(compiled.error());
    program = *compiled;
  }

  /// Random inputs for these offsets.
  Operands operandsFor(const Offsets &offsets) {
    CompileOptions sized = options;
    sized.sizes["S"] = static_cast<std::int64_t>(offsets.size()) - 1;
    auto operands = makeOperands(text, sized, program.parameters, 5);
    EXPECT_TRUE(operands) << render(operands.error());
    for (std::size_t p = 0; p < program.parameters.size(); ++p)
      if (program.parameters[p].name == "cu")
        std::memcpy(operands->tensors[p].data, offsets.data(), 4 * offsets.size());
    return std::move(*operands);
  }

  void run(const Operands &operands) {
    emulation::Options emulated;
    emulated.seed = operands.tensors.front().sizes[0];
    auto done = emulation::runProgram(program, operands.tensors, emulated);
    ASSERT_TRUE(done) << render(done.error());
  }

  std::string text;
  CompileOptions options;
  Program program;
};

TEST_P(PackedSequences, agreeWithTheReference) {
  for (const Offsets &offsets : patterns(static_cast<std::int32_t>(std::get<2>(GetParam())))) {
    SCOPED_TRACE(testing::PrintToString(offsets));
    Operands operands = operandsFor(offsets);
    ASSERT_NO_FATAL_FAILURE(run(operands));
    ASSERT_EQ(firstMismatch(text, options, program.parameters, operands), "");
  }
}

/// What is no number in one sequence changes no bit of the others.
TEST_P(PackedSequences, areNotReachedByTheirNeighbours) {
  auto steps = static_cast<std::int32_t>(std::get<2>(GetParam()));
  if (steps < 3)
    return;
  const Offsets offsets{0, steps / 3, steps / 3 + 1, steps - steps / 4, steps};
  Operands clean = operandsFor(offsets);
  ASSERT_NO_FATAL_FAILURE(run(clean));
  for (float poison : {NAN, INFINITY})
    for (std::size_t poisoned = 0; poisoned + 1 < offsets.size(); ++poisoned) {
      Operands operands = operandsFor(offsets);
      auto forEach = [&](const Operands &of, std::size_t p, bool inside, auto visit) {
        const TensorRef &tensor = of.tensors[p];
        const Parameter &parameter = program.parameters[p];
        auto *bytes = static_cast<char *>(tensor.data);
        const std::int64_t D = 21, size = sizeOf(tensor.dtype);
        for (std::int64_t i = 0; i < tensor.sizes[0] * tensor.sizes[1]; ++i) {
          std::int64_t t = parameter.dims[0] == "D" ? i % tensor.sizes[1] : i / D;
          bool ofSegment = parameter.dims[0] == "S"
                               ? t == static_cast<std::int64_t>(poisoned)
                               : t >= offsets[poisoned] && t < offsets[poisoned + 1];
          if (ofSegment == inside)
            visit(bytes + i * size, i * size);
        }
      };
      for (std::size_t p = 0; p < program.parameters.size(); ++p)
        if (program.parameters[p].role == Parameter::Role::input &&
            program.parameters[p].name != "cu")
          forEach(operands, p, true, [&](char *at, std::int64_t) {
            storeElement(at, operands.tensors[p].dtype, poison);
          });
      ASSERT_NO_FATAL_FAILURE(run(operands));
      for (std::size_t p = 0; p < program.parameters.size(); ++p)
        if (program.parameters[p].role == Parameter::Role::output)
          forEach(operands, p, false, [&](char *at, std::int64_t offset) {
            ASSERT_EQ(std::memcmp(at, static_cast<char *>(clean.tensors[p].data) + offset,
                                  sizeOf(clean.tensors[p].dtype)),
                      0)
                << program.parameters[p].name << " at byte " << offset << ", segment " << poisoned
                << " poisoned";
          });
    }
}

/// Offsets that are no partition make wrong results, and no access outside the tensors.
TEST_P(PackedSequences, stayWithinTheirTensorsWhateverTheOffsets) {
  auto steps = static_cast<std::int32_t>(std::get<2>(GetParam()));
  constexpr std::int32_t most = 2147483647;
  for (const Offsets &offsets :
       {Offsets{5, 3, 9, 1}, Offsets{0, most, 7, -most - 1, steps}, Offsets{-4, steps + 100},
        Offsets(70, -1), Offsets(70, most), Offsets{0}}) {
    SCOPED_TRACE(testing::PrintToString(offsets));
    Operands operands = operandsFor(offsets);
    auto done = emulation::runProgram(program, operands.tensors, {.seed = 3});
    // Two threads may leave a final state where segments overlap.
    if (!done) {
      EXPECT_EQ(done.error().code, "emulation.race") << render(done.error());
    }
  }
}

/// The dims of a summed index come behind the segment's.
TEST(PackedIndices, aSummedIndexStandsBesideSegments) {
  const std::string text =
      "kernel k(a: f32[T, D], w: f32[T, N], cu: i32[S+1], h0: f32[S, N, D]) -> (y: f32[T, D], "
      "hT: f32[S, N, D]) {\nscan T as t over D reset at cu { init h = h0\nfinal h -> hT\n"
      "h[t,n] = tanh(a[t]) * h[t-1,n] + w[t,n]\ny[t] = sum[n](w[t-1,n] * h[t,n]) } }";
  for (const char *strategy : {"sequential", "blelloch", "look_back"}) {
    CompileOptions options;
    options.target = "sm_90a";
    options.strategy = strategy;
    options.sizes = {{"T", 77}, {"D", 5}, {"N", 3}, {"S", 6}};
    auto program = compileProgram(text, options);
    ASSERT_TRUE(program) << render(program.error());
    auto operands = makeOperands(text, options, program->parameters, 9);
    ASSERT_TRUE(operands) << render(operands.error());
    auto done = emulation::runProgram(*program, operands->tensors);
    ASSERT_TRUE(done) << render(done.error());
    EXPECT_EQ(firstMismatch(text, options, program->parameters, *operands), "") << strategy;
  }
}

/// A block that walks time keeps a window of it, in which it looks for segments: 4096 steps here.
TEST(PackedWindows, segmentsReachFromWindowToWindow) {
  const std::int32_t steps = 9001;
  for (std::string dims : {"D, T", "T, D"}) {
    const std::string text =
        "kernel k(a, x: f32[" + dims + "], cu: i32[S+1], h0: f32[S, D]) -> (y: f32[" + dims +
        "], hT: f32[S, D]) {\nscan T as t over D reset at cu { init h = h0\nfinal h -> hT\n"
        "h[t] = tanh(a[t]) * h[t-1] + x[t-3]\ny[t] = h[t] } }";
    for (const Offsets &offsets : patterns(steps)) {
      CompileOptions options;
      options.target = "sm_90a";
      options.strategy = "blelloch(lane_threads=1, time_threads=32, steps=8)";
      const auto segments = static_cast<std::int64_t>(offsets.size()) - 1;
      options.sizes = {{"T", steps}, {"D", 2}, {"S", segments}};
      auto program = compileProgram(text, options);
      ASSERT_TRUE(program) << render(program.error());
      auto operands = makeOperands(text, options, program->parameters, 9);
      ASSERT_TRUE(operands) << render(operands.error());
      for (std::size_t p = 0; p < program->parameters.size(); ++p)
        if (program->parameters[p].name == "cu")
          std::memcpy(operands->tensors[p].data, offsets.data(), 4 * offsets.size());
      auto done = emulation::runProgram(*program, operands->tensors);
      ASSERT_TRUE(done) << render(done.error());
      EXPECT_EQ(firstMismatch(text, options, program->parameters, *operands), "")
          << dims << ", " << offsets.size() - 1 << " segments";
    }
  }
}

TEST(PackedWindows, wordsThatAnotherThreadStillWritesAreARace) {
  const std::string barrier = "    block_barrier();\n";
  CompileOptions options;
  options.target = "sm_90a";
  options.strategy = "blelloch(lane_threads=1, time_threads=64, steps=2)";
  options.sizes = {{"T", 300}, {"D", 1}, {"S", 40}};
  for (int removed : {0, 1}) {
    const std::string text = layouts()[2].text;
    auto program = compileProgram(text, options);
    ASSERT_TRUE(program) << render(program.error());
    std::string &header = program->headers.at("scanc/block/segment_window.cuh");
    std::size_t at = header.find(barrier);
    for (int i = 0; i < removed && at != header.npos; ++i)
      at = header.find(barrier, at + 1);
    ASSERT_NE(at, header.npos);
    header.erase(at, barrier.size());
    auto operands = makeOperands(text, options, program->parameters, 9);
    ASSERT_TRUE(operands) << render(operands.error());
    auto done = emulation::runProgram(*program, operands->tensors);
    ASSERT_FALSE(done) << "without barrier " << removed;
    EXPECT_TRUE(done.error().code == "emulation.race" ||
                done.error().code == "emulation.unwritten")
        << render(done.error());
  }
}

/// Runs of a tile were as many as without segments.
TEST(PackedMachineCode, statesAtBothEndsOfASegmentSpilled) {
  CompileOptions options;
  options.target = "sm_90a";
  options.sizes = {{"T", 65536}, {"D", 2048}, {"S", 783}};
  for (const char *strategy : {"look_back", "blelloch"}) {
    options.strategy = strategy;
    auto program = compileProgram(layouts()[4].text, options);
    ASSERT_TRUE(program) << render(program.error());
    expectInRegisters(*program, options.target);
  }
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const Layout &layout : layouts())
    for (const char *strategy :
         {"sequential", "blelloch", "blelloch(time_threads=32, steps=2)", "look_back",
          "look_back(time_threads=32, steps=2, runs=1)"})
      for (std::int64_t steps : {0, 1, 300})
        list.emplace_back(layout, strategy, steps);
  return list;
}

INSTANTIATE_TEST_SUITE_P(Programs, PackedSequences, testing::ValuesIn(cases()),
                         [](const testing::TestParamInfo<Case> &info) {
                           std::string strategy = std::get<1>(info.param);
                           return std::get<0>(info.param).name + "_" +
                                  strategy.substr(0, strategy.find('(')) +
                                  (strategy.find('(') == strategy.npos ? "" : "Small") + "_" +
                                  std::to_string(std::get<2>(info.param));
                         });

} // namespace
