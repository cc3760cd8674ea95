//===- AffineFormTest.cpp - The interpreter on both forms of a recurrence -===//
//
// Raising a step to affine form must not change what it computes. The interpreter
// never rounds, so both forms give the same numbers but for roundoff of f64.
//
//===----------------------------------------------------------------------===//
#include "tests/support/Comparison.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

/// Bounds are for a compute type of f32 or f64; what f64 adds to either is this part of them.
double partOfBound(const std::vector<Parameter> &signature) {
  bool isDouble = std::any_of(signature.begin(), signature.end(), [](const Parameter &parameter) {
    return parameter.dtype == Dtype::f64;
  });
  return isDouble ? 1 : 0x1p-24;
}

/// `affine` is the affine form of `text`.
void expectSameValues(const std::string &text, const std::string &affine, CompileOptions options) {
  auto parameters = signature(text, options);
  ASSERT_TRUE(parameters) << render(parameters.error());
  auto operands = makeOperands(text, options, *parameters, 7);
  ASSERT_TRUE(operands) << render(operands.error());
  auto expected = evaluateReference(text, operands->tensors, options);
  ASSERT_TRUE(expected) << render(expected.error());
  options.from = Stage::affine;
  auto raised = evaluateReference(affine, operands->tensors, options);
  ASSERT_TRUE(raised) << render(raised.error()) << affine;
  ASSERT_EQ(raised->size(), expected->size());
  double part = partOfBound(*parameters);
  for (std::size_t r = 0; r < raised->size(); ++r) {
    const ReferenceTensor &want = (*expected)[r], &got = (*raised)[r];
    ASSERT_EQ(got.values.size(), want.values.size());
    for (std::size_t i = 0; i < want.values.size(); ++i) {
      bool finite = std::isfinite(want.bounds[i]) && std::isfinite(got.bounds[i]);
      // Each form's own bound holds what it rounds on the way.
      double most = part * (want.bounds[i] + got.bounds[i]);
      ASSERT_TRUE(finite && std::fabs(got.values[i] - want.values[i]) <= most)
          << "result " << r << " at " << i << ": step " << want.values[i] << " within "
          << want.bounds[i] << ", affine form " << got.values[i] << " within " << got.bounds[i]
          << "\n"
          << affine;
    }
  }
}

std::map<std::string, std::int64_t> sizesAt(std::int64_t steps) {
  return {{"B", 2}, {"D", 3}, {"E", 2}, {"G", steps}, {"H", 2},     {"K", 4}, {"L", 3},
          {"M", 2}, {"N", 3}, {"O", 2}, {"S", 3},     {"T", steps}, {"U", 2}, {"V", 3}};
}

using Case = std::tuple<std::filesystem::path, std::int64_t>; // program, T

class AffineForm : public testing::TestWithParam<Case> {};

TEST_P(AffineForm, hasTheValuesOfTheStep) {
  const auto &[path, steps] = GetParam();
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  CompileOptions options;
  options.sizes = sizesAt(steps);
  auto affine = emit(text.str(), Stage::affine, options);
  if (path.stem() == "nonlinear" && !affine && affine.error().code == "SC2001")
    GTEST_SKIP() << render(affine.error());
  ASSERT_TRUE(affine) << render(affine.error());
  expectSameValues(text.str(), *affine, options);
}

/// A sum around the state's own contraction moves within it.
TEST(AffineForms, aSumAroundAContractionIsAffine) {
  std::string text = "kernel k(a: f32[T, M], B: f32[T, M, N], u, x: f32[T, N]) -> (h: f32[T, N]) {\n"
                     "  scan T as t {\n"
                     "    h[t,i] = h[t-1,i] - u[t,i] * (a[t,m] * (B[t,m,k] * h[t-1,k])) + x[t,i]\n"
                     "  }\n}\n";
  CompileOptions options;
  options.sizes = sizesAt(7);
  auto affine = emit(text, Stage::affine, options);
  ASSERT_TRUE(affine) << render(affine.error());
  EXPECT_NE(affine->find("low_rank"), std::string::npos) << *affine;
  expectSameValues(text, *affine, options);
}

std::vector<std::filesystem::path> programs() {
  std::vector<std::filesystem::path> list;
  for (const char *folder : {SCANC_PROGRAMS, SCANC_GOLDEN_PROGRAMS})
    for (const auto &file : std::filesystem::directory_iterator(folder))
      if (file.path().extension() == ".scan")
        list.push_back(file.path());
  std::sort(list.begin(), list.end());
  return list;
}

INSTANTIATE_TEST_SUITE_P(Programs, AffineForm,
                         testing::Combine(testing::ValuesIn(programs()), testing::Values(0, 1, 9)),
                         [](const auto &info) {
                           return std::get<0>(info.param).stem().string() + "_" +
                                  std::to_string(std::get<1>(info.param));
                         });

