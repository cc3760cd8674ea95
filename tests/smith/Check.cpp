//===- Check.cpp - Compile, run, compare ----------------------------------===//
#include "tests/smith/Check.h"

#include "runtime/tuning/Comparison.h"
#include "scanc/Device.h"
#include "scanc/Nvrtc.h"
#include "scanc/Tuning.h"
#include "tests/emulation/Program.h"
#include "tests/smith/Trial.h"
#include "tests/support/OnGpu.h"

#include <random>

namespace scanc::smith {

namespace {

/// A finding may be returned from anywhere below `check`.
using Found = std::optional<Finding>;

class Checker {
public:
  Checker(const RandomProgram &program, const Effort &effort, Tally &tally)
      : program(program), effort(effort), tally(tally), random(program.seed),
        drawnArchitecture(random() % 3 == 0 ? "sm_80" : "sm_90a"),
        architecture(effort.gpu ? "native" : drawnArchitecture) {}
  Found run();

private:
  Found fault(const std::string &how, const Error &error, const std::string &strategy) const {
    return Finding{how + ": " + error.code, place + render(error), strategy};
  }
  Found onTheCpu(Trial &trial);
  /// Strategies that accept the program, with policies now and then.
  Result<std::vector<std::string>> strategies();
  Found asKernel(Trial &trial, const std::string &strategy, bool runs);
  Found emulated(Trial &trial, Program &kernels, const std::string &strategy);
  Found launched(Trial &trial, const Program &kernels, const std::string &strategy);
  Found throughNvrtc(const Program &kernels, const std::string &target, const std::string &strategy);
  Found throughNvrtcForAll(const std::string &strategy);

