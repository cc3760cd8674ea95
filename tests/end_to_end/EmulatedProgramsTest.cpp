//===- EmulatedProgramsTest.cpp - Emitted CUDA on the CPU against the oracle ---===//
//
// Every program of tests/programs, by every strategy that does not decline it, at
// sizes that leave ragged tiles everywhere; the emulation checks races and bounds.
//
//===----------------------------------------------------------------------===//
#include "scanc/Compile.h"
#include "tests/end_to_end/Emulated.h"
#include "tests/end_to_end/MachineCode.h"
#include "tests/support/Comparison.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string_view>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

using Case = std::tuple<std::string, std::string, std::int64_t>; // program, strategy, T

/// Follows the name of a program whose f32 are to be f64.
constexpr std::string_view wide = "_in_f64";

/// Steps that make several groups of small tiles.
constexpr std::int64_t manyTiles = 1500;

/// Steps that make several tiles, one ragged, where lanes of a thread go through them together.
constexpr std::int64_t severalKeptTiles = 41;

/// Steps that make two tiles and a ragged one of the shape that few lanes have.
constexpr std::int64_t tilesOfFewLanes = 300;

/// Steps that make two tiles and a ragged one in which each warp has two runs along time, all of them unlike.
constexpr std::int64_t tilesOfTwoRuns = 1101;

/// Steps at which rows of lanes all but fill warps, which then read once what their lanes read alike.
constexpr std::int64_t stepsOfWideRows = 39;

/// The text of a program, in f64 where its name says so.
std::string textOf(std::string name) {
  bool widened = name.ends_with(wide);
  if (widened)
    name.resize(name.size() - wide.size());
  std::string text = programText(name);
  for (std::size_t at = 0; widened && (at = text.find("f32", at)) != std::string::npos;)
    text.replace(at, 3, "f64");
  return text;
}

class EmulatedPrograms : public testing::TestWithParam<Case> {};

TEST_P(EmulatedPrograms, agreeWithTheReference) {
  auto [name, strategy, steps] = GetParam();
  std::string text = textOf(name);
  CompileOptions options;
  options.filename = name;
  options.target = "sm_90a";
  options.strategy = strategy;
  if (steps == manyTiles)
    options.strategy += "(time_threads=32, steps=2, runs=1)";
  if (steps == tilesOfTwoRuns)
    options.strategy += "(ring=0, time_threads=64, steps=4, runs=2)";
  if (steps == severalKeptTiles)
    options.strategy += "(ring=0, lanes=4, time_threads=8, steps=2)";
  options.sizes = {{"B", 2}, {"D", 21}, {"H", 2}, {"N", 5}, {"K", 4}, {"V", 3}, {"U", 3}, {"O", 2},
                   {"S", 3}, {"G", steps}, {"T", steps}};
  if (name == "inter_chunk")
    options.sizes["N"] = 1;
  if (steps == stepsOfWideRows)
    options.sizes["D"] = strategy.ends_with("lanes=2)") ? 62 : 61;
  expectRight(text, options,
              {.seed = static_cast<std::uint64_t>(steps),
               .factor = strategy == "matmul_scan" ? splitProducts : 1});
}

