//===- Diagnostics.cpp - Errors, source lines, and names that were meant ----===//
#include "compiler/frontend/Diagnostics.h"

#include <algorithm>

namespace scanc::frontend {

/// More errors than this help nobody.
static constexpr std::size_t errorLimit = 20;

void Diagnostics::error(std::string_view code, const SourceRange &place, std::string message,
                        std::string help, std::vector<ErrorNote> notes) {
  if (errors.size() >= errorLimit)
    return;
  Error error;
  error.code = code;
  error.kind = ErrorKind::input;
  error.message = std::move(message);
  error.place = place;
  error.place.file = filename;
  error.sourceLine = lineText(place.line);
  error.help = std::move(help);
  error.notes = std::move(notes);
  errors.push_back(std::move(error));
}

/// The first of `names`: more would not be read.
static std::string listed(std::vector<std::string> names) {
  constexpr std::size_t most = 12;
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i)
    list += (i == 0 ? "" : ", ") + names[i];
  return list + (names.size() > most ? ", …" : "");
}

void Diagnostics::unknown(const SourceRange &place, const std::string &name,
                          const std::vector<std::string> &known, const std::string &what) {
  std::string meant = nearest(name, known);
  error("SC1005", place, "unknown " + what + " '" + name + "'",
        meant.empty() ? "use one of " + listed(known) : "did you mean '" + meant + "'?");
}

bool Diagnostics::hasErrorOn(std::int64_t line) const {
  return std::any_of(errors.begin(), errors.end(),
                     [&](const Error &error) { return error.place.line == line; });
}

Error Diagnostics::take() {
  std::stable_sort(errors.begin(), errors.end(), [](const Error &a, const Error &b) {
    return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
  });
  Error first = std::move(errors.front());
  first.others.assign(std::make_move_iterator(errors.begin() + 1),
                      std::make_move_iterator(errors.end()));
  errors.clear();
  return first;
}

std::string Diagnostics::lineText(std::int64_t line) const {
  std::size_t begin = 0;
  for (std::int64_t i = 1; i < line && begin != std::string_view::npos; ++i) {
    begin = text.find('\n', begin);
    if (begin != std::string_view::npos)
      ++begin;
  }
  if (line < 1 || begin == std::string_view::npos)
    return "";
  std::string_view rest = text.substr(begin);
  std::string_view found = rest.substr(0, rest.find('\n'));
  if (!found.empty() && found.back() == '\r')
    found.remove_suffix(1);
  return std::string(found);
}

/// Levenshtein's distance.
static std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row.back();
}

std::string nearest(std::string_view name, const std::vector<std::string> &candidates) {
  std::string best;
  std::size_t bestDistance = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string &candidate : candidates)
    if (std::size_t d = distance(name, candidate); d < bestDistance) {
      bestDistance = d;
      best = candidate;
    }
  return best;
}

} // namespace scanc::frontend
