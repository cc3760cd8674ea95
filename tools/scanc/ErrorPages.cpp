//===- ErrorPages.cpp - Find the section of an error ----------------------===//
#include "tools/scanc/ErrorPages.h"

#include <algorithm>

namespace scanc::cli {

std::string errorCodeIn(std::string_view text) {
  bool named = text.starts_with("SC") || text.starts_with("sc");
  if (text.size() != 6 || !named ||
      !std::all_of(text.begin() + 2, text.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return "";
  return "SC" + std::string(text.substr(2));
}

std::string errorSection(std::string_view code) {
  // A newline before the first title, so that every title is found in one way.
  std::string pages = std::string("\n") + errorPages;
  std::string title = "\n## " + std::string(code) + " ";
  std::size_t begin = pages.find(title);
  if (begin == std::string::npos)
    return "";
  std::size_t end = std::min(pages.find("\n## ", begin + 1), pages.find("\n# ", begin + 1));
  std::string section = pages.substr(begin + 1, end == std::string::npos ? end : end - begin - 1);
  section.erase(section.find_last_not_of('\n') + 1);
  return section + "\n";
}

} // namespace scanc::cli
