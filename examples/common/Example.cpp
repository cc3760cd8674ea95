//===- Example.cpp - Tensors, a check and a clock for the examples --------===//
#include "examples/common/Example.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>

namespace example {

using scanc::orExit;

Tensor::Tensor(scanc::Dtype dtype, std::vector<std::int64_t> sizes)
    : dtype(dtype), sizes(std::move(sizes)) {
  std::int64_t count = 1;
  for (std::int64_t size : this->sizes)
    count *= size;
  memory.assign(static_cast<std::size_t>(count * sizeOf(dtype)), std::byte{0xff});
}

Tensor &Tensor::fill(double low, double high, unsigned seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(low, high);
  auto size = static_cast<std::size_t>(sizeOf(dtype));
  for (std::size_t at = 0; at < memory.size(); at += size)
    scanc::storeElement(memory.data() + at, dtype, uniform(random));
  return *this;
}

scanc::TensorRef Tensor::host() { return {memory.data(), dtype, sizes, {}}; }

scanc::TensorRef Tensor::on(std::string_view target) {
  scanc::TensorRef view = host();
  if (target == "cpu")
    return view;
  device = orExit(scanc::DeviceMemory::allocate(0, bytes()));
  orExit(device->copyFrom(memory.data()));
  view.data = device->data();
  view.device = scanc::DeviceKind::cuda;
  return view;
}

void Tensor::fetch() {
  if (device)
    orExit(device->copyTo(memory.data()));
}

Deviation compare(const scanc::TensorRef &result, const scanc::ReferenceTensor &reference) {
  Deviation worst;
  const auto *data = static_cast<const std::byte *>(result.data);
  auto size = static_cast<std::size_t>(sizeOf(result.dtype));
  for (std::size_t i = 0; i < reference.values.size(); ++i) {
    double got = scanc::loadElement(data + i * size, result.dtype);
    double error = std::fabs(got - reference.values[i]);
    if (std::isnan(error)) // wrong by any measure
      error = std::numeric_limits<double>::infinity();
    worst.error = std::max(worst.error, error);
    worst.overBound = std::max(worst.overBound, error == 0 ? 0 : error / reference.bounds[i]);
  }
  return worst;
}

double secondsPer(bool onGpu, const std::function<void()> &run) {
  constexpr int samples = 15;
  std::optional<scanc::Stopwatch> stopwatch;
  if (onGpu)
    stopwatch = orExit(scanc::Stopwatch::create(0));
  std::vector<double> seconds;
  for (int i = 0; i < samples; ++i) {
    auto begin = std::chrono::steady_clock::now();
    if (onGpu)
      orExit(stopwatch->start());
    run();
    if (onGpu) {
      orExit(stopwatch->stop());
      seconds.push_back(orExit(stopwatch->seconds()));
    } else {
      seconds.push_back(
          std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[samples / 2];
}

double secondsPerLaunch(const scanc::Kernel &kernel, std::span<const scanc::TensorRef> operands) {
  return secondsPer(kernel.target() != "cpu", [&] { orExit(kernel.launch(operands)); });
}

int report(const scanc::Kernel &kernel, double seconds, std::int64_t bytes, Deviation deviation) {
  bool right = deviation.overBound <= 1;
  double megabytes = static_cast<double>(bytes) * 1e-6;
  std::printf("kernel    %s\n", kernel.program().name.c_str());
  std::printf("target    %s\n", std::string(kernel.target()).c_str());
  std::printf("strategy  %s\n", kernel.program().strategy.c_str());
  std::printf("time      %.1f us, the median of single launches\n", seconds * 1e6);
  std::printf("traffic   %.1f MB, %.1f GB/s\n", megabytes, megabytes * 1e-3 / seconds);
  std::printf("error     %.3g against the f64 reference, %.2f of its bound: %s\n", deviation.error,
              deviation.overBound, right ? "correct" : "WRONG");
  return right ? 0 : exitCode(scanc::ErrorKind::mismatch);
}

bool wantsLarge(int argc, char **argv) {
  bool large = argc == 2 && std::string_view(argv[1]) == "--size=large";
  if (argc > 1 && !large) {
    std::fprintf(stderr, "usage: %s [--size=large]\n", argv[0]);
    std::exit(exitCode(scanc::ErrorKind::usage));
  }
  return large;
}

std::string readText(const std::string &path) {
  std::ifstream stream(path);
  std::stringstream text;
  text << stream.rdbuf();
  if (!stream) {
    std::fprintf(stderr, "cannot read %s\n", path.c_str());
    std::exit(1);
  }
  return text.str();
}

} // namespace example
