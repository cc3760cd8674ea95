//===- Numbers.cpp - Quantities with the unit that suits their size -------===//
#include "tools/scanc/Numbers.h"

#include <fmt/format.h>

namespace scanc::cli {

std::string secondsText(double seconds) {
  if (seconds < 1e-3)
    return fmt::format("{:.3g} us", seconds * 1e6);
  return seconds < 1 ? fmt::format("{:.3g} ms", seconds * 1e3) : fmt::format("{:.3g} s", seconds);
}

/// `value` in steps of 1000.
static std::string scaled(double value, const char *unit) {
  constexpr const char *prefixes[] = {"", "k", "M", "G", "T", "P"};
  std::size_t i = 0;
  for (; value >= 999.5 && i + 1 < std::size(prefixes); ++i)
    value /= 1000;
  std::string text = fmt::format("{:.3g} {}{}", value, prefixes[i], unit);
  return text.ends_with(' ') ? text.substr(0, text.size() - 1) : text;
}

std::string bytesText(double bytes) { return scaled(bytes, "B"); }
std::string countText(double count) { return scaled(count, ""); }

} // namespace scanc::cli
