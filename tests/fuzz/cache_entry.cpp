//===- cache_entry.cpp - Files of the cache -------------------------------===//
#include "runtime/cache/EntryFile.h"
#include "tests/fuzz/Finding.h"

using namespace scanc;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  const std::string_view bytes = fuzz::textOf(data, size);
  const std::optional<std::string> key = rt::keyOfEntry(bytes);
  const std::optional<rt::EntryFields> fields = rt::fromEntry(bytes, key.value_or("a key"));
  fuzz::require(fields.has_value() == key.has_value(), "an entry is whole with its key, or without");
  if (fields)
    fuzz::require(rt::toEntry(*key, *fields) == bytes, "an entry that was read is written otherwise");
  // What is written of any bytes is read again, by its own key alone.
  const std::size_t cut = size / 2;
  const std::string ours(bytes.substr(0, cut));
  const rt::EntryFields kept{std::string(bytes.substr(cut)), ours};
  const std::string entry = rt::toEntry(ours, kept);
  fuzz::require(rt::fromEntry(entry, ours) == kept, "an entry loses what it keeps");
  fuzz::require(!rt::fromEntry(entry, ours + "x"), "an entry serves another key");
  std::string damaged = entry;
  damaged[size * 0x9e3779b97f4a7c15ull % entry.size()] ^= 1;
  fuzz::require(!rt::fromEntry(damaged, ours), "a damaged entry is believed");
  return 0;
}
