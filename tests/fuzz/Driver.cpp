//===- Driver.cpp - Random inputs where there is no libFuzzer -------------===//
//
// Takes libFuzzer's options, of which it knows five, and its corpora, so that one test
// calls either:
//
//   fuzz-dsl [-runs=N] [-seed=S] [-dict=FILE] [-max_len=BYTES] [-close_fd_mask=3] [FILE|FOLDER…]
//
// Calls the target with every input of the corpus as it is, then with N that are made of
// them. An input that crashes it, takes ten seconds or is a finding is left in
// `finding-SEED-RUN`; `fuzz-dsl -runs=0 THAT` tries it again.
//
//===----------------------------------------------------------------------===//
#include "tests/fuzz/Finding.h"
#include "tests/fuzz/Mutate.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace scanc;
namespace fs = std::filesystem;

/// The input that runs, for the handler of signals.
static const std::string *current = nullptr;
static char findingName[64] = "finding";
static int errors = 2; // where findings are told

static void say(const char *text) { (void)!write(errors, text, std::strlen(text)); }

/// Calls nothing that may not be called from a handler.
static void onSignal(int number) {
  if (current) {
    const int file = open(findingName, O_CREAT | O_TRUNC | O_WRONLY, 0644);
    (void)!write(file, current->data(), current->size());
    close(file);
    say(number == SIGALRM ? "ten seconds are over, with the input in " : "ended by a signal, with the input in ");
    say(findingName);
    say("\n");
  }
  signal(number, SIG_DFL);
  raise(number);
}

static std::string contentOf(const fs::path &path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

static void runInput(const std::string &input) {
  current = &input;
  alarm(10);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t *>(input.data()), input.size());
  alarm(0);
  current = nullptr;
}

int main(int argc, char **argv) {
  std::int64_t runs = 10000;
  std::uint64_t seed = 20261122;
  std::size_t longest = 1 << 14;
  bool isSilent = false; // what the target prints is dropped
  std::vector<std::string> dictionary;
  std::vector<fs::path> files;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto value = [&](const char *name) {
      return argument.starts_with(name) ? argument.substr(std::strlen(name)) : std::string();
    };
    if (std::string text = value("-runs="); !text.empty())
      runs = std::stoll(text);
    else if (text = value("-seed="); !text.empty())
      seed = std::stoull(text);
    else if (text = value("-max_len="); !text.empty())
      longest = std::stoull(text);
    else if (argument == "-close_fd_mask=3")
      isSilent = true;
    else if (text = value("-dict="); !text.empty())
      dictionary = fuzz::readDictionary(text);
    else if (fs::is_directory(argument)) {
      for (const auto &entry : fs::recursive_directory_iterator(argument))
        if (entry.is_regular_file())
          files.push_back(entry.path());
    } else if (fs::is_regular_file(argument))
      files.emplace_back(argument);
    else {
      std::fprintf(stderr, "no such option, file or folder: %s\n", argv[i]);
      return 2;
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> corpus;
  for (const fs::path &file : files)
    corpus.push_back(contentOf(file));

  if (isSilent) {
    errors = dup(2);
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, 1);
    dup2(nowhere, 2);
  }
  // A stack of its own: an input may have used up the other.
  static char stack[1 << 16];
  const stack_t handlerStack{stack, 0, sizeof stack};
  sigaltstack(&handlerStack, nullptr);
  struct sigaction action {};
  action.sa_handler = onSignal;
  action.sa_flags = SA_ONSTACK;
  for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM})
    sigaction(number, &action, nullptr);
  for (std::size_t i = 0; i < corpus.size(); ++i) {
    std::snprintf(findingName, sizeof findingName, "finding-corpus-%zu", i);
    runInput(corpus[i]);
  }
  if (corpus.empty())
    corpus.emplace_back();
  for (std::int64_t run = 0; run < runs; ++run) {
    // Each run draws from a seed of its own, so that one is repeated without those before it.
    std::mt19937_64 random(seed + static_cast<std::uint64_t>(run));
    std::snprintf(findingName, sizeof findingName, "finding-%llu-%lld",
                  static_cast<unsigned long long>(seed), static_cast<long long>(run));
    const std::string input = fuzz::mutate(corpus, dictionary, longest, random);
    runInput(input);
  }
  dprintf(errors, "%lld runs from seed %llu, %zu inputs in the corpus, no finding\n",
          static_cast<long long>(runs), static_cast<unsigned long long>(seed), files.size());
  return 0;
}
