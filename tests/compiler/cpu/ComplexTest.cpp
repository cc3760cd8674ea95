//===- ComplexTest.cpp - c64 against the interpreter ----------------------===//
#include "tests/compiler/cpu/Evaluation.h"

#include <cmath>

namespace scanc {
namespace {

TEST(Complex, EveryFunction) {
  for (const char *value :
       {"x[t] + w[t]", "x[t] - w[t]", "x[t] * w[t]", "x[t] / (w[t] + 2)", "-x[t]", "conj(x[t])",
        "exp(x[t])", "real(x[t]) * w[t]", "w[t] * imag(x[t])", "abs(x[t]) + w[t]", "2 + x[t] / 3",
        "select(real(x[t]) > 0, x[t], w[t])"}) {
    SCOPED_TRACE(value);
    Evaluation("kernel k(x, w: c64[T, D]) -> (y: c64[T, D]) {\nscan T as t over D { y[t] = " +
                   std::string(value) + " } }",
               {{"T", 5}, {"D", 35}})
        .expectAgreement();
  }
}

void expectStates(const std::string &dims, const std::string &order, Lie lie) {
  Evaluation("kernel k(a: c64" + dims + ", x: f32" + dims + ", h0: c64[B, D]) -> (y: c64" + dims +
                 ", z: f32" + dims + ", hT: c64[B, D]) {\n" + order +
                 "scan T as t over B, D { init h = h0\n"
                 "h[t] = 0.9 * a[t] * h[t-1] + x[t] * a[t-2]\ny[t] = h[t]\nz[t] = abs(h[t])\n"
                 "final h -> hT } }",
             {{"B", 2}, {"T", 19}, {"D", 35}}, lie)
      .expectAgreement();
}

TEST(Complex, StatesFromOneEndToTheOther) {
  for (const char *dims : {"[B, T, D]", "[B, D, T]"})
    for (const char *order : {"", "reverse "})
      expectStates(dims, order, Lie::contiguous);
}

TEST(Complex, StatesOfTensorsWithGaps) {
  for (Lie lie : {Lie::padded, Lie::transposed, Lie::backwards, Lie::repeated})
    expectStates("[B, T, D]", "", lie);
}

TEST(Complex, SumsAndMeansAndIndices) {
  Evaluation("kernel k(l, b: c64[N], c: c64[N, N], x: f32[T, D]) -> (y, m: c64[T, D]) {\n"
             "scan T as t over D { h[t,n] = l[n] * h[t-1,n] + b[n] * x[t]\n"
             "y[t] = c[n,k] * h[t,n] * h[t,k]\nm[t] = mean[n](h[t,n]) } }",
             {{"T", 9}, {"D", 18}, {"N", 3}})
      .expectAgreement();
}

TEST(Complex, PackedSequences) {
  Evaluation("kernel k(a: c64[T, D], cu: i32[S+1], h0: c64[S, D]) -> (y: c64[T, D], hT: c64[S, D]) "
             "{\nscan T as t over D reset at cu { init h = h0\nh[t] = a[t] * h[t-1] + a[t-1]\n"
             "y[t] = h[t]\nfinal h -> hT } }",
             {{"T", 21}, {"D", 18}, {"S", 4}})
      .expectAgreement();
}

std::vector<double> run(const std::string &value, const std::vector<double> &x,
                        const std::vector<double> &w) {
  Evaluation run("kernel k(x, w: c64[T]) -> (y: c64[T]) { scan T as t { y[t] = " + value + " } }",
                 {{"T", static_cast<std::int64_t>(x.size() / 2)}});
  auto assign = [&](const char *name, const std::vector<double> &parts) {
    auto *to = static_cast<float *>(run[name].tensor.data);
    for (double part : parts)
      *to++ = static_cast<float>(part);
  };
  assign("x", x);
  assign("w", w);
  auto done = run.launch();
  EXPECT_TRUE(done) << render(done.error());
  return run["y"].values();
}

TEST(Complex, DivisionAndMagnitudeOfLargeAndSmallNumbers) {
  for (double scale : {1e-30, 1.0, 1e30}) {
    auto s = static_cast<double>(static_cast<float>(scale));
    std::vector<double> x{2 * s, 4 * s, 2 * s, 4 * s, 0, 0}, w{s, 3 * s, 3 * s, -s, s, 0};
    std::vector<double> quotient = run("x[t] / w[t]", x, w);
    std::vector<double> want{1.4, -0.2, 0.2, 1.4, 0, 0};
    for (std::size_t i = 0; i < want.size(); ++i)
      EXPECT_NEAR(quotient[i], want[i], 1e-6) << scale;
    std::vector<double> size = run("abs(x[t]) + 0 * w[t]", {3 * s, 4 * s, 0, 0, -s, 0}, w);
    EXPECT_NEAR(size[0] / s, 5, 1e-6) << scale;
    EXPECT_EQ(size[2], 0) << scale;
    EXPECT_NEAR(size[4] / s, 1, 1e-6) << scale;
  }
}

TEST(Complex, InfiniteParts) {
  std::vector<double> sizes =
      run("abs(x[t]) + 0 * real(w[t])", {INFINITY, -INFINITY, 1, -INFINITY}, {1, 1, 1, 1});
  EXPECT_EQ(sizes[0], INFINITY);
  EXPECT_EQ(sizes[2], INFINITY);
  std::vector<double> power = run("exp(x[t]) + 0 * real(w[t])", {1000, 0, -1000, 0}, {1, 1, 1, 1});
  EXPECT_EQ(power, (std::vector<double>{INFINITY, 0, 0, 0}));
}

} // namespace
} // namespace scanc
