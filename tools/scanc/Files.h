//===- Files.h - Whole files, with `-` for stdin and stdout -----*- C++ -*-===//
#ifndef SCANC_TOOLS_SCANC_FILES_H
#define SCANC_TOOLS_SCANC_FILES_H

#include "scanc/Result.h"

#include <string>
#include <string_view>

namespace scanc::cli {

/// The bytes of a file; `-` is stdin. Fails with SC8002.
Result<std::string> readFile(const std::string &path);

/// Replaces a file; `-` is stdout. Fails with SC8003. A file is written beside its place and
/// renamed, so that it is never seen in part; it keeps its permissions, and links to it stay links.
Result<void> writeFile(const std::string &path, std::string_view bytes);

/// Makes a folder and those above it. Fails with SC8003.
Result<void> makeFolder(const std::string &path);

/// How diagnostics call a file: `<stdin>` for `-`.
std::string displayName(const std::string &path);

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_FILES_H
