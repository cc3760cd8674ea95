//===- LongStepsTest.cpp - Steps of many locals reach the affine form -----===//
#include "scanc/Compile.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <string>

using namespace scanc;

/// A step with `count` locals, each made from the last one, `$`, as `local` says: at a stage.
static std::string formAt(Stage stage, int count, const std::string &local) {
  std::string text = "kernel k(x: f32[T]) -> (h: f32[T]) {\n  scan T as t {\n    a0 = h[t-1] + x[t]\n";
  for (int i = 1; i < count; ++i) {
    std::string value = local;
    for (std::size_t at; (at = value.find('$')) != std::string::npos;)
      value.replace(at, 1, "a" + std::to_string(i - 1));
    text += "    a" + std::to_string(i) + " = " + value + "\n";
  }
  text += "    h[t] = a" + std::to_string(count - 1) + "\n  }\n}\n";
  CompileOptions options;
  options.target = "sm_90a";
  options.strategy = "sequential";
  auto form = emit(text, stage, options);
  return form ? *form : render(form.error());
}

static std::string affineForm(int count, const std::string &local) {
  return formAt(Stage::affine, count, local);
}

TEST(LongSteps, locals_that_read_the_last_one_twice_do_not_double_the_form) {
  std::string text = affineForm(60, "$ * 0.5 + 0.3 * $");
  EXPECT_NE(text.find("scalar ring real"), std::string::npos) << text;
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 700);
}

TEST(LongSteps, householder_updates_that_read_the_last_one_twice_add_one_rank_each) {
  std::string text = "kernel k(u0, u1, u2, u3, u4, u5, u6, u7: f32[T, 4]) -> (h: f32[T, 4]) {\n"
                     "  scan T as t {\n    p0[i] = h[t-1,i]\n";
  for (int i = 0; i < 8; ++i) {
    std::string now = "p" + std::to_string(i + 1), last = "p" + std::to_string(i);
    std::string u = "u" + std::to_string(i) + "[t,";
    text += "    " + now + "[i] = " + last + "[i] - " + u + "i] * (" + u + "l] * " + last + "[l])\n";
  }
  text += "    h[t,i] = p8[i]\n  }\n}\n";
  auto affine = emit(text, Stage::affine);
  ASSERT_TRUE(affine) << render(affine.error());
  std::size_t at = affine->find("low_rank"), end = affine->find(") input", at);
  ASSERT_NE(end, std::string::npos) << *affine;
  auto operands = std::count(affine->begin() + at, affine->begin() + end, '%');
  EXPECT_EQ(operands, 2 * 8) << affine->substr(at, end - at);
}

TEST(LongSteps, a_long_chain_of_locals_does_not_overflow_the_stack) {
  std::string text = affineForm(4000, "((($ * 0.7 + x[t]) * 0.8 + x[t]) * 0.9 + x[t]) * 1.1 + 0.1");
  EXPECT_NE(text.find("scalar ring real"), std::string::npos);
}

TEST(LongSteps, a_chain_of_68000_operations_overflowed_the_stack_of_the_emitter) {
  std::string local = "$ * 0.7";
  for (int i = 0; i < 8; ++i)
    local = "(" + local + " + x[t]) * 0.8";
  std::string text = formAt(Stage::cuda, 4000, local);
  EXPECT_NE(text.find("maps[0] = {"), std::string::npos) << text.substr(0, 500);
}
