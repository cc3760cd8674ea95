//===- SegmentsTest.cpp - Packed sequences against plain loops ------------===//
#include "tests/compiler/cpu/Evaluation.h"

#include <cmath>

namespace scanc {
namespace {

std::string text(bool reverse) {
  return "kernel k(a, x: f64[T, D], cu: i32[S+1], h0: f64[S, D]) -> (y: f64[T, D], hT: f64[S, D]) {\n" +
         std::string(reverse ? "reverse " : "") +
         "scan T as t over D reset at cu { init h = h0\n"
         "h[t] = a[t] * h[t-1] + x[t] + 3 * x[t-1]\ny[t] = h[t]\nfinal h -> hT } }";
}

void expectPlainLoop(const std::vector<double> &cu, bool reverse) {
  std::int64_t S = cu.size() - 1, T = static_cast<std::int64_t>(cu.back()), D = 18;
  Evaluation run(text(reverse), {{"T", T}, {"D", D}, {"S", S}});
  run["cu"].assign(cu);
  auto done = run.launch();
  ASSERT_TRUE(done) << render(done.error());
  std::vector<double> a = run["a"].values(), x = run["x"].values(), h0 = run["h0"].values();
  std::vector<double> y = run["y"].values(), hT = run["hT"].values();
  for (std::int64_t d = 0; d < D; ++d)
    for (std::int64_t s = 0; s < S; ++s) {
      auto begin = static_cast<std::int64_t>(cu[s]), end = static_cast<std::int64_t>(cu[s + 1]);
      double h = h0[s * D + d], before = 0;
      for (std::int64_t i = 0; i < end - begin; ++i) {
        std::int64_t t = reverse ? end - 1 - i : begin + i;
        h = a[t * D + d] * h + x[t * D + d] + 3 * before;
        before = x[t * D + d];
        ASSERT_NEAR(y[t * D + d], h, 1e-13 * (1 + std::fabs(h))) << "segment " << s << " t " << t;
      }
      ASSERT_NEAR(hT[s * D + d], h, 1e-13 * (1 + std::fabs(h))) << "segment " << s;
    }
}

TEST(Segments, Forwards) { expectPlainLoop({0, 4, 5, 12}, false); }
TEST(Segments, Backwards) { expectPlainLoop({0, 4, 5, 12}, true); }
TEST(Segments, EmptyOnes) { expectPlainLoop({0, 0, 3, 3, 3, 7, 7}, false); }
TEST(Segments, EmptyOnesBackwards) { expectPlainLoop({0, 0, 3, 3, 3, 7, 7}, true); }
TEST(Segments, OnlyEmptyOnes) { expectPlainLoop({0, 0, 0}, false); }

void expectRefusal(const std::vector<double> &cu, std::int64_t T) {
  Evaluation run(text(false),
          {{"T", T}, {"D", 2}, {"S", static_cast<std::int64_t>(cu.size()) - 1}});
  run["cu"].assign(cu);
  auto done = run.launch();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "SC6041") << render(done.error());
}

TEST(Segments, DecreasingOffsets) { expectRefusal({0, 5, 3, 8}, 8); }
TEST(Segments, OffsetBeyondTheEnd) { expectRefusal({0, 5, 9}, 8); }
TEST(Segments, NegativeOffset) { expectRefusal({-1, 5, 8}, 8); }
TEST(Segments, StepsBehindTheLastOffset) { expectRefusal({0, 5, 7}, 8); }

} // namespace
} // namespace scanc
