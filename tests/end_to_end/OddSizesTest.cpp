//===- OddSizesTest.cpp - Sizes and addresses that no vector divides ------===//
//
// Kernels are compiled once, with open sizes; the launch chooses the variant. The
// emulation reports a read or write outside of an operand.
//
//===----------------------------------------------------------------------===//
#include "scanc/Compile.h"
#include "tests/end_to_end/Emulated.h"
#include "tests/support/Comparison.h"
#include "tests/support/Placement.h"

#include <gtest/gtest.h>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

const char *const gatedTime = R"(
kernel gated(f, x: bf16[B, D, T], h0: f32[B, D]) -> (y: bf16[B, D, T], hT: f32[B, D]) {
  scan T as t over B, D {
    init h = h0
    a    = sigmoid(f[t])
    h[t] = a * h[t-1] + (1 - a) * x[t]
    y[t] = h[t]
    final h -> hT
  }
})";
const char *const reverseTime = R"(
kernel returns(r, gamma: f32[B, T], g0: f32[B]) -> (g: f32[B, T], gT: f32[B]) {
  reverse scan T as t over B {
    init h = g0
    h[t] = gamma[t] * h[t-1] + r[t]
    g[t] = h[t]
    final h -> gT
  }
})";
// A window, an operand of another order and elements of two sizes beside those along time.
const char *const mixedTime = R"(
kernel mixed(a: bf16[B, T], x: f32[B, T], w: f32[T, B]) -> (y: bf16[B, T]) {
  scan T as t over B {
    h[t] = a[t] * h[t-1] + x[t] + 0.5 * x[t-1] + w[t]
    y[t] = h[t]
  }
})";

// Elements of eight bytes.
const char *const complexTime = R"(
kernel turns(a, x: c64[B, T], h0: c64[B]) -> (y: c64[B, T], hT: c64[B]) {
  scan T as t over B {
    init h = h0
    h[t] = a[t] * h[t-1] + x[t]
    y[t] = h[t]
    final h -> hT
  }
})";

// Lanes innermost: a rate per lane, a window, states of another size at both ends.
const char *const gatedLanes = R"(
kernel gated(f, x: bf16[B, T, D], w: f32[D], h0: f32[B, D]) -> (y: bf16[B, T, D], hT: f32[B, D]) {
  scan T as t over B, D {
    init h = h0
    a    = sigmoid(f[t])
    h[t] = a * h[t-1] + w * x[t] + 0.5 * x[t-2]
    y[t] = h[t]
    final h -> hT
  }
})";
const char *const reverseLanes = R"(
kernel returns(r: bf16[B, T, D], gamma: f32[B, T, D], g0: f32[D, B]) -> (g: f32[B, T, D], gT: f32[D, B]) {
  reverse scan T as t over B, D {
    init h = g0
    h[t] = gamma[t] * h[t-1] + r[t] - 0.25 * r[t-1]
    g[t] = h[t]
    final h -> gT
  }
})";
// Elements of two sizes, a gate that lanes of a row share, heads of lanes.
const char *const mixedLanes = R"(
kernel mixed(a: f16[B, T, H, D], x: f32[B, T, H, D], g: f32[B, T, H]) -> (y: f16[B, T, H, D], z: f32[B, T, H, D]) {
  reverse scan T as t over B, H, D {
    h[t] = a[t] * h[t-1] + g[t] * x[t]
    y[t] = h[t]
    z[t] = h[t] - x[t]
  }
})";

struct Launch {
  std::string variant, wrong;
};

/// Number i of the operands begins `shifts[i % count]` elements past an aligned address.
std::vector<Placement> placed(const std::vector<std::int64_t> &shifts, std::int64_t gap = 0) {
  std::vector<Placement> places;
  for (std::int64_t shift : shifts)
    places.push_back({.shift = shift, .gap = gap});
  return places;
}

