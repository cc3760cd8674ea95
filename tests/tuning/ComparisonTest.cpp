//===- ComparisonTest.cpp - When results are far enough off to be wrong ----===//
#include "runtime/tuning/Comparison.h"

#include <gtest/gtest.h>

namespace scanc::tuning {
namespace {

Program programBy(const std::string &strategy, const std::string &errorBound) {
  Program program;
  program.strategy = strategy;
  program.promises.errorBound = errorBound;
  return program;
}

/// A row that a pin rounds was checked by the bound of one that is not.
TEST(StatedAllowance, hasWhatAPinRounds) {
  for (const char *strategy : {"projection", "projected_scan"}) {
    EXPECT_EQ(statedAllowance(programBy(strategy, "2^-11 of what is rounded to f16, and then c u")).factor, 0x1p13);
    EXPECT_EQ(statedAllowance(programBy(strategy, "2^-8 of what is rounded to bf16, and then c u")).factor, 0x1p16);
    EXPECT_EQ(statedAllowance(programBy(strategy, "c u")).factor, 1);
  }
}

/// A key of f16 that its weight left below the normal numbers was off by more than 2^-11 of it.
TEST(Comparison, aNumberOfFactorsBelowTheNormalOnesOfF16Failed) {
  std::vector<float> got{0.25f, -0x1p-20f, 0.0f};
  const ReferenceTensor expected{{3}, {0.25, -0x1.f8p-21, 0x1p-22}, {0x1p-24, 0x1p-43, 0x1p-44}};
  const TensorRef view{got.data(), Dtype::f32, {3}, {}};
  const auto wrong = [&](const char *bound) {
    return compare("S", view, expected, statedAllowance(programBy("chunkwise", bound))).wrong;
  };
  EXPECT_EQ(wrong("2^-11 of the largest product"), 1); // what is lost as a whole
  EXPECT_EQ(wrong("2^-12 of the rows of products, and 2^-11 of the largest product"), 1);
  EXPECT_EQ(compare("S", view, expected, {0x1p13}).wrong, 2);
}

/// Numbers that are each within a bound for the largest of them, and wrong together.
TEST(Comparison, aResultOfProductsOf16BitsPassedHoweverFarOffAsAWhole) {
  Comparison off, near;
  off.relativeL2 = 0.05;
  near.relativeL2 = 0.004;
  const double bf16 = statedNorm(programBy("chunkwise", "2^-8 of the largest product"));
  const double f16 = statedNorm(programBy("chunkwise", "2^-11 of the largest product"));
  Result<void> failed = verdict({near, off}, bf16);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, "SC8006");
  EXPECT_TRUE(verdict({near}, bf16));
  EXPECT_FALSE(verdict({near}, f16));
  EXPECT_TRUE(verdict({near, off}, statedNorm(programBy("sequential", "c u"))));
}

/// A result's own rounding was not counted where it is coarser than that of the factors.
TEST(Comparison, aRightResultOfBf16FailedBesideFactorsOfF16) {
  Program program = programBy("chunkwise", "2^-11 of the largest product");
  program.parameters = {{.name = "k", .dtype = Dtype::bf16}, {.name = "o", .role = Parameter::Role::output, .dtype = Dtype::f32}};
  Comparison rounded;
  rounded.relativeL2 = 0.003;
  EXPECT_FALSE(verdict({rounded}, statedNorm(program)));
  program.parameters[1].dtype = Dtype::bf16;
  EXPECT_TRUE(verdict({rounded}, statedNorm(program)));
  rounded.relativeL2 = 0.01;
  EXPECT_FALSE(verdict({rounded}, statedNorm(program)));
}

/// Terms of a chunk that a correction takes back were counted as if their sum were as large as they are.
TEST(Comparison, aRightResultOfCorrectionsByKeysThatAreAlikeFailed) {
  const std::string bound = "2^-8 of the largest product, of those that a correction takes back too, per step";
  Comparison right, wrong;
  right.relativeL2 = 0.0157;
  wrong.relativeL2 = 0.04;
  EXPECT_TRUE(verdict({right}, statedNorm(programBy("chunkwise", bound))));
  EXPECT_FALSE(verdict({wrong}, statedNorm(programBy("chunkwise", bound))));
  EXPECT_FALSE(verdict({right}, statedNorm(programBy("chunkwise", "2^-8 of the largest product, per step"))));
  EXPECT_FALSE(verdict({right}, statedNorm(programBy("chunkwise", "2^-11" + bound.substr(4)))));
}

} // namespace
} // namespace scanc::tuning
