//===- SampleInputsTest.cpp - Ranges at which recurrences stay bounded ----===//
#include "scanc/SampleInputs.h"

#include "gtest/gtest.h"

#include <cmath>
#include <fstream>
#include <sstream>

using namespace scanc;

static SampleInputs samplesOfText(const std::string &text, const CompileOptions &options = {}) {
  auto samples = sampleInputs(text, options);
  EXPECT_TRUE(samples) << render(samples.error());
  return samples ? *samples : SampleInputs();
}

static SampleInputs samplesOf(const std::string &program, const CompileOptions &options = {}) {
  std::stringstream text;
  text << std::ifstream(SCANC_PROGRAMS "/" + program + ".scan").rdbuf();
  return samplesOfText(text.str(), options);
}

static SampleInput inputOf(const SampleInputs &samples, const std::string &name) {
  for (const SampleInput &input : samples.inputs)
    if (input.name == name)
      return input;
  ADD_FAILURE() << "no input " << name;
  return {};
}

TEST(SampleInputs, a_plain_factor_is_at_most_one) {
  SampleInput a = inputOf(samplesOf("init_final"), "a");
  EXPECT_GE(a.low, -1);
  EXPECT_LE(a.high, 1);
}

TEST(SampleInputs, a_row_of_a_dense_transition_sums_to_at_most_one) {
  SampleInput a = inputOf(samplesOf("dense"), "A"); // 64 columns
  EXPECT_LE(a.high * 64, 1);
  EXPECT_GE(a.low * 64, -1);
}

TEST(SampleInputs, rows_of_a_gated_dense_transition_grow) {
  for (std::string product : {"sigmoid(g[t,i]) * A[t,i,l]", "A[t,i,l] * sigmoid(g[t,i])"}) {
    SampleInput a = inputOf(samplesOfText("kernel k(g: f32[B, T, 16], A: f32[B, T, 16, 16], x: f32[B, T, 16]) -> (y: f32[B, T, 16]) {\n"
                                          "  scan T as t over B {\n    h[t,i] = (" + product + ") * h[t-1,l] + x[t,i]\n"
                                          "    y[t,i] = h[t,i]\n  }\n}\n"),
                            "A");
    EXPECT_LE(a.high * 16, 1) << product;
    EXPECT_GE(a.low * 16, -1) << product;
  }
}

TEST(SampleInputs, the_argument_of_an_exponential_is_not_positive) {
  EXPECT_LE(inputOf(samplesOf("gla"), "g").high, 0);
  EXPECT_LE(inputOf(samplesOf("selective_scan"), "A").high, 0); // times a softplus
}

TEST(SampleInputs, one_minus_a_rate) {
  SampleInput alpha = inputOf(samplesOf("ema"), "alpha");
  EXPECT_GE(alpha.low, 0);
  EXPECT_LE(alpha.high, 2);
}

TEST(SampleInputs, keys_of_a_low_rank_update_have_at_most_unit_length) {
  CompileOptions options;
  options.sizes = {{"K", 100}};
  SampleInput k = inputOf(samplesOf("gated_delta", options), "k");
  EXPECT_LE(k.high * k.high * 100, 1.0001);
}

/// All keys were near one direction: what their corrections take away of each other cancelled.
TEST(SampleInputs, normalized_keys_were_positive) {
  SampleInput k = inputOf(samplesOfText(R"(kernel k(q, k: bf16[T, K], v: bf16[T, V], b: f32[T]) -> (o: f32[T, V]) {
    scan T as t {
      n = rsqrt(sum[i](k[t,i] * k[t,i]) + 0.000001)
      u[i] = n * k[t,i]
      S[t,j,i] = S[t-1,j,i] - b[t] * u[i] * (u[l] * S[t-1,j,l]) + b[t] * u[i] * v[t,j]
      o[t,j] = q[t,i] * S[t,j,i]
    }
  })"),
                          "k");
  EXPECT_EQ(k.low, -k.high) << k.low << " to " << k.high;
}

TEST(SampleInputs, a_key_that_two_updates_read_stays_within_the_smaller_range) {
  CompileOptions options;
  options.sizes = {{"K", 100}};
  SampleInput k2 = inputOf(samplesOf("two_householders", options), "k2");
  EXPECT_LE(k2.high * k2.high * 100, 1.0001);
}

