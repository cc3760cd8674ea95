//===- selective_scan_test.cpp - Sixteen numbers of state per lane --------===//
#include "tests/templates/Fixture.h"
#include "tests/templates/Sizes.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace scanc;
using namespace scanc::templates;
using device::order;

namespace {

constexpr std::int64_t N = 16;

const Variant variants[] = {
    {"selective_scan", {order::lanes, 128, 1, 1, 2}},
    {"selective_scan", {order::lanes, 32, 1, 2, 4}},
    {"selective_scan", {order::lanes, 32, 4, 1, 2}},
    {"selective_scan", {order::lanes, 8, 8, 2, 1}},
    {"selective_scan", {order::lanes, 4, 32, 1, 2}, {}, {1, 128}},
    {"selective_scan", {order::lanes, 2, 32, 2, 1}, {}, {1, 128}},
};

class SelectiveScan : public testing::TestWithParam<Variant> {};

void check(const Variant &variant, std::int64_t B, std::int64_t T, std::int64_t D) {
  SCOPED_TRACE(testing::Message() << variant << ": B " << B << ", T " << T << ", D " << D);
  constexpr auto in = Operand::Role::input;
  Operand x("x", in, Dtype::bf16, {B, T, D}), dt("dt", in, Dtype::bf16, {B, T, D}),
      z("z", in, Dtype::bf16, {B, T, D}), A("A", in, Dtype::f32, {D, N}),
      Bm("Bm", in, Dtype::bf16, {B, T, N}), Cm("Cm", in, Dtype::bf16, {B, T, N}),
      skip("skip", in, Dtype::f32, {D}), bias("bias", in, Dtype::f32, {D}),
      y("y", Operand::Role::output, Dtype::bf16, {B, T, D});
  Numbers numbers(B * 31 + T * 7 + D);
  for (std::int64_t d = 0; d < D; ++d) {
    skip.set({d}, numbers.uniform(-1, 1));
    bias.set({d}, numbers.uniform(-2, 0));
    for (std::int64_t n = 0; n < N; ++n)
      A.set({d, n}, -double(n + 1) * numbers.uniform(0.1, 1));
  }
  for (std::int64_t b = 0; b < B; ++b)
    for (std::int64_t t = 0; t < T; ++t) {
      for (std::int64_t d = 0; d < D; ++d) {
        x.set({b, t, d}, numbers.uniform(-2, 2));
        dt.set({b, t, d}, numbers.uniform(-2, 1));
        z.set({b, t, d}, numbers.uniform(-3, 3));
      }
      for (std::int64_t n = 0; n < N; ++n) {
        Bm.set({b, t, n}, numbers.uniform(-1, 1));
        Cm.set({b, t, n}, numbers.uniform(-1, 1));
      }
    }

  Operand *const all[] = {&x, &dt, &z, &A, &Bm, &Cm, &skip, &bias, &y};
  const std::int64_t sizes[] = {B, T, D};
  Result<void> result = run(variant, all, sizes, B * (D / variant.shape.lanes), T + D);
  ASSERT_TRUE(result) << result.error().message;

  for (std::int64_t b = 0; b < B; ++b)
    for (std::int64_t d = 0; d < D; ++d) {
      double h[N] = {}, magnitude[N] = {};
      for (std::int64_t t = 0; t < T; ++t) {
        const double step = std::log1p(std::exp(dt.at({b, t, d}) + bias.at({d})));
        const double xt = x.at({b, t, d}), zt = z.at({b, t, d});
        double read = skip.at({d}) * xt, size = std::abs(read);
        for (std::int64_t n = 0; n < N; ++n) {
          const double gain = std::exp(step * A.at({d, n})), c = Cm.at({b, t, n});
          const double input = step * xt * Bm.at({b, t, n});
          h[n] = gain * h[n] + input;
          magnitude[n] = gain * magnitude[n] + std::abs(input);
          read += c * h[n];
          size += std::abs(c) * magnitude[n];
        }
        const double gate = zt / (1 + std::exp(-zt)), expected = read * gate;
        ASSERT_NEAR(y.at({b, t, d}), expected,
                    tolerance * size * std::abs(gate) + 1.01 * 0x1p-8 * std::abs(expected) + 1e-7)
            << "b " << b << " t " << t << " d " << d;
      }
    }
}

TEST_P(SelectiveScan, agreesWithTheLoopAtHostileSizes) {
  for (std::int64_t T : hostileSteps)
    for (std::int64_t groups : {1, 3, 33})
      check(GetParam(), 1, T, groups * GetParam().shape.lanes);
  check(GetParam(), 2, 33, 32 * GetParam().shape.lanes);
}

INSTANTIATE_TEST_SUITE_P(Policies, SelectiveScan, testing::ValuesIn(variants));

} // namespace
