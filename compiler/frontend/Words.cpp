//===- Words.cpp - A cursor over the words of a file ----------------------===//
#include "compiler/frontend/Words.h"

namespace scanc::frontend {

void Words::fail(const std::string &expected, const std::string &help) {
  // What follows a mistake on its line is most often the same mistake.
  if (diagnostics.hasErrorOn(peek().place.line))
    throw Recover();
  std::string got =
      peek().kind == Token::Kind::end ? "the end of the file" : "'" + peek().text + "'";
  diagnostics.error("SC1001", peek().place, "expected " + expected + ", got " + got,
                    help.empty() ? "write " + expected + " here" : help);
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
