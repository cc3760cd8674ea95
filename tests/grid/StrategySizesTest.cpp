//===- StrategySizesTest.cpp - Around the tiles of every strategy ---------===//
//
// Each strategy's recurrence at steps around multiples of its tile and at rows of states
// around the widths of tensor cores. In every second case operands lie anywhere, as in
// SizesTest.cpp.
//
//===----------------------------------------------------------------------===//
#include "tests/grid/Strategies.h"

#include <gtest/gtest.h>

#include <set>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

/// Launches `one` at its sizes.
void expectRight(const Strategic &one, const Subject &subject, std::uint64_t seed) {
  Operands operands = drawnFor(one, subject, seed);
  std::string wrong = subject.launch(operands, placesOf(seed, operands.tensors.size()), seed);
  if (wrong.empty())
    wrong = firstWrong(one, subject, operands);
  EXPECT_EQ(wrong, "") << "T = " << one.sizes.at("T") << ", seed " << seed;
}

class StrategySizes : public testing::TestWithParam<Strategic> {};

TEST_P(StrategySizes, stepsAroundTilesAreRight) {
  Strategic one = GetParam();
  const Subject subject{one.text, one.strategy, one.bound};
  const std::int64_t tile = one.tile;
  std::uint64_t seed = 0;
  for (std::int64_t T : std::set<std::int64_t>{0, 1, 2, 3, tile - 1, tile, tile + 1, 2 * tile - 1, 2 * tile, 2 * tile + 1,
                                               3 * tile, 5 * tile + 3})
    for (int round = 0; round < (isLongForm() ? 32 : 2); ++round, ++seed) {
      one.sizes["T"] = T;
      if (one.sizes.contains("B"))
        one.sizes["B"] = 1 + seed % 3;
      if (one.sizes.contains("D"))
        one.sizes["D"] = std::vector<std::int64_t>{1, 5, 32, 33, 100}[seed % 5];
      expectRight(one, subject, seed);
    }
}

INSTANTIATE_TEST_SUITE_P(Strategies, StrategySizes, testing::ValuesIn(strategics()),
                         [](const auto &info) { return info.param.name; });

class RowSizes : public testing::TestWithParam<Strategic> {};

TEST_P(RowSizes, rowsAroundPowersOfTwoAreRight) {
  Strategic one = GetParam();
  const std::vector<std::int64_t> few{1, 3, 17, 33}, all{1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 40, 63, 64, 65, 100};
  std::uint64_t seed = 1;
  for (std::int64_t rows : isLongForm() ? all : few)
    for (int round = 0; round < (isLongForm() ? 4 : 1); ++round, ++seed) {
      for (const char *name : {"K", "V", "N"})
        if (one.sizes.contains(name))
          one.sizes[name] = one.bound[name] = *name == 'V' ? 1 + 7 * rows % 66 : rows;
      const Subject subject{one.text, one.strategy, one.bound};
      expectRight(one, subject, seed);
    }
}

std::vector<Strategic> withRows() {
  std::vector<Strategic> list;
  for (const Strategic &one : strategics())
    if (one.sizes.contains("K") || one.sizes.contains("N"))
      list.push_back(one);
  return list;
}

INSTANTIATE_TEST_SUITE_P(Strategies, RowSizes, testing::ValuesIn(withRows()),
                         [](const auto &info) { return info.param.name; });

} // namespace
