//===- gpu_scan.cpp - Correct first, then timed: generated kernels on a GPU ----===//
//
// scanc-bench-gpu: for each case a check on a workbench of runtime/tuning, then
// the median time of launches with the L2 flushed between them, of launches back
// to back on tensors that take turns or in a CUDA graph, and the times to load.
// Prints a table in Markdown.
//
//===----------------------------------------------------------------------===//
#include "bench/graph.h"
#include "bench/loading.h"
#include "runtime/tuning/Dimensions.h"
#include "runtime/tuning/RandomFill.h"
#include "runtime/tuning/Sampler.h"
#include "runtime/tuning/Statistics.h"
#include "runtime/tuning/Workbench.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <random>
#include <sstream>

using namespace scanc;
using tuning::Sampler;
using tuning::Workbench;

namespace {

/// Before the name of a strategy: timed in a CUDA graph, with what fits the L2 in it.
const std::string graphPrefix = "graph ";

struct Case {
  std::string file;
  std::map<std::string, std::int64_t> sizes;
  std::map<std::string, std::pair<double, double>> ranges; ///< of random inputs, by parameter
  std::map<std::string, std::vector<std::int32_t>> offsets; ///< of segments, by parameter
};

/// Offsets of segments over `steps` steps: `kind` is "equal", of 512 steps, or "skewed", one of nearly
/// half of them among many of 1 to 100 and some of none.
std::vector<std::int32_t> makeOffsets(const std::string &kind, std::int64_t steps) {
  if (kind != "equal" && kind != "skewed") {
    std::fprintf(stderr, "offsets: expected equal or skewed, got %s\n", kind.c_str());
    std::exit(2);
  }
  std::mt19937_64 random(2);
  std::vector<std::int32_t> offsets{0};
  bool isLongOut = false;
  while (offsets.back() < steps) {
    std::int64_t length = 512;
    if (kind == "skewed") {
      bool isLong = !isLongOut && offsets.back() >= steps / 4;
      isLongOut |= isLong;
      length = isLong ? steps * 30 / 64 : random() % 8 == 0 ? 0 : 1 + random() % 100;
    }
    offsets.push_back(static_cast<std::int32_t>(std::min(steps, offsets.back() + length)));
  }
  return offsets;
}

std::string readFile(const std::string &path) {
  std::ifstream stream(path);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// Seconds of a launch: the median of 20, with the L2 flushed before each.
double timeLaunch(const Kernel &kernel, const std::vector<TensorRef> &views) {
  Sampler sampler = orExit(Sampler::create(kernel.target(), 0, Sampler::Caches::cold));
  std::vector<double> times;
  for (int i = 0; i < 23; ++i)
    times.push_back(orExit(sampler.sample(kernel, views, 1)));
  return tuning::median(std::span(times).subspan(3)); // three warm up
}

/// Seconds of a launch among launches that follow one another, as in a layer: the median of 21 batches
/// of 0.6 ms at least, over so many copies of the tensors that none is in the L2 when its turn comes.
double timeBackToBack(const Kernel &kernel, const Workbench &bench, double bytes) {
  constexpr double farApart = 512 << 20;
  std::vector<DeviceMemory> memories;
  std::vector<std::vector<TensorRef>> turns{bench.views()};
  while (bytes > 0 && static_cast<double>(turns.size()) * bytes < farApart) {
    turns.push_back(bench.views());
    for (std::size_t i = 0; i < turns.back().size(); ++i) {
      const TensorRef &image = bench.hostViews()[i];
      std::int64_t size = tuning::elementsOf(image.sizes) * sizeOf(image.dtype);
      memories.push_back(orExit(DeviceMemory::allocate(0, size)));
      orExit(memories.back().copyFrom(image.data));
      turns.back()[i].data = memories.back().data();
    }
  }
  Stopwatch watch = orExit(Stopwatch::create(0));
  std::size_t turn = 0;
  auto batch = [&](int launches) {
    orExit(watch.start());
    for (int i = 0; i < launches; ++i)
      orExit(kernel.launch(turns[turn++ % turns.size()]));
    orExit(watch.stop());
    return orExit(watch.seconds()) / launches;
  };
  int launches = std::clamp(static_cast<int>(0.6e-3 / batch(4)) + 1, 1, 200);
  std::vector<double> times;
  for (int i = 0; i < 21; ++i)
    times.push_back(batch(launches));
  return tuning::median(times);
}

/// What the cost model says of a strategy, in seconds; 0 where the policy is not its own.
double estimate(const std::string &text, CompileOptions options) {
  std::string strategy = options.strategy;
  options.strategy.clear();
  options.target = "sm_90a";
  for (const Candidate &candidate : orExit(explain(text, options)).candidates)
    if (candidate.strategy == strategy || (strategy == "auto" && candidate.chosen))
      return candidate.seconds;
  return 0;
}

void runCase(const Case &each, const std::vector<std::string> &strategies, double bandwidth,
             bool brief) {
  tuning::Problem problem;
  problem.text = readFile(each.file);
  problem.filename = each.file;
  problem.sizes = each.sizes;
  problem.ranges = each.ranges;
  problem.seed = 1;
  Workbench bench = orExit(Workbench::create(problem, each.offsets));
  const std::vector<TensorRef> views = bench.views();
  auto bytes = static_cast<double>(orExit(tuning::compulsoryBytes(bench.signature(), bench.sizes())));
  std::string name = each.file.substr(each.file.rfind('/') + 1), sizes;
  for (const auto &[dim, size] : each.sizes)
    sizes += (sizes.empty() ? "" : " ") + dim + "=" + std::to_string(size);
  for (std::string strategy : strategies) {
    bool inGraph = strategy.starts_with(graphPrefix);
    if (inGraph)
      strategy.erase(0, graphPrefix.size());
    CompileOptions options = tuning::compileOptions(problem);
    options.strategy = strategy;
    options.load.cacheDirectory = "off";
    auto kernel = compile(problem.text, options);
    tuning::Judgement found = kernel ? bench.check(*kernel) : tuning::judge(kernel.error());
    if (found.outcome == tuning::Outcome::refused) {
      std::printf("| %s | %s | %s | declines: %s |\n", name.c_str(), sizes.c_str(),
                  strategy.c_str(), found.detail.c_str());
      continue;
    }
    bench::LoadTimes loading =
        brief ? bench::LoadTimes() : bench::timeToLoaded(problem.text, options, views);
    if (found.outcome != tuning::Outcome::ok)
      std::fprintf(stderr, "%s %s %s: %s\n", name.c_str(), sizes.c_str(), strategy.c_str(),
                   found.detail.c_str());
    double median = inGraph ? timeInGraph(*kernel, views) : timeLaunch(*kernel, views);
    double repeated = brief ? 0 : timeBackToBack(*kernel, bench, bytes);
    std::string shown = kernel->program().strategy;
    if (strategy.find('(') != std::string::npos)
      shown = strategy;
    if (inGraph)
      shown += ", in a graph";
    std::printf("| %s | %s | %s | %.2f | %.0f | %.1f %% | %.1f | %.2f%s | %.0f | %.1f | %.1f |\n",
                name.c_str(), sizes.c_str(), shown.c_str(), median * 1e6, bytes / median / 1e9,
                100 * bytes / bandwidth / median, repeated * 1e6, found.errorOverBound,
                found.outcome == tuning::Outcome::ok ? "" : " WRONG", loading.cold * 1e3,
                loading.cached * 1e3, estimate(problem.text, options) * 1e6);
    std::fflush(stdout);
  }
}

} // namespace

/// scanc-bench-gpu [--brief: no times to load, nor back to back] BANDWIDTH(GB/s) FILE ['graph ']STRATEGY[;…] NAME=SIZE… PARAMETER=LOW:HIGH… offsets:PARAMETER=KIND… [-- FILE …]
int main(int argc, char **argv) {
  bool brief = argc > 1 && std::string(argv[1]) == "--brief";
  argc -= brief;
  argv += brief;
  if (argc < 4) {
    std::fprintf(stderr, "usage: scanc-bench-gpu [--brief] GB/s FILE STRATEGY NAME=SIZE… [-- FILE …]\n");
    return 2;
  }
  double bandwidth = std::atof(argv[1]) * 1e9;
  std::printf("| program | sizes | strategy | µs | GB/s | of the limit | back to back µs | error / bound | cold ms | cached ms | estimate µs |\n"
              "|---|---|---|---|---|---|---|---|---|---|---|\n");
  for (int i = 2; i < argc; ++i) {
    Case each{argv[i], {}, {}, {}};
    std::map<std::string, std::string> kinds; // of offsets
    std::vector<std::string> strategies;
    std::stringstream list(argv[++i]);
    for (std::string strategy; std::getline(list, strategy, ';');)
      strategies.push_back(strategy);
    for (++i; i < argc && std::string(argv[i]) != "--"; ++i) {
      std::string binding = argv[i];
      std::size_t equals = binding.find('=');
      std::size_t colon = binding.find(':');
      if (binding.starts_with("offsets:"))
        kinds[binding.substr(colon + 1, equals - colon - 1)] = binding.substr(equals + 1);
      else if (colon == std::string::npos)
        each.sizes[binding.substr(0, equals)] = std::atoll(binding.c_str() + equals + 1);
      else
        each.ranges[binding.substr(0, equals)] = {std::atof(binding.c_str() + equals + 1),
                                                  std::atof(binding.c_str() + colon + 1)};
    }
    for (const auto &[name, kind] : kinds) {
      each.offsets[name] = makeOffsets(kind, each.sizes.at("T"));
      each.sizes["S"] = static_cast<std::int64_t>(each.offsets[name].size()) - 1;
    }
    runCase(each, strategies, bandwidth, brief);
  }
}
