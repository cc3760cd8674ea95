//===- command_line.cpp - Words behind scanc ------------------------------===//
//
// A word a line. Commands that only read and print are carried out, in a folder of their own
// with one program in it; of the others the options are read.
//
//===----------------------------------------------------------------------===//
#include "tests/fuzz/Finding.h"
#include "tools/scanc/CommandLine.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <new>
#include <sstream>

using namespace scanc;

/// A folder where nothing can be lost, and no cache of anybody's.
static void enterFolder() {
  std::string folder = std::filesystem::temp_directory_path() / "scanc-fuzz-XXXXXX";
  fuzz::require(mkdtemp(folder.data()) != nullptr, "no folder for the command line");
  std::filesystem::current_path(folder);
  std::ofstream("ema.scan") << "kernel ema(x: f32[B, T]) -> (y: f32[B, T]) {\n"
                               "  scan T as t over B {\n"
                               "    h[t] = 0.9 * h[t-1] + 0.1 * x[t]\n"
                               "    y[t] = h[t]\n"
                               "  }\n"
                               "}\n";
  setenv("SCANC_CACHE_DIR", "off", 1);
  setenv("SCANC_WISDOM", "off", 1);
}

/// Whether it is quick, writes no file but here and asks nobody.
static bool isHarmless(const cli::CommandLine &line, const std::vector<std::string> &words) {
  static constexpr const char *commands[] = {"compile", "explain", "fmt", "completion", "manual"};
  return std::find(std::begin(commands), std::end(commands), line.command) != std::end(commands) &&
         std::none_of(words.begin(), words.end(), [](const std::string &word) {
           return word.find('/') != std::string::npos || word == "-" || word.starts_with("-o") ||
                  word.find("ptx") != std::string::npos || word.find("cubin") != std::string::npos ||
                  word.find("sass") != std::string::npos || word.find("stats") != std::string::npos;
         });
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  static const bool isThere = (enterFolder(), true);
  (void)isThere;
  std::vector<std::string> words;
  std::stringstream lines{std::string(fuzz::textOf(data, size))};
  for (std::string word; std::getline(lines, word);)
    words.push_back(word);
  try {
    const cli::CommandLine line = cli::parseCommandLine(words);
    if (!line.command.empty() && isHarmless(line, words))
      fuzz::requireTyped(line.action());
  } catch (const std::bad_alloc &) {
  }
  return 0;
}
