//===- gated_scan_test.cpp - One state, no tensors but those along time ---===//
#include "tests/templates/Fixture.h"
#include "tests/templates/Sizes.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace scanc;
using namespace scanc::templates;
using device::order;

namespace {

struct Case {
  Variant variant;
  Dtype dtype = Dtype::bf16;
};

const Replacements asF16{{"bf16", "f16"}};
const Replacements asF32{{"bf16", "float"}};
const Replacements asF64{{"bf16", "double"}, {"float", "double"}, {"0f", "0"}};
const Replacements as32BitOffsets{{"using offset = long long", "using offset = int"}};

const Case cases[] = {
    {{"gated_scan", {order::lanes, 128, 1, 8, 4}}},
    {{"gated_scan", {order::lanes, 32, 1, 2, 8}}},
    {{"gated_scan", {order::lanes, 64, 1, 1, 16}, as32BitOffsets}},
    {{"gated_scan", {order::lanes, 32, 1, 4, 4}, asF16}, Dtype::f16},
    {{"gated_scan", {order::lanes, 32, 1, 8, 2}, asF32}, Dtype::f32},
    {{"gated_scan", {order::lanes, 32, 1, 2, 8}, asF64}, Dtype::f64},
    {{"gated_scan", {order::lanes, 32, 8, 8, 4}}},
    {{"gated_scan", {order::lanes, 32, 8, 1, 8}, as32BitOffsets}},
    {{"gated_scan", {order::lanes, 4, 16, 2, 2}, asF32}, Dtype::f32},
    {{"gated_scan", {order::lanes, 32, 2, 2, 4}, asF64}, Dtype::f64},
    {{"gated_scan_time", {order::time, 128, 1, 1, 16}}},
    {{"gated_scan_time", {order::time, 32, 1, 1, 8}, asF32}, Dtype::f32},
    {{"gated_scan_time", {order::time, 1, 128, 1, 8}}},
    {{"gated_scan_time", {order::time, 4, 32, 1, 16}}},
    {{"gated_scan_time", {order::time, 2, 64, 2, 8}, asF16}, Dtype::f16},
    {{"gated_scan_time", {order::time, 2, 64, 1, 2}, asF64}, Dtype::f64},
    {{"gated_scan", {order::lanes, 32, 1, 2, 4, 5}}},
    {{"gated_scan", {order::lanes, 64, 1, 1, 4, 2}, asF32}, Dtype::f32},
    {{"gated_scan", {order::lanes, 32, 1, 4, 2, 3}, asF64}, Dtype::f64},
    {{"gated_scan", {order::lanes, 32, 8, 2, 4, 3}}},
    {{"gated_scan", {order::lanes, 8, 4, 8, 2, 2}}},
    {{"gated_scan_time", {order::time, 32, 1, 1, 8, 3}}},
    {{"gated_scan_time", {order::time, 1, 64, 1, 8, 4}}},
    {{"gated_scan_time", {order::time, 2, 32, 2, 4, 2}, asF32}, Dtype::f32},
    {{"gated_scan", {order::lanes, 8, 32, 8, 4}, {}, {1, 8}}},
    {{"gated_scan", {order::lanes, 3, 32, 1, 2}, as32BitOffsets, {1, 8}}},
    {{"gated_scan", {order::lanes, 2, 32, 4, 8}, asF32, {1, 8}}, Dtype::f32},
    {{"gated_scan", {order::lanes, 4, 32, 2, 1}, asF64, {1, 16}}, Dtype::f64},
    {{"gated_scan_time", {order::time, 1, 32, 1, 8}, {}, {1, 8}}},
    {{"gated_scan_time", {order::time, 1, 128, 1, 2}, asF32, {2, 8}}, Dtype::f32},
    {{"gated_scan_time", {order::time, 2, 64, 2, 2}, asF16, {2, 8}}, Dtype::f16},
    {{"gated_scan_time", {order::time, 2, 32, 1, 2}, asF64, {4, 16}}, Dtype::f64},
};

void PrintTo(const Case &c, std::ostream *out) { *out << c.variant; }

/// f, x, z and y of gated_scan, in the order of memory that the variant walks along.
struct Operands {
  static constexpr auto in = Operand::Role::input, out = Operand::Role::output;
  bool timeOrder;
  Operand f, x, z, y;

