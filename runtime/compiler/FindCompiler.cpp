//===- FindCompiler.cpp - The compiler linked in, or opened on demand -----===//
#include "runtime/compiler/Compiler.h"

#include "runtime/process/Fork.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

extern "C" __attribute__((weak)) const scanc::rt::Compiler *scanc_compiler();

namespace scanc::rt {
namespace {

namespace fs = std::filesystem;

constexpr const char *libraryName = "libscanc-compiler.so." SCANC_SOVERSION;

/// The file of the program or library that a function is in.
template <typename Function>
fs::path fileOf(Function *function) {
  Dl_info info;
  if (!dladdr(reinterpret_cast<const void *>(function), &info) || !info.dli_fname)
    return "";
  // A program has the name by which it was called; a library has its path.
  std::error_code ignored;
  return fs::canonical(*info.dli_fname == '/' ? info.dli_fname : "/proc/self/exe", ignored);
}

/// Where the library is looked for, in order.
std::vector<std::string> candidates() {
  if (const char *given = std::getenv("SCANC_COMPILER"); given && *given)
    return {given};
  std::vector<std::string> paths;
  fs::path own = fileOf(&sharedCompiler).parent_path();
  // Packages put it beside the C library.
  for (const fs::path &folder : {own, own / ".." / "lib", fileOf(&std::getenv).parent_path()})
    if (fs::path path = folder / libraryName; access(path.c_str(), R_OK) == 0)
      paths.push_back(path.string());
  paths.push_back(libraryName);
  return paths;
}

std::string identityOf(const fs::path &file) {
  struct stat status;
  if (!file.has_parent_path() || stat(file.c_str(), &status) != 0)
    return "";
  return fmt::format("{} bytes of {}.{:09}", status.st_size, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec);
}

/// The compiler that is open, and which it is.
struct Opened {
  const Compiler *compiler = nullptr;
  std::string identity;
};
const Opened *opened = nullptr;

Result<Opened> open() {
  if (scanc_compiler)
    return Opened{scanc_compiler(), identityOf(fileOf(scanc_compiler))};
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
      return Opened{get(), identityOf(path)};
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
  std::lock_guard lock(opening);
  if (!opened) {
    Result<Opened> found = open();
    if (!found)
      return found.error();
    opened = new Opened(std::move(*found)); // as the library, for the life of the process
  }
  return opened->compiler;
}

std::string compilerIdentity() {
  std::lock_guard lock(opening);
  if (opened)
    return opened->identity;
  return scanc_compiler ? identityOf(fileOf(scanc_compiler)) : identityOf(candidates().front());
}

} // namespace scanc::rt
