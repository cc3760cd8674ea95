//===- LoadedCompiler.h - Whether a process has opened LLVM -----*- C++ -*-===//
#ifndef SCANC_TESTS_SUPPORT_LOADEDCOMPILER_H
#define SCANC_TESTS_SUPPORT_LOADEDCOMPILER_H

#include <fstream>
#include <sstream>

namespace scanc::testing_support {

/// Whether the compiler, or what it is made of, is in this process.
inline bool hasCompiler() {
  std::stringstream maps;
  maps << std::ifstream("/proc/self/maps").rdbuf();
  for (const char *name : {"libscanc-compiler", "libLLVM", "libMLIR"})
    if (maps.str().find(name) != std::string::npos)
      return true;
  return false;
}

} // namespace scanc::testing_support

#endif // SCANC_TESTS_SUPPORT_LOADEDCOMPILER_H
