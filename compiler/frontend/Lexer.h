//===- Lexer.h - Words of a .scan file --------------------------*- C++ -*-===//
#ifndef SCANC_COMPILER_FRONTEND_LEXER_H
#define SCANC_COMPILER_FRONTEND_LEXER_H

#include "compiler/frontend/Diagnostics.h"

#include <string>
#include <vector>

namespace scanc::frontend {

struct Token {
  enum class Kind { identifier, number, sign, end };
  Kind kind = Kind::end;
  std::string text; ///< of a sign: ( ) { } [ ] , : ; -> = + - * / @ < <= > >= == !=
  SourceRange place;
  std::vector<std::string> comments; ///< that stand on lines of their own before it
  std::string trailing;              ///< comment behind it on its line
};

/// The words of `text`, ended by one of kind `end`. Comments run from `#` to the end of the line
/// and are attached to words. Columns count characters, not bytes, of UTF-8.
std::vector<Token> tokenize(std::string_view text, Diagnostics &diagnostics);

} // namespace scanc::frontend

#endif // SCANC_COMPILER_FRONTEND_LEXER_H
