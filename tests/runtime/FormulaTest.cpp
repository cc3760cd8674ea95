//===- FormulaTest.cpp - Formulas parsed once and never wrapped -----------===//
#include "runtime/launch/CompiledFormula.h"

#include <gtest/gtest.h>

#include <limits>

namespace scanc::rt {
namespace {

constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();

class FormulaTest : public ::testing::Test {
protected:
  FactNames names{{"B", "D", "Zero", "Big"}, {{"x", 3}, {"y", 1}}, {"carry"}};
  std::vector<std::int64_t> sizes{6, 256, 0, largest};
  std::vector<std::int64_t> strides{512, -2, 1};
  std::vector<OperandFacts> operands{{4096, strides, 1000, 2}, {4100, strides, 7, 4}};
  std::vector<std::int64_t> buffers{65536};

  std::int64_t value(std::string_view text) {
    Result<CompiledFormula> formula = CompiledFormula::parse(text, names);
    EXPECT_TRUE(formula) << text << (formula ? "" : formula.error().message);
    if (!formula)
      return -999;
    auto [result, fault] = formula->evaluate({sizes, operands, buffers});
    EXPECT_EQ(fault, FormulaFault::none) << text;
    return result;
  }
  FormulaFault fault(std::string_view text) {
    Result<CompiledFormula> formula = CompiledFormula::parse(text, names);
    EXPECT_TRUE(formula) << text;
    return formula ? formula->evaluate({sizes, operands, buffers}).fault : FormulaFault::none;
  }
  std::string refusal(std::string_view text) {
    Result<CompiledFormula> formula = CompiledFormula::parse(text, names);
    EXPECT_FALSE(formula) << text;
    if (formula)
      return "";
    EXPECT_EQ(formula.error().code, "SC6014");
    return formula.error().message;
  }
};

TEST_F(FormulaTest, values) {
  EXPECT_EQ(value("ceildiv(B * D, 256)"), 6);
  EXPECT_EQ(value("ceildiv(B * D + 1, 256)"), 7);
  EXPECT_EQ(value("1 + 2 * 3 - 4 - 5"), -2);
  EXPECT_EQ(value("(1 + 2) * -3"), -9);
  EXPECT_EQ(value("100 / 8 / 3"), 4);
  EXPECT_EQ(value("-7 / 2"), -3);
  EXPECT_EQ(value("-7 % 2"), -1);
  EXPECT_EQ(value("ceildiv(-7, 2)"), -3);
  EXPECT_EQ(value("ceildiv(7, -2)"), -3);
  EXPECT_EQ(value("ceildiv(-7, -2)"), 4);
  EXPECT_EQ(value("min(B, D) + max(B, D)"), 262);
  EXPECT_EQ(value(" \tB\n"), 6);
}

TEST_F(FormulaTest, facts) {
  EXPECT_EQ(value("address(x) % 16 == 0"), 1);
  EXPECT_EQ(value("address(y) % 16 == 0"), 0);
  EXPECT_EQ(value("stride(x, 1)"), -2);
  EXPECT_EQ(value("stride(x, 2) == 1"), 1);
  EXPECT_EQ(value("span(x) < 2147483648"), 1);
  EXPECT_EQ(value("bytes(x) * span(x)"), 2000);
  EXPECT_EQ(value("workspace(carry) + 8"), 65544);
}

TEST_F(FormulaTest, comparisons) {
  EXPECT_EQ(value("B < 6"), 0);
  EXPECT_EQ(value("B <= 6"), 1);
  EXPECT_EQ(value("B > 5"), 1);
  EXPECT_EQ(value("B >= 7"), 0);
  EXPECT_EQ(value("B != 6"), 0);
  EXPECT_EQ(value("B == 6 && D == 256"), 1);
  EXPECT_EQ(value("B == 6 && D"), 1);
  EXPECT_EQ(value("0 && 1"), 0);
}

TEST_F(FormulaTest, conjunction_guards_a_division) {
  EXPECT_EQ(value("Zero != 0 && D / Zero == 1"), 0);
  EXPECT_EQ(fault("D / Zero == 1 && Zero != 0"), FormulaFault::divisionByZero);
}

TEST_F(FormulaTest, overflow_is_a_fault) {
  for (const char *text : {"Big + 1", "-Big - 2", "Big * 2", "(-Big - 1) / -1", "-(-Big - 1)",
                           "ceildiv(-Big - 1, -1)", "Big * Big", "Big + 1 == 0"})
    EXPECT_EQ(fault(text), FormulaFault::overflow) << text;
}

TEST_F(FormulaTest, least_integer_by_minus_one_has_a_remainder) {
  EXPECT_EQ(value("(-Big - 1) % -1"), 0);
}

TEST_F(FormulaTest, division_by_zero_is_a_fault) {
  for (const char *text : {"1 / Zero", "1 % Zero", "ceildiv(1, Zero)", "1 + 1 / 0"})
    EXPECT_EQ(fault(text), FormulaFault::divisionByZero) << text;
}

TEST_F(FormulaTest, wrong_text_is_refused_with_the_column) {
  EXPECT_EQ(refusal("B * * D"),
            "the program's formula 'B * * D' is not valid: expected a number, a "
            "name or '(' at column 5");
  for (const char *text : {"",
                           " ",
                           "B +",
                           "(B",
                           "B)",
                           "B D",
                           "1 == 1 == 1",
                           "9223372036854775808",
                           "f(B)",
                           "stride(x)",
                           "stride(x, 3)",
                           "stride(x, -1)",
                           "stride(y, 1)",
                           "address(z)",
                           "workspace(flags)",
                           "Q",
                           "min(B)",
                           "ceildiv(B, 1",
                           "B & D",
                           "$",
                           "stride(z, 0)",
                           "workspace()",
                           "1x",
                           "B && "})
    refusal(text);
}

TEST_F(FormulaTest, hostile_depth_and_length_are_refused) {
  refusal(std::string(100000, '('));
  refusal(std::string(100000, '-') + "1");
  std::string chain = "1";
  for (int i = 0; i < 100000; ++i)
    chain += "+1";
  refusal(chain);
}

TEST_F(FormulaTest, random_bytes_never_crash) {
  std::uint32_t state = 1;
  const std::string alphabet = "B D(),+-*/%=<>&!0129 stride(x workspace(carry)min(";
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (int i = 0; i < 12; ++i) {
      state = state * 1664525u + 1013904223u;
      text += alphabet[(state >> 16) % alphabet.size()];
    }
    if (Result<CompiledFormula> formula = CompiledFormula::parse(text, names))
      (void)formula->evaluate({sizes, operands, buffers});
  }
}

TEST_F(FormulaTest, knows_what_it_uses) {
  EXPECT_TRUE(CompiledFormula::parse("workspace(carry)", names)->usesWorkspace());
  EXPECT_FALSE(CompiledFormula::parse("B", names)->usesWorkspace());
}

} // namespace
} // namespace scanc::rt
