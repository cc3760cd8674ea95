//===- Lexer.cpp - Characters to words ------------------------------------===//
#include "compiler/frontend/Lexer.h"

namespace scanc::frontend {

namespace {

class Lexer {
public:
  Lexer(std::string_view text, Diagnostics &diagnostics) : text(text), diagnostics(diagnostics) {}
  std::vector<Token> run();

private:
  static bool isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  }
  static bool isDigit(char c) { return c >= '0' && c <= '9'; }
  char peek(std::size_t ahead = 0) const {
    return position + ahead < text.size() ? text[position + ahead] : '\0';
  }
  void advance();
  void comment();
  std::string number();
  void add(Token::Kind kind, std::string word, std::int64_t atColumn);

  std::string_view text;
  Diagnostics &diagnostics;
  std::size_t position = 0;
  std::int64_t line = 1, column = 1;
  std::int64_t lastTokenLine = 0;
  std::vector<std::string> comments;
  std::vector<Token> tokens;
};

} // namespace

void Lexer::advance() {
  char c = text[position++];
  if (c == '\n') {
    ++line;
    column = 1;
  } else if ((c & 0xc0) != 0x80) { // not a continuation byte
    ++column;
  }
}

void Lexer::comment() {
  std::size_t end = text.find('\n', position);
  std::string body(text.substr(position, end == std::string_view::npos ? end : end - position));
  while (!body.empty() && (body.back() == ' ' || body.back() == '\t' || body.back() == '\r'))
    body.pop_back();
  if (lastTokenLine == line && !tokens.empty())
    tokens.back().trailing = body;
  else
    comments.push_back(body);
  while (position < text.size() && text[position] != '\n')
    advance();
}

std::string Lexer::number() {
  std::string word;
  auto take = [&] {
    word += peek();
    advance();
  };
  while (isDigit(peek()))
    take();
  if (peek() == '.') {
    take();
    while (isDigit(peek()))
      take();
  }
  bool exponent = (peek() == 'e' || peek() == 'E') &&
                  (isDigit(peek(1)) || ((peek(1) == '+' || peek(1) == '-') && isDigit(peek(2))));
  if (exponent) {
    take();
    if (!isDigit(peek()))
      take();
    while (isDigit(peek()))
      take();
  }
  return word;
}

void Lexer::add(Token::Kind kind, std::string word, std::int64_t atColumn) {
  Token token;
  token.kind = kind;
  token.place = {diagnostics.filename, line, atColumn,
                 static_cast<std::int64_t>(std::max<std::size_t>(1, word.size()))};
  token.text = std::move(word);
  token.comments = std::move(comments);
  comments.clear();
  lastTokenLine = line;
  tokens.push_back(std::move(token));
}

std::vector<Token> Lexer::run() {
  static constexpr std::string_view pairs[] = {"->", "<=", ">=", "==", "!="};
  static constexpr std::string_view byteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(byteOrderMark))
    position = byteOrderMark.size();
  while (position < text.size()) {
    char c = peek();
    std::int64_t start = column;
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      advance();
    } else if (c == '#') {
      comment();
    } else if (isLetter(c)) {
      std::string word;
      while (isLetter(peek()) || isDigit(peek())) {
        word += peek();
        advance();
      }
      add(Token::Kind::identifier, std::move(word), start);
    } else if (isDigit(c) || (c == '.' && isDigit(peek(1)))) {
      add(Token::Kind::number, number(), start);
    } else {
      std::string sign(1, c);
      for (std::string_view pair : pairs)
        if (text.substr(position, 2) == pair)
          sign = pair;
      if (sign.size() == 1 &&
          std::string_view("(){}[],:;=+-*/@<>").find(c) == std::string_view::npos) {
        std::size_t bytes = 1;
        while ((peek(bytes) & 0xc0) == 0x80)
          ++bytes;
        diagnostics.error("SC1002", {diagnostics.filename, line, start, 1},
                          "unexpected character '" + std::string(text.substr(position, bytes)) +
                              "'",
                          "remove it; names are made of letters, digits and '_'");
        while (bytes--)
          advance();
        continue;
      }
      for (std::size_t i = 0; i < sign.size(); ++i)
        advance();
      add(Token::Kind::sign, std::move(sign), start);
    }
  }
  add(Token::Kind::end, "", column);
  return std::move(tokens);
}

std::vector<Token> tokenize(std::string_view text, Diagnostics &diagnostics) {
  return Lexer(text, diagnostics).run();
}

} // namespace scanc::frontend
