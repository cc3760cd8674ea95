//===- FormatTest.cpp - Canonical text keeps meaning and comments ---------===//
#include "Programs.h"

#include "compiler/frontend/Format.h"

namespace scanc::frontend {
namespace {

std::string formatted(const std::string &text) {
  Diagnostics diagnostics(text, "test.scan");
  File file = parse(diagnostics);
  EXPECT_FALSE(diagnostics.hasErrors()) << text << render(diagnostics.take());
  return formatFile(file);
}

/// The tree of a text without its places, which formatting may change.
std::string tree(const std::string &text) {
  Diagnostics diagnostics(text, "test.scan");
  std::string dump = dumpFile(parse(diagnostics)), bare;
  EXPECT_FALSE(diagnostics.hasErrors()) << text << render(diagnostics.take());
  for (std::size_t i = 0; i < dump.size(); ++i) {
    if (dump[i] == '@')
      while (i < dump.size() && dump[i] != '\n')
        ++i;
    bare += dump[i];
  }
  return bare;
}

std::string inKernel(const std::string &statements) {
  return "kernel k(a, b, c: f32[T]) -> (y: f32[T]) {\n  scan T as t {\n    " + statements +
         "\n  }\n}\n";
}

class Formatting : public testing::TestWithParam<Program> {};

TEST_P(Formatting, is_idempotent) {
  std::string once = formatted(GetParam().text);
  EXPECT_EQ(formatted(once), once);
}

TEST_P(Formatting, keeps_the_tree) {
  EXPECT_EQ(tree(formatted(GetParam().text)), tree(GetParam().text));
}

TEST_P(Formatting, keeps_every_comment) {
  const std::string &text = GetParam().text;
  auto count = [](const std::string &s) { return std::count(s.begin(), s.end(), '#'); };
  EXPECT_EQ(count(formatted(text)), count(text));
}

INSTANTIATE_TEST_SUITE_P(Programs, Formatting, testing::ValuesIn(programs()), nameOf);

TEST(Format, canonical_text) {
  EXPECT_EQ(formatted("@chunk( 64 )kernel k(a,b:f32[ B,T ] , w:f32) # results\n->(y:bf16[B,T]){ "
                      "reverse scan T as t over B{state y:bf16 y[ t ]=a[t]*y[t - 1]+b[t-3]*w}}"),
            "# results\n"
            "@chunk(64) kernel k(a, b: f32[B, T], w: f32) -> (y: bf16[B, T]) {\n"
            "  reverse scan T as t over B {\n"
            "    state y: bf16\n"
            "    y[t] = a[t] * y[t-1] + b[t-3] * w\n"
            "  }\n"
            "}\n");
}

TEST(Format, parentheses_that_mean_something_stay_and_others_go) {
  struct Case {
    const char *written, *canonical;
  };
  const Case cases[] = {
      {"a[t] - (b[t] - c[t])", "a[t] - (b[t] - c[t])"},
      {"a[t] - (b[t] + c[t])", "a[t] - (b[t] + c[t])"},
      {"a[t] + (b[t] + c[t])", "a[t] + (b[t] + c[t])"},
      {"(a[t] - b[t]) - c[t]", "a[t] - b[t] - c[t]"},
      {"a[t] / (b[t] * c[t])", "a[t] / (b[t] * c[t])"},
      {"a[t] / b[t] * c[t]", "a[t] / b[t] * c[t]"},
      {"(a[t] + b[t]) * c[t]", "(a[t] + b[t]) * c[t]"},
      {"-(a[t] * b[t])", "-(a[t] * b[t])"},
      {"-a[t] * b[t]", "-a[t] * b[t]"},
      {"a[t] - -b[t]", "a[t] - -b[t]"},
      {"a[t] - (-(-b[t]))", "a[t] - --b[t]"},
      {"((a[t]))", "a[t]"},
      {"select((a[t] < b[t]), (1), -.5e-3)", "select(a[t] < b[t], 1, -.5e-3)"},
      {"select(a[t] - (b[t] - 1) >= (c[t]), 1, 0)", "select(a[t] - (b[t] - 1) >= c[t], 1, 0)"},
  };
  for (const Case &each : cases) {
    std::string text = inKernel(std::string("y[t] = ") + each.written);
    EXPECT_EQ(formatted(text), inKernel(std::string("y[t] = ") + each.canonical));
    EXPECT_EQ(tree(formatted(text)), tree(text)) << each.written;
  }
}

// Every place where a comment can stand: on lines of its own and behind words of every kind.
TEST(Format, no_comment_is_lost) {
  std::string text = "# 0\n"
                     "@chunk(64) # 1\n"
                     "# 2\n"
                     "kernel k( # 3\n"
                     "  # 4\n"
                     "  a, # 5\n"
                     "  b: f32[T], c: # 6\n"
                     "  f32[T]) # 7\n"
                     "  -> (y: f32[T]) { # 8\n"
                     "  # 9\n"
                     "  scan T # 10\n"
                     "    as t { # 11\n"
                     "    # 12\n"
                     "    u = a[t] # 13\n"
                     "      # 14\n"
                     "      + b[t] # 15\n"
                     "    # 16\n"
                     "    y[t] = # 17\n"
                     "       u # 18\n"
                     "    # 19\n"
                     "  } # 20\n"
                     "  # 21\n"
                     "} # 22\n"
                     "# 23\n";
  std::string once = formatted(text);
  for (int i = 0; i <= 23; ++i)
    EXPECT_NE(once.find("# " + std::to_string(i) + "\n"), std::string::npos) << i << "\n" << once;
  EXPECT_EQ(std::count(once.begin(), once.end(), '#'), 24) << once;
  EXPECT_EQ(formatted(once), once);
}

TEST(Format, comment_keeps_its_text_before_a_carriage_return) {
  std::string once = formatted("# über \r x\r\n" + inKernel("y[t] = a[t]"));
  EXPECT_TRUE(once.starts_with("# über \r x\n")) << once;
}

TEST(Format, name_of_the_step_is_the_scan_s) {
  std::string text = "kernel k(a: f32[T], b: f32[G]) -> (y: f32[T], z: f32[G]) {\n"
                     "  scan T as time {\n    y[time] = y[time-1] + a[time]\n  }\n"
                     "  scan G as g {\n    z[g] = z[g-1] + b[g]\n  }\n}\n";
  EXPECT_EQ(formatted(text), text);
}

TEST(Format, long_head_breaks_before_the_results) {
  std::string text = formatted(program("selective_scan"));
  EXPECT_NE(text.find(")\n    -> (y: bf16[B, T, D]) {\n"), std::string::npos) << text;
}

TEST(Dump, tells_places_and_structure) {
  Diagnostics diagnostics(
      "kernel k(a: f32[T]) -> (y: f32[T]) {\n  scan T as t { y[t] = -a[t-1] * 2 }\n}", "test.scan");
  EXPECT_EQ(dumpFile(parse(diagnostics)), "kernel k\n"
                                          "  in a: f32 [T]\n"
                                          "  out y: f32 [T]\n"
                                          "  scan T as t\n"
                                          "    assign y[t]\n"
                                          "      binary * @2:24\n"
                                          "        negate  @2:24\n"
                                          "          reference a[t-1] @2:25\n"
                                          "        number 2 @2:34\n");
}

} // namespace
} // namespace scanc::frontend
