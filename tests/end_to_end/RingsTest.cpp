//===- RingsTest.cpp - Infinities in the semirings whose product is + -----===//
//
// A composition adds gains to gains, in an order in which the program adds none.
//
//===----------------------------------------------------------------------===//
#include "scanc/Compile.h"
#include "tests/emulation/Program.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

using namespace scanc;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

struct Ring {
  const char *name, *step;
  double zero;
  double (*add)(double, double);
};

double orNan(double x, double y, double other) { return std::isnan(x) || std::isnan(y) ? NAN : other; }
double larger(double x, double y) { return orNan(x, y, std::max(x, y)); }
double smaller(double x, double y) { return orNan(x, y, std::min(x, y)); }
double logAdd(double x, double y) {
  return x == y ? x + std::log(2.0) : larger(x, y) + std::log1p(std::exp(-std::fabs(x - y)));
}

const Ring rings[] = {{"max_plus", "max(h[t-1] + a[t], b[t])", -inf, larger},
                      {"min_plus", "min(h[t-1] + a[t], b[t])", inf, smaller},
                      {"log", "logaddexp(h[t-1] + a[t], b[t])", -inf, logAdd}};
void PrintTo(const Ring &ring, std::ostream *out) { *out << ring.name; }

class Rings : public testing::TestWithParam<std::tuple<Ring, std::string>> {
protected:
  // More than a span of the smallest tiles of a look-back.
  static constexpr std::int64_t steps = 8700, lanes = 2;
  std::vector<float> a, b, h;

  /// What is wrong, or empty. A NaN of the steps may be missing where `mayLackNan`.
  std::string wrong(bool mayLackNan) {
    auto [ring, strategy] = GetParam();
    CompileOptions options;
    options.target = "sm_90a";
    options.strategy = strategy;
    auto program = compileProgram("kernel k(a, b: f32[T, D]) -> (h: f32[T, D]) {\n  scan T as t over D { h[t] = " +
                                      std::string(ring.step) + " }\n}\n",
                                  options);
    if (!program)
      return render(program.error());
    h.assign(steps * lanes, NAN);
    std::vector<TensorRef> operands;
    for (std::vector<float> *values : {&a, &b, &h})
      operands.push_back({values->data(), Dtype::f32, {steps, lanes}, {}});
    emulation::Options emulated;
    emulated.seed = 7;
    emulated.checkRaces = false; // they do not depend on the ring
    if (auto done = emulation::runProgram(*program, operands, emulated); !done)
      return render(done.error());
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      double state = ring.zero;
      for (std::int64_t t = 0; t < steps; ++t) {
        std::int64_t at = t * lanes + lane;
        state = ring.add(state + a[at], b[at]);
        if (std::isnan(state) ? !mayLackNan && !std::isnan(h[at])
                              : h[at] != state && !(std::fabs(h[at] - state) < 1e-2))
          return "step " + std::to_string(t) + ": got " + std::to_string(h[at]) + ", expected " +
                 std::to_string(state);
      }
    }
    return "";
  }

  /// Small integers, among them a share of `often` per `among`.
  void draw(double often, int among) {
    std::mt19937 random(3);
    auto number = [&] {
      return random() % among == 0 ? float(often) : float(static_cast<int>(random() % 9) - 4);
    };
    a.resize(steps * lanes);
    b.resize(steps * lanes);
    for (std::size_t i = 0; i < a.size(); ++i) {
      a[i] = number();
      b[i] = number();
    }
  }
};

TEST_P(Rings, aGainOfZeroForgetsTheStateBefore) {
  draw(std::get<0>(GetParam()).zero, 3);
  EXPECT_EQ(wrong(false), "");
}

TEST_P(Rings, everyGainOne) {
  draw(std::get<0>(GetParam()).zero, 5);
  std::fill(a.begin(), a.end(), 0.0f);
  EXPECT_EQ(wrong(false), "");
}

TEST_P(Rings, nothingEverEnters) {
  draw(0, 1);
  std::fill(b.begin(), b.end(), float(std::get<0>(GetParam()).zero));
  EXPECT_EQ(wrong(false), "");
}

TEST_P(Rings, aCompositionMadeANanOfZeroTimesAnInfiniteGain) {
  double zero = std::get<0>(GetParam()).zero;
  draw(zero, 3);
  for (std::size_t i = 5; i < a.size(); i += 97)
    a[i] = float(-zero);
  EXPECT_EQ(wrong(std::get<1>(GetParam()) != "sequential"), "");
}

TEST_P(Rings, aNanStaysANan) {
  draw(std::get<0>(GetParam()).zero, 50);
  b[8000 * lanes] = NAN;
  a[200 * lanes + 1] = NAN;
  EXPECT_EQ(wrong(false), "");
}

INSTANTIATE_TEST_SUITE_P(
    Strategies, Rings,
    testing::Combine(testing::ValuesIn(rings),
                     testing::Values("sequential", "blelloch(time_threads=32, steps=2)",
                                     "look_back(time_threads=32, steps=1)")),
    [](const auto &info) {
      std::string strategy = std::get<1>(info.param);
      return std::get<0>(info.param).name + ("_" + strategy.substr(0, strategy.find('(')));
    });

} // namespace
