//===- DiskCache.cpp - The folders of a cache, one after another ----------===//
#include "runtime/cache/DiskCache.h"

namespace scanc::rt {

std::string DiskCache::pathOf(std::string_view key) const {
  return places.writable.empty() ? "" : places.writable + "/" + entryName(kind, key);
}

std::optional<EntryFields> DiskCache::read(std::string_view key) {
  std::string name = entryName(kind, key);
  for (const std::string &folder : {places.writable, places.readOnly}) {
    if (folder.empty())
      continue;
    bool mayWrite = folder == places.writable;
    std::string path = folder + "/" + name;
    ReadEntry entry = readEntry(path, mayWrite);
    if (entry.isMissing)
      continue;
    if (!entry.bytes) {
      ++faultCount;
      continue;
    }
    if (std::optional<EntryFields> fields = fromEntry(*entry.bytes, key))
      return fields;
    ++damagedCount;
    if (mayWrite)
      moveAside(path);
  }
  return std::nullopt;
}

void DiskCache::write(std::string_view key, const EntryFields &fields) {
  if (places.writable.empty())
    return;
  faultCount += !publishEntry(places.writable, entryName(kind, key), toEntry(key, fields));
  evictNowAndThen(places.writable, limits);
}

void DiskCache::discard(std::string_view key) {
  ++damagedCount;
  if (std::string path = pathOf(key); !path.empty())
    moveAside(path);
}

} // namespace scanc::rt
