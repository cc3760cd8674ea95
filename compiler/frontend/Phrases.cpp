//===- Phrases.cpp - Steps, subscripts and dimensions in messages ---------===//
#include "compiler/frontend/Phrases.h"

#include <cstdlib>

namespace scanc::frontend {

std::string stepText(const std::string &time, std::int64_t delay) {
  if (delay == 0)
    return "[" + time + "]";
  return "[" + time + (delay < 0 ? "+" : "-") + std::to_string(std::abs(delay)) + "]";
}

std::string shapeText(bool time, std::size_t indices) {
  std::string count = std::to_string(indices) + (indices == 1 ? " index" : " indices");
  if (time)
    return indices == 0 ? "the step" : "the step and " + count;
  return indices == 0 ? "no subscript" : count;
}

std::string endText(const Scan &scan, const std::string &segments,
                    const std::vector<std::string> &indices) {
  std::string text;
  auto add = [&](const std::string &part) { text += (text.empty() ? "" : ", ") + part; };
  for (const Name &lane : scan.over)
    add(&lane == &scan.over.front() ? "lanes " + lane.text : lane.text);
  if (!segments.empty())
    add("segments " + segments);
  for (const std::string &index : indices)
    add(&index == &indices.front() ? "a dimension for each of " + index : index);
  return text.empty() ? "no dimension" : text;
}

} // namespace scanc::frontend
