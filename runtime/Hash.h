//===- Hash.h - A 128-bit checksum and name of a text -----------*- C++ -*-===//
//
// As FNV-1a of 128 bits, but 8 bytes a step, with a fold of the upper half into
// the lower one. Each step is a bijection of the state, so texts of one length
// that differ within one word of 8 bytes never have the same value. It is no
// defence against a forger: whoever may write a cache folder may run code anyway.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_HASH_H
#define SCANC_RUNTIME_HASH_H

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace scanc::rt {

class Hash128 {
public:
  /// What is added in parts has another value than in one: the length of each counts.
  Hash128 &add(std::string_view bytes) {
    std::uint64_t length = bytes.size(), word = 0;
    for (; bytes.size() >= sizeof word; bytes.remove_prefix(sizeof word)) {
      std::memcpy(&word, bytes.data(), sizeof word);
      step(word);
    }
    word = 0;
    if (!bytes.empty())
      std::memcpy(&word, bytes.data(), bytes.size());
    step(word);
    step(length);
    return *this;
  }

  /// 32 lower-case hexadecimal digits.
  std::string hex() const {
    std::string text(32, '0');
    unsigned __int128 rest = state;
    for (std::size_t i = text.size(); i-- > 0; rest >>= 4)
      text[i] = "0123456789abcdef"[static_cast<unsigned>(rest & 15)];
    return text;
  }

private:
  void step(std::uint64_t word) {
    state = (state ^ word) * prime;
    state ^= state >> 64;
  }

  static constexpr unsigned __int128 prime = (static_cast<unsigned __int128>(1) << 88) | 0x13B;
  unsigned __int128 state =
      (static_cast<unsigned __int128>(0x6C62272E07BB0142u) << 64) | 0x62B821756295C58Du;
};

inline std::string hashHex(std::string_view bytes) { return Hash128().add(bytes).hex(); }

} // namespace scanc::rt

#endif // SCANC_RUNTIME_HASH_H
