//===- SearchSpaceTest.cpp - Every valid policy, and what is said of it ---===//
#include "scanc/Tuning.h"

#include "gtest/gtest.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

using namespace scanc;

namespace fs = std::filesystem;

static std::string textOf(const fs::path &file) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

static CompileOptions onH200(const std::string &strategy = "") {
  CompileOptions options;
  options.target = "sm_90a";
  options.strategy = strategy;
  return options;
}

/// With the sizes of what is summed over, which must be known.
static CompileOptions bound(const std::string &text) {
  CompileOptions options = onH200();
  for (const Parameter &parameter : orExit(signature(text)))
    for (const std::string &dim : parameter.dims)
      if (std::string("NKVUOP").find(dim) != std::string::npos)
        options.sizes[dim] = 16;
  return options;
}

/// What `explain` says of the strategy that is chosen.
static Candidate chosen(const std::string &text, const CompileOptions &options) {
  Result<Explanation> explanation = explain(text, options);
  EXPECT_TRUE(explanation) << render(explanation.error());
  for (const Candidate &candidate : explanation->candidates)
    if (candidate.chosen)
      return candidate;
  ADD_FAILURE() << options.strategy << ": " << explanation->refusal;
  return {};
}

namespace {
class SearchSpace : public testing::TestWithParam<fs::path> {};
} // namespace

TEST_P(SearchSpace, a_point_gives_the_policy_and_the_estimate_that_it_is_listed_with) {
  std::string text = textOf(GetParam());
  CompileOptions options = bound(text);
  auto points = searchSpace(text, options);
  if (!points) { // one that no strategy takes
    EXPECT_FALSE(compileProgram(text, options)) << render(points.error());
    return;
  }
  std::set<std::string> texts;
  int picks = 0;
  for (std::size_t i = 0; i < points->size(); ++i) {
    const Candidate &point = (*points)[i];
    EXPECT_TRUE(texts.insert(point.strategy).second) << point.strategy;
    EXPECT_TRUE(i == 0 || (*points)[i - 1].seconds <= point.seconds) << point.strategy;
    EXPECT_GT(point.seconds, 0) << point.strategy;
    picks += point.chosen;
    constexpr std::size_t explained = 5; // of each program: each takes milliseconds
    if (i % (points->size() / explained + 1) != 0 && !point.chosen)
      continue;
    options.strategy = point.strategy;
    Candidate pinned = chosen(text, options);
    EXPECT_EQ(pinned.policy, point.policy) << point.strategy;
    EXPECT_EQ(pinned.seconds, point.seconds) << point.strategy;
  }
  EXPECT_EQ(picks, 1);
}

static std::vector<fs::path> programs() {
  std::vector<fs::path> files;
  for (const char *folder : {SCANC_PROGRAMS, SCANC_BENCH_PROGRAMS})
    for (const auto &entry : fs::directory_iterator(folder))
      if (entry.path().extension() == ".scan")
        files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

INSTANTIATE_TEST_SUITE_P(, SearchSpace, testing::ValuesIn(programs()), [](const auto &info) {
  return std::to_string(info.index) + "_" + info.param.stem().string();
});

static const std::string decay = "kernel decay(a, x: f32[B, T, D]) -> (h: f32[B, T, D]) {\n"
                                 "  scan T as t over B, D { h[t] = a[t] * h[t-1] + x[t] }\n}\n";

TEST(SearchSpaceOptions, a_pinned_strategy_and_its_fields_narrow_the_space) {
  std::vector<Candidate> all = orExit(searchSpace(decay, onH200()));
  std::vector<Candidate> narrow = orExit(searchSpace(decay, onH200("blelloch(ring=3)")));
  EXPECT_GT(narrow.size(), 8U);
  EXPECT_LT(narrow.size(), all.size() / 2);
  for (const Candidate &point : narrow) {
    EXPECT_TRUE(point.strategy.starts_with("blelloch(")) << point.strategy;
    EXPECT_NE(point.policy.find("ring = 3"), std::string::npos) << point.strategy;
  }
}

TEST(SearchSpaceOptions, a_pin_of_the_text_narrows_the_space) {
  for (const Candidate &point : orExit(searchSpace("@strategy(look_back) " + decay, onH200())))
    EXPECT_TRUE(point.strategy.starts_with("look_back(")) << point.strategy;
}

TEST(SearchSpaceOptions, what_is_refused_has_no_space_but_the_error_of_a_compilation) {
  auto points = searchSpace("@strategy(matmul_scan) " + decay, onH200());
  ASSERT_FALSE(points);
  EXPECT_EQ(points.error().code, "SC3002");
  auto wrong = searchSpace(decay, onH200("blelloch(ring=x)"));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, "SC3007");
}

TEST(SearchSpaceOptions, the_cpu_has_one_way) {
  CompileOptions cpu;
  cpu.target = "cpu";
  std::vector<Candidate> points = orExit(searchSpace(decay, cpu));
  ASSERT_EQ(points.size(), 1U);
  EXPECT_EQ(points[0].strategy, "sequential");
}

// The cost model once saw the fields that were set for one strategy in every other, which then declined.
TEST(SearchSpaceOptions, fields_of_one_strategy_leave_the_answers_of_others_alone) {
  Explanation plain = orExit(explain(decay, onH200()));
  Explanation pinned = orExit(explain(decay, onH200("blelloch(time_threads=4, steps=2)")));
  for (std::size_t i = 0; i < plain.candidates.size(); ++i) {
    const Candidate &before = plain.candidates[i], &after = pinned.candidates[i];
    if (before.strategy == "blelloch")
      EXPECT_NE(before.seconds, after.seconds);
    else
      EXPECT_TRUE(before.seconds == after.seconds && before.policy == after.policy) << before.strategy;
  }
}

// A ring of no tiles divided by zero where few lanes run along time.
TEST(SearchSpaceOptions, a_look_back_without_a_ring_along_one_row) {
  std::string row = "kernel row(a, x: f32[T]) -> (h: f32[T]) {\n"
                    "  scan T as t { h[t] = a[t] * h[t-1] + x[t] }\n}\n";
  EXPECT_TRUE(compileProgram(row, onH200("look_back(ring=0)")));
}
