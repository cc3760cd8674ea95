//===- Example.h - Tensors, a check and a clock for the examples -*- C++ -*-===//
//
// What every program that uses scanc has in its own way. The examples' main.cpp
// shows the calls of scanc; this holds the rest.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_EXAMPLES_COMMON_EXAMPLE_H
#define SCANC_EXAMPLES_COMMON_EXAMPLE_H

#include "scanc/Compile.h"
#include "scanc/Device.h"

#include <cstddef>
#include <functional>
#include <optional>

namespace example {

/// Contiguous memory of one operand: on the host, and on the GPU where the kernel runs there.
class Tensor {
public:
  /// Filled with NaN.
  Tensor(scanc::Dtype dtype, std::vector<std::int64_t> sizes);

  /// Uniform in [low, high], the same for the same seed.
  Tensor &fill(double low, double high, unsigned seed);

  /// The host's memory.
  scanc::TensorRef host();
  /// The memory that a kernel on `target` uses: a copy on the first GPU, unless it is "cpu".
  scanc::TensorRef on(std::string_view target);
  /// Copies what a kernel wrote back to the host.
  void fetch();

  std::int64_t bytes() const { return static_cast<std::int64_t>(memory.size()); }

private:
  scanc::Dtype dtype;
  std::vector<std::int64_t> sizes;
  std::vector<std::byte> memory;
  std::optional<scanc::DeviceMemory> device;
};

/// The largest error of a result, and the largest in units of its bound: at most 1 where the kernel
/// is correct.
struct Deviation {
  double error = 0;
  double overBound = 0;
};
Deviation compare(const scanc::TensorRef &result, const scanc::ReferenceTensor &reference);

/// Seconds of what `run` enqueues in the default stream, or does on the CPU: the median of several.
double secondsPer(bool onGpu, const std::function<void()> &run);
/// The same of one launch.
double secondsPerLaunch(const scanc::Kernel &kernel, std::span<const scanc::TensorRef> operands);

/// Prints what ran, how fast and how exact; gives the exit code, 4 for a wrong result.
int report(const scanc::Kernel &kernel, double seconds, std::int64_t bytes, Deviation deviation);

/// Whether the example was called with `--size=large`, which is for a GPU; ends the program at any
/// other argument.
bool wantsLarge(int argc, char **argv);

/// The whole text of a file; ends the program where it cannot be read.
std::string readText(const std::string &path);

} // namespace example

#endif // SCANC_EXAMPLES_COMMON_EXAMPLE_H
