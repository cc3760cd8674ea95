//===- Error.cpp - Errors as a person reads them --------------------------===//
//
// Columns count bytes, as the lexer counts them; the caret is padded by the
// characters that those bytes show, so that it stands under the right one.
//
//===----------------------------------------------------------------------===//
#include "scanc/Error.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace scanc {
namespace {

struct Colours {
  std::string_view bold, red, green, cyan, reset;
};
constexpr Colours plain{};
constexpr Colours ansi{"\033[1m", "\033[1;31m", "\033[1;32m", "\033[1;36m", "\033[0m"};

bool continuesCharacter(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

/// `text` without what would end it, move the cursor or change the terminal's state.
std::string printable(std::string_view text) {
  std::string result(text);
  for (char &byte : result)
    if (byte != '\t' && byte != '\n' && (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F))
      byte = '?';
  return result;
}

std::string renderPlace(const SourceRange &place) {
  if (place.line <= 0)
    return place.file.empty() ? "" : fmt::format("{}: ", place.file);
  if (place.column <= 0)
    return fmt::format("{}:{}: ", place.file, place.line);
  return fmt::format("{}:{}:{}: ", place.file, place.line, place.column);
}

/// `text` from its first byte of a character at or after `from`, at most `most` bytes in whole
/// characters.
std::string_view excerpt(std::string_view text, std::size_t from, std::size_t most) {
  while (from < text.size() && continuesCharacter(text[from]))
    ++from;
  text.remove_prefix(std::min(from, text.size()));
  std::size_t length = std::min(most, text.size());
  while (length > 0 && length < text.size() && continuesCharacter(text[length]))
    --length;
  return text.substr(0, length);
}

/// A sentence, of which a name or a line of many kilobytes leaves the beginning.
std::string sentence(std::string_view text) {
  constexpr std::size_t longest = 2000;
  return printable(excerpt(text, 0, longest)) + (text.size() > longest ? "…" : "");
}

/// The source line and, under it, `^~~~` below the range. Of a long line, what is around its begin.
std::string renderCaret(const SourceRange &place, std::string_view line, const Colours &colours) {
  constexpr std::size_t widest = 240, before = 80;
  std::size_t begin = place.column <= 0 ? 0 : std::min<std::size_t>(place.column - 1, line.size());
  if (line.size() > widest) {
    std::string_view shown = excerpt(line, begin > before ? begin - before : 0, widest);
    begin -= static_cast<std::size_t>(shown.data() - line.data());
    line = shown;
  }
  std::string text = printable(line) + "\n";
  if (place.column <= 0)
    return text;
  std::size_t length = std::max<std::int64_t>(place.length, 1);
  std::size_t end = std::min(begin + length, line.size());
  for (char byte : line.substr(0, begin))
    if (byte == '\t')
      text += '\t';
    else if (!continuesCharacter(byte))
      text += ' ';
  text += colours.green;
  text += '^';
  for (std::size_t i = begin + 1; i < end; ++i)
    if (!continuesCharacter(line[i]))
      text += '~';
  text += colours.reset;
  return text + "\n";
}

void renderOne(std::string &text, const Error &error, const Colours &colours) {
  text += fmt::format("{}{}{}", colours.bold, renderPlace(error.place), colours.reset);
  std::string label = error.kind == ErrorKind::internal ? "internal error" : "error";
  if (!error.code.empty())
    label += fmt::format("[{}]", error.code);
  text += fmt::format("{}{}:{} {}{}{}\n", colours.red, label, colours.reset, colours.bold,
                      sentence(error.message), colours.reset);
  if (error.place.line > 0 && !error.sourceLine.empty())
    text += renderCaret(error.place, error.sourceLine, colours);
  for (const ErrorNote &note : error.notes)
    text += fmt::format("{}{}note:{} {}\n", renderPlace(note.place), colours.cyan, colours.reset,
                        printable(note.text));
  if (!error.help.empty())
    text += fmt::format("{}help:{} {}\n", colours.green, colours.reset, sentence(error.help));
  for (const Error &other : error.others)
    renderOne(text, other, colours);
}

} // namespace

Error makeError(std::string code, ErrorKind kind, std::string message, std::string help) {
  Error error;
  error.code = std::move(code);
  error.kind = kind;
  error.message = std::move(message);
  error.help = std::move(help);
  return error;
}

std::string render(const Error &error, bool color) {
  std::string text;
  renderOne(text, error, color ? ansi : plain);
  return text;
}

int exitCode(ErrorKind kind) {
  switch (kind) {
  case ErrorKind::input:
    return 1;
  case ErrorKind::usage:
    return 2;
  case ErrorKind::environment:
    return 3;
  case ErrorKind::mismatch:
    return 4;
  case ErrorKind::internal:
    return 70;
  }
  return 70;
}

} // namespace scanc
