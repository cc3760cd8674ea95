//===- Attributes.cpp - Choices that a user may pin -----------------------===//
#include "compiler/frontend/Check.h"

#include <algorithm>
#include <charconv>

namespace scanc::frontend {

namespace {

/// What an attribute takes: one of `words`, a number from `least` on, or nothing.
struct Rule {
  std::vector<std::string> words;
  std::int64_t least = 0;
};

const std::map<std::string, Rule> &rules() {
  static const std::map<std::string, Rule> table = {
      {"strategy",
       {{"auto", "sequential", "blelloch", "look_back", "matmul_scan", "cyclic_reduction",
         "chunkwise", "projection", "projected_scan", "fission"}}},
      {"precision", {{"ieee", "tf32", "tf32x3", "f16", "bf16", "bf16x3"}}},
      {"accumulate", {{"f32", "f64"}}},
      {"chunk", {{}, 1}},
      {"radix", {{}, 2}},
      {"deterministic", {}}};
  return table;
}

/// Chunks and radices are small; what does not fit here is a slip of the pen.
constexpr std::int64_t largest = 999999999;

void checkValue(const Attribute &attribute, const Rule &rule, Diagnostics &diagnostics) {
  const std::string &value = attribute.value;
  auto fail = [&](const std::string &expected, const std::string &help) {
    diagnostics.error("SC1016", value.empty() ? attribute.name.place : attribute.valuePlace,
                      "@" + attribute.name.text + ": expected " + expected + ", got " +
                          (value.empty() ? "nothing" : "'" + value + "'"),
                      help);
  };
  if (!rule.words.empty()) {
    if (std::find(rule.words.begin(), rule.words.end(), value) != rule.words.end())
      return;
    std::string list;
    for (const std::string &word : rule.words)
      list += (list.empty() ? "" : ", ") + word;
    std::string meant = value.empty() ? "" : nearest(value, rule.words);
    fail("one of " + list, meant.empty() ? "write @" + attribute.name.text + "(" + rule.words.front() + ")"
                                               : "did you mean '" + meant + "'?");
  } else if (rule.least > 0) {
    std::int64_t number = 0;
    auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    bool whole = error == std::errc() && end == value.data() + value.size();
    if (!whole || number < rule.least || number > largest)
      fail("a number from " + std::to_string(rule.least) + " to " + std::to_string(largest),
           "write @" + attribute.name.text + "(64)");
  } else if (!value.empty()) {
    fail("no value", "write @" + attribute.name.text);
  }
}

} // namespace

void checkAttributes(const std::vector<Attribute> &attributes, Diagnostics &diagnostics) {
  std::set<std::string> seen;
  for (const Attribute &attribute : attributes) {
    auto rule = rules().find(attribute.name.text);
    if (rule == rules().end()) {
      std::vector<std::string> names;
      for (const auto &[name, unused] : rules())
        names.push_back(name);
      diagnostics.unknown(attribute.name.place, attribute.name.text, names, "attribute");
      continue;
    }
    if (!seen.insert(attribute.name.text).second)
      diagnostics.error("SC1006", attribute.name.place,
                        "attribute '@" + attribute.name.text + "' stands twice", "remove one of them");
    checkValue(attribute, rule->second, diagnostics);
  }
}

} // namespace scanc::frontend
