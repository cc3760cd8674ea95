//===- RepeatedTest.cpp - Many launches: within bounds, and the same bits ---===//
//
// Whatever the order of threads and wherever the workspace begins.
//
//===----------------------------------------------------------------------===//
#include "tests/grid/Strategies.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

class Repeated : public testing::TestWithParam<Strategic> {
protected:
  /// Launches on `operands`, results cleared before.
  void launch(Operands &operands, std::uint64_t seed) const {
    for (std::size_t p = 0; p < operands.storage.size(); ++p)
      if (!subject.isInput(p))
        std::fill(operands.storage[p].begin(), operands.storage[p].end(), static_cast<char>(0xff));
    const auto done = subject.launch(operands.tensors, seed);
    ASSERT_TRUE(done) << render(done.error());
  }

  const Strategic &one = GetParam();
  const Subject subject{one.text, one.strategy, one.bound};
};

TEST_P(Repeated, launchesGiveTheSameBits) {
  Operands operands = drawnFor(one, subject, 5);
  launch(operands, 0);
  const auto first = operands.storage;
  for (std::uint64_t seed = 1; seed < (isLongForm() ? 100 : 6); ++seed) {
    launch(operands, seed);
    ASSERT_EQ(operands.storage, first) << "seed " << seed;
  }
}

TEST_P(Repeated, resultsAreWithinTheirBounds) {
  const std::int64_t most = isLongForm() ? 2'000'000 : 1;
  std::int64_t compared = 0;
  for (std::uint64_t seed = 0; compared < most; ++seed) {
    Operands operands = drawnFor(one, subject, seed);
    launch(operands, seed);
    ASSERT_EQ(firstWrong(one, subject, operands), "") << "seed " << seed;
    for (std::size_t p = 0; p < operands.tensors.size(); ++p)
      compared += subject.isInput(p) ? 0 : elementsOf(operands.tensors[p]);
  }
  RecordProperty("compared", std::to_string(compared));
}

INSTANTIATE_TEST_SUITE_P(Strategies, Repeated, testing::ValuesIn(strategics()),
                         [](const auto &info) { return info.param.name; });

} // namespace
