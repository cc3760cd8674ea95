//===- Words.h - A cursor over the words of a file --------------*- C++ -*-===//
#ifndef SCANC_COMPILER_FRONTEND_WORDS_H
#define SCANC_COMPILER_FRONTEND_WORDS_H

#include "compiler/frontend/Ast.h"
#include "compiler/frontend/Lexer.h"

#include <algorithm>

namespace scanc::frontend {

/// Thrown to leave a broken statement behind: its error is already reported. Never leaves `parse`.
struct Recover {};

/// What a parser reads from: the words of a text, and the next of them.
class Words {
protected:
  explicit Words(Diagnostics &diagnostics)
      : diagnostics(diagnostics), tokens(tokenize(diagnostics.text, diagnostics)) {}

  const Token &peek(std::size_t ahead = 0) const {
    return tokens[std::min(next + ahead, tokens.size() - 1)];
  }
  const Token &take() { return tokens[next + 1 < tokens.size() ? next++ : next]; }
  bool at(std::string_view text) const {
    return peek().text == text && peek().kind != Token::Kind::end;
  }
  bool accept(std::string_view text) {
    if (!at(text))
      return false;
    take();
    return true;
  }
  /// Reports what was expected at the next word, and recovers. Without `help` the cure is to write
  /// what was expected.
  [[noreturn]] void fail(const std::string &expected, const std::string &help = "");
  void expect(std::string_view text);
  Name name(const std::string &what);
  void takeComments(std::size_t first, std::vector<std::string> &before, std::string &behind);

  Diagnostics &diagnostics;
  std::vector<Token> tokens;
  std::size_t next = 0;
};

} // namespace scanc::frontend

#endif // SCANC_COMPILER_FRONTEND_WORDS_H
