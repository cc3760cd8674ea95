//===- Words.cpp - A cursor over the words of a file ----------------------===//
#include "compiler/frontend/Words.h"

namespace scanc::frontend {

/// What a habit of another language is called here, or nothing.
static std::string habit(std::string_view before, std::string_view word,
                         const std::string &expected) {
  if (word == "/" && (before == "/" || expected == "'kernel'"))
    return "a comment begins with #";
  if (word == "*" && before == "*")
    return "a power is written pow(x, 2)";
  if (word == "@" && expected == "a statement")
    return "a product of matrices is written with indices: y[t,i] = A[i,l] * x[t,l]";
  if (expected == "'='" && (word == "+" || word == "-" || word == "*" || word == "/"))
    return "write the whole step: h[t] = h[t-1] " + std::string(word) + " …";
  return "";
}

void Words::fail(const std::string &expected, const std::string &help) {
  // What follows a mistake on its line is most often the same mistake.
  if (diagnostics.hasErrorOn(peek().place.line))
    throw Recover();
  std::string got =
      peek().kind == Token::Kind::end ? "the end of the file" : "'" + peek().text + "'";
  std::string known = habit(next > 0 ? tokens[next - 1].text : "", peek().text, expected);
  diagnostics.error("SC1001", peek().place, "expected " + expected + ", got " + got,
                    !known.empty() ? known
                    : help.empty() ? "write " + expected + " here"
                                   : help);
  throw Recover();
}

void Words::expect(std::string_view text) {
  if (!accept(text))
    fail("'" + std::string(text) + "'");
}

/// The comments of the words from `first` on: the last word's own goes to `behind`, all others to
/// `before`, for nothing is printed between the words of a line.
void Words::takeComments(std::size_t first, std::vector<std::string> &before, std::string &behind) {
  for (std::size_t i = first; i < next; ++i) {
    before.insert(before.end(), tokens[i].comments.begin(), tokens[i].comments.end());
    if (i + 1 < next && !tokens[i].trailing.empty())
      before.push_back(tokens[i].trailing);
  }
  behind = tokens[next - 1].trailing;
}

Name Words::name(const std::string &what) {
  if (peek().kind != Token::Kind::identifier)
    fail(what);
  const Token &token = take();
  return {token.text, token.place};
}

} // namespace scanc::frontend
