//===- gpu_scan.cpp - Correct first, then timed: generated kernels on a GPU ----===//
//
// scanc-bench-gpu: for each case, fresh random inputs and poisoned outputs, a
// check of sampled lanes against the f64 reference, then the median time of
// launches with the L2 flushed between them, and of launches back to back on
// tensors that take turns. Prints a table in Markdown.
//
//===----------------------------------------------------------------------===//
#include "bench/graph.h"
#include "bench/loading.h"
#include "scanc/Compile.h"
#include "scanc/Device.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <random>
#include <regex>
#include <set>
#include <sstream>

using namespace scanc;

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

/// A tensor on the device with its copy on the host.
struct Operand {
  Parameter parameter;
  TensorRef host, device;
  std::vector<char> bytes;
  std::optional<DeviceMemory> memory;
};

std::string readFile(const std::string &path) {
  std::ifstream stream(path);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::int64_t elements(const std::vector<std::int64_t> &sizes) {
  std::int64_t count = 1;
  for (std::int64_t size : sizes)
    count *= size;
  return count;
}

Operand makeOperand(const Parameter &parameter, const Case &of, std::mt19937_64 &random) {
  Operand operand;
  operand.parameter = parameter;
  TensorRef &host = operand.host;
  host.dtype = parameter.dtype;
  for (const std::string &dim : parameter.dims) {
    const std::string name = dim.substr(0, dim.find('+')); // S+1 offsets of S segments
    host.sizes.push_back(of.sizes.contains(name) ? of.sizes.at(name) + (name != dim)
                                                 : std::stoll(dim));
  }
  std::int64_t count = elements(host.sizes), size = sizeOf(host.dtype);
  operand.bytes.resize(count * size);
  host.data = operand.bytes.data();
  if (auto offsets = of.offsets.find(parameter.name); offsets != of.offsets.end()) {
    std::memcpy(operand.bytes.data(), offsets->second.data(), operand.bytes.size());
  } else if (parameter.role == Parameter::Role::input) {
    // A repeated block of random numbers: filling gigabytes one by one would take the lease.
    auto range = of.ranges.find(parameter.name);
    std::uniform_real_distribution<double> uniform(
        range == of.ranges.end() ? -1 : range->second.first,
        range == of.ranges.end() ? 1 : range->second.second);
    std::int64_t block = std::min<std::int64_t>(count, 1 << 20);
    std::int64_t part = sizeOf(numberType(host.dtype)); // a c64 has two
    for (std::int64_t at = 0; at < block * size; at += part)
      storeElement(operand.bytes.data() + at, host.dtype, uniform(random));
    for (std::int64_t i = block; i < count; i += block)
      std::memcpy(operand.bytes.data() + i * size, operand.bytes.data(),
                  std::min(block, count - i) * size);
  } else {
    std::memset(operand.bytes.data(), 0xff, operand.bytes.size());
  }
  operand.memory = orExit(DeviceMemory::allocate(0, count * size));
  orExit(operand.memory->copyFrom(operand.bytes.data()));
  operand.device = host;
  operand.device.data = operand.memory->data();
  operand.device.device = DeviceKind::cuda;
  return operand;
}

/// What slices of a few lanes should hold, by their first lane: computed once for all strategies.
using Expected = std::map<std::int64_t, std::vector<ReferenceTensor>>;

/// Compares a slice of a few lanes, whole in time. Returns the worst error over its bound.
double checkSlice(const std::string &text, const std::vector<Operand> &operands,
                  const std::string &lane, std::int64_t at, std::int64_t width,
                  const CompileOptions &options, Expected &known) {
  std::vector<TensorRef> slices;
  for (const Operand &operand : operands) {
    TensorRef slice = operand.host;
    slice.strides = contiguousStrides(slice.sizes);
    for (std::size_t i = 0; i < slice.sizes.size(); ++i) {
      const std::string &dim = operand.parameter.dims[i];
      bool outer = dim == "B";
      if (dim != lane && !outer)
        continue;
      std::int64_t from = outer ? slice.sizes[i] - 1 : at;
      slice.data = static_cast<char *>(slice.data) + from * slice.strides[i] * sizeOf(slice.dtype);
      slice.sizes[i] = outer ? 1 : width;
    }
    slices.push_back(slice);
  }
  CompileOptions dynamic = options;
  dynamic.sizes.clear();
  if (!known.contains(at))
    known[at] = orExit(evaluateReference(text, slices, dynamic));
  const std::vector<ReferenceTensor> &expected = known[at];
  double worst = 0;
  std::size_t k = 0;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (operands[i].parameter.role != Parameter::Role::output)
      continue;
    const ReferenceTensor &reference = expected[k++];
    const TensorRef &slice = slices[i];
    std::vector<std::int64_t> point(slice.sizes.size(), 0);
    const std::size_t part = sizeOf(numberType(slice.dtype)), parts = sizeOf(slice.dtype) / part;
    for (std::size_t e = 0; e < reference.values.size(); e += parts) {
      std::int64_t offset = 0;
      for (std::size_t d = 0; d < point.size(); ++d)
        offset += point[d] * slice.strides[d];
      const char *element = static_cast<char *>(slice.data) + offset * sizeOf(slice.dtype);
      for (std::size_t i = 0; i < parts; ++i) {
        double got = loadElement(element + i * part, slice.dtype);
        double error = std::fabs(got - reference.values[e + i]);
        double ratio = error == 0 ? 0 : error / reference.bounds[e + i];
        worst = std::isfinite(got) && ratio == ratio ? std::max(worst, ratio) : INFINITY;
      }
      for (std::size_t d = point.size(); d-- > 0;) {
        if (++point[d] < slice.sizes[d])
          break;
        point[d] = 0;
      }
    }
  }
  return worst;
}

