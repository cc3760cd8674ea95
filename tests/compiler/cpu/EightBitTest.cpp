//===- EightBitTest.cpp - f8e4m3 and f8e5m2, bit for bit ------------------===//
#include "tests/compiler/cpu/Evaluation.h"

#include <cmath>

namespace scanc {
namespace {

class EightBit : public testing::TestWithParam<Dtype> {
protected:
  std::string type() const { return std::string(spelling(GetParam())); }
  /// The number that the bits stand for.
  double number(std::uint8_t bits) const { return loadElement(&bits, GetParam()); }
  std::uint8_t nearest(double value) const {
    std::uint8_t bits = 0;
    storeElement(&bits, GetParam(), value);
    return bits;
  }
  /// Widths that are met by vectors and by single lanes.
  static constexpr std::int64_t lanes = 35;

  void expectStored(const std::string &from, std::vector<double> values) {
    auto steps = static_cast<std::int64_t>((values.size() + lanes - 1) / lanes);
    values.resize(steps * lanes);
    Evaluation run("kernel k(x: " + from + "[T, D]) -> (y: " + type() +
                       "[T, D]) { scan T as t over D { y[t] = x[t] } }",
                   {{"T", steps}, {"D", lanes}});
    run["x"].assign(values);
    auto done = run.launch();
    ASSERT_TRUE(done) << render(done.error());
    std::vector<double> given = run["x"].values();
    auto *bits = static_cast<std::uint8_t *>(run["y"].tensor.data);
    for (std::size_t i = 0; i < given.size(); ++i)
      ASSERT_EQ(bits[i], nearest(given[i])) << given[i];
  }
};

TEST_P(EightBit, EveryPatternIsRead) {
  Evaluation run("kernel k(x: " + type() +
                     "[T, D]) -> (y: f64[T, D]) {\n"
                     "scan T as t over D { y[t] = x[t] } }",
                 {{"T", 256}, {"D", lanes}});
  auto *bits = static_cast<std::uint8_t *>(run["x"].tensor.data);
  for (std::int64_t i = 0; i < 256 * lanes; ++i)
    bits[i] = static_cast<std::uint8_t>(i / lanes);
  auto done = run.launch();
  ASSERT_TRUE(done) << render(done.error());
  std::vector<double> got = run["y"].values();
  for (std::int64_t i = 0; i < 256 * lanes; ++i) {
    double want = number(bits[i]);
    ASSERT_TRUE(got[i] == want || (std::isnan(got[i]) && std::isnan(want)))
        << int(bits[i]) << ": expected " << want << ", got " << got[i];
    ASSERT_TRUE(std::isnan(want) || std::signbit(got[i]) == std::signbit(want)) << int(bits[i]);
  }
}

TEST_P(EightBit, NumbersAndMiddlesAndTheirNeighboursAreRounded) {
  std::vector<double> values{0.0, -0.0, 1e-30, 1e30, 3.4e38, INFINITY, -INFINITY, NAN};
  for (int bits = 0; bits < 255; ++bits) {
    double low = number(bits), high = number(bits + 1);
    if (!std::isfinite(low) || !std::isfinite(high))
      continue;
    auto middle = static_cast<float>((low + high) / 2);
    for (float value : {static_cast<float>(low), middle, std::nextafter(middle, -INFINITY),
                        std::nextafter(middle, INFINITY)})
      values.push_back(value);
  }
  // Beyond the largest number: the middle to the next, had there been one.
  for (double value : {448.0, 463.9, 464.0, 464.1, 480.0, 57344.0, 61439.0, 61440.0, 61441.0})
    values.insert(values.end(), {value, -value});
  expectStored("f32", values);
}

TEST_P(EightBit, AnF64IsRoundedOnce) {
  std::vector<double> values;
  for (int bits = 1; bits < 100; ++bits) {
    double middle = (number(bits) + number(bits + 1)) / 2;
    values.insert(values.end(), {middle * (1 - 1e-15), middle, middle * (1 + 1e-15)});
  }
  expectStored("f64", values);
}

TEST_P(EightBit, StatesAreRoundedAtEveryStep) {
  for (const char *dims : {"[T, D]", "[D, T]"}) {
    std::string text = "kernel k(x: " + type() + dims + ", h0: f32[D]) -> (y: f32" + dims +
                       ", hT: " + type() + "[D]) {\nscan T as t over D { state h: " + type() +
                       "\ninit h = h0\nh[t] = 0.5 * h[t-1] + x[t]\ny[t] = h[t]\nfinal h -> hT } }";
    Evaluation(text, {{"T", 37}, {"D", lanes}}).expectAgreement();
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, EightBit, testing::Values(Dtype::f8e4m3, Dtype::f8e5m2),
                         [](const auto &info) { return std::string(spelling(info.param)); });

} // namespace
} // namespace scanc
