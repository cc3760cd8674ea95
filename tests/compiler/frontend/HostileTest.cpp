//===- HostileTest.cpp - Texts made to break a reader ---------------------===//
#include "Programs.h"

#include "compiler/frontend/Format.h"

#include <random>

namespace scanc::frontend {
namespace {

std::string assigning(const std::string &value) {
  return "kernel k(x: f32[T]) -> (y: f32[T]) {\n  scan T as t {\n    y[t] = " + value +
         "\n  }\n}\n";
}

std::string repeated(const std::string &part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i)
    text += part;
  return text;
}

TEST(Depth, two_hundred_parentheses_are_too_many) {
  EXPECT_TRUE(Read(assigning(repeated("(", 199) + "x[t]" + repeated(")", 199))).errors.empty());
  Read read(assigning(repeated("(", 200) + "x[t]" + repeated(")", 200)));
  ASSERT_EQ(read.errors.size(), 1u);
  EXPECT_EQ(read.errors[0].code, "SC1004");
  EXPECT_EQ(read.errors[0].place.line, 3);
  EXPECT_EQ(read.errors[0].place.column, 212);
}

TEST(Depth, a_hundred_thousand_of_anything_is_an_error_and_no_crash) {
  for (const char *part :
       {"(", "-", "exp(", "sum[j](", "select(x[t] < ", "x[t] + (", "x[", "@", "{"}) {
    Read read(assigning(repeated(part, 100000)));
    EXPECT_FALSE(read.errors.empty()) << part;
  }
}

TEST(Depth, a_long_row_of_operators_is_an_error_and_no_crash) {
  EXPECT_TRUE(Read(assigning("x[t]" + repeated(" + x[t]", 2000))).errors.empty());
  for (const char *part : {" + x[t]", " * x[t]", " - x[t]"}) {
    Read read(assigning("x[t]" + repeated(part, 100000)));
    ASSERT_EQ(read.errors.size(), 1u);
    EXPECT_EQ(read.errors[0].code, "SC1004");
    EXPECT_EQ(read.errors[0].message, "expected at most 2000 operators in a statement");
  }
}

TEST(Depth, many_statements_are_an_error_and_no_crash) {
  auto chain = [](int length) {
    std::string value = length > 1 ? "u1" : "x[t]";
    for (int i = 1; i < length; ++i)
      value += "\n    u" + std::to_string(i) + " = " +
               (i + 1 < length ? "u" + std::to_string(i + 1) : "x[t]") +
               repeated(" + x[t]", i < 8 ? 2000 : 1);
    return assigning(value);
  };
  Read fits(chain(4096));
  EXPECT_TRUE(fits.errors.empty()) << renderAll(fits.errors);
  Read read(chain(4097));
  ASSERT_EQ(read.errors.size(), 1u) << renderAll(read.errors);
  EXPECT_EQ(read.errors[0].code, "SC1004");
  EXPECT_EQ(read.errors[0].message, "expected at most 4096 statements in a scan");
}

TEST(Depth, limits_count_anew_in_each_statement) {
  std::string deep = repeated("(", 150) + "x[t]" + repeated(")", 150);
  std::string longRow = "x[t]" + repeated(" + x[t]", 1500);
  Read read(
      assigning(deep + "\n    a = " + deep + "\n    b = " + longRow + "\n    c = " + longRow));
  EXPECT_TRUE(read.errors.empty()) << renderAll(read.errors);
}

TEST(Lexer, byte_order_mark_is_no_character) {
  EXPECT_TRUE(Read("\xef\xbb\xbf" + assigning("x[t]")).errors.empty());
}

TEST(Lexer, carriage_returns_are_white_space) {
  Read read("kernel k(x: f32[T]) -> (y: f32[T]) {\r\n  scan T as t { y[t] = x[t] * q }\r\n}\r\n");
  ASSERT_EQ(read.errors.size(), 1u);
  EXPECT_EQ(read.errors[0].place.line, 2);
  EXPECT_EQ(read.errors[0].sourceLine, "  scan T as t { y[t] = x[t] * q }");
}

TEST(Lexer, columns_count_characters) {
  Read wide("kernel k(x: f32[T]) -> (y: f32[T]) {\n  scan T as t { y[t] = x[t] λ€ 😀 } }");
  ASSERT_EQ(wide.errors.size(), 3u) << renderAll(wide.errors);
  EXPECT_EQ(wide.errors[0].place.column, 29);
  EXPECT_EQ(wide.errors[1].place.column, 30);
  EXPECT_EQ(wide.errors[2].place.column, 32);
  Read read("kernel k(x: f32[T]) -> (y: f32[T]) { # αβγδ €😀\n scan T as t { y[t] = «x[t] } }");
  ASSERT_FALSE(read.errors.empty());
  EXPECT_EQ(read.errors[0].message, "unexpected character '«'");
  EXPECT_EQ(read.errors[0].place.column, 23);
}

// Any prefix of a program, any byte of it replaced: an error or a program, never a crash, and what
// is read prints to something that reads the same.
TEST(Lexer, broken_texts_never_crash) {
  std::mt19937 random(7);
  for (const Program &program : programs()) {
    for (std::size_t size = 0; size < program.text.size(); size += 3)
      Read(program.text.substr(0, size));
    for (int i = 0; i < 200; ++i) {
      std::string text = program.text;
      for (int k = 0; k < 2; ++k)
        text[random() % text.size()] = "()[]{}:,;=+-*/@<>#tx1.\n\xff\0"[random() % 25];
      Diagnostics diagnostics(text, "test.scan");
      File file = parse(diagnostics);
      if (diagnostics.hasErrors())
        continue;
      std::string once = formatFile(file);
      Diagnostics again(once, "test.scan");
      File reread = parse(again);
      ASSERT_FALSE(again.hasErrors()) << text << once << render(again.take());
      EXPECT_EQ(formatFile(reread), once) << text;
      Read checked(text);
    }
  }
}

} // namespace
} // namespace scanc::frontend