/// Seconds of a launch: the median of 20, with the L2 flushed before each.
double timeLaunch(const Kernel &kernel, const std::vector<TensorRef> &views) {
  DeviceMemory flush = orExit(DeviceMemory::allocate(0, std::int64_t(256) << 20));
  Stopwatch watch = orExit(Stopwatch::create(0));
  std::vector<double> times;
  for (int i = 0; i < 23; ++i) {
    orExit(flush.fill(static_cast<unsigned char>(i)));
    orExit(watch.start());
    orExit(kernel.launch(views));
    orExit(watch.stop());
    double seconds = orExit(watch.seconds());
    if (i >= 3)
      times.push_back(seconds);
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

/// Seconds of a launch among launches that follow one another, as in a layer: the median of 21 batches
/// of 0.6 ms at least, over so many copies of the tensors that none is in the L2 when its turn comes.
double timeBackToBack(const Kernel &kernel, const std::vector<Operand> &operands) {
  constexpr std::int64_t farApart = std::int64_t(512) << 20;
  std::int64_t bytes = 0;
  for (const Operand &operand : operands)
    bytes += static_cast<std::int64_t>(operand.bytes.size());
  std::vector<DeviceMemory> memories;
  std::vector<std::vector<TensorRef>> turns;
  for (std::int64_t turn = 0; turn == 0 || turn * bytes < farApart; ++turn) {
    std::vector<TensorRef> views;
    for (const Operand &operand : operands) {
      views.push_back(operand.device);
      if (turn == 0)
        continue;
      memories.push_back(orExit(DeviceMemory::allocate(0, operand.memory->bytes())));
      orExit(memories.back().copyFrom(operand.bytes.data()));
      views.back().data = memories.back().data();
    }
    turns.push_back(std::move(views));
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
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

/// Whether `name` is among the dims that the program scans over: another index of a result is one of its state.
bool isLane(const std::string &name, const std::string &text) {
  return std::regex_search(text, std::regex(" over [^{]*\\b" + name + "\\b"));
}

/// Launches into poisoned results and compares the first and the last lanes, whole in time.
double check(const Case &each, const std::string &text, const Kernel &kernel,
             std::vector<Operand> &operands, const std::vector<TensorRef> &views,
             const CompileOptions &options, Expected &known) {
  for (Operand &operand : operands)
    if (operand.parameter.role == Parameter::Role::output)
      orExit(operand.memory->fill(0xff));
  orExit(kernel.launch(views));
  orExit(synchronize(0));
  for (Operand &operand : operands)
    if (operand.parameter.role == Parameter::Role::output)
      orExit(operand.memory->copyTo(operand.bytes.data()));
  // Lanes beside B: whole heads where there are some; none where a block has one of them.
  std::string lane;
  for (const char *name : {"N", "D", "H"})
    if (each.sizes.contains(name) && isLane(name, text))
      lane = name;
  std::int64_t lanes = lane.empty() ? 1 : each.sizes.at(lane);
  // The reference walks time number by number: large lanes leave room for few of them.
  std::int64_t largest = 1;
  for (const Operand &operand : operands)
    largest = std::max(largest, elements(operand.host.sizes));
  std::int64_t perLane = largest / lanes;
  if (each.sizes.contains("B"))
    perLane /= each.sizes.at("B");
  std::int64_t affordable = std::max<std::int64_t>(1, (std::int64_t(1) << 20) / perLane);
  std::int64_t width = std::min({std::int64_t(8), affordable, lanes});
  double worst = 0;
  for (std::int64_t at : std::set{std::int64_t(0), lanes - width})
    worst = std::max(worst, checkSlice(text, operands, lane, at, width, options, known));
  return worst;
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
  std::string text = readFile(each.file);
  CompileOptions options;
  options.filename = each.file;
  options.sizes = each.sizes;
  std::mt19937_64 random(1);
  std::vector<Operand> operands;
  std::vector<TensorRef> views;
  for (const Parameter &parameter : orExit(signature(text, options)))
    operands.push_back(makeOperand(parameter, each, random));
  double bytes = 0;
  for (Operand &operand : operands) {
    views.push_back(operand.device);
    bytes += static_cast<double>(operand.bytes.size());
  }
  std::string name = each.file.substr(each.file.rfind('/') + 1), sizes;
  for (const auto &[dim, size] : each.sizes)
    sizes += (sizes.empty() ? "" : " ") + dim + "=" + std::to_string(size);
  Expected known;
  for (std::string strategy : strategies) {
    bool inGraph = strategy.starts_with(graphPrefix);
    if (inGraph)
      strategy.erase(0, graphPrefix.size());
    options.strategy = strategy;
    options.load.cacheDirectory = "off";
    auto kernel = compile(text, options);
    if (!kernel) {
      std::printf("| %s | %s | %s | declines: %s |\n", name.c_str(), sizes.c_str(),
                  strategy.c_str(), kernel.error().message.c_str());
      continue;
    }
    bench::LoadTimes loading = brief ? bench::LoadTimes() : bench::timeToLoaded(text, options, views);
    double worst = check(each, text, *kernel, operands, views, options, known);
    double median = inGraph ? timeInGraph(*kernel, views) : timeLaunch(*kernel, views);
    double repeated = brief ? 0 : timeBackToBack(*kernel, operands);
    std::string shown = kernel->program().strategy;
    // Products of split factors state 8 roundings where the reference counts one.
    double allowed = shown == "matmul_scan" ? 8 : 1;
    if (strategy.find('(') != std::string::npos)
      shown = strategy;
    if (inGraph)
      shown += ", in a graph";
    std::printf("| %s | %s | %s | %.2f | %.0f | %.1f %% | %.1f | %.2f%s | %.0f | %.1f | %.1f |\n",
                name.c_str(), sizes.c_str(), shown.c_str(), median * 1e6, bytes / median / 1e9,
                100 * bytes / bandwidth / median, repeated * 1e6, worst, worst <= allowed ? "" : " WRONG",
                loading.cold * 1e3, loading.cached * 1e3, estimate(text, options) * 1e6);
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
