//===- Mutate.cpp - Inputs made of other inputs ---------------------------===//
#include "tests/fuzz/Mutate.h"

#include <cctype>
#include <fstream>

namespace scanc::fuzz {

std::vector<std::string> readDictionary(const std::string &path) {
  std::vector<std::string> tokens;
  std::ifstream stream(path);
  for (std::string line; std::getline(stream, line);) {
    const std::size_t first = line.find('"'), last = line.rfind('"');
    if (line.starts_with("#") || first == last)
      continue;
    std::string token;
    for (std::size_t i = first + 1; i < last; ++i) {
      if (line[i] != '\\' || i + 1 == last)
        token += line[i];
      else if (line[++i] != 'x' || i + 2 >= last)
        token += line[i];
      else {
        token += static_cast<char>(std::stoi(line.substr(i + 1, 2), nullptr, 16));
        i += 2;
      }
    }
    tokens.push_back(std::move(token));
  }
  return tokens;
}

namespace {

class Mutation {
public:
  Mutation(const std::vector<std::string> &corpus, const std::vector<std::string> &dictionary,
           std::mt19937_64 &random)
      : corpus(corpus), dictionary(dictionary), random(random), text(corpus[below(corpus.size())]) {}

  std::string run(std::size_t longest) {
    for (std::size_t changes = 1 + below(1 + below(8)); changes > 0; --changes)
      change();
    text.resize(std::min(text.size(), longest));
    return std::move(text);
  }

private:
  std::size_t below(std::size_t end) { return end == 0 ? 0 : random() % end; }
  std::size_t place() { return below(text.size() + 1); }
  /// A length of a range that begins at `at`; short ones are likelier.
  std::size_t length(const std::string &of, std::size_t at) {
    return std::min(of.size() - at, std::size_t{1} << below(8));
  }

  void change() {
    const std::size_t at = place();
    switch (below(9)) {
    case 0:
      if (at < text.size())
        text[at] = static_cast<char>(text[at] ^ 1 << below(8));
      return;
    case 1:
      text.insert(at, 1, static_cast<char>(random()));
      return;
    case 2:
      text.erase(at, length(text, at));
      return;
    case 3:
      text.insert(place(), text.substr(at, length(text, at)));
      return;
    case 4: {
      const std::string &other = corpus[below(corpus.size())];
      const std::size_t from = below(other.size() + 1);
      text.replace(at, length(text, at), other.substr(from, length(other, from)));
      return;
    }
    case 5:
      replaceNumber(at);
      return;
    case 6:
      if (!dictionary.empty())
        text.replace(at, length(text, at), dictionary[below(dictionary.size())]);
      return;
    case 7:
      replaceWord(at);
      return;
    default:
      if (!dictionary.empty())
        text.insert(at, dictionary[below(dictionary.size())]);
    }
  }

  /// The next number from `at`, by one of those at which something ends.
  void replaceNumber(std::size_t at) {
    static constexpr const char *numbers[] = {
        "0", "-1", "1", "2", "3", "7", "31", "32", "33", "64", "65", "127", "255", "256", "257", "1000", "65536", "2147483647",
        "2147483648", "4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1e38", "1e-46",
        "1e309", "nan", "-0.0", "0.5", "1.5", "18446744073709551616", "00", "0x10"};
    while (at < text.size() && !isDigit(text[at]))
      ++at;
    std::size_t end = at;
    while (end < text.size() && isDigit(text[end]))
      ++end;
    if (at < end)
      text.replace(at, end - at, numbers[below(std::size(numbers))]);
  }

  /// The next word from `at`, by another word of the same input.
  void replaceWord(std::size_t at) {
    const std::string other = wordFrom(place()), word = wordFrom(at);
    const std::size_t found = word.empty() ? std::string::npos : text.find(word, at);
    if (found != std::string::npos)
      text.replace(found, word.size(), other);
  }
  std::string wordFrom(std::size_t at) const {
    while (at < text.size() && !isWord(text[at]))
      ++at;
    std::size_t end = at;
    while (end < text.size() && isWord(text[end]))
      ++end;
    return text.substr(at, end - at);
  }

  static bool isDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
  static bool isWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

  const std::vector<std::string> &corpus, &dictionary;
  std::mt19937_64 &random;
  std::string text;
};

} // namespace

std::string mutate(const std::vector<std::string> &corpus, const std::vector<std::string> &dictionary,
                   std::size_t longest, std::mt19937_64 &random) {
  return Mutation(corpus, dictionary, random).run(longest);
}

} // namespace scanc::fuzz
