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

/// `line` without what would move the cursor or change the terminal's state.
std::string printable(std::string_view line) {
  std::string result(line);
  for (char &byte : result)
    if (byte != '\t' && (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F))
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

/// The source line and, under it, `^~~~` below the range.
std::string renderCaret(const SourceRange &place, std::string_view line, const Colours &colours) {
  std::string text = printable(line) + "\n";
  if (place.column <= 0)
    return text;
  std::size_t begin = std::min<std::size_t>(place.column - 1, line.size());
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
                      error.message, colours.reset);
  if (error.place.line > 0 && !error.sourceLine.empty())
    text += renderCaret(error.place, error.sourceLine, colours);
  for (const ErrorNote &note : error.notes)
    text += fmt::format("{}{}note:{} {}\n", renderPlace(note.place), colours.cyan, colours.reset,
                        note.text);
  if (!error.help.empty())
    text += fmt::format("{}help:{} {}\n", colours.green, colours.reset, error.help);
  for (const Error &other : error.others)
    renderOne(text, other, colours);
}

} // namespace

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