/// Whether the program reduces readouts over its last lane dimension.
bool reducesLanes(const std::string &name) {
  return name == "rms_scan" || name == "group_norm_scan";
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const char *name : {"gated_scan", "gated_scan_time", "selective_scan", "inter_chunk", "gla",
                           "cascade", "ema", "init_final", "one_lane", "prefix_sum", "reverse",
                           "short_conv", "softmax_readout", "two_memories", "two_outputs",
                           "unread_state", "varlen", "bf16_state", "max_plus", "min_plus",
                           "log_semiring", "s5", "complex_numbers", "oscillators",
                           "complex_memory", "rms_scan", "group_norm_scan"})
    for (const char *strategy : {"sequential", "blelloch", "look_back"}) {
      std::string refused = std::string(name) == "bf16_state" ? "blelloch look_back"
                            : reducesLanes(name)              ? "look_back"
                                                              : "";
      bool declines = refused.find(strategy) != std::string::npos;
      for (std::int64_t steps : {0, 1, 37})
        if (!declines)
          list.emplace_back(name, strategy, steps);
      if (!declines && std::string(strategy) == "look_back")
        list.emplace_back(name, strategy, manyTiles);
    }
  for (const char *name : {"inter_chunk", "gated_scan", "cascade"})
    list.emplace_back(name, "blelloch", severalKeptTiles);
  for (const char *name : {"gated_scan", "max_plus"})
    list.emplace_back(name, "blelloch", tilesOfFewLanes);
  list.emplace_back("gated_scan_time", "look_back", tilesOfTwoRuns);
  for (std::int64_t steps : {0, 1, 37})
    for (const char *name : {"dense", "viterbi", "forward", "dense_terms"})
      list.emplace_back(name, "sequential", steps);
  for (std::int64_t steps : {0, 1, 37, 200})
    list.emplace_back("inter_chunk", "matmul_scan", steps);
  return list;
}

/// The numbers of a state spread over threads: shares that end early, whole ones, one number each.
std::vector<Case> casesInParts() {
  std::vector<Case> list;
  for (const char *name : {"selective_scan", "two_memories", "two_memories_in_f64", "complex_memory"})
    for (const char *policy : {"state_threads=2, steps=2", "state_threads=4, lane_threads=8",
                               "state_threads=8, lanes=2", "state_threads=32, steps=32, lane_threads=1"})
      for (std::int64_t steps : {0, 1, 37})
        list.emplace_back(name, "sequential(" + std::string(policy) + ")", steps);
  for (const char *name : {"selective_scan", "two_memories", "two_memories_in_f64", "complex_memory"})
    for (const char *policy : {"state_threads=2", "state_threads=2, steps=4", "state_threads=4, lanes=1",
                               "state_threads=4, lanes=2", "state_threads=4, ring=2, lanes=2"})
      list.emplace_back(name, "sequential(" + std::string(policy) + ")", stepsOfWideRows);
  // Where no vector fits, in other parts than where some do.
  list.emplace_back("selective_scan", "sequential", stepsOfWideRows);
  return list;
}

INSTANTIATE_TEST_SUITE_P(Programs, EmulatedPrograms, testing::ValuesIn(cases()),
                         [](const testing::TestParamInfo<Case> &info) {
                           return std::get<0>(info.param) + "_" + std::get<1>(info.param) + "_" +
                                  std::to_string(std::get<2>(info.param));
                         });

INSTANTIATE_TEST_SUITE_P(Parts, EmulatedPrograms, testing::ValuesIn(casesInParts()),
                         [](const testing::TestParamInfo<Case> &info) {
                           std::string name = std::get<0>(info.param) + "_" + std::get<1>(info.param);
                           std::replace_if(
                               name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
                           return name + "_" + std::to_string(std::get<2>(info.param));
                         });

/// Every variant for both architectures, compiled with at most `stack` bytes for its own arrays.
void expectTextInRegisters(const std::string &text, CompileOptions options, int stack = 0) {
  for (const char *architecture : {"sm_80", "sm_90a"}) {
    options.target = architecture;
    auto program = compileProgram(text, options);
    ASSERT_TRUE(program) << render(program.error());
    SCOPED_TRACE(options.filename + " " + options.strategy);
    expectInRegisters(*program, architecture, stack);
  }
}

/// A step too far behind the end was seen by nothing: rows along time are reversed by other text.
TEST(Emulated, aWalkAcrossLanesFromTheEndBeganBehindIt) {
  CompileOptions options;
  options.target = "sm_90a";
  options.sizes = {{"B", 2}, {"T", 37}, {"D", 5}};
  for (const char *strategy : {"sequential", "blelloch", "look_back"}) {
    SCOPED_TRACE(strategy);
    options.strategy = strategy;
    expectRight(R"(kernel k(a, b: f32[B, T, D]) -> (h: f32[B, T, D]) {
      reverse scan T as t over B, D { h[t] = a[t] * h[t-1] + b[t] }
    })",
                options);
  }
}

