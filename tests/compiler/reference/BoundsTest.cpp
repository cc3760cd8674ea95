//===- BoundsTest.cpp - What the interpreter's bounds must not lose -------===//
#include "scanc/Compile.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace scanc;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

/// The f32 result of a kernel of one lane over f32 inputs of the same number of steps each.
ReferenceTensor evaluate(const std::string &text, std::vector<std::vector<float>> inputs) {
  std::vector<float> result(inputs.front().size());
  inputs.push_back(result);
  std::vector<TensorRef> operands;
  for (std::vector<float> &values : inputs) {
    TensorRef &tensor = operands.emplace_back();
    tensor.dtype = Dtype::f32;
    tensor.sizes = {static_cast<std::int64_t>(values.size())};
    tensor.data = values.data();
  }
  auto results = evaluateReference(text, operands);
  EXPECT_TRUE(results) << render(results.error());
  return results ? results->front() : ReferenceTensor();
}

void expectFinite(const ReferenceTensor &tensor, std::vector<double> values) {
  ASSERT_EQ(tensor.values.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_DOUBLE_EQ(tensor.values[i], values[i]) << i;
    EXPECT_LT(tensor.bounds[i], 1e-4) << i;
  }
}

TEST(Bounds, a_forbidden_transition_makes_no_bound_infinite) {
  expectFinite(evaluate("kernel k(a, b: f32[T]) -> (h: f32[T]) {"
                        "  scan T as t { h[t] = max(h[t-1] + a[t], b[t]) } }",
                        {{1, -infinity, 1}, {2, 3, 1}}),
               {2, 3, 4});
}

TEST(Bounds, the_logarithm_of_a_probability_of_zero_makes_no_bound_infinite) {
  expectFinite(evaluate("kernel k(p, b: f32[T]) -> (h: f32[T]) {"
                        "  scan T as t { h[t] = logaddexp(h[t-1] + log(p[t]), b[t]) } }",
                        {{1, 0, 1}, {0, 0, 0}}),
               {0, 0, std::log(2.0)});
}

// Its gain is half, and was counted as one and a half: any result was right after 200 steps.
TEST(Bounds, a_gate_one_minus_g_makes_a_bound_that_grows_with_time) {
  ReferenceTensor result = evaluate("kernel k(g, c: f32[T]) -> (h: f32[T]) {"
                                    "  scan T as t { h[t] = (1 - g[t]) * h[t-1] + g[t] * c[t] } }",
                                    {std::vector<float>(200, 0.5f), std::vector<float>(200, 1)});
  EXPECT_NEAR(result.values.back(), 1, 1e-12);
  EXPECT_LT(result.bounds.back(), 1e-5);
}

TEST(Bounds, a_narrow_state_keeps_an_infinity) {
  expectFinite(evaluate("kernel k(a, b: f32[T]) -> (y: f32[T]) {"
                        "  scan T as t { state h: bf16 \n h[t] = max(h[t-1] + a[t], b[t])"
                        "    y[t] = select(h[t] > 0, 1, 0) } }",
                        {{0, 0, 0}, {-infinity, -infinity, 1}}),
               {0, 0, 1});
}

TEST(Bounds, a_product_that_becomes_subnormal_is_off_by_the_smallest_number) {
  auto result = evaluate("kernel k(a, b: f32[T]) -> (h: f32[T]) {"
                         "  scan T as t { h[t] = a[t] * h[t-1] + b[t] } }",
                         {{0, 1e-30f, 1e-14f}, {1, 0, 0}});
  float correct = 1e-30f * 1e-14f;
  EXPECT_LE(std::fabs(result.values[2] - correct), result.bounds[2]);
  EXPECT_LT(result.bounds[2], 1e-43);
}

/// What an element of f16 holds of a number below its normal ones: a multiple of 2^-24.
constexpr float belowNormal = 1.4033e-5f, inF16 = 235 * 0x1p-24f;

TEST(Bounds, a_state_rounded_below_the_normal_numbers_had_too_small_a_bound) {
  auto result = evaluate("kernel k(a, b: f32[T]) -> (y: f32[T]) {"
                         "  scan T as t { state h: f16 \n h[t] = a[t] * h[t-1] + b[t]  y[t] = h[t] } }",
                         {{0}, {belowNormal}});
  EXPECT_LE(std::fabs(result.values[0] - inF16), result.bounds[0]);
  EXPECT_LT(result.bounds[0], 3e-7);
}

