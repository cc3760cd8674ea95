//===- FunctionsTest.cpp - Functions of one number, in ulps of f32 --------===//
#include "tests/compiler/cpu/Evaluation.h"

#include <cmath>
#include <limits>

namespace scanc {
namespace {

struct Case {
  const char *name;
  double (*exact)(double);
  double low, high;
};

double sigmoid(double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
double softplus(double x) { return std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x))); }

const Case cases[] = {
    {"exp", std::exp, -87, 88},
    {"log", std::log, 1e-30, 1e30},
    {"log", std::log, 0.5, 2},
    {"tanh", std::tanh, -12, 12},
    {"tanh", std::tanh, -0.5, 0.5},
    {"sigmoid", sigmoid, -80, 80},
    {"silu", [](double x) { return x * sigmoid(x); }, -80, 80},
    {"softplus", softplus, -80, 80},
    {"logsigmoid", [](double x) { return -softplus(-x); }, -80, 80},
    {"gelu", [](double x) { return x / 2 * std::erfc(-x / std::sqrt(2.0)); }, -2, 12},
    {"sqrt", std::sqrt, 0, 1e30},
    {"rsqrt", [](double x) { return 1 / std::sqrt(x); }, 1e-30, 1e30},
    {"sin", std::sin, -30, 30},
    {"cos", std::cos, -30, 30},
};

/// y = f(x) elementwise: h is left at zero.
std::string text(const std::string &function) {
  return "kernel k(x, zero: f32[T, D]) -> (y: f32[T, D]) { scan T as t over D {\n"
         "h[t] = zero[t] * h[t-1]\ny[t] = h[t] + " +
         function + "(x[t]) } }";
}

class Functions : public testing::TestWithParam<Case> {};

TEST_P(Functions, AreWithinFourUlp) {
  const Case &c = GetParam();
  constexpr std::int64_t T = 64, D = 259; // vectors and a rest
  Evaluation run(text(c.name), {{"T", T}, {"D", D}});
  run["x"].fill(5, c.low, c.high);
  run["zero"].fill(1, 0, 0);
  auto done = run.launch();
  ASSERT_TRUE(done) << render(done.error());
  std::vector<double> x = run["x"].values(), y = run["y"].values();
  double worst = 0, where = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    double exact = c.exact(x[i]);
    float near = std::fabs(static_cast<float>(exact));
    double ulp = std::nextafter(near, std::numeric_limits<float>::infinity()) - near;
    // Near a zero of sin and cos the argument's own roundoff decides.
    if (c.exact == static_cast<double (*)(double)>(std::sin) ||
        c.exact == static_cast<double (*)(double)>(std::cos))
      ulp = std::fmax(ulp, 0x1p-24);
    double off = std::fabs(y[i] - exact) / ulp;
    if (!(off <= worst)) {
      worst = off;
      where = x[i];
    }
  }
  RecordProperty("worst_ulp", std::to_string(worst));
  EXPECT_LE(worst, 4) << c.name << " at " << where;
}

INSTANTIATE_TEST_SUITE_P(F32, Functions, testing::ValuesIn(cases), [](const auto &info) {
  return std::string(info.param.name) + "_" + std::to_string(info.index);
});

/// Special numbers, in vectors and in the rest.
TEST(SpecialNumbers, PassThroughFunctions) {
  double infinity = std::numeric_limits<double>::infinity();
  double nan = std::numeric_limits<double>::quiet_NaN();
  struct {
    const char *name;
    std::vector<double> in, out;
  } table[] = {
      {"exp", {-infinity, infinity, nan, 0, 100, -120}, {0, infinity, nan, 1, infinity, 0}},
      {"log", {0, infinity, nan, 1, -1}, {-infinity, infinity, nan, 0, nan}},
      {"tanh", {-infinity, infinity, nan, 0}, {-1, 1, nan, 0}},
      {"sigmoid", {-infinity, infinity, nan, 0}, {0, 1, nan, 0.5}},
      {"softplus", {-infinity, infinity, nan}, {0, infinity, nan}},
      {"relu", {-infinity, infinity, nan, -2}, {0, infinity, nan, 0}},
  };
  for (const auto &row : table) {
    constexpr std::int64_t D = 35;
    Evaluation run(text(row.name), {{"T", 1}, {"D", D}});
    std::vector<double> x(D);
    for (std::int64_t i = 0; i < D; ++i)
      x[i] = row.in[i % row.in.size()];
    run["x"].assign(x);
    run["zero"].fill(1, 0, 0);
    auto done = run.launch();
    ASSERT_TRUE(done) << render(done.error());
    std::vector<double> y = run["y"].values();
    for (std::int64_t i = 0; i < D; ++i) {
      double want = row.out[i % row.out.size()];
      EXPECT_TRUE(y[i] == want || (std::isnan(y[i]) && std::isnan(want)))
          << row.name << "(" << x[i] << "): expected " << want << ", got " << y[i];
    }
  }
}

/// Rounding to a narrow type is to nearest even, whatever the type of the number.
TEST(Narrowing, RoundsOnceToNearestEven) {
  for (const char *from : {"f32", "f64"})
    for (const char *to : {"bf16", "f16"}) {
      constexpr std::int64_t D = 83;
      std::string source = "kernel k(x, zero: " + std::string(from) + "[T, D]) -> (y: " + to +
                           "[T, D]) { scan T as t over D {\nh[t] = zero[t] * h[t-1]\n"
                           "y[t] = h[t] + x[t] } }";
      Evaluation run(source, {{"T", 7}, {"D", D}});
      run["x"].fill(3, -2, 2);
      run["zero"].fill(1, 0, 0);
      std::vector<double> x = run["x"].values();
      x[0] = 1 + 0x1p-8;               // half way in bf16: to even
      x[1] = 1 + 0x1p-8 + 0x1p-40;     // above half way, seen in f64 alone
      x[2] = 1 + 0x1p-11 + 0x1p-40;    // likewise in f16
      x[3] = 0x1p-130;                 // a subnormal of bf16
      x[4] = 0x1p-24;                  // a subnormal of f16
      x[5] = 1e9;                      // beyond f16
      x[6] = std::numeric_limits<double>::quiet_NaN();
      run["x"].assign(x);
      x = run["x"].values();
      auto done = run.launch();
      ASSERT_TRUE(done) << render(done.error());
      std::vector<double> y = run["y"].values();
      for (std::size_t i = 0; i < x.size(); ++i) {
        std::uint16_t bits;
        Dtype dtype = *dtypeFromSpelling(to);
        storeElement(&bits, dtype, x[i]);
        double want = loadElement(&bits, dtype);
        EXPECT_TRUE(y[i] == want || (std::isnan(y[i]) && std::isnan(want)))
            << from << " to " << to << ": " << x[i] << " gives " << y[i] << ", expected " << want;
      }
    }
}

} // namespace
} // namespace scanc
