//===- loading.cpp - A cache folder of its own for every measurement ------===//
//
// A process keeps in memory what came from a folder, for as long as it lives: the
// disk is measured in a copy of the folder, which it has not seen.
//
//===----------------------------------------------------------------------===//
#include "bench/loading.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

namespace fs = std::filesystem;

namespace scanc::bench {

static double timeIn(const fs::path &folder, const std::string &text, CompileOptions options,
                     const std::vector<TensorRef> &operands) {
  options.load.cacheDirectory = folder;
  auto start = std::chrono::steady_clock::now();
  Kernel kernel = orExit(compile(text, options));
  orExit(kernel.prepare(operands));
  std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  return taken.count();
}

LoadTimes timeToLoaded(const std::string &text, const CompileOptions &options,
                       const std::vector<TensorRef> &operands) {
  static int calls = 0; // no folder is used twice
  const fs::path root = fs::temp_directory_path() /
                        ("scanc-bench-" + std::to_string(getpid()) + "-" + std::to_string(++calls));
  fs::create_directories(root);
  LoadTimes result;
  result.cold = timeIn(root / "written", text, options, operands);
  std::vector<double> cached;
  for (int i = 0; i < 5; ++i) {
    fs::path copy = root / std::to_string(i);
    fs::copy(root / "written", copy, fs::copy_options::recursive);
    cached.push_back(timeIn(copy, text, options, operands));
  }
  std::sort(cached.begin(), cached.end());
  result.cached = cached[cached.size() / 2];
  fs::remove_all(root);
  return result;
}

} // namespace scanc::bench
