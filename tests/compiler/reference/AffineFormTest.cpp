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
#include <sstream>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

using Case = std::tuple<std::filesystem::path, std::int64_t>; // program, T

class AffineForm : public testing::TestWithParam<Case> {};

/// Bounds are for a compute type of f32 or f64; what f64 adds to either is this part of them.
double partOfBound(const std::vector<Parameter> &signature) {
  bool isDouble = std::any_of(signature.begin(), signature.end(), [](const Parameter &parameter) {
    return parameter.dtype == Dtype::f64;
  });
  return isDouble ? 1 : 0x1p-24;
}

TEST_P(AffineForm, hasTheValuesOfTheStep) {
  const auto &[path, steps] = GetParam();
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  CompileOptions options;
  options.sizes = {{"B", 2}, {"D", 3}, {"E", 2}, {"G", steps}, {"H", 2}, {"K", 4}, {"L", 3}, {"M", 2},
                   {"N", 3}, {"O", 2}, {"S", 3}, {"T", steps}, {"U", 2}, {"V", 3}};
  auto affine = emit(text.str(), Stage::affine, options);
  if (!affine && path.stem() == "nonlinear" && affine.error().code == "SC2001")
    GTEST_SKIP() << render(affine.error());
  ASSERT_TRUE(affine) << render(affine.error());
  auto parameters = signature(text.str(), options);
  ASSERT_TRUE(parameters) << render(parameters.error());
  auto operands = makeOperands(text.str(), options, *parameters, steps);
  ASSERT_TRUE(operands) << render(operands.error());
  auto expected = evaluateReference(text.str(), operands->tensors, options);
  ASSERT_TRUE(expected) << render(expected.error());
  options.from = Stage::affine;
  auto raised = evaluateReference(*affine, operands->tensors, options);
  ASSERT_TRUE(raised) << render(raised.error());
  ASSERT_EQ(raised->size(), expected->size());
  double part = partOfBound(*parameters);
  for (std::size_t r = 0; r < raised->size(); ++r) {
    const ReferenceTensor &want = (*expected)[r], &got = (*raised)[r];
    ASSERT_EQ(got.values.size(), want.values.size());
    for (std::size_t i = 0; i < want.values.size(); ++i) {
      ASSERT_TRUE(std::isfinite(want.bounds[i]) && std::isfinite(got.bounds[i])) << "result " << r << " at " << i << ": " << want.values[i] << " within " << want.bounds[i] << ", "
          << got.values[i] << " within " << got.bounds[i];
      // Each form's own bound holds what it rounds on the way.
      ASSERT_LE(std::fabs(got.values[i] - want.values[i]), part * (want.bounds[i] + got.bounds[i]))
          << "result " << r << " at " << i << ": " << want.values[i];
    }
  }
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

} // namespace
