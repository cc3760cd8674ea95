//===- Timing.cpp - Medians of repeated launches --------------------------===//
#include "tools/scanc/Timing.h"

#include "scanc/Device.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

namespace scanc::cli {

namespace {

/// The seconds that `launches` launches take.
class Sampler {
public:
  Sampler(const Kernel &kernel, std::span<const TensorRef> operands)
      : kernel(kernel), operands(operands) {}

  Result<void> useDevice(int device) {
    Result<Stopwatch> made = Stopwatch::create(device);
    if (!made)
      return made.error();
    stopwatch.emplace(std::move(*made));
    return {};
  }

  Result<double> sample(int launches) {
    auto begin = std::chrono::steady_clock::now();
    if (stopwatch)
      if (Result<void> started = stopwatch->start(); !started)
        return started.error();
    for (int i = 0; i < launches; ++i)
      if (Result<void> launched = kernel.launch(operands); !launched)
        return launched.error();
    if (!stopwatch)
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (Result<void> stopped = stopwatch->stop(); !stopped)
      return stopped.error();
    return stopwatch->seconds();
  }

private:
  const Kernel &kernel;
  std::span<const TensorRef> operands;
  std::optional<Stopwatch> stopwatch;
};

} // namespace

Result<Timing> timeLaunches(const Kernel &kernel, std::span<const TensorRef> operands, int device) {
  Sampler sampler(kernel, operands);
  if (kernel.target() != "cpu")
    if (Result<void> ready = sampler.useDevice(device); !ready)
      return ready.error();
  Result<double> first = sampler.sample(1);
  if (first)
    first = sampler.sample(1); // the first one warms up
  if (!first)
    return first.error();
  Timing timing;
  // Samples of about a millisecond, a second of them at most.
  timing.launchesPerSample = static_cast<int>(std::clamp(1e-3 / std::max(*first, 1e-9), 1.0, 1000.0));
  timing.samples = static_cast<int>(
      std::clamp(1.0 / std::max(*first * timing.launchesPerSample, 1e-9), 3.0, 31.0));
  std::vector<double> seconds;
  for (int i = 0; i < timing.samples; ++i) {
    Result<double> sample = sampler.sample(timing.launchesPerSample);
    if (!sample)
      return sample.error();
    seconds.push_back(*sample / timing.launchesPerSample);
  }
  std::nth_element(seconds.begin(), seconds.begin() + timing.samples / 2, seconds.end());
  timing.seconds = seconds[static_cast<std::size_t>(timing.samples / 2)];
  return timing;
}

} // namespace scanc::cli
