//===- cascade_test.cpp - A state that reads another; reverse, init, final ---===//
#include "tests/templates/Fixture.h"
#include "tests/templates/Sizes.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace scanc;
using namespace scanc::templates;
using device::order;

namespace {

const Replacements asF64{{"float", "double"}};
const Replacements withRoundedStates{{"array<float, 1> s", "array<bf16, 1> s"},
                                     {"to.s[0] = narrow<float>", "to.s[0] = narrow<bf16>"}};

// The second state has one number more than the first, so the stages lay out shared memory in
// different ways: the cells of one must not be written while those of the other are still read.
const Replacements withStatesOfTwoSizes{
    {"array<float, 1> c", "array<float, 2> c"},
    {"    to.c[0] =", "    to.c[1] = 0.0f;\n    to.c[0] ="},
    {"array<affine<float>, 1> maps;\n      maps[0] = {at.rate[l]",
     "array<affine<float>, 2> maps;\n      maps[1] = {0.5f, 1.0f};\n      maps[0] = {at.rate[l]"}};

const Variant variants[] = {
    {"cascade", {order::lanes, 128, 1, 4, 4}},
    {"cascade", {order::lanes, 32, 1, 1, 8}},
    {"cascade", {order::lanes, 32, 1, 2, 4}, asF64},
    {"cascade", {order::lanes, 32, 8, 1, 8}},
    {"cascade", {order::lanes, 32, 4, 4, 2}},
    {"cascade", {order::lanes, 32, 8, 1, 8}, withStatesOfTwoSizes},
    {"cascade", {order::lanes, 8, 16, 2, 4}, asF64},
    {"cascade_time", {order::time, 128, 1, 1, 8}},
    {"cascade_time", {order::time, 1, 128, 1, 4}},
    {"cascade_time", {order::time, 2, 32, 1, 8}},
    {"cascade_time", {order::time, 1, 64, 2, 4}},
    {"cascade_time", {order::time, 1, 128, 1, 4}, withStatesOfTwoSizes},
    {"cascade_time", {order::time, 1, 64, 1, 2}, asF64},
    {"cascade", {order::lanes, 4, 32, 2, 2}, {}, {1, 16}},
    {"cascade", {order::lanes, 2, 32, 4, 1}, withStatesOfTwoSizes, {1, 24}},
    {"cascade", {order::lanes, 3, 32, 1, 1}, asF64, {1, 32}},
    {"cascade_time", {order::time, 1, 64, 1, 4}, {}, {2, 16}},
    {"cascade_time", {order::time, 2, 32, 2, 2}, withStatesOfTwoSizes, {1, 24}},
    {"cascade_time", {order::time, 1, 32, 1, 2}, asF64, {2, 32}},
};

struct Operands {
  static constexpr auto in = Operand::Role::input, out = Operand::Role::output;
  bool timeOrder;
  Dtype dtype;
  std::int64_t B, T, D;
  Operand g, x, rate, s0, c0, y, sT, cT;

