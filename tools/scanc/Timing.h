//===- Timing.h - The time of a launch --------------------------*- C++ -*-===//
#ifndef SCANC_TOOLS_SCANC_TIMING_H
#define SCANC_TOOLS_SCANC_TIMING_H

#include "scanc/Kernel.h"

namespace scanc::cli {

struct Timing {
  double seconds = 0;   ///< of one launch: the median of the samples
  int samples = 0;
  int launchesPerSample = 0;
};

/// Launches again and again on the same operands, so caches are warm: on a GPU between two events
/// of a stream, on the CPU by the clock of the host. `device` is the index of the GPU.
Result<Timing> timeLaunches(const Kernel &kernel, std::span<const TensorRef> operands, int device);

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_TIMING_H