TEST(SampleInputs, lanes_are_the_names_in_over) {
  EXPECT_EQ(samplesOf("gated_scan").lanes, (std::vector<std::string>{"B", "D"}));
  EXPECT_EQ(samplesOf("rms_scan").lanes, (std::vector<std::string>{"B", "H"})); // D is reduced
  EXPECT_TRUE(samplesOf("one_lane").lanes.empty());
}

TEST(SampleInputs, offsets_of_segments_end_at_the_size_of_time) {
  CompileOptions options;
  options.sizes = {{"T", 77}};
  SampleInputs samples = samplesOf("varlen", options);
  SampleInput offsets = inputOf(samples, "cu_seqlens");
  EXPECT_TRUE(offsets.isOffsets);
  EXPECT_EQ(offsets.low, 0);
  EXPECT_EQ(offsets.high, 77);
  EXPECT_EQ(samples.sizes.at("T"), 77);
  EXPECT_EQ(samples.sizes.count("S"), 1u);
}

TEST(SampleInputs, flags_are_zero_or_one) {
  SampleInput mask = inputOf(samplesOf("masked"), "mask");
  EXPECT_EQ(mask.low, 0);
  EXPECT_EQ(mask.high, 1);
}

TEST(SampleInputs, a_step_that_is_not_affine_has_inputs_too) {
  SampleInputs samples =
      samplesOfText("kernel k(W: f32[20, 20], x: f32[T, 20]) -> (h: f32[T, 20]) {"
                    "scan T as t { h[t,i] = tanh(W[i,j] * h[t-1,j]) + x[t,i] } }");
  EXPECT_LE(inputOf(samples, "W").high * 20, 1);
  EXPECT_GE(inputOf(samples, "W").low * 20, -1);
  EXPECT_EQ(samples.sizes.count("T"), 1u);
}

TEST(SampleInputs, the_argument_of_a_logarithm_is_positive) {
  SampleInputs samples =
      samplesOfText("kernel k(p, q: f32[T], x: bf16[T]) -> (h, y: f32[T]) { scan T as t {"
                    "h[t] = logaddexp(h[t-1] + log(p[t]), x[t])\ny[t] = sqrt(q[t] * p[t]) } }");
  EXPECT_GT(inputOf(samples, "p").low, 0);
  EXPECT_GT(inputOf(samples, "q").low, 0);
  EXPECT_LT(inputOf(samples, "x").low, 0);
}

/// The largest state of h[t] = `transition` h[t-1] + b[t], at the inputs that are chosen.
static double growth(const std::string &transition) {
  std::string text = "kernel k(x, z, b: f32[T]) -> (h: f32[T]) {\n  scan T as t { h[t] = (" + transition +
                     ") * h[t-1] + b[t] + 0 * (x[t] + z[t]) }\n}\n";
  SampleInputs samples = samplesOfText(text);
  std::vector<std::vector<float>> values;
  std::vector<TensorRef> operands;
  constexpr std::int64_t steps = 1000;
  for (const SampleInput &input : samples.inputs) {
    std::vector<float> &of = values.emplace_back();
    const auto stride = static_cast<std::int64_t>(values.size()) + 1;
    for (std::int64_t i = 0; i < steps; ++i) { // both ends, and what lies between
      const double between = static_cast<double>(i * stride % 8) / 7;
      of.push_back(static_cast<float>(input.low + (input.high - input.low) * between));
    }
  }
  values.emplace_back(steps);
  for (std::vector<float> &of : values)
    operands.push_back({.data = of.data(), .dtype = Dtype::f32, .sizes = {steps}, .strides = {}});
  auto results = evaluateReference(text, operands);
  if (!results)
    return HUGE_VAL;
  double largest = 0;
  for (double value : results->front().values)
    largest = std::isfinite(value) ? std::max(largest, std::fabs(value)) : HUGE_VAL;
  return largest;
}

TEST(SampleInputs, states_grow_beyond_reason_under_usual_transitions) {
  for (const char *transition :
       {"2 * x[t]", "x[t] * 3", "x[t] / z[t]", "x[t] / 0.5", "x[t] + z[t]", "x[t] - z[t]", "1 + x[t]",
        "1 - x[t]", "1 - 0.5 * x[t]", "1 - x[t] * z[t]", "2 - x[t]", "0.9 + x[t]", "sqrt(x[t])",
        "rsqrt(x[t])", "log(x[t])", "exp(-x[t])", "exp(-2 * x[t])", "exp(-softplus(z[t]) * abs(x[t]))",
        "softplus(x[t])", "max(2 * x[t], z[t])", "abs(4 * x[t])"})
    EXPECT_LE(growth(transition), 1010) << transition;
}
