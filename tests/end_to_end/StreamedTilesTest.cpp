//===- StreamedTilesTest.cpp - look_back by blocks that take tile after tile ---===//
//
// Rings of three to five tiles; tiles fewer and more than blocks; a row that ends within a
// tile, one without steps, and one that begins at no aligned address.
//
//===----------------------------------------------------------------------===//
#include "scanc/Compile.h"
#include "tests/emulation/Program.h"
#include "tests/support/Comparison.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

struct Recurrence {
  std::string name, text;
};

std::vector<Recurrence> recurrences() {
  const std::string plain =
      "kernel k(a, x: f32[D, T], h0: f32[D]) -> (y: f32[D, T], hT: f32[D]) {\n"
      "scan T as t over D { init h = h0\nfinal h -> hT\n"
      "h[t] = tanh(a[t]) * h[t-1] + x[t]\ny[t] = h[t] + 0.5 * h[t-1] } }";
  std::string reverse = plain;
  reverse.insert(reverse.find("scan T"), "reverse ");
  std::string wide = plain;
  for (std::size_t at; (at = wide.find("f32")) != wide.npos;)
    wide.replace(at, 3, "f64");
  wide.insert(wide.find("\ny[t]"), " - 0.25 * x[t-3]");
  return {{"plain", plain},
          {"reverse", reverse},
          {"wide", wide},
          {"narrow", "kernel k(a, x: bf16[D, T]) -> (y: bf16[D, T]) {\nscan T as t over D {\n"
                     "h[t] = a[t] * h[t-1] + x[t]\ny[t] = h[t] } }"},
          {"complex", "kernel k(a, x: c64[D, T]) -> (y: c64[D, T]) {\nscan T as t over D {\n"
                      "h[t] = a[t] / (1 + abs(a[t])) * h[t-1] + x[t]\ny[t] = h[t] } }"},
          {"largest", "kernel k(a, x: f32[D, T]) -> (y: f32[D, T], hT: f32[D]) {\n"
                      "scan T as t over D {\nfinal h -> hT\n"
                      "h[t] = max(a[t] + h[t-1], x[t])\ny[t] = h[t] } }"}};
}

using Case = std::tuple<Recurrence, std::string, std::int64_t, std::int64_t>; // policy, D, T

struct Compiled {
  std::string text;
  CompileOptions options;
  Program program;
};

Result<Compiled> compiled(const std::string &text, const std::string &strategy, std::int64_t D,
                          std::int64_t T) {
  Compiled made{text, {}, {}};
  made.options.target = "sm_90a";
  made.options.strategy = strategy;
  made.options.sizes = {{"T", T}, {"D", D}};
  auto program = compileProgram(text, made.options);
  if (!program)
    return program.error();
  made.program = *program;
  return made;
}

class StreamedTiles : public testing::TestWithParam<Case> {};

TEST_P(StreamedTiles, agreeWithTheReference) {
  auto [recurrence, policy, D, T] = GetParam();
  auto made = compiled(recurrence.text, "look_back(" + policy + ")", D, T);
  ASSERT_TRUE(made) << render(made.error());
  auto operands = makeOperands(made->text, made->options, made->program.parameters, 5);
  ASSERT_TRUE(operands) << render(operands.error());
  for (std::uint64_t seed : {1, 2, 3}) {
    auto done = emulation::runProgram(made->program, operands->tensors, {.seed = seed});
    ASSERT_TRUE(done) << render(done.error());
    ASSERT_EQ(firstMismatch(made->text, made->options, made->program.parameters, *operands), "");
  }
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const Recurrence &recurrence : recurrences())
    for (const char *policy : {"ring=3, time_threads=64, steps=4, runs=2",
                               "ring=5, time_threads=64, steps=8, runs=1"})
      for (std::int64_t D : {1, 2})
        for (std::int64_t T : {0, 1, 512, 5127, 5128, 21504})
          if (D == 1 || T < 20000)
            list.emplace_back(recurrence, policy, D, T);
  return list;
}

INSTANTIATE_TEST_SUITE_P(Programs, StreamedTiles, testing::ValuesIn(cases()),
                         [](const testing::TestParamInfo<Case> &info) {
                           return std::get<0>(info.param).name + "_ring" +
                                  std::get<1>(info.param).substr(5, 1) + "_" +
                                  std::to_string(std::get<2>(info.param)) + "_" +
                                  std::to_string(std::get<3>(info.param));
                         });

/// The order of composition is fixed, however late blocks are.
TEST(StreamedTileBits, areTheSameInEveryOrderOfBlocks) {
  auto made = compiled(recurrences()[0].text, "look_back(ring=3, time_threads=32, steps=4, runs=1)",
                       1, 9000);
  ASSERT_TRUE(made) << render(made.error());
  std::vector<char> first;
  for (std::uint64_t seed = 1; seed < 6; ++seed) {
    auto operands = makeOperands(made->text, made->options, made->program.parameters, 5);
    ASSERT_TRUE(operands) << render(operands.error());
    auto done = emulation::runProgram(made->program, operands->tensors,
                                      {.seed = seed, .residentBlocks = 2 + static_cast<int>(seed)});
    ASSERT_TRUE(done) << render(done.error());
    for (std::size_t p = 0; p < made->program.parameters.size(); ++p)
      if (made->program.parameters[p].name == "y") {
        auto *bytes = static_cast<char *>(operands->tensors[p].data);
        std::vector<char> now(bytes, bytes + 4 * 9000);
        if (first.empty())
          first = now;
        EXPECT_EQ(first, now) << "seed " << seed;
      }
  }
}

TEST(StreamedTileFaults, aBarrierLessIsARace) {
  const std::string barrier = "block_barrier();";
  const std::string name = "scanc/kernel/look_back_stream.cuh";
  int barriers = 0;
  for (int removed = 0;; ++removed) {
    auto made = compiled(recurrences()[0].text,
                         "look_back(ring=3, time_threads=64, steps=2, runs=1)", 1, 1500);
    ASSERT_TRUE(made) << render(made.error());
    std::string &header = made->program.headers.at(name);
    std::size_t at = header.find(barrier);
    for (int i = 0; i < removed && at != header.npos; ++i)
      at = header.find(barrier, at + 1);
    if (at == header.npos)
      break;
    header.replace(at, barrier.size(), ";");
    ++barriers;
    bool caught = false;
    for (std::uint64_t seed = 0; seed < 8 && !caught; ++seed) {
      auto operands = makeOperands(made->text, made->options, made->program.parameters, 9);
      ASSERT_TRUE(operands) << render(operands.error());
      caught = !emulation::runProgram(made->program, operands->tensors, {.seed = seed});
    }
    EXPECT_TRUE(caught) << "without barrier " << removed;
  }
  EXPECT_EQ(barriers, 5);
}

/// Rows that the block which carries states has no warp for would never be told theirs.
TEST(StreamedTileFaults, moreRowsThanWarpsAreRefused) {
  auto made = compiled(recurrences()[0].text, "look_back(ring=3, time_threads=64)", 3, 5000);
  ASSERT_FALSE(made);
  EXPECT_NE(render(made.error()).find("at most a lane per warp"), std::string::npos)
      << render(made.error());
}

} // namespace
