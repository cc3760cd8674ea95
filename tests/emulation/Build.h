//===- Build.h - From the text of a kernel to a shared object ---*- C++ -*-===//
#ifndef SCANC_TESTS_EMULATION_BUILD_H
#define SCANC_TESTS_EMULATION_BUILD_H

#include "tests/emulation/Emulation.h"

namespace scanc::emulation {

/// The path of the shared object of a kernel. Its name is the digest of everything that the
/// compiler reads, so it is compiled once per build tree.
Result<std::string> buildSharedObject(const std::string &text,
                                      const std::vector<std::string> &headerFolders,
                                      const std::string &entry);

/// A folder that holds `headers`, given by include name; made once per build tree.
Result<std::string> writeHeaders(const std::map<std::string, std::string> &headers);

} // namespace scanc::emulation

#endif // SCANC_TESTS_EMULATION_BUILD_H
