//===- main.cpp - scanc-smith: random programs against the oracle ---------===//
//
//   scanc-smith [--seed=N] [--count=N] [--minutes=M] [--emulate=none|one|all] [--every=N] [--nvrtc[=all]] [--gpu]
//               [--strategy=S] [--reduce=FOLDER] [--limit=SECONDS] [--show] [FILE…]
//
// Runs the programs of the seeds from --seed on, as many as --count says and until --minutes have passed, or those of
// files as --reduce leaves them. Each runs on the CPU and is written as a kernel by every strategy that accepts it; every
// so many (--every) runs in the emulation, by one strategy that is drawn or by all. NVRTC compiles (--nvrtc) what runs
// there, or all that is written, for sm_80 and sm_90a. With --gpu kernels run on the GPU in place of the emulation, and
// nothing else is done. What goes wrong is told with its seed; --reduce leaves a small program that
// still shows it. --limit=0: in this process, for tools that look into it. Exit code 1: something was found.
//
//===----------------------------------------------------------------------===//
#include "scanc/Nvrtc.h"
#include "tests/smith/Isolated.h"
#include "tests/smith/Reduce.h"
#include "tests/smith/Trial.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

using namespace scanc;
using namespace scanc::smith;

namespace {

struct Arguments {
  std::uint64_t seed = 1, every = 1;
  std::optional<std::uint64_t> count;
  std::optional<double> minutes;
  Effort effort;
  std::string reduced;          ///< a folder
  unsigned limit = 300;         ///< seconds for one program; 0: in this process, for tools that look into it
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
      arguments.effort.machineCode = Effort::MachineCode::run;
    else if (word == "--nvrtc=all")
      arguments.effort.machineCode = Effort::MachineCode::all;
    else if (word == "--gpu")
      arguments.effort.gpu = true;
    else if (name == "--strategy")
      arguments.effort.only = value;
    else if (name == "--reduce")
      arguments.reduced = value;
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
  void tryFiles();
  void trySeeds();
  /// Whether nothing was found.
  bool summarize() const;

private:
  /// Programs with their names, some of them in the emulation or on the GPU.
  void tryThese(const std::vector<RandomProgram> &programs, const std::vector<std::string> &names, bool run);
  void reduceIt(const RandomProgram &program, const std::string &name, const Finding &finding, Effort effort) const;

  const Arguments arguments;
  Tally tally;
  std::int64_t found = 0;
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
  std::printf("reduced:\n%s\nagain: scanc-smith --emulate=%s%s%s %s\n", smaller.c_str(),
              effort.emulation == Effort::Emulation::none ? "none" : "all",
              effort.gpu ? " --gpu" : "",
              effort.only.empty() ? "" : (" '--strategy=" + effort.only + "'").c_str(), path.c_str());
}

void Run::tryThese(const std::vector<RandomProgram> &programs, const std::vector<std::string> &names, bool run) {
  Effort effort = arguments.effort;
  if (!run)
    effort.emulation = Effort::Emulation::none;
  const auto tell = [&](std::size_t i, const Finding &finding) {
    ++found;
    std::printf("%s: %s\n%s\n%s\n", names[i].c_str(), finding.how.c_str(), finding.what.c_str(),
                toFile(programs[i]).c_str());
    if (!arguments.reduced.empty())
      reduceIt(programs[i], names[i], finding, effort);
    std::fflush(stdout);
  };
  if (arguments.limit > 0)
    return checkInChildren(programs, effort, tally, arguments.limit, tell);
  for (std::size_t i = 0; i < programs.size(); ++i)
    if (auto finding = check(programs[i], effort, tally))
      tell(i, *finding);
}

void Run::tryFiles() {
  for (const std::string &path : arguments.files) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    tryThese({fromFile(text.str())}, {std::filesystem::path(path).stem()}, true);
  }
}

void Run::trySeeds() {
  using Clock = std::chrono::steady_clock;
  const auto limit = std::chrono::duration<double>(arguments.minutes.value_or(HUGE_VAL) * 60);
  const Clock::time_point begin = Clock::now();
  // A context on a GPU takes as long to make as some programs to run.
  const std::uint64_t together = arguments.effort.gpu ? 10 : 1;
  const std::uint64_t count = arguments.count.value_or(arguments.minutes ? UINT64_MAX : 100);
  std::uint64_t done = 0;
  while (done < count && Clock::now() - begin < limit) {
    std::vector<RandomProgram> programs;
    std::vector<std::string> names;
    for (; programs.size() < together && done < count; ++done) {
      names.push_back(std::to_string(arguments.seed + done));
      programs.push_back(generate(arguments.seed + done));
      if (arguments.show)
        std::printf("%s\n", toFile(programs.back()).c_str());
    }
    if (!arguments.show)
      tryThese(programs, names, arguments.effort.gpu || (arguments.seed + done - 1) % arguments.every == 0);
  }
  std::printf("seeds %llu to %llu\n", static_cast<unsigned long long>(arguments.seed),
              static_cast<unsigned long long>(arguments.seed + done) - 1);
}

bool Run::summarize() const {
  for (const auto &[name, count] : tally)
    std::printf("%8lld %s\n", static_cast<long long>(count), name.c_str());
  std::printf("%lld found\n", static_cast<long long>(found));
  return found == 0;
}

} // namespace

int main(int argc, char **argv) {
  Arguments arguments = parse(argc, argv);
  if (arguments.effort.machineCode != Effort::MachineCode::none || arguments.effort.gpu)
    (void)nvrtcInfo(); // opened once, for all children
  const bool files = !arguments.files.empty();
  Run run(std::move(arguments));
  files ? run.tryFiles() : run.trySeeds();
  return run.summarize() ? 0 : 1;
}
