//===- ErrorTest.cpp - Errors as a person reads them ----------------------===//
#include "scanc/Error.h"

#include <gtest/gtest.h>

namespace scanc {
namespace {

Error sample() {
  Error error;
  error.code = "SC2001";
  error.message = "the step is not affine in state 'h'";
  error.place = {"gated.scan", 4, 12, 15};
  error.sourceLine = "    h[t] = h[t-1] * h[t-1] # why";
  error.notes = {{"the state is squared", {"gated.scan", 3, 1, 1}}, {"a note without a place", {}}};
  error.help = "multiply by an input";
  return error;
}

TEST(Error, caret_underlines_the_range) {
  EXPECT_EQ(render(sample()),
            "gated.scan:4:12: error[SC2001]: the step is not affine in state 'h'\n"
            "    h[t] = h[t-1] * h[t-1] # why\n"
            "           ^~~~~~~~~~~~~~~\n"
            "gated.scan:3:1: note: the state is squared\n"
            "note: a note without a place\n"
            "help: multiply by an input\n");
}

TEST(Error, colour_adds_only_escapes) {
  std::string text = render(sample(), true), plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\033')
      i = text.find('m', i);
    else
      plain += text[i];
  }
  EXPECT_NE(text, plain);
  EXPECT_EQ(plain, render(sample()));
}

TEST(Error, without_place_or_code) {
  Error error;
  error.message = "nothing to say";
  EXPECT_EQ(render(error), "error: nothing to say\n");
}

TEST(Error, internal_faults_say_so) {
  Error error;
  error.kind = ErrorKind::internal;
  error.code = "SC5004";
  error.message = "the generated text is wrong";
  EXPECT_EQ(render(error), "internal error[SC5004]: the generated text is wrong\n");
}

TEST(Error, range_beyond_the_line_is_cut) {
  Error error = sample();
  error.notes.clear();
  error.help.clear();
  error.sourceLine = "abc";
  error.place = {"f", 1, 3, 100};
  EXPECT_EQ(render(error).substr(render(error).find("abc")), "abc\n  ^\n");
  error.place.column = 50;
  EXPECT_EQ(render(error).substr(render(error).find("abc")), "abc\n   ^\n");
}

TEST(Error, tabs_and_wide_characters_keep_the_caret_in_place) {
  Error error;
  error.message = "m";
  error.sourceLine = "\tπ = x";
  error.place = {"f", 1, 7, 1}; // bytes: tab, two of π, space, =, space
  std::string text = render(error);
  EXPECT_EQ(text.substr(text.find('\n') + 1), "\tπ = x\n\t    ^\n");
}

TEST(Error, source_cannot_move_the_cursor) {
  Error error;
  error.message = "m";
  error.sourceLine = "a\033[2Jb\r";
  error.place = {"f", 1, 1, 1};
  EXPECT_EQ(render(error).find('\033'), std::string::npos);
  EXPECT_EQ(render(error).find('\r'), std::string::npos);
}

TEST(Error, a_message_that_quotes_the_source_cannot_either) {
  Error error;
  error.message = std::string("unexpected character '\0' or '\033'", 31);
  error.notes = {{"\033[2J", {}}};
  error.help = "remove '\033'";
  EXPECT_EQ(render(error),
            "error: unexpected character '?' or '?'\nnote: ?[2J\nhelp: remove '?'\n");
}

TEST(Error, a_name_of_a_megabyte_is_not_printed_in_full) {
  Error error;
  error.sourceLine = std::string(1000, 'a') + "π" + std::string(1 << 20, 'b');
  error.message = "unknown name '" + error.sourceLine + "'";
  error.place = {"f", 1, 1001, 1 << 20};
  std::string text = render(error);
  EXPECT_LT(text.size(), 4000u);
  EXPECT_NE(text.find("aπb"), std::string::npos);
  std::size_t line = text.find('\n') + 1;
  EXPECT_EQ(text.substr(text.find('\n', line) + 1, 82), std::string(80, ' ') + "^~");
}

TEST(Error, others_follow) {
  Error error;
  error.message = "first";
  error.others.emplace_back().message = "second";
  EXPECT_EQ(render(error), "error: first\nerror: second\n");
}

TEST(Error, exit_codes) {
  EXPECT_EQ(exitCode(ErrorKind::input), 1);
  EXPECT_EQ(exitCode(ErrorKind::usage), 2);
  EXPECT_EQ(exitCode(ErrorKind::environment), 3);
  EXPECT_EQ(exitCode(ErrorKind::mismatch), 4);
  EXPECT_EQ(exitCode(ErrorKind::internal), 70);
}

} // namespace
} // namespace scanc
