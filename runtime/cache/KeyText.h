//===- cache/KeyText.h - Keys of the cache, as labelled parts ---*- C++ -*-===//
#ifndef SCANC_RUNTIME_CACHE_KEYTEXT_H
#define SCANC_RUNTIME_CACHE_KEYTEXT_H

#include <string>
#include <string_view>
#include <vector>

namespace scanc::rt {

/// Writes a key: each part with its label and its length, so that no two lists of parts have one
/// text.
class KeyText {
public:
  /// `schema` names what is kept under the key; it changes when the meaning of the parts does.
  explicit KeyText(std::string_view schema) : text(schema) { text += '\n'; }

  KeyText &add(std::string_view label, std::string_view value);
  std::string take() { return std::move(text); }

private:
  std::string text;
};

/// One part of such a key. "text" is the text of the "header" before it.
struct KeyPart {
  std::string_view label, value;
};
/// The parts of a key, first its schema; they live as long as its text. What is no key has none.
std::vector<KeyPart> partsOfKey(std::string_view key);

} // namespace scanc::rt

#endif // SCANC_RUNTIME_CACHE_KEYTEXT_H