  /// Rows along time have room for whole tiles and a gap, so that every row is aligned.
  Operands(const Case &c, std::int64_t B, std::int64_t T, std::int64_t D)
      : timeOrder(c.variant.isTimeOrder()), f("f", in, c.dtype, sizes(B, T, D), pitch(c, T)),
        x("x", in, c.dtype, sizes(B, T, D), pitch(c, T)),
        z("z", in, c.dtype, sizes(B, T, D), pitch(c, T)),
        y("y", out, c.dtype, sizes(B, T, D), pitch(c, T)) {
    Numbers numbers(B * 31 + T * 7 + D);
    for (std::int64_t b = 0; b < B; ++b)
      for (std::int64_t d = 0; d < D; ++d)
        for (std::int64_t t = 0; t < T; ++t) {
          set(f, b, t, d, numbers.uniform(-4, 6));
          set(x, b, t, d, numbers.uniform(-2, 2));
          set(z, b, t, d, numbers.uniform(-3, 3));
        }
  }
  std::vector<std::int64_t> sizes(std::int64_t B, std::int64_t T, std::int64_t D) const {
    return timeOrder ? std::vector{B, D, T} : std::vector{B, T, D};
  }
  std::int64_t pitch(const Case &c, std::int64_t T) const {
    const std::int64_t steps = 2 * c.variant.shape.steps;
    return timeOrder ? (T + steps) / steps * steps : 0;
  }
  double get(const Operand &from, std::int64_t b, std::int64_t t, std::int64_t d) const {
    return timeOrder ? from.at({b, d, t}) : from.at({b, t, d});
  }
  void set(Operand &to, std::int64_t b, std::int64_t t, std::int64_t d, double value) {
    timeOrder ? to.set({b, d, t}, value) : to.set({b, t, d}, value);
  }
  Result<void> run(const Case &c, std::int64_t B, std::int64_t T, std::int64_t D,
                   std::uint64_t seed) {
    Operand *const all[] = {&f, &x, &z, &y};
    const std::vector<std::int64_t> words = sizes(B, T, D);
    return templates::run(c.variant, all, words, B * (D / c.variant.shape.lanes), seed);
  }
};

/// Unit roundoff of an element type.
double roundoff(Dtype dtype) {
  switch (dtype) {
  case Dtype::bf16:
    return 0x1p-8;
  case Dtype::f16:
    return 0x1p-11;
  default:
    return 0x1p-24;
  }
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

void check(const Case &c, std::int64_t B, std::int64_t T, std::int64_t D) {
  SCOPED_TRACE(testing::Message() << c.variant << ": B " << B << ", T " << T << ", D " << D);
  Operands operands(c, B, T, D);
  Result<void> result = operands.run(c, B, T, D, T + D);
  ASSERT_TRUE(result) << result.error().message;
  const double unit = c.dtype == Dtype::f64 ? 1e-13 : tolerance;
  const double rounding = c.dtype == Dtype::f64 ? 0 : 1.01 * roundoff(c.dtype);
  for (std::int64_t b = 0; b < B; ++b)
    for (std::int64_t d = 0; d < D; ++d) {
      double h = 0, magnitude = 0;
      for (std::int64_t t = 0; t < T; ++t) {
        const double a = sigmoid(operands.get(operands.f, b, t, d));
        const double x = operands.get(operands.x, b, t, d), z = operands.get(operands.z, b, t, d);
        h = a * h + (1 - a) * x;
        magnitude = a * magnitude + std::abs((1 - a) * x);
        const double gate = z * sigmoid(z), expected = h * gate;
        ASSERT_NEAR(operands.get(operands.y, b, t, d), expected,
                    unit * magnitude * (1 + std::abs(gate)) + rounding * std::abs(expected) +
                        0x1p-25)
            << "b " << b << ", t " << t << ", d " << d;
      }
    }
  EXPECT_TRUE(operands.y.gapsAreUntouched());
}

class GatedScan : public testing::TestWithParam<Case> {};

TEST_P(GatedScan, agreesWithTheLoopAtHostileSizes) {
  for (std::int64_t T : hostileSteps)
    for (std::int64_t groups : hostileGroups)
      check(GetParam(), 1, T, groups * GetParam().variant.shape.lanes);
}

TEST_P(GatedScan, lanesOfSeveralBatchesStayApart) {
  for (std::int64_t T : {5, 40})
    check(GetParam(), 3, T, 11 * GetParam().variant.shape.lanes);
}

TEST_P(GatedScan, doesNotDependOnTheOrderOfThreads) {
  const std::int64_t T = 300, D = 5 * GetParam().variant.shape.lanes;
  Operands one(GetParam(), 1, T, D), other(GetParam(), 1, T, D);
  ASSERT_TRUE(one.run(GetParam(), 1, T, D, 3));
  ASSERT_TRUE(other.run(GetParam(), 1, T, D, 4));
  EXPECT_EQ(one.y.getBytes(), other.y.getBytes());
}

INSTANTIATE_TEST_SUITE_P(Policies, GatedScan, testing::ValuesIn(cases));

} // namespace
