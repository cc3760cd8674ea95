//===- Example.h - Buffers, timing and the check that examples share -*- C++ -*-===//
#ifndef SCANC_EXAMPLES_COMMON_EXAMPLE_H
#define SCANC_EXAMPLES_COMMON_EXAMPLE_H

#include "scanc/Compile.h"
#include "scanc/Device.h"

#include <map>
#include <string>
#include <vector>

namespace example {

/// A contiguous tensor in host memory, and on the device where the kernel runs there.
class Buffer {
public:
  /// Inputs are uniform in [low, high); results are poisoned with NaN bytes.
  Buffer(const scanc::Parameter &parameter, const std::map<std::string, std::int64_t> &sizes,
         double low, double high, bool onDevice);

  scanc::TensorRef host() const { return view; }
  scanc::TensorRef operand() const;
  /// Brings what a kernel wrote to the host.
  void fetch();
  std::int64_t bytes() const { return static_cast<std::int64_t>(storage.size()); }
  const scanc::Parameter &parameter() const { return declared; }

private:
  scanc::Parameter declared;
  std::vector<char> storage;
  scanc::TensorRef view;
  std::optional<scanc::DeviceMemory> memory;
};

/// Ranges of random inputs by parameter; others are drawn from [-1, 1).
using Ranges = std::map<std::string, std::pair<double, double>>;

/// Compiles the program in `path` for the GPU, or for the CPU where there is none; runs it on random
/// inputs; prints strategy, time, bandwidth and the error against the f64 reference. Returns the
/// exit code: 1 when a result is outside its bound.
int run(const std::string &path, const std::map<std::string, std::int64_t> &sizes,
        const Ranges &ranges = {});

} // namespace example

#endif // SCANC_EXAMPLES_COMMON_EXAMPLE_H
