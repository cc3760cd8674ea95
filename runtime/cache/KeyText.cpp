//===- KeyText.cpp - Keys of the cache, as labelled parts -----------------===//
#include "runtime/cache/KeyText.h"

#include <algorithm>
#include <charconv>

namespace scanc::rt {

KeyText &KeyText::add(std::string_view label, std::string_view value) {
  text.append(label).append(" ").append(std::to_string(value.size())).append(":");
  text.append(value).append("\n");
  return *this;
}

std::vector<KeyPart> partsOfKey(std::string_view key) {
  std::vector<KeyPart> parts;
  auto upTo = [&](char end) {
    std::size_t at = std::min(key.find(end), key.size());
    std::string_view text = key.substr(0, at);
    key.remove_prefix(std::min(at + 1, key.size()));
    return text;
  };
  parts.push_back({"schema", upTo('\n')});
  while (!key.empty()) {
    std::string_view label = upTo(' '), length = upTo(':');
    std::size_t count = 0;
    auto [end, status] = std::from_chars(length.data(), length.data() + length.size(), count);
    if (status != std::errc() || end != length.data() + length.size() || count >= key.size())
      return {};
    parts.push_back({label, key.substr(0, count)});
    key.remove_prefix(count + 1); // and the end of the line
  }
  return parts;
}

} // namespace scanc::rt