  const RandomProgram &program;
  const Effort &effort;
  Tally &tally;
  std::mt19937_64 random;
  const std::string drawnArchitecture, architecture;
  std::string place; ///< "sm_90a, any_i32: ", of the kernel that is looked at
};

} // namespace

/// What is stated of all numbers together, where it says something: it counts roundings relative to the numbers. With keys of one
/// number all keys are alike, and in a single step all results have one product of query and key, so that terms
/// cancel in all of them at once; the bound of each number then says what is right.
static double normOf(const RandomProgram &program, const Program &kernels) {
  for (const char *name : {"K", "T"})
    if (auto size = program.sizes.find(name); size != program.sizes.end() && size->second == 1)
      return HUGE_VAL;
  return tuning::statedNorm(kernels);
}

Found Checker::onTheCpu(Trial &trial) {
  auto kernel = compile(program.text, optionsOf(program, "cpu"));
  if (!kernel && kernel.error().code == "SC3004") { // a pinned precision
    ++tally["declined by the CPU"];
    return std::nullopt;
  }
  if (!kernel)
    return fault("cpu", kernel.error(), "cpu");
  trial.restore();
  if (auto done = kernel->launch(trial.tensors()); !done)
    return fault("cpu launch", done.error(), "cpu");
  ++tally["cpu"];
  if (std::string wrong = trial.verdict({}, HUGE_VAL); !wrong.empty())
    return Finding{"cpu: wrong", wrong, "cpu"};
  return std::nullopt;
}

/// The name before a policy: "blelloch" of "blelloch(ring=2)".
static std::string nameOf(const std::string &strategy) { return strategy.substr(0, strategy.find('(')); }

/// Whether a size that is open would have to be told.
static bool wantsSize(const Error &error) { return error.message.find("bind it: --shape") != std::string::npos; }

Result<std::vector<std::string>> Checker::strategies() {
  if (!effort.only.empty())
    return std::vector<std::string>{effort.only};
  CompileOptions options = optionsOf(program, architecture);
  auto explained = explain(program.text, options);
  if (!explained)
    return explained.error();
  std::vector<std::string> accepting;
  for (const Candidate &candidate : explained->candidates) {
    ++tally[(candidate.declined.empty() ? "accepted by " : "declined by ") + candidate.strategy];
    if (candidate.declined.empty())
      accepting.push_back(candidate.strategy);
  }
  if (accepting.empty() || !effort.policies || random() % 4 != 0)
    return accepting;
  options.strategy = accepting[random() % accepting.size()];
  auto space = searchSpace(program.text, options);
  if (!space && (space.error().code == "SC3004" || wantsSize(space.error()))) // a pin that only others honour
    return accepting;
  if (!space)
    return space.error();
  for (std::string &strategy : accepting)
    if (strategy == options.strategy && !space->empty())
      strategy = (*space)[random() % space->size()].strategy;
  return accepting;
}

Found Checker::throughNvrtc(const Program &kernels, const std::string &target, const std::string &strategy) {
  CudaSource source;
  source.text = std::get<KernelStep>(kernels.entries[0].steps[0]).variants.front().source;
  source.headers = kernels.headers;
  source.architecture = target;
  auto made = compileCuda(source);
  if (!made && made.error().kind == ErrorKind::environment) {
    ++tally["no NVRTC"];
    return std::nullopt;
  }
  if (!made)
    return fault(nameOf(strategy) + " NVRTC", made.error(), strategy);
  ++tally["NVRTC " + target];
  return std::nullopt;
}

Found Checker::throughNvrtcForAll(const std::string &strategy) {
  for (const char *target : {"sm_80", "sm_90a"}) {
    CompileOptions options = optionsOf(program, target);
    options.strategy = strategy;
    place = std::string(target) + ": ";
    auto kernels = compileProgram(program.text, options);
    if (!kernels && (kernels.error().code == "SC3002" || kernels.error().code == "SC3004")) {
      ++tally["declined for " + options.target]; // what another architecture, or another size, accepts
      continue;
    }
    if (!kernels)
      return fault(nameOf(strategy), kernels.error(), strategy);
    if (Found found = throughNvrtc(*kernels, target, strategy))
      return found;
  }
  return std::nullopt;
}

Found Checker::asKernel(Trial &trial, const std::string &strategy, bool runs) {
  CompileOptions options = optionsOf(program, architecture);
  options.strategy = strategy;
  const std::string how = nameOf(strategy);
  auto kernels = compileProgram(program.text, options);
  if (!kernels && kernels.error().code == "SC3004") { // a pin that only others honour
    ++tally["pinned to others than " + how];
    return std::nullopt;
  }
  if (!kernels && wantsSize(kernels.error())) {
    ++tally["declined at open sizes by " + how]; // the planner compares strategies at sizes of its own
    return std::nullopt;
  }
  if (!kernels)
    return fault(how, kernels.error(), strategy);
  ++tally["written " + how];
  if (effort.machineCode == Effort::MachineCode::all)
    if (Found found = throughNvrtcForAll(strategy))
      return found;
  if (!runs)
    return std::nullopt;
  trial.restore();
  if (Found found = effort.gpu ? launched(trial, *kernels, strategy) : emulated(trial, *kernels, strategy))
    return found;
  std::string wrong = trial.verdict(tuning::statedAllowance(*kernels), normOf(program, *kernels));
  if (!wrong.empty())
    return Finding{how + ": wrong", place + wrong, strategy};
  return std::nullopt;
}

Found Checker::emulated(Trial &trial, Program &kernels, const std::string &strategy) {
  // What tensors that lack vectors or are far apart would take: variants from one that is drawn on, whatever else was.
  std::mt19937_64 drawn(program.seed + strategy.size());
  auto &variants = std::get<KernelStep>(kernels.entries[0].steps[0]).variants;
  std::size_t first = drawn() % 2 == 0 ? 0 : drawn() % variants.size();
  variants.erase(variants.begin(), variants.begin() + static_cast<std::ptrdiff_t>(first));
  place = architecture + ", " + variants.front().name + ": ";
  if (effort.machineCode == Effort::MachineCode::run)
    if (Found found = throughNvrtc(kernels, architecture, strategy))
      return found;
  emulation::Options order;
  order.seed = program.seed;
  if (auto done = emulation::runProgram(kernels, trial.tensors(), order); !done)
    return fault(nameOf(strategy), done.error(), strategy);
  ++tally["emulated " + nameOf(strategy)];
  return std::nullopt;
}

Found Checker::launched(Trial &trial, const Program &kernels, const std::string &strategy) {
  place = nativeTarget() + ": ";
  auto kernel = loadCuda(kernels);
  if (!kernel)
    return fault(nameOf(strategy), kernel.error(), strategy);
  if (auto done = testing_support::launchOnGpu(*kernel, trial.tensors()); !done)
    return fault(nameOf(strategy), done.error(), strategy);
  ++tally["launched " + nameOf(strategy)];
  return std::nullopt;
}

Found Checker::run() {
  auto trial = Trial::create(program);
  if (!trial)
    return fault("reference", trial.error(), "");
  ++tally["programs"];
  if (!trial->isBounded())
    ++tally["without a bound"];
  if (effort.gpu && nativeTarget() == "cpu")
    return Finding{"no GPU", "there is no GPU that kernels could run on", ""};
  if (!effort.gpu && (effort.only.empty() || effort.only == "cpu"))
    if (Found found = onTheCpu(*trial))
      return found;
  if (effort.only == "cpu")
    return std::nullopt;
  auto accepting = strategies();
  if (!accepting)
    return fault("explain", accepting.error(), "");
  if (accepting->empty())
    ++tally["declined by all"];
  std::size_t drawn = accepting->empty() ? 0 : random() % accepting->size();
  for (std::size_t i = 0; i < accepting->size(); ++i) {
    bool runs = effort.emulation == Effort::Emulation::all || (effort.emulation == Effort::Emulation::one && i == drawn);
    if (effort.gpu && !runs)
      continue;
    if (Found found = asKernel(*trial, (*accepting)[i], runs))
      return found;
  }
  return std::nullopt;
}

std::optional<Finding> check(const RandomProgram &program, const Effort &effort, Tally &tally) {
  return Checker(program, effort, tally).run();
}

} // namespace scanc::smith
