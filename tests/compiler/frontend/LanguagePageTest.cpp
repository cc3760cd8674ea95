//===- LanguagePageTest.cpp - Every example of the pages is run -----------===//
#include "Programs.h"

#include "compiler/frontend/Format.h"

#include <sstream>

namespace scanc::frontend {
namespace {

/// A fenced block of a page: its first line behind the fence, and its text.
struct Example {
  std::string title; ///< "scan", or "wrong SC1001"
  std::string text;
  int line = 0;
};

std::vector<Example> examples(const std::string &page) {
  std::istringstream lines(documentation(page));
  std::vector<Example> list;
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    bool fence = line.starts_with("```");
    if (fence && !inside)
      list.push_back({line.substr(3), "", number});
    else if (!fence && inside)
      list.back().text += line + "\n";
    inside ^= fence;
  }
  return list;
}

std::string canonical(const std::string &text) {
  Diagnostics diagnostics(text, "test.scan");
  return formatFile(parse(diagnostics));
}

class Page : public testing::TestWithParam<const char *> {};

TEST_P(Page, its_examples_are_as_it_says) {
  int right = 0, wrong = 0;
  for (const Example &example : examples(GetParam())) {
    std::string place = std::string(GetParam()) + ":" + std::to_string(example.line);
    Read read(example.text);
    if (example.title == "scan") {
      ++right;
      EXPECT_TRUE(read.errors.empty()) << place << "\n" << renderAll(read.errors);
      std::string once = canonical(example.text);
      EXPECT_TRUE(Read(once).errors.empty()) << place << "\n" << once;
      EXPECT_EQ(canonical(once), once) << place;
    } else if (example.title.starts_with("wrong ")) {
      ++wrong;
      ASSERT_EQ(read.errors.size(), 1u) << place << "\n" << renderAll(read.errors);
      EXPECT_EQ(read.errors[0].code, example.title.substr(6)) << place;
    }
  }
  EXPECT_GE(right, 10);
  EXPECT_GT(wrong, 0);
}

INSTANTIATE_TEST_SUITE_P(Docs, Page, testing::Values("language.md", "errors/frontend.md"),
                         [](const auto &info) {
                           return std::string(info.index == 0 ? "language" : "errors");
                         });

} // namespace
} // namespace scanc::frontend
