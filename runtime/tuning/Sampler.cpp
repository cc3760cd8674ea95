//===- Sampler.cpp - The time of launches ---------------------------------===//
#include "runtime/tuning/Sampler.h"

#include <algorithm>
#include <chrono>

namespace scanc::tuning {

Result<Sampler> Sampler::create(std::string_view target, int device, Caches caches) {
  Sampler sampler;
  if (target == "cpu")
    return sampler;
  Result<Stopwatch> stopwatch = Stopwatch::create(device);
  if (!stopwatch)
    return stopwatch.error();
  sampler.stopwatch.emplace(std::move(*stopwatch));
  if (caches == Caches::warm)
    return sampler;
  Result<std::vector<DeviceInfo>> devices = enumerateDevices();
  if (!devices)
    return devices.error();
  // Several times the L2: a cache that replaces at random keeps some of what is written over once.
  constexpr std::int64_t atLeast = std::int64_t(256) << 20;
  std::int64_t l2 = (*devices)[static_cast<std::size_t>(device)].l2Bytes;
  Result<DeviceMemory> flush = DeviceMemory::allocate(device, std::max(atLeast, 4 * l2));
  if (!flush)
    return flush.error();
  sampler.flush.emplace(std::move(*flush));
  return sampler;
}

Result<double> Sampler::sample(const Kernel &kernel, std::span<const TensorRef> operands,
                               int launches) {
  if (flush)
    if (Result<void> filled = flush->fill(flushByte++); !filled)
      return filled.error();
  auto begin = std::chrono::steady_clock::now();
  if (stopwatch)
    if (Result<void> started = stopwatch->start(); !started)
      return started.error();
  for (int i = 0; i < launches; ++i)
    if (Result<void> launched = kernel.launch(operands); !launched)
      return launched.error();
  std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  if (!stopwatch)
    return taken.count() / launches;
  if (Result<void> stopped = stopwatch->stop(); !stopped)
    return stopped.error();
  Result<double> seconds = stopwatch->seconds();
  if (!seconds)
    return seconds;
  return *seconds / launches;
}

SamplePlan planSamples(double seconds, std::string_view target, Sampler::Caches caches) {
  double launch = std::max(seconds, 1e-9);
  bool isFlushed = target != "cpu" && caches == Sampler::Caches::cold;
  int launches = isFlushed ? 1 : static_cast<int>(std::clamp(1e-3 / launch, 1.0, 1000.0));
  return {launches, static_cast<int>(std::clamp(1.0 / (launch * launches), 3.0, 31.0))};
}

} // namespace scanc::tuning
