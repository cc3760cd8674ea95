//===- Base64.h - Bytes as text, and back -----------------------*- C++ -*-===//
//
// RFC 4648 with padding.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_BASE64_H
#define SCANC_RUNTIME_BASE64_H

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace scanc::rt {

inline constexpr std::string_view base64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

inline std::string toBase64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::string_view group = bytes.substr(i, 3);
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k)
      word = word << 8 | (k < group.size() ? static_cast<unsigned char>(group[k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      text += k <= group.size() ? base64Digits[word >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

/// Nothing where the text was not written by `toBase64`.
inline std::optional<std::string> fromBase64(std::string_view text) {
  static constexpr auto values = [] {
    std::array<std::int8_t, 256> table{};
    table.fill(-1);
    for (std::size_t i = 0; i < base64Digits.size(); ++i)
      table[static_cast<unsigned char>(base64Digits[i])] = static_cast<std::int8_t>(i);
    return table;
  }();
  if (text.size() % 4 != 0)
    return std::nullopt;
  std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      bool isPadding = i + k >= text.size() - padding;
      int value = isPadding ? 0 : values[static_cast<unsigned char>(text[i + k])];
      if (value < 0)
        return std::nullopt;
      word = word << 6 | static_cast<std::uint32_t>(value);
    }
    for (int shift : {16, 8, 0})
      bytes += static_cast<char>(word >> shift & 255);
  }
  bytes.resize(bytes.size() - padding);
  return toBase64(bytes) == text ? std::optional(std::move(bytes)) : std::nullopt;
}

} // namespace scanc::rt

#endif // SCANC_RUNTIME_BASE64_H
