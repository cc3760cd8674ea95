//===- Example.cpp - Compile, launch, compare, time -----------------------===//
#include "examples/common/Example.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>

using namespace scanc;

namespace example {

Buffer::Buffer(const Parameter &parameter, const std::map<std::string, std::int64_t> &sizes,
               double low, double high, bool onDevice)
    : declared(parameter) {
  std::int64_t count = 1;
  for (const std::string &dim : parameter.dims) {
    auto named = sizes.find(dim);
    view.sizes.push_back(named != sizes.end() ? named->second : std::stoll(dim));
    count *= view.sizes.back();
  }
  view.dtype = parameter.dtype;
  storage.resize(count * sizeOf(view.dtype), static_cast<char>(0xff));
  view.data = storage.data();
  if (parameter.role == Parameter::Role::input) {
    std::mt19937_64 random(std::hash<std::string>{}(parameter.name));
    std::uniform_real_distribution<double> uniform(low, high);
    for (std::int64_t i = 0; i < count; ++i)
      storeElement(storage.data() + i * sizeOf(view.dtype), view.dtype, uniform(random));
  }
  if (onDevice) {
    memory = orExit(DeviceMemory::allocate(0, bytes()));
    orExit(memory->copyFrom(storage.data()));
  }
}

TensorRef Buffer::operand() const {
  TensorRef tensor = view;
  if (memory) {
    tensor.data = memory->data();
    tensor.device = DeviceKind::cuda;
  }
  return tensor;
}

void Buffer::fetch() {
  if (memory)
    orExit(memory->copyTo(storage.data()));
}

static std::string readFile(const std::string &path) {
  std::ifstream stream(path);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// Median seconds of a launch, after a warm-up.
static double medianTime(const Kernel &kernel, const std::vector<TensorRef> &operands,
                         bool onDevice) {
  std::vector<double> times;
  for (int i = 0; i < 11; ++i) {
    if (onDevice) {
      Stopwatch watch = orExit(Stopwatch::create(0));
      orExit(watch.start());
      orExit(kernel.launch(operands));
      orExit(watch.stop());
      times.push_back(orExit(watch.seconds()));
    } else {
      auto start = std::chrono::steady_clock::now();
      orExit(kernel.launch(operands));
      times.push_back(
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
  }
  std::sort(times.begin() + 1, times.end());
  return times[1 + times.size() / 2];
}

/// Largest error and largest error over its bound; a NaN counts as infinitely wrong.
static std::pair<double, double> compare(const TensorRef &got, const ReferenceTensor &expected) {
  double error = 0, ratio = 0;
  for (std::size_t i = 0; i < expected.values.size(); ++i) {
    double value = loadElement(static_cast<const char *>(got.data) + i * sizeOf(got.dtype),
                               got.dtype);
    double off = std::fabs(value - expected.values[i]);
    if (!(off <= expected.bounds[i]) && !(off > expected.bounds[i]))
      off = HUGE_VAL;
    error = std::max(error, off);
    ratio = std::max(ratio, off == 0 ? 0 : off / expected.bounds[i]);
  }
  return {error, ratio};
}

int run(const std::string &path, const std::map<std::string, std::int64_t> &sizes,
        const Ranges &ranges) {
  std::string text = readFile(path);
  CompileOptions options;
  options.filename = path;
  options.sizes = sizes;
  Kernel kernel = orExit(compile(text, options));
  bool onDevice = kernel.target() != "cpu";

  std::vector<Buffer> buffers;
  double bytes = 0;
  for (const Parameter &parameter : kernel.program().parameters) {
    auto range = ranges.find(parameter.name);
    auto [low, high] = range == ranges.end() ? std::pair(-1.0, 1.0) : range->second;
    buffers.emplace_back(parameter, sizes, low, high, onDevice);
    bytes += static_cast<double>(buffers.back().bytes());
  }
  std::vector<TensorRef> operands, host;
  for (const Buffer &buffer : buffers) {
    operands.push_back(buffer.operand());
    host.push_back(buffer.host());
  }
  orExit(kernel.prepare(operands));
  double seconds = medianTime(kernel, operands, onDevice);
  std::printf("%s on %s: strategy %s, %.1f us, %.1f GB/s\n", kernel.program().name.c_str(),
              std::string(kernel.target()).c_str(), kernel.program().strategy.c_str(),
              seconds * 1e6, bytes / seconds / 1e9);

  std::vector<ReferenceTensor> expected = orExit(evaluateReference(text, host, options));
  bool right = true;
  std::size_t result = 0;
  for (Buffer &buffer : buffers) {
    if (buffer.parameter().role != Parameter::Role::output)
      continue;
    buffer.fetch();
    auto [error, ratio] = compare(buffer.host(), expected[result++]);
    right = right && ratio <= 1;
    std::printf("  %s: largest error %.3g, %.2f of its bound: %s\n",
                buffer.parameter().name.c_str(), error, ratio, ratio <= 1 ? "right" : "WRONG");
  }
  return right ? 0 : 1;
}

} // namespace example
