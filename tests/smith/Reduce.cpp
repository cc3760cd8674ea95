//===- Reduce.cpp - Delete, and look again --------------------------------===//
#include "tests/smith/Reduce.h"

#include "tests/smith/Trial.h"

#include <cctype>
#include <optional>

namespace scanc::smith {

namespace {

using Words = std::vector<std::string>;

class Reducer {
public:
  Reducer(RandomProgram program, const Shows &shows, int attempts)
      : best(std::move(program)), shows(shows), left(attempts) {}
  RandomProgram run();

private:
  bool accepts(const RandomProgram &candidate);
  bool withText(const Words &words);
  bool shorten();
  bool unwrap();
  bool simplify();
  bool shrink();

  RandomProgram best;
  const Shows &shows;
  int left; ///< how often `shows` may still be asked
};

} // namespace

/// Names and numbers whole, all else by character.
static Words wordsOf(const std::string &text) {
  Words words;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t from = i;
    const auto isPart = [&](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.'; };
    while (i < text.size() && isPart(text[i]))
      ++i;
    i += i == from;
    if (!std::isspace(static_cast<unsigned char>(text[from])))
      words.push_back(text.substr(from, i - from));
  }
  return words;
}

static std::string textOf(const Words &words) {
  std::string text;
  for (const std::string &word : words)
    text += word + " ";
  // Operators of two characters, which words took apart.
  for (const char *pair : {"- >", "= =", "! =", "< =", "> ="})
    for (std::size_t at = 0; (at = text.find(pair, at)) != std::string::npos;)
      text.erase(at + 1, 1);
  return text;
}

bool Reducer::accepts(const RandomProgram &candidate) {
  if (left <= 0 || !signature(candidate.text, optionsOf(candidate, "cpu", true)))
    return false;
  --left;
  if (!shows(candidate))
    return false;
  best = candidate;
  return true;
}

bool Reducer::withText(const Words &words) {
  RandomProgram candidate = best;
  candidate.text = textOf(words);
  return accepts(candidate);
}

/// Takes out runs of words, long ones first.
bool Reducer::shorten() {
  bool any = false;
  Words words = wordsOf(best.text);
  for (std::size_t length = std::min<std::size_t>(40, words.size() / 2); length > 0; --length)
    for (std::size_t at = 0; at + length <= words.size();) {
      Words fewer = words;
      fewer.erase(fewer.begin() + at, fewer.begin() + at + length);
      if (withText(fewer)) {
        words = std::move(fewer);
        any = true;
      } else {
        ++at;
      }
    }
  return any;
}

/// Takes out a pair of parentheses, with the function before it.
bool Reducer::unwrap() {
  bool any = false;
  Words words = wordsOf(best.text);
  for (std::size_t at = 0; at < words.size(); ++at) {
    if (words[at] != "(")
      continue;
    std::size_t end = at, depth = 0;
    do
      depth += words[end] == "(" ? 1 : words[end] == ")" ? -1 : 0;
    while (depth > 0 && ++end < words.size());
    if (end == words.size())
      break;
    for (std::size_t from : {at, at - 1}) {
      if (from >= words.size())
        continue;
      Words fewer = words;
      fewer.erase(fewer.begin() + end);
      fewer.erase(fewer.begin() + from, fewer.begin() + at + 1);
      if (withText(fewer)) {
        words = std::move(fewer);
        any = true;
        break;
      }
    }
  }
  return any;
}

/// Says f32 for other types, and a number for what is read.
bool Reducer::simplify() {
  bool any = false;
  Words words = wordsOf(best.text);
  for (std::size_t at = 0; at < words.size(); ++at) {
    const std::string &word = words[at];
    if (word == "f16" || word == "bf16" || word == "f64" || word == "f8e4m3" || word == "f8e5m2") {
      Words other = words;
      other[at] = "f32";
      if (withText(other)) {
        words = std::move(other);
        any = true;
      }
    }
    if (at + 1 < words.size() && words[at + 1] == "[") {
      std::size_t end = at + 1;
      while (end < words.size() && words[end] != "]")
        ++end;
      Words other = words;
      other.erase(other.begin() + at + 1, other.begin() + std::min(end + 1, other.size()));
      other[at] = "0.5";
      if (withText(other)) {
        words = std::move(other);
        any = true;
      }
    }
  }
  return any;
}

bool Reducer::shrink() {
  bool any = false;
  if (best.gap > 0) {
    RandomProgram candidate = best;
    candidate.gap = 0;
    any |= accepts(candidate);
  }
  for (const std::string &name : std::set<std::string>(best.open)) {
    RandomProgram candidate = best;
    candidate.open.erase(name);
    any |= accepts(candidate);
  }
  for (const auto &[name, size] : std::map<std::string, std::int64_t>(best.sizes))
    for (std::int64_t smaller : {std::int64_t(1), std::int64_t(2), size / 2, size - 1})
      if (smaller >= 1 && smaller < best.sizes[name]) {
        RandomProgram candidate = best;
        candidate.sizes[name] = smaller;
        any |= accepts(candidate);
      }
  return any;
}

RandomProgram Reducer::run() {
  for (bool any = true; any && left > 0;) {
    any = shrink();
    any |= shorten();
    any |= unwrap();
    any |= simplify();
  }
  // As a person would write it, where that still shows it.
  if (auto text = format(best.text)) {
    RandomProgram candidate = best;
    candidate.text = *text;
    left = std::max(left, 1);
    accepts(candidate);
  }
  return best;
}

RandomProgram reduce(const RandomProgram &program, const Shows &shows, int attempts) {
  return Reducer(program, shows, attempts).run();
}

} // namespace scanc::smith