TEST(MachineCode, hasNoSpillsAndNoLocalMemory) {
  for (const char *name : {"prefix_sum", "gated_scan", "gated_scan_time", "selective_scan", "max_plus",
                           "log_semiring", "s5", "oscillators"})
    for (const char *strategy : {"sequential", "blelloch", "look_back"}) {
      CompileOptions options;
      options.filename = name;
      options.strategy = strategy;
      options.sizes = {{"N", name == std::string("s5") ? 4 : 16}, {"U", 4}, {"O", 2}};
      // The sine of a number above 10^5 works on 28 bytes.
      expectTextInRegisters(textOf(name), options, name == std::string("oscillators") ? 32 : 0);
      if (IsSkipped() || HasFatalFailure())
        return;
    }
}

/// Where time is known to be one tile, nothing is asked for beyond it: the loop over tiles vanishes, with a ring too.
TEST(MachineCode, aRowOfOneTileOrdersNoOther) {
  CompileOptions options;
  options.target = "sm_90a";
  options.strategy = "blelloch(time_threads=256, steps=4, ring=2)";
  options.sizes = {{"B", 8}, {"D", 1536}, {"T", 1024}};
  auto program = compileProgram(
      "kernel k(a, b: f32[B, D, T]) -> (h: f32[B, D, T]) { scan T as t over B, D { h[t] = a[t] * h[t-1] + b[t] } }",
      options);
  ASSERT_TRUE(program) << render(program.error());
  auto compiled = compileVariant(*program, 0, options.target);
  if (!compiled)
    return;
  int copies = 0;
  for (std::size_t at = 0; (at = compiled->ptx.find("cp.async.cg", at)) != std::string::npos; ++at)
    ++copies;
  EXPECT_EQ(copies, 2); // of a and of b
}

TEST(MachineCode, readoutsOverLanesSpillNothing) {
  using Kernel = std::tuple<const char *, const char *, std::int64_t>;
  for (auto [name, strategy, size] :
       {Kernel("rms_scan", "sequential", 2048), Kernel("rms_scan", "blelloch", 1024),
        Kernel("group_norm_scan", "sequential", 128), Kernel("group_norm_scan", "blelloch", 64)}) {
    CompileOptions options;
    options.filename = name;
    options.strategy = strategy;
    options.sizes = {{"D", size}};
    expectTextInRegisters(textOf(name), options);
    if (IsSkipped() || HasFatalFailure())
      return;
  }
}

/// Blocks of few lanes have shapes of their own, which sizes choose.
TEST(MachineCode, shapesForFewLanesSpillNothing) {
  for (auto [name, strategy] :
       {std::pair("gated_scan", "blelloch"), std::pair("max_plus", "blelloch"),
        std::pair("selective_scan", "sequential")}) {
    CompileOptions options;
    options.filename = name;
    options.strategy = strategy;
    options.sizes = {{"B", 2}, {"T", 1024}, {"D", 512}, {"N", 16}};
    expectTextInRegisters(textOf(name), options);
    if (IsSkipped() || HasFatalFailure())
      return;
  }
}

TEST(MachineCode, numbersOfEightBytesPassBetweenTheThreadsOfALane) {
  for (const char *name : {"two_memories_in_f64", "complex_memory"}) {
    CompileOptions options;
    options.filename = name;
    options.strategy = "sequential(state_threads=4)";
    options.sizes = {{"N", 8}};
    expectTextInRegisters(textOf(name), options);
  }
}

} // namespace
