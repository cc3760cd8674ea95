//===- Files.h - Whole files, with `-` for stdin and stdout -----*- C++ -*-===//
#ifndef SCANC_TOOLS_SCANC_FILES_H
#define SCANC_TOOLS_SCANC_FILES_H

#include "scanc/Result.h"

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace scanc::cli {

/// The bytes of a file; `-` is stdin. Fails with SC8002.
Result<std::string> readFile(const std::string &path);

/// Where bytes go, and these; `-` is stdout.
using OutputFile = std::pair<std::string, std::string>;

/// Replaces files, all or none. Fails with SC8003. A file is written beside its place and renamed
/// when all are written, so that none is ever seen in part; it keeps its permissions, and links to
/// it stay links. A device or a pipe is written as it is.
Result<void> writeFiles(std::span<const OutputFile> files);
Result<void> writeFile(const std::string &path, std::string_view bytes);
/// Writes to stdout; gives exit code 0.
Result<int> print(std::string_view text);

/// Fails with SC8003 where `writeFile` would; writes nothing.
Result<void> checkWritable(const std::string &path);

/// Makes a folder and those above it. Fails with SC8003.
Result<void> makeFolder(const std::string &path);

/// How diagnostics call a file: `<stdin>` for `-`.
std::string displayName(const std::string &path);

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_FILES_H
