//===- SizesTest.cpp - Sizes that leave rests, against plain loops --------===//
#include "tests/compiler/cpu/Evaluation.h"

#include <cmath>

namespace scanc {
namespace {

constexpr std::int64_t steps[] = {0, 1, 2, 3, 7, 8, 17, 33, 100};
constexpr std::int64_t lanes[] = {1, 2, 3, 31, 32, 33, 65};

/// y = h, h[t] = a h[t-1] + x + x[t-2] / 2, over [T, D] in memory order.
std::vector<double> plainLoop(const std::vector<double> &a, const std::vector<double> &x,
                              std::int64_t T, std::int64_t D, bool reverse) {
  std::vector<double> y(T * D);
  for (std::int64_t d = 0; d < D; ++d) {
    double h = 0;
    for (std::int64_t s = 0; s < T; ++s) {
      auto at = [&](std::int64_t step) { return (reverse ? T - 1 - step : step) * D + d; };
      double window = s >= 2 ? x[at(s - 2)] : 0;
      h = a[at(s)] * h + x[at(s)] + window / 2;
      y[at(s)] = h;
    }
  }
  return y;
}

void expectPlainLoop(bool reverse) {
  for (std::int64_t T : steps)
    for (std::int64_t D : lanes) {
      std::string text = "kernel k(a, x: f64[T, D]) -> (y: f64[T, D]) {\n" +
                         std::string(reverse ? "reverse " : "") +
                         "scan T as t over D { h[t] = a[t] * h[t-1] + x[t] + x[t-2] / 2\n"
                         "y[t] = h[t] } }";
      Evaluation run(text, {{"T", T}, {"D", D}});
      auto done = run.launch();
      ASSERT_TRUE(done) << render(done.error());
      std::vector<double> want =
          plainLoop(run["a"].values(), run["x"].values(), T, D, reverse);
      std::vector<double> got = run["y"].values();
      ASSERT_EQ(got.size(), want.size());
      for (std::size_t i = 0; i < want.size(); ++i)
        ASSERT_NEAR(got[i], want[i], 1e-13 * (1 + std::fabs(want[i])))
            << "T " << T << " D " << D << " at " << i;
    }
}

TEST(Sizes, WindowForwards) { expectPlainLoop(false); }
TEST(Sizes, WindowBackwards) { expectPlainLoop(true); }

TEST(Sizes, NoLane) { Evaluation(program("gated_scan"), {{"B", 2}, {"T", 5}, {"D", 0}}).expectAgreement(); }

TEST(Sizes, NoIndex) {
  Evaluation(program("gla"), {{"B", 1}, {"T", 3}, {"H", 2}, {"K", 0}, {"V", 3}}).expectAgreement();
}

TEST(Sizes, FinalOfNoStepsIsTheInitialState) {
  Evaluation run(program("init_final"), {{"B", 2}, {"T", 0}, {"D", 33}});
  auto done = run.launch();
  ASSERT_TRUE(done) << render(done.error());
  EXPECT_EQ(run["hT"].values(), run["h0"].values());
}

TEST(Sizes, OneCompilationServesAllSizes) {
  CompileOptions options;
  options.target = "cpu";
  auto kernel = compile(program("gated_scan"), options);
  ASSERT_TRUE(kernel) << render(kernel.error());
  for (std::int64_t D : lanes) {
    Evaluation run(program("gated_scan"), {{"B", 2}, {"T", 5}, {"D", D}});
    auto done = kernel->launch(run.tensors());
    ASSERT_TRUE(done) << render(done.error());
    std::vector<double> first = run["y"].values();
    run.expectAgreement();
    EXPECT_EQ(first, run["y"].values());
  }
}

} // namespace
} // namespace scanc
