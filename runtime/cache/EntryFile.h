//===- cache/EntryFile.h - One file of a cache folder -----------*- C++ -*-===//
//
// An entry holds its whole key, which is compared, so that no collision of names
// can give a wrong value, what is kept under it, and a checksum of everything. It
// is published whole or not at all.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_CACHE_ENTRYFILE_H
#define SCANC_RUNTIME_CACHE_ENTRYFILE_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scanc::rt {

/// What an entry keeps: the machine code of a kernel, or what the compiler made of a text. Its
/// files end with this.
enum class EntryKind : std::uint8_t { kernel, program };
std::string_view extensionOf(EntryKind kind);

constexpr const char *quarantineName = "quarantine"; ///< of the folder for what is damaged
constexpr const char *unfinished = ".tmp";           ///< ends the name of what is being written

/// What is kept under a key.
using EntryFields = std::vector<std::string>;

/// The bytes of an entry, and back. Nothing where the bytes are damaged or of another key.
std::string toEntry(std::string_view key, const EntryFields &fields);
std::optional<EntryFields> fromEntry(std::string_view bytes, std::string_view key);
/// The key of an entry that is whole.
std::optional<std::string> keyOfEntry(std::string_view bytes);

/// The name of the file of `key`.
std::string entryName(EntryKind kind, std::string_view key);

struct EntryFile {
  std::string path;
  EntryKind kind;
};
/// The entries of a folder, of every kind, by path.
std::vector<EntryFile> entriesOf(const std::string &folder);

/// A file that was opened to be read; only what this user or root wrote and nobody else may change.
struct ReadEntry {
  std::optional<std::string> bytes; ///< nothing: it cannot be read or trusted
  bool isMissing = false;
};
/// `stamp` notes that the entry is in use.
ReadEntry readEntry(const std::string &path, bool stamp = false);

/// Writes an entry called `name`. The first writer wins. Whether there is one now.
bool publishEntry(const std::string &folder, const std::string &name, std::string_view bytes);

/// Moves an entry to the quarantine of its folder.
void moveAside(const std::string &path);

} // namespace scanc::rt

#endif // SCANC_RUNTIME_CACHE_ENTRYFILE_H
