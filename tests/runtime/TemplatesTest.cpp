//===- TemplatesTest.cpp - The embedded texts are those of the tree -------===//
#include "templates/Templates.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace scanc {
namespace {

std::string contents(const std::filesystem::path &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Templates, every_header_is_embedded_byte_for_byte) {
  std::filesystem::path root = SCANC_TEMPLATES_ROOT;
  std::size_t found = 0;
  for (const auto &entry : std::filesystem::recursive_directory_iterator(root / "scanc")) {
    if (entry.path().extension() != ".cuh")
      continue;
    ++found;
    std::string name = std::filesystem::relative(entry.path(), root).string();
    auto header = templateHeaders().find(name);
    ASSERT_NE(header, templateHeaders().end()) << name;
    EXPECT_EQ(header->second, contents(entry.path())) << name;
  }
  EXPECT_EQ(found, templateHeaders().size());
}

TEST(Templates, awkward_texts_survive_embedding) {
  std::filesystem::path generated = SCANC_EMBEDDED_SAMPLE;
  ASSERT_TRUE(std::filesystem::exists(generated));
  const std::string text = contents(std::filesystem::path(SCANC_SAMPLE_ROOT) / "scanc/sample.cuh");
  EXPECT_GT(text.size(), 16000u); // longer than one literal may be
  // Joined again, the raw strings of the generated source are the text.
  std::string source = contents(generated), joined;
  const std::string open = "R\"scanc_text(", close = ")scanc_text\"";
  for (std::size_t at = source.find(open); at != std::string::npos; at = source.find(open, at)) {
    at += open.size();
    std::size_t end = source.find(close, at);
    EXPECT_LT(end - at, 16384u);
    joined += source.substr(at, end - at);
    at = end;
  }
  EXPECT_EQ(joined, text);
}

} // namespace
} // namespace scanc