/// Runs `program` on random operands, of which number i lies as `places[i % count]` says.
Launch launch(const char *text, const Program &program, const CompileOptions &sizes,
              const std::vector<Placement> &places) {
  auto operands = makeOperands(text, sizes, program.parameters, sizes.sizes.at("T"));
  if (!operands)
    return {"", render(operands.error())};
  std::vector<Placed> copies;
  std::vector<TensorRef> tensors;
  for (std::size_t i = 0; i < operands->tensors.size(); ++i) {
    copies.emplace_back(operands->tensors[i], places[i % places.size()]);
    tensors.push_back(copies.back().tensor());
  }
  auto variant = runChosen(program, tensors, sizes.sizes.at("T"));
  if (!variant)
    return {"", render(variant.error())};
  for (std::size_t i = 0; i < copies.size(); ++i)
    if (std::string changed = copies[i].collect(operands->tensors[i]); !changed.empty())
      return {*variant, program.parameters[i].name + ": " + changed};
  return {*variant, firstMismatch(text, sizes, program.parameters, *operands)};
}

Program compiled(const char *text, const std::string &strategy) {
  CompileOptions options;
  options.target = "sm_90a";
  options.strategy = strategy;
  auto program = compileProgram(text, options);
  EXPECT_TRUE(program) << render(program.error());
  return program ? *program : Program();
}

CompileOptions sizesOf(std::int64_t T) {
  CompileOptions options;
  options.sizes = {{"B", 2}, {"D", 3}, {"T", T}};
  return options;
}

class OddTime : public testing::TestWithParam<std::tuple<const char *, std::string>> {};

TEST_P(OddTime, rows_begin_at_any_element) {
  auto [text, strategy] = GetParam();
  Program program = compiled(text, strategy);
  for (std::int64_t T : {0, 1, 2, 3, 5, 7, 8, 9, 15, 17, 255, 257, 1025})
    for (std::int64_t shift : {0, 1, 3}) {
      SCOPED_TRACE("T = " + std::to_string(T) + ", shift " + std::to_string(shift));
      Launch done = launch(text, program, sizesOf(T), placed({shift}));
      EXPECT_EQ(done.wrong, "");
      if (T % 2 == 1 && T > 1) {
        EXPECT_EQ(done.variant, "shifted_i32");
      }
    }
}

TEST_P(OddTime, rows_that_differ_in_phase_are_read_one_by_one) {
  auto [text, strategy] = GetParam();
  Program program = compiled(text, strategy);
  Launch done = launch(text, program, sizesOf(37), placed({0, 1}));
  EXPECT_EQ(done.wrong, "");
  EXPECT_EQ(done.variant, "any_i32");
}

// Small tiles, so that a lane has a first, some whole and a last one.
INSTANTIATE_TEST_SUITE_P(Programs, OddTime,
                         testing::Combine(testing::Values(gatedTime, reverseTime, mixedTime,
                                                          complexTime),
                                          testing::Values("sequential", "blelloch(time_threads=32)",
                                                          "look_back(time_threads=32, runs=1)",
                                                          "look_back(time_threads=64, runs=2)")),
                         [](const testing::TestParamInfo<OddTime::ParamType> &info) {
                           const char *text = std::get<0>(info.param);
                           const std::string &strategy = std::get<1>(info.param);
                           return (text == gatedTime     ? "gated_"
                                   : text == reverseTime ? "reverse_"
                                   : text == mixedTime   ? "mixed_"
                                                         : "complex_") +
                                  strategy.substr(0, strategy.find('(')) +
                                  (strategy.find("runs=2") == strategy.npos ? "" : "_runs");
                         });

/// Lanes of a row, steps.
CompileOptions sizesOfLanes(std::int64_t D, std::int64_t T) {
  CompileOptions options;
  options.sizes = {{"B", 2}, {"D", D}, {"H", 2}, {"T", T}};
  return options;
}