struct Structure {
  const char *name, *parameters, *results, *scan;
};

/// What raising takes apart: one row or more for each structure of `scan.advance`, and ways to
/// write a coefficient.
const Structure structures[] = {
    {"delta_rule", "k, w: f32[T, K], v: f32[T, V], beta: f32[T]", "o: f32[T, V]",
     "S[t,i,j] = S[t-1,i,j] - beta[t] * k[t,i] * (k[t,l] * S[t-1,l,j]) + k[t,i] * v[t,j]\n"
     "o[t,j] = w[t,i] * S[t,i,j]"},
    {"decay_by_row_inside_the_update", "g, k, w: f32[T, K], v: f32[T, V], beta: f32[T]",
     "o: f32[T, V]",
     "D[i,j] = exp(g[t,i]) * S[t-1,i,j]\n"
     "S[t,i,j] = D[i,j] - beta[t] * k[t,i] * (k[t,l] * D[l,j]) + k[t,i] * v[t,j]\n"
     "o[t,j] = w[t,i] * S[t,i,j]"},
    {"decay_by_column", "k, w: f32[T, K], g, v: f32[T, V]", "o: f32[T, V]",
     "S[t,i,j] = exp(g[t,j]) * (S[t-1,i,j] - k[t,i] * (k[t,l] * S[t-1,l,j])) + k[t,i] * v[t,j]\n"
     "o[t,j] = w[t,i] * S[t,i,j]"},
    {"two_updates_at_once", "k, w: f32[T, K], v: f32[T, V]", "o: f32[T, V]",
     "S[t,i,j] = S[t-1,i,j] - k[t,i] * (w[t,l] * S[t-1,l,j]) - w[t,i] * (k[t,l] * S[t-1,l,j]) + "
     "k[t,i] * v[t,j]\n"
     "o[t,j] = w[t,i] * S[t,i,j]"},
    {"update_from_the_right", "k: f32[T, K], v: f32[T, V]", "o: f32[T, K]",
     "S[t,i,j] = S[t-1,i,j] - (S[t-1,i,l] * v[t,l]) * v[t,j] + k[t,i] * v[t,j]\n"
     "o[t,i] = S[t,i,j] * v[t,j]"},
    {"dense_of_a_matrix_state", "W: f32[T, K, K], k: f32[T, K], v: f32[T, V]", "S: f32[T, K, V]",
     "S[t,i,j] = W[t,i,l] * S[t-1,l,j] + k[t,i] * v[t,j]"},
    {"dense_transposed", "W: f32[K, K], x: f32[T, K]", "h: f32[T, K]",
     "h[t,i] = W[l,i] * h[t-1,l] + x[t,i]"},
    {"two_dense_transitions_add_up", "A, B: f32[K, K], x: f32[T, K]", "h: f32[T, K]",
     "h[t,i] = A[i,l] * h[t-1,l] - B[m,i] * h[t-1,m] + x[t,i]"},
    {"a_low_rank_update_beside_a_matrix", "A: f32[K, K], u, v, x: f32[T, K]", "h: f32[T, K]",
     "h[t,i] = A[i,l] * h[t-1,l] - u[t,i] * (v[t,m] * h[t-1,m]) + x[t,i]"},
    {"max_plus_of_two_matrices", "A, B: f32[K, K], x: f32[T, K]", "h: f32[T, K]",
     "h[t,i] = max(max(max[l](A[i,l] + h[t-1,l]), max[l](B[l,i] + h[t-1,l])), x[t,i])"},
    {"rank_one_written_as_a_sum", "u, v, x: f32[T, K]", "h: f32[T, K]",
     "h[t,i] = 0.5 * h[t-1,i] - u[t,i] * sum[l](v[t,l] * h[t-1,l]) + x[t,i]"},
    {"a_sum_that_counts_the_state", "u: f32[T, K]", "g: f32[T]",
     "g[t] = sum[n](g[t-1] / 8 + u[t,n])"},
    {"a_quotient_and_a_difference", "a, x: f32[T]", "h: f32[T]",
     "h[t] = x[t] - (h[t-1] - a[t]) / (2 + a[t]) - 0.25 * h[t-1]"},
    {"a_selected_coefficient", "a, x: f32[T], m: i32[T]", "h: f32[T]",
     "h[t] = select(m[t] > 0, a[t] * h[t-1] + x[t], -h[t-1])"},
    {"a_local_between", "a, x: f32[T]", "h: f32[T]", "d = h[t-1] - x[t]\nh[t] = a[t] * d + x[t]"},
    {"an_output_of_both_times", "a, x: f32[T]", "y: f32[T]",
     "h[t] = a[t] * h[t-1] + x[t]\ny[t] = h[t] * h[t-1] + tanh(h[t-1])"},
    {"a_cascade_over_the_step_before", "a, x: f32[T]", "y: f32[T]",
     "u[t] = a[t] * u[t-1] + x[t]\nv[t] = 0.5 * v[t-1] + sigmoid(u[t-1])\ny[t] = v[t]"},
    {"a_gate_by_an_earlier_state", "x: f32[T]", "y: f32[T]",
     "u[t] = 0.5 * u[t-1] + x[t]\nv[t] = sigmoid(u[t]) * v[t-1] + u[t]\ny[t] = v[t]"},
    {"a_cascade_through_a_contraction", "W: f32[K, N], x: f32[T, N]", "z: f32[T, K]",
     "h[t,n] = 0.5 * h[t-1,n] + x[t,n]\nz[t,i] = 0.25 * z[t-1,i] + W[i,n] * h[t,n]"},
    {"three_states_in_one_block", "a, x: f32[T, D]", "y: f32[T, D]",
     "u[t,i] = a[t,i] * v[t-1,i] + x[t,i]\nv[t,i] = 0.5 * w[t-1,i]\n"
     "w[t,i] = u[t-1,i] - 0.25 * w[t-1,i]\ny[t,i] = u[t,i] + v[t,i] * w[t-1,i]"},
    {"a_block_that_reads_at_this_step", "a, x: f32[T]", "y: f32[T]",
     "u[t] = a[t] * u[t-1] + 0.25 * v[t-1] + x[t]\nv[t] = 0.5 * u[t] - 0.25 * v[t-1]\ny[t] = v[t]"},
    {"a_complex_update", "k, x: c64[T, K], z: c64[K]", "o: c64[T]",
     "h[t,i] = z[i] * h[t-1,i] - k[t,i] * (conj(k[t,l]) * h[t-1,l]) + x[t,i]\no[t] = z[i] * "
     "h[t,i]"},
    {"a_complex_decay", "a: c64[K], d: f32[T], x: c64[T, K]", "y: f32[T]",
     "h[t,i] = exp(a[i] * d[t]) * h[t-1,i] + x[t,i]\ny[t] = abs(sum[i](h[t,i]))"},
    {"max_plus_of_several_terms", "a, b, c: f32[T]", "h: f32[T]",
     "h[t] = max(max(h[t-1] + a[t], b[t]), h[t-1] - c[t])"},
    {"max_plus_after_a_shift", "a, b: f32[T]", "h: f32[T]", "h[t] = max(h[t-1], b[t]) + a[t]"},
    {"min_plus_dense", "W: f32[K, K], e: f32[T, K]", "h: f32[T, K]",
     "h[t,i] = min(min[l](h[t-1,l] + W[l,i]), e[t,i])"},
    {"log_of_two_terms", "a, b: f32[T]", "h: f32[T]",
     "h[t] = logaddexp(logaddexp(a[t], h[t-1] + b[t]), h[t-1]) - 1"},
    {"log_over_a_row", "W: f32[T, K, K], e: f32[T, K]", "h: f32[T, K]",
     "h[t,i] = logaddexp(logsumexp[l](W[t,i,l] + h[t-1,l] + e[t,l]), e[t,i])"},
    {"a_state_as_its_own_maximum", "x: f32[T, K]", "m: f32[T]",
     "m[t] = max(m[t-1], max[i](x[t,i]))"},
    {"a_narrow_state", "a, x: bf16[T]", "h: f32[T]",
     "state s: bf16\ns[t] = a[t] * s[t-1] + x[t]\nh[t] = s[t]"},
    {"a_narrow_state_read_before", "a, x: bf16[T]", "h: f32[T]",
     "state s: bf16\ns[t] = a[t] * s[t-1] + x[t]\nh[t] = s[t-1] * x[t]"},
    {"double_beside_single", "a: f32[T], x: f64[T]", "h: f64[T]",
     "h[t] = a[t] / 3 * h[t-1] + x[t]"},
    {"invariant_and_varying", "c: f32[K], x: f32[T]", "h: f32[T, K]",
     "h[t,i] = c[i] * h[t-1,i] + c[i] * x[t]"},
};

class AffineStructures : public testing::TestWithParam<Structure> {};

TEST_P(AffineStructures, keepTheirValues) {
  const Structure &structure = GetParam();
  std::string text = "kernel k(" + std::string(structure.parameters) + ") -> (" +
                     structure.results + ") { scan T as t {\n" + structure.scan + "\n} }";
  CompileOptions options;
  options.sizes = sizesAt(7);
  auto affine = emit(text, Stage::affine, options);
  ASSERT_TRUE(affine) << render(affine.error());
  expectSameValues(text, *affine, options);
}

INSTANTIATE_TEST_SUITE_P(Programs, AffineStructures, testing::ValuesIn(structures),
                         [](const auto &info) { return std::string(info.param.name); });

} // namespace