TEST(Bounds, an_initial_state_rounded_below_the_normal_numbers_had_too_small_a_bound) {
  float first = belowNormal, last = 0;
  TensorRef none, before, after;
  none.sizes = {0};
  before.data = &first;
  after.data = &last;
  auto results = evaluateReference("kernel k(x: f32[T], h0: f32) -> (hT: f32) {"
                                   "  scan T as t { state h: f16 \n init h = h0 final h -> hT h[t] = h[t-1] + x[t] } }",
                                   std::vector<TensorRef>{none, before, after});
  ASSERT_TRUE(results) << render(results.error());
  const ReferenceTensor &result = results->front();
  EXPECT_LE(std::fabs(result.values[0] - inF16), result.bounds[0]);
  EXPECT_LT(result.bounds[0], 3e-7);
}

TEST(Bounds, a_value_beyond_f32_may_be_infinite) {
  auto result = evaluate("kernel k(a, b: f32[T]) -> (h: f32[T]) {"
                         "  scan T as t { h[t] = a[t] * h[t-1] + b[t] } }",
                         {{0, 1e20f, 2}, {1e20f, 0, 0}});
  EXPECT_DOUBLE_EQ(result.values[0], 1e20f);
  EXPECT_LT(result.bounds[0], 1e15);
  EXPECT_TRUE(std::isfinite(result.values[1]));
  EXPECT_EQ(result.bounds[1], infinity);
}

TEST(Bounds, a_function_of_what_may_be_no_number_had_a_bound) {
  auto result = evaluate("kernel k(a, b: f32[T]) -> (y: f32[T]) {"
                         "  scan T as t { h[t] = a[t] * h[t-1] + b[t]  y[t] = tanh(h[t]) } }",
                         {{0, 1e20f, 2}, {1e20f, 0, 0}});
  EXPECT_LT(result.bounds[0], 1e-5);
  EXPECT_EQ(result.bounds[1], infinity);
}

TEST(Bounds, a_mean_whose_sum_is_beyond_f32_had_a_bound) {
  std::vector<float> values{2e38f, 2e38f, 2e38f, 1, 2, 3}, means(2);
  TensorRef rows{values.data(), Dtype::f32, {2, 3}, {}}, written{means.data(), Dtype::f32, {2}, {}};
  auto results = evaluateReference("kernel k(a: f32[T, 3]) -> (y: f32[T]) { scan T as t { y[t] = mean[i](a[t,i]) } }",
                                   std::vector<TensorRef>{rows, written});
  ASSERT_TRUE(results) << render(results.error());
  const ReferenceTensor &result = results->front();
  EXPECT_LT(result.values[0], 2.1e38);
  EXPECT_EQ(result.bounds[0], infinity);
  EXPECT_LT(result.bounds[1], 1e-5);
}

TEST(Bounds, a_sum_in_f64_is_as_far_off_as_a_kernel_of_f64) {
  if (std::numeric_limits<long double>::digits < 64)
    GTEST_SKIP() << "this machine has no wider numbers";
  std::vector<double> steps(100000, 0.1), sums(steps.size());
  TensorRef x{steps.data(), Dtype::f64, {100000}, {}}, y{sums.data(), Dtype::f64, {100000}, {}};
  auto results = evaluateReference("kernel k(x: f64[T]) -> (h: f64[T]) { scan T as t { h[t] = h[t-1] + x[t] } }",
                                   std::vector<TensorRef>{x, y});
  ASSERT_TRUE(results) << render(results.error());
  const double sum = results->front().values.back(), exact = static_cast<double>(100000 * static_cast<long double>(0.1));
  EXPECT_NEAR(sum, exact, 3e-11); // 10^5 roundings to 2^-64 of at most 10^4, half of them; in f64 it is 2e-8 off
  EXPECT_LT(results->front().bounds.back(), 3e-7);
}

TEST(Bounds, a_value_beyond_f64_is_infinite) {
  std::vector<double> a{0, 1e200, 1}, x{1e200, 0, 0}, h(3);
  const auto tensor = [](std::vector<double> &values) { return TensorRef{values.data(), Dtype::f64, {3}, {}}; };
  auto results = evaluateReference("kernel k(a, x: f64[T]) -> (h: f64[T]) { scan T as t { h[t] = a[t] * h[t-1] + x[t] } }",
                                   std::vector<TensorRef>{tensor(a), tensor(x), tensor(h)});
  ASSERT_TRUE(results) << render(results.error());
  for (int t : {1, 2}) {
    EXPECT_EQ(results->front().values[t], infinity) << t;
    EXPECT_EQ(results->front().bounds[t], infinity) << t;
  }
}

TEST(Bounds, a_gate_closed_by_an_infinity_is_zero) {
  expectFinite(evaluate("kernel k(a, b: f32[T]) -> (y: f32[T]) {"
                        "  scan T as t { y[t] = silu(a[t]) + sigmoid(b[t]) } }",
                        {{-infinity, -infinity, 0}, {-infinity, 0, infinity}}),
               {0, 0.5, 1});
}

} // namespace
