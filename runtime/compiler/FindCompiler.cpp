//===- FindCompiler.cpp - The compiler linked in, or opened on demand -----===//
#include "runtime/compiler/Compiler.h"

#include "runtime/process/Fork.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

extern "C" __attribute__((weak)) const scanc::rt::Compiler *scanc_compiler();

namespace scanc::rt {
namespace {

namespace fs = std::filesystem;

constexpr const char *libraryName = "libscanc-compiler.so." SCANC_SOVERSION;

/// Where the library is looked for, in order.
std::vector<std::string> candidates() {
  if (const char *given = std::getenv("SCANC_COMPILER"); given && *given)
    return {given};
  std::vector<std::string> paths;
  Dl_info own;
  if (dladdr(reinterpret_cast<const void *>(&sharedCompiler), &own) && own.dli_fname) {
    // A program has the name by which it was called; a library has its path.
    std::error_code ignored;
    fs::path file = fs::canonical(*own.dli_fname == '/' ? own.dli_fname : "/proc/self/exe", ignored);
    for (const fs::path &folder : {file.parent_path(), file.parent_path() / ".." / "lib"})
      if (fs::path path = folder / libraryName; access(path.c_str(), R_OK) == 0)
        paths.push_back(path.string());
  }
  paths.push_back(libraryName);
  return paths;
}

Result<const Compiler *> open() {
  if (scanc_compiler)
    return scanc_compiler();
  std::string faults;
  for (const std::string &path : candidates()) {
    void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) {
      faults += fmt::format("{}{}", faults.empty() ? "" : "; ", dlerror());
      continue;
    }
    auto get = reinterpret_cast<const Compiler *(*)()>(dlsym(library, "scanc_compiler"));
    std::string version = get ? get()->version : "none";
    if (version == SCANC_VERSION)
      return get();
    dlclose(library);
    return makeError("SC5011", ErrorKind::environment,
                     fmt::format("expected the compiler of scanc {}, got version {} in '{}'",
                                 SCANC_VERSION, version, path),
                     "install both libraries of one version");
  }
  return makeError("SC5010", ErrorKind::environment,
                   fmt::format("there is no compiler to make a kernel from text: {}", faults),
                   "install libscanc-compiler, or name the file by SCANC_COMPILER; bundles need none");
}

} // namespace

static OpeningMutex &opening = *new OpeningMutex;

Result<const Compiler *> sharedCompiler() {
  static const Compiler *known = nullptr;
  std::lock_guard lock(opening);
  if (known)
    return known;
  Result<const Compiler *> found = open();
  if (found)
    known = *found;
  return found;
}

} // namespace scanc::rt
