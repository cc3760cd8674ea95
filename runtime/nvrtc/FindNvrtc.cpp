//===- FindNvrtc.cpp - NVRTC and its builtins, wherever they are ----------===//
//
// libnvrtc opens libnvrtc-builtins by its bare name. Where both lie in a folder
// that the loader does not know, that fails with a message about a missing
// file, or picks up the builtins of another toolkit. So the builtins of the
// same folder are opened first: the loader then finds them by name.
//
//===----------------------------------------------------------------------===//
#include "runtime/nvrtc/NvrtcApi.h"

#include "runtime/process/Fork.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>

namespace scanc {
namespace rt {
namespace {

namespace fs = std::filesystem;

constexpr int newestMajor = 13;
constexpr int oldestMajor = 12;

std::string environment(const char *name) {
  const char *value = std::getenv(name);
  return value ? value : "";
}

/// Folders below `parent` whose name begins with `prefix`, the last in the alphabet first.
std::vector<fs::path> foldersIn(const fs::path &parent, std::string_view prefix) {
  std::vector<fs::path> found;
  std::error_code ignored;
  fs::directory_iterator it(parent, ignored), end;
  for (; !ignored && it != end; it.increment(ignored))
    if (it->path().filename().string().starts_with(prefix))
      found.push_back(it->path());
  std::sort(found.rbegin(), found.rend());
  return found;
}

/// The folders of the wheels nvidia-cuda-nvrtc (13) and nvidia-cuda-nvrtc-cu12 under one prefix.
void addWheels(std::vector<std::string> &folders, const fs::path &prefix) {
  for (const fs::path &python : foldersIn(prefix / "lib", "python3"))
    for (const char *packages : {"site-packages", "dist-packages"})
      for (const char *wheel : {"nvidia/cu13/lib", "nvidia/cuda_nvrtc/lib"}) {
        std::error_code ignored;
        if (fs::path folder = python / packages / wheel; fs::is_directory(folder, ignored))
          folders.push_back(folder.string());
      }
}

/// Prefixes of the Pythons on PATH. A folder of shims ("…/shims" beside "…/versions") stands for
/// every version below it.
std::vector<fs::path> pythonPrefixes() {
  std::vector<fs::path> prefixes;
  for (const char *name : {"VIRTUAL_ENV", "CONDA_PREFIX"})
    if (std::string prefix = environment(name); !prefix.empty())
      prefixes.emplace_back(prefix);
  std::string path = environment("PATH");
  for (std::size_t begin = 0; begin < path.size();) {
    std::size_t end = std::min(path.find(':', begin), path.size());
    fs::path folder = path.substr(begin, end - begin);
    begin = end + 1;
    std::error_code ignored;
    fs::path python = folder / "python3";
    if (folder.empty() || !fs::exists(python, ignored))
      continue;
    prefixes.push_back(folder.parent_path());
    if (fs::path real = fs::canonical(python, ignored); !ignored)
      prefixes.push_back(real.parent_path().parent_path());
    for (const fs::path &version : foldersIn(folder.parent_path() / "versions", "3."))
      prefixes.push_back(version);
  }
  if (std::string home = environment("HOME"); !home.empty())
    prefixes.push_back(fs::path(home) / ".local");
  return prefixes;
}

Error environmentError(std::string code, std::string message, std::string help) {
  Error error;
  error.code = std::move(code);
  error.kind = ErrorKind::environment;
  error.message = std::move(message);
  error.help = std::move(help);
  return error;
}

constexpr const char *installNvrtc =
    "run 'pip install nvidia-cuda-nvrtc', or install the CUDA toolkit and set CUDA_HOME; "
    "SCANC_NVRTC names the library itself";

/// Opens the builtins of `folder` that belong to NVRTC `major`; returns their path.
std::string openBuiltins(const fs::path &folder, int major) {
  for (const fs::path &file : foldersIn(folder, fmt::format("libnvrtc-builtins.so.{}", major)))
    if (dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL))
      return file.string();
  return "";
}

template <typename Function>
bool load(void *library, const char *name, Function &function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

/// Fills the table; returns the first name that the library lacks.
std::string loadFunctions(void *library, NvrtcApi &api) {
  const char *missing = nullptr;
  auto need = [&](const char *name, auto &function) {
    if (!load(library, name, function) && !missing)
      missing = name;
  };
  need("nvrtcGetErrorString", api.getErrorString);
  need("nvrtcVersion", api.version);
  need("nvrtcGetNumSupportedArchs", api.getNumSupportedArchs);
  need("nvrtcGetSupportedArchs", api.getSupportedArchs);
  need("nvrtcCreateProgram", api.createProgram);
  need("nvrtcDestroyProgram", api.destroyProgram);
  need("nvrtcCompileProgram", api.compileProgram);
  need("nvrtcGetProgramLogSize", api.getProgramLogSize);
  need("nvrtcGetProgramLog", api.getProgramLog);
  need("nvrtcGetPTXSize", api.getPTXSize);
  need("nvrtcGetPTX", api.getPTX);
  need("nvrtcGetCUBINSize", api.getCUBINSize);
  need("nvrtcGetCUBIN", api.getCUBIN);
  return missing ? missing : "";
}

/// The library that `function` is in, as the loader knows it.
std::string pathOf(const void *function) {
  Dl_info info;
  return dladdr(function, &info) && info.dli_fname ? info.dli_fname : "";
}

Result<NvrtcApi> describe(void *library, const std::string &path) {
  NvrtcApi api;
  if (std::string missing = loadFunctions(library, api); !missing.empty())
    return environmentError(
        "SC5002", fmt::format("expected NVRTC 12 or later, got '{}' without {}", path, missing),
        installNvrtc);
  int count = 0;
  bool known = api.version(&api.info.major, &api.info.minor) == NvrtcApi::success &&
               api.getNumSupportedArchs(&count) == NvrtcApi::success && count > 0;
  if (known) {
    api.info.architectures.resize(count);
    known = api.getSupportedArchs(api.info.architectures.data()) == NvrtcApi::success;
  }
  if (!known)
    return environmentError("SC5002",
                            fmt::format("'{}' does not say its version and architectures", path),
                            installNvrtc);
  api.info.path = pathOf(reinterpret_cast<const void *>(api.version));
  return api;
}

/// Tries one file in one folder; nothing where it cannot be opened.
std::optional<Result<NvrtcApi>> tryOpen(const fs::path &file, int major) {
  std::string builtins;
  if (file.has_parent_path()) {
    std::error_code ignored;
    if (!fs::exists(file, ignored))
      return std::nullopt;
    builtins = openBuiltins(file.parent_path(), major);
  }
  void *library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return std::nullopt;
  Result<NvrtcApi> api = describe(library, file.string());
  if (!api)
    return api;
  std::string expected =
      fmt::format("libnvrtc-builtins.so.{}.{}", api->info.major, api->info.minor);
  if (!builtins.empty() && !fs::path(builtins).filename().string().starts_with(expected))
    return environmentError(
        "SC5006",
        fmt::format("expected '{}' beside '{}', got '{}'", expected, api->info.path, builtins),
        "install one version of NVRTC in a folder");
  api->info.builtinsPath = builtins;
  return api;
}

int majorInName(const fs::path &file) {
  return file.filename().string().find(".so.12") == std::string::npos ? newestMajor : oldestMajor;
}

} // namespace

NvrtcSearch nvrtcSearch() {
  NvrtcSearch search;
  search.explicitPlace = environment("SCANC_NVRTC");
  auto addToolkit = [&](const fs::path &root) {
    search.folders.push_back((root / "lib64").string());
    search.folders.push_back((root / "lib").string());
  };
  for (const char *name : {"CUDA_HOME", "CUDA_PATH"})
    if (std::string root = environment(name); !root.empty())
      addToolkit(root);
  for (const fs::path &prefix : pythonPrefixes())
    addWheels(search.folders, prefix);
  addToolkit("/usr/local/cuda");
  for (const fs::path &root : foldersIn("/usr/local", "cuda-"))
    addToolkit(root);
  // Each folder once, where it was named first.
  std::vector<std::string> once;
  for (std::string &folder : search.folders)
    if (std::find(once.begin(), once.end(), folder) == once.end())
      once.push_back(std::move(folder));
  search.folders = std::move(once);
  return search;
}

/// The minor version of the builtins in a folder; nothing where there are several, or none.
static std::optional<int> minorOfBuiltins(const fs::path &folder, int major) {
  std::string prefix = fmt::format("libnvrtc-builtins.so.{}.", major);
  std::optional<int> minor;
  for (const fs::path &file : foldersIn(folder, prefix)) {
    std::string rest = file.filename().string().substr(prefix.size());
    int found = 0;
    auto [end, status] = std::from_chars(rest.data(), rest.data() + rest.size(), found);
    if (status != std::errc() || (minor && *minor != found))
      return std::nullopt;
    minor = found;
  }
  return minor;
}

std::optional<NvrtcApi> glimpseNvrtc(const NvrtcSearch &search) {
  std::vector<std::string> folders = search.folders;
  std::error_code ignored;
  if (!search.explicitPlace.empty())
    folders = {search.explicitPlace};
  for (const std::string &folder : folders)
    for (int major = newestMajor; major >= oldestMajor; --major) {
      if (!fs::exists(fs::path(folder) / fmt::format("libnvrtc.so.{}", major), ignored))
        continue;
      std::optional<int> minor = minorOfBuiltins(folder, major);
      if (!minor)
        return std::nullopt;
      NvrtcApi api;
      api.info.major = major;
      api.info.minor = *minor;
      return api;
    }
  return std::nullopt;
}

Result<NvrtcApi> openNvrtc(const NvrtcSearch &search) {
  std::vector<std::string> folders = search.folders;
  if (!search.explicitPlace.empty()) {
    std::error_code ignored;
    if (!fs::is_directory(search.explicitPlace, ignored)) {
      fs::path file = search.explicitPlace;
      if (auto api = tryOpen(file, majorInName(file)))
        return *api;
    }
    // What the user names is not passed over in silence.
    folders = {search.explicitPlace};
  }
  for (const std::string &folder : folders)
    for (int major = newestMajor; major >= oldestMajor; --major)
      if (auto api = tryOpen(fs::path(folder) / fmt::format("libnvrtc.so.{}", major), major))
        return *api;
  bool useLoader = search.loaderPath && search.explicitPlace.empty();
  if (useLoader)
    for (int major = newestMajor; major >= oldestMajor; --major)
      if (auto api = tryOpen(fmt::format("libnvrtc.so.{}", major), major))
        return *api;

  Error error = environmentError("SC5001",
                                 "expected NVRTC (libnvrtc.so.13 or .12) to compile for a GPU, "
                                 "found none",
                                 installNvrtc);
  for (const std::string &folder : folders)
    error.notes.push_back({fmt::format("looked in {}", folder), {}});
  if (useLoader)
    error.notes.push_back({"looked on the loader's path (LD_LIBRARY_PATH, ldconfig)", {}});
  return error;
}

static OpeningMutex &opening = *new OpeningMutex;

Result<const NvrtcApi *> sharedNvrtc() {
  static const NvrtcApi *opened = nullptr;
  std::lock_guard lock(opening);
  if (!opened) {
    Result<NvrtcApi> api = openNvrtc(nvrtcSearch());
    if (!api)
      return api.error();
    opened = new NvrtcApi(std::move(*api)); // as the library, for the life of the process
  }
  return opened;
}

} // namespace rt

Result<NvrtcInfo> nvrtcInfo() {
  Result<const rt::NvrtcApi *> nvrtc = rt::sharedNvrtc();
  if (!nvrtc)
    return nvrtc.error();
  return (*nvrtc)->info;
}

} // namespace scanc
