//===- tuning/Sampler.h - The time of launches ------------------*- C++ -*-===//
#ifndef SCANC_RUNTIME_TUNING_SAMPLER_H
#define SCANC_RUNTIME_TUNING_SAMPLER_H

#include "scanc/Device.h"
#include "scanc/Kernel.h"

#include <optional>
#include <string_view>

namespace scanc::tuning {

/// Measures launches: between two events of a stream on a GPU, by a clock that only goes forward on
/// the CPU.
class Sampler {
public:
  enum class Caches : std::uint8_t {
    warm, ///< as launches leave them
    cold, ///< on a GPU something of the size of its L2 is written before each sample
  };

  /// For kernels of that target: "cpu", or the architecture of the GPU with this index.
  static Result<Sampler> create(std::string_view target, int device, Caches caches);

  /// Seconds of a launch, the mean of `launches` that follow one another.
  Result<double> sample(const Kernel &kernel, std::span<const TensorRef> operands, int launches);

private:
  std::optional<Stopwatch> stopwatch;
  std::optional<DeviceMemory> flush;
  unsigned char flushByte = 0;
};

/// How long to measure what takes `seconds`: samples of about a millisecond where launches follow
/// one another, and a second of them at most.
struct SamplePlan {
  int launchesPerSample, samples;
};
SamplePlan planSamples(double seconds, std::string_view target, Sampler::Caches caches);

} // namespace scanc::tuning

#endif // SCANC_RUNTIME_TUNING_SAMPLER_H
