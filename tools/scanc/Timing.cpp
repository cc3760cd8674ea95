//===- Timing.cpp - Medians of repeated launches --------------------------===//
#include "tools/scanc/Timing.h"

#include "runtime/tuning/Sampler.h"
#include "runtime/tuning/Statistics.h"

#include <vector>

namespace scanc::cli {

Result<Timing> timeLaunches(const Kernel &kernel, std::span<const TensorRef> operands, int device) {
  using tuning::Sampler;
  Result<Sampler> sampler = Sampler::create(kernel.target(), device, Sampler::Caches::warm);
  if (!sampler)
    return sampler.error();
  Result<double> first = sampler->sample(kernel, operands, 1);
  if (first)
    first = sampler->sample(kernel, operands, 1); // the first one warms up
  if (!first)
    return first.error();
  auto plan = tuning::planSamples(*first, kernel.target(), Sampler::Caches::warm);
  std::vector<double> seconds;
  for (int i = 0; i < plan.samples; ++i) {
    Result<double> sample = sampler->sample(kernel, operands, plan.launchesPerSample);
    if (!sample)
      return sample.error();
    seconds.push_back(*sample);
  }
  return Timing{tuning::median(seconds), plan.samples, plan.launchesPerSample};
}

} // namespace scanc::cli
