//===- main.cpp - scanc-smith: random programs against the oracle ---------===//
//
//   scanc-smith [--seed=N] [--count=N | --minutes=M] [--emulate=none|one|all] [--every=N] [--nvrtc]
//               [--strategy=S] [--reduce=FOLDER] [--write=FOLDER] [--limit=SECONDS] [--show] [FILE…]
//
// Runs the programs of the seeds from --seed on, or those of files as --reduce and --write leave them. Each runs on the
// CPU and is written as a kernel by every strategy that accepts it; every so many (--every) runs in the emulation, by one
// strategy that is drawn or by all. What goes wrong is told with its seed; --reduce leaves a small program that still
// shows it. Exit code 1: something was found.
//
//===----------------------------------------------------------------------===//
#include "scanc/Nvrtc.h"
#include "tests/smith/Isolated.h"
#include "tests/smith/Reduce.h"
#include "tests/smith/Trial.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

using namespace scanc;
using namespace scanc::smith;

namespace {

struct Arguments {
  std::uint64_t seed = 1, count = 100, every = 1;
  double minutes = 0; ///< in place of a count
  Effort effort;
  std::string reduced, written; ///< folders
  unsigned limit = 300;         ///< seconds for one program
  bool show = false;
  std::vector<std::string> files;
};

Arguments parse(int argc, char **argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i], name = word.substr(0, word.find('='));
    std::string value = word.size() > name.size() ? word.substr(name.size() + 1) : "";
    if (name == "--seed")
      arguments.seed = std::stoull(value);
    else if (name == "--count")
      arguments.count = std::stoull(value);
    else if (name == "--minutes")
      arguments.minutes = std::stod(value);
    else if (name == "--emulate" && (value == "none" || value == "one" || value == "all"))
      arguments.effort.emulation = value == "none"  ? Effort::Emulation::none
                                   : value == "one" ? Effort::Emulation::one
                                                    : Effort::Emulation::all;
    else if (name == "--every" && std::stoull(value) > 0)
      arguments.every = std::stoull(value);
    else if (word == "--nvrtc")
      arguments.effort.machineCode = true;
    else if (name == "--strategy")
      arguments.effort.only = value;
    else if (name == "--reduce")
      arguments.reduced = value;
    else if (name == "--write")
      arguments.written = value;
    else if (name == "--limit")
      arguments.limit = static_cast<unsigned>(std::stoul(value));
    else if (word == "--show")
      arguments.show = true;
    else if (!word.starts_with("-"))
      arguments.files.push_back(word);
    else {
      std::fprintf(stderr, "scanc-smith: unknown argument '%s'\n", word.c_str());
      std::exit(2);
    }
  }
  return arguments;
}

/// Writes a file of the folder, and gives its path.
std::string leave(const std::string &folder, const std::string &name, const std::string &text) {
  std::filesystem::create_directories(folder);
  std::string path = folder + "/" + name;
  std::ofstream(path) << text;
  return path;
}

class Run {
public:
  explicit Run(Arguments arguments) : arguments(std::move(arguments)) {}
  void tryOne(const RandomProgram &program, const std::string &name, bool emulated);
  void summarize() const;
  std::int64_t found = 0;

private:
  void reduceIt(const RandomProgram &program, const std::string &name, const Finding &finding, Effort effort) const;

  const Arguments arguments;
  Tally tally;
};

void Run::reduceIt(const RandomProgram &program, const std::string &name, const Finding &finding, Effort effort) const {
  if (!finding.strategy.empty())
    effort.only = finding.strategy;
  const auto shows = [&](const RandomProgram &smaller) {
    Tally ignored;
    auto again = checkInChild(smaller, effort, ignored, arguments.limit);
    return again && again->how == finding.how;
  };
  if (!shows(program)) // something before it mattered: all of it again
    effort.only = arguments.effort.only;
  const std::string smaller = toFile(reduce(program, shows, 400));
  std::string path = leave(arguments.reduced, name + ".scan", smaller);
  std::printf("reduced:\n%s\nagain: scanc-smith --emulate=%s%s %s\n", smaller.c_str(),
              effort.emulation == Effort::Emulation::none ? "none" : "all",
              effort.only.empty() ? "" : (" '--strategy=" + effort.only + "'").c_str(), path.c_str());
}

void Run::tryOne(const RandomProgram &program, const std::string &name, bool emulated) {
  if (!arguments.written.empty()) {
    leave(arguments.written, name + ".scan", toFile(program));
    return;
  }
  Effort effort = arguments.effort;
  if (!emulated)
    effort.emulation = Effort::Emulation::none;
  auto finding = checkInChild(program, effort, tally, arguments.limit);
  if (!finding)
    return;
  ++found;
  std::printf("%s: %s\n%s\n%s\n", name.c_str(), finding->how.c_str(), finding->what.c_str(), toFile(program).c_str());
  if (!arguments.reduced.empty())
    reduceIt(program, name, *finding, effort);
  std::fflush(stdout);
}

void Run::summarize() const {
  for (const auto &[name, count] : tally)
    std::printf("%8lld %s\n", static_cast<long long>(count), name.c_str());
}

} // namespace

int main(int argc, char **argv) {
  Arguments arguments = parse(argc, argv);
  if (arguments.effort.machineCode)
    (void)nvrtcInfo(); // opened once, for all children
  Run run(arguments);
  for (const std::string &path : arguments.files) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    run.tryOne(fromFile(text.str()), std::filesystem::path(path).stem(), true);
  }
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end = Clock::now() + std::chrono::seconds(static_cast<std::int64_t>(arguments.minutes * 60));
  std::uint64_t seed = arguments.seed;
  for (; arguments.files.empty(); ++seed) {
    if (arguments.minutes > 0 ? Clock::now() >= end : seed == arguments.seed + arguments.count)
      break;
    RandomProgram program = generate(seed);
    if (arguments.show)
      std::printf("%s\n", toFile(program).c_str());
    else
      run.tryOne(program, std::to_string(seed), seed % arguments.every == 0);
  }
  run.summarize();
  if (arguments.files.empty())
    std::printf("seeds %llu to %llu: ", static_cast<unsigned long long>(arguments.seed),
                static_cast<unsigned long long>(seed) - 1);
  std::printf("%lld found\n", static_cast<long long>(run.found));
  return run.found > 0 ? 1 : 0;
}