  Operands(const Variant &v, std::int64_t B, std::int64_t T, std::int64_t D)
      : timeOrder(v.isTimeOrder()), dtype(v.replacements == asF64 ? Dtype::f64 : Dtype::f32), B(B),
        T(T), D(D), g("g", in, dtype, sizes()), x("x", in, dtype, sizes()),
        rate("rate", in, dtype, {D}), s0("s0", in, dtype, {B, D}), c0("c0", in, dtype, {B, D}),
        y("y", out, dtype, sizes()), sT("sT", out, dtype, {B, D}), cT("cT", out, dtype, {B, D}) {
    Numbers numbers(B * 31 + T * 7 + D);
    for (std::int64_t d = 0; d < D; ++d)
      rate.set({d}, numbers.uniform(-0.9, 0.9));
    for (std::int64_t b = 0; b < B; ++b)
      for (std::int64_t d = 0; d < D; ++d) {
        s0.set({b, d}, numbers.uniform(-2, 2));
        c0.set({b, d}, numbers.uniform(-2, 2));
        for (std::int64_t t = 0; t < T; ++t) {
          set(g, b, t, d, numbers.uniform(-3, 3));
          set(x, b, t, d, numbers.uniform(-1, 1));
        }
      }
  }
  std::vector<std::int64_t> sizes() const {
    return timeOrder ? std::vector{B, D, T} : std::vector{B, T, D};
  }
  double get(const Operand &from, std::int64_t b, std::int64_t t, std::int64_t d) const {
    return timeOrder ? from.at({b, d, t}) : from.at({b, t, d});
  }
  void set(Operand &to, std::int64_t b, std::int64_t t, std::int64_t d, double value) {
    timeOrder ? to.set({b, d, t}, value) : to.set({b, t, d}, value);
  }
  Result<void> run(const Variant &v) {
    Operand *const all[] = {&g, &x, &rate, &s0, &c0, &y, &sT, &cT};
    return templates::run(v, all, sizes(), B * (D / v.shape.lanes), T + D);
  }
};

void check(const Variant &variant, std::int64_t B, std::int64_t T, std::int64_t D) {
  SCOPED_TRACE(testing::Message() << variant << ": B " << B << ", T " << T << ", D " << D);
  Operands o(variant, B, T, D);
  Result<void> result = o.run(variant);
  ASSERT_TRUE(result) << result.error().message;
  const double unit = o.dtype == Dtype::f64 ? 1e-13 : tolerance;
  for (std::int64_t b = 0; b < B; ++b)
    for (std::int64_t d = 0; d < D; ++d) {
      const double rate = o.rate.at({d});
      double s = o.s0.at({b, d}), c = o.c0.at({b, d});
      double sizeOfS = std::abs(s), sizeOfC = std::abs(c); // sums of the magnitudes of all terms
      for (std::int64_t t = T; t-- > 0;) {
        const double a = 1 / (1 + std::exp(-o.get(o.g, b, t, d))), x = o.get(o.x, b, t, d);
        const double sBefore = s, cBefore = c, sizeBefore = sizeOfS;
        s = a * s + x;
        sizeOfS = a * sizeOfS + std::abs(x);
        c = rate * c + s * sBefore;
        const double expected = cBefore + s, bound = unit * (1 + sizeOfS + sizeOfC);
        sizeOfC = std::abs(rate) * sizeOfC + sizeOfS * sizeBefore;
        ASSERT_NEAR(o.get(o.y, b, t, d), expected, bound) << "b " << b << " t " << t << " d " << d;
      }
      if (T == 0) {
        ASSERT_EQ(o.sT.at({b, d}), s);
        ASSERT_EQ(o.cT.at({b, d}), c);
      }
      ASSERT_NEAR(o.sT.at({b, d}), s, unit * (1 + sizeOfS)) << "b " << b << " d " << d;
      ASSERT_NEAR(o.cT.at({b, d}), c, unit * (1 + sizeOfC)) << "b " << b << " d " << d;
    }
}

class Cascade : public testing::TestWithParam<Variant> {};

TEST_P(Cascade, agreesWithTheLoopAtHostileSizes) {
  const device::policy &shape = GetParam().shape;
  for (std::int64_t T : hostileSteps)
    for (std::int64_t groups : hostileGroups)
      // Rows that are turned round in registers are whole.
      check(GetParam(), 1, GetParam().isTimeOrder() ? T / shape.steps * shape.steps : T,
            groups * shape.lanes);
}

TEST_P(Cascade, lanesOfSeveralBatchesStayApart) {
  for (std::int64_t T : {8, 40})
    check(GetParam(), 3, T, 11 * GetParam().shape.lanes);
}

INSTANTIATE_TEST_SUITE_P(Policies, Cascade, testing::ValuesIn(variants));

/// With gain 1 and 0.5 added, a bf16 state stays at 256, where its unit is 2; an f32 state grows.
TEST(States, areRoundedToTheirTypeAtEveryStep) {
  for (bool rounded : {true, false}) {
    const Variant variant{
        "cascade", {order::lanes, 32, 1, 1, 8}, rounded ? withRoundedStates : Replacements{}};
    Operands o(variant, 1, 100, 1);
    o.s0.set({0, 0}, 256);
    for (std::int64_t t = 0; t < 100; ++t) {
      o.set(o.g, 0, t, 0, 200);
      o.set(o.x, 0, t, 0, 0.5);
    }
    Result<void> result = o.run(variant);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(o.sT.at({0, 0}), rounded ? 256 : 306);
  }
}

} // namespace