class OddLanes : public testing::TestWithParam<std::tuple<const char *, std::string>> {
protected:
  /// Whether a row fills at least half of its strips.
  static bool fillsStrips(std::int64_t D, const std::string &strategy) {
    std::int64_t strip = strategy.starts_with("sequential") ? 64 : 128;
    return (D + strip - 1) / strip * strip <= 2 * D;
  }
};

TEST_P(OddLanes, rows_begin_at_any_element) {
  auto [text, strategy] = GetParam();
  Program program = compiled(text, strategy);
  for (std::int64_t D : {1, 3, 31, 33, 37, 65, 129, 191, 259})
    for (std::int64_t T : {0, 1, 3, 37}) {
      SCOPED_TRACE("D = " + std::to_string(D) + ", T = " + std::to_string(T));
      Launch done = launch(text, program, sizesOfLanes(D, T), placed({0}));
      EXPECT_EQ(done.wrong, "");
      EXPECT_EQ(done.variant, fillsStrips(D, strategy) ? "phased_i32" : "any_i32");
    }
}

TEST_P(OddLanes, rows_of_a_view) {
  auto [text, strategy] = GetParam();
  Program program = compiled(text, strategy);
  for (const auto &places : {placed({1}), placed({3, 0, 7, 1}), placed({0}, 1), placed({5, 2}, 3)})
    for (std::int64_t D : {67, 128}) {
      SCOPED_TRACE("D = " + std::to_string(D) + ", shift " + std::to_string(places[0].shift) +
                   ", gap " + std::to_string(places[0].gap));
      Launch done = launch(text, program, sizesOfLanes(D, 21), places);
      EXPECT_EQ(done.wrong, "");
      EXPECT_EQ(done.variant, "phased_i32");
    }
}

TEST_P(OddLanes, many_strips_and_tiles) {
  auto [text, strategy] = GetParam();
  Program program = compiled(text, strategy);
  for (auto [D, T] : {std::pair<std::int64_t, std::int64_t>{2047, 19}, {131, 777}}) {
    SCOPED_TRACE("D = " + std::to_string(D));
    Launch done = launch(text, program, sizesOfLanes(D, T), placed({1}));
    EXPECT_EQ(done.wrong, "");
    EXPECT_EQ(done.variant, "phased_i32");
  }
}

/// Where the first of them begins at a vector, every second row was taken for one that begins a word: its pairs
/// went an element too early, over the last of the row before.
TEST(OddLanes, rows_of_16_bits_that_are_walked_from_the_end_were_stored_an_element_early) {
  const char *const text = R"(
kernel returns(a, x: bf16[B, T, D]) -> (y: bf16[B, T, D]) {
  reverse scan T as t over B, D {
    h[t] = a[t] * h[t-1] + x[t]
    y[t] = h[t]
  }
})";
  for (const char *strategy : {"sequential(steps=8, ring=3)", "blelloch(time_threads=2, steps=8)"}) {
    Program program = compiled(text, strategy);
    for (auto [D, T] : {std::pair<std::int64_t, std::int64_t>{65, 9}, {127, 17}, {129, 16}}) {
      SCOPED_TRACE(std::string(strategy) + ", D = " + std::to_string(D));
      Launch done = launch(text, program, sizesOfLanes(D, T), placed({0}));
      EXPECT_EQ(done.wrong, "");
      EXPECT_EQ(done.variant, "phased_i32");
    }
  }
}

// Small tiles.
INSTANTIATE_TEST_SUITE_P(Programs, OddLanes,
                         testing::Combine(testing::Values(gatedLanes, reverseLanes, mixedLanes),
                                          testing::Values("sequential(steps=8, ring=3)",
                                                          "blelloch(time_threads=2, steps=8)")),
                         [](const testing::TestParamInfo<OddLanes::ParamType> &info) {
                           const char *text = std::get<0>(info.param);
                           const std::string &strategy = std::get<1>(info.param);
                           return (text == gatedLanes     ? "gated_"
                                   : text == reverseLanes ? "reverse_"
                                                          : "mixed_") +
                                  strategy.substr(0, strategy.find('('));
                         });

} // namespace
