//===- SizesTest.cpp - Around every power of two and every tile -----------===//
//
// Each size is a case. In every second one operands lie anywhere: misaligned, with
// gaps, transposed, backwards, repeated, at the end of memory.
//
//===----------------------------------------------------------------------===//
#include "tests/grid/Programs.h"
#include "tests/grid/Subject.h"

#include <gtest/gtest.h>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

using Counts = std::vector<std::int64_t>;

/// 0, and each power of two up to `most` with its neighbours.
Counts aroundPowersOfTwo(std::int64_t most) {
  Counts counts{0, 1, 2};
  for (std::int64_t power = 4; power <= most; power *= 2)
    counts.insert(counts.end(), {power - 1, power, power + 1});
  return counts;
}

/// Launches `subject` at T steps of D lanes.
void expectRight(const Subject &subject, std::int64_t T, std::int64_t D) {
  for (std::uint64_t round = 0; round < (isLongForm() ? 8 : 1); ++round) {
    const std::uint64_t seed = (round * 4099 + T) * 1009 + D + round;
    const Sizes sizes{{"T", T}, {"D", D}, {"B", 1 + seed / 2 % 2}};
    EXPECT_EQ(subject.wrong(sizes, placesOf(seed, 5), seed), "")
        << "T = " << T << ", D = " << D << ", seed " << seed;
  }
}

/// Each distance from an aligned address, of all operands and of one that differs from the others.
void expectRightAtEveryAddress(const Subject &subject, std::int64_t T) {
  const Sizes sizes{{"T", T}, {"D", 37}, {"B", 2}};
  const std::int64_t distances = 32 / sizeOf(subject.signature()[0].dtype);
  for (std::int64_t shift = 0; shift < distances; ++shift)
    EXPECT_EQ(subject.wrong(sizes, {{.shift = shift}}, shift), "") << "shift " << shift;
  for (std::size_t odd = 0; odd < subject.signature().size(); ++odd) {
    std::vector<Placement> places(subject.signature().size());
    places[odd].shift = 1;
    EXPECT_EQ(subject.wrong(sizes, places, odd), "") << "operand " << odd;
  }
}

using Kind = std::tuple<std::string, Innermost, bool>; // element type, order, reverse

std::string nameOf(const Kind &kind) {
  const auto &[type, innermost, reverse] = kind;
  return type + (innermost == Innermost::time ? "_along_time" : "_across_lanes") +
         (reverse ? "_reverse" : "");
}

const auto types = testing::Values("f64", "f32", "f16", "bf16", "c64");
const auto orders = testing::Values(Innermost::time, Innermost::lanes);

class CpuSizes : public testing::TestWithParam<Kind> {
protected:
  const Subject subject{std::apply(linearScan, GetParam()), "cpu"};
};

TEST_P(CpuSizes, areRight) {
  const std::int64_t most = isLongForm() ? 1 << 17 : 1 << 11;
  Counts lanes = aroundPowersOfTwo(1 << 10);
  lanes.erase(lanes.begin()); // 0, which is below
  lanes.insert(lanes.end(), {5, 100, 500, 999, 1000});
  for (std::int64_t T : aroundPowersOfTwo(1 << 12))
    for (std::int64_t D : lanes)
      if (T * D <= most)
        expectRight(subject, T, D);
}

TEST_P(CpuSizes, areRightAtEveryAddress) { expectRightAtEveryAddress(subject, 67); }

TEST_P(CpuSizes, noLaneIsRight) {
  for (std::int64_t T : {0, 1, 17})
    expectRight(subject, T, 0);
}

TEST_P(CpuSizes, aMillionStepsAreRight) {
  const auto [type, innermost, reverse] = GetParam();
  for (std::int64_t T : {(1 << 20) - 1, 1 << 20, (1 << 20) + 1})
    if (isLongForm() || T % 3 == static_cast<int>(innermost) + static_cast<int>(reverse))
      expectRight(subject, T, 1);
}

/// Strategies whose tiles are small, and the steps of one tile.
struct Tiled {
  const char *strategy;
  std::int64_t tile;
};
const Tiled tiled[] = {{"sequential(steps=8, ring=3)", 8},
                       {"blelloch(time_threads=32, steps=4)", 128},
                       {"look_back(time_threads=32, steps=4, runs=1)", 128}};

using EmulatedKind = std::tuple<std::string, Innermost, int, bool>; // element type, order, one of `tiled`, reverse

std::string nameOf(const EmulatedKind &kind) {
  const auto &[type, innermost, number, reverse] = kind;
  const std::string strategy = tiled[number].strategy;
  return nameOf(Kind(type, innermost, reverse)) + "_by_" +
         strategy.substr(0, strategy.find('('));
}

class EmulatedSizes : public testing::TestWithParam<EmulatedKind> {
protected:
  void SetUp() override {
    // In the short form each element type has each strategy in one order and direction.
    const auto [type, innermost, strategy, reverse] = GetParam();
    if (!isLongForm() && ((type.size() + strategy) % 2 != static_cast<std::size_t>(innermost) ||
                          reverse != (strategy != (type == "f16" ? 2 : 0))))
      GTEST_SKIP() << "of the long form";
  }
};

TEST_P(EmulatedSizes, areRight) {
  const auto [type, innermost, number, reverse] = GetParam();
  const auto [strategy, tile] = tiled[number];
  const Subject subject(linearScan(type, innermost, reverse), strategy);
  for (std::int64_t T : {std::int64_t{0}, std::int64_t{1}, std::int64_t{2}, tile - 1, tile,
                         tile + 1, 2 * tile - 1, 2 * tile, 2 * tile + 1, 5 * tile + 3})
    for (std::int64_t D : {1, 32, 33, 100})
      expectRight(subject, T, D);
  expectRight(subject, tile + 3, 1000);
  expectRight(subject, 40 * tile + 1, 1);
  expectRightAtEveryAddress(subject, tile + 5);
}

INSTANTIATE_TEST_SUITE_P(Linear, EmulatedSizes,
                         testing::Combine(types, orders, testing::Values(0, 1, 2), testing::Bool()),
                         [](const auto &info) { return nameOf(info.param); });

INSTANTIATE_TEST_SUITE_P(Linear, CpuSizes, testing::Combine(types, orders, testing::Bool()),
                         [](const auto &info) { return nameOf(info.param); });

} // namespace
