//===- scanc/LaunchPlan.h - What a launch would do --------------*- C++ -*-===//
//
// Public and installed. A pure function of a program and its operands: no GPU
// and no driver. The CUDA executable does what such a plan says; tests and
// emulations may do it elsewhere.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_LAUNCHPLAN_H
#define SCANC_LAUNCHPLAN_H

#include "scanc/Kernel.h"

#include <span>

namespace scanc {

/// Where the operands must live, and what the device can take.
struct LaunchTarget {
  DeviceKind device = DeviceKind::cuda;
  int deviceIndex = 0;
  std::string entry; ///< of the program; empty: the first
  /// Dynamic shared memory that one block may have; -1: not checked.
  std::int64_t maxSharedBytes = -1;
};

/// A MatrixMap with its numbers.
struct PlannedMap {
  std::int64_t first = 0;
  std::array<std::int64_t, 3> sizes{1, 1, 1};
  std::array<std::int64_t, 2> strides{};
  std::array<std::int64_t, 2> box{};
};

/// One kernel of a launch, with every number that the driver is given.
struct PlannedKernel {
  std::size_t step = 0;    ///< of the entry
  std::size_t variant = 0; ///< of the step: the first whose requirements hold
  std::size_t launch = 0;  ///< of the variant
  std::array<std::int64_t, 3> grid{1, 1, 1};
  std::array<std::int64_t, 3> block{1, 1, 1};
  std::array<std::int64_t, 3> cluster{1, 1, 1};
  std::int64_t sharedBytes = 0;    ///< dynamic
  std::vector<std::int64_t> words; ///< the argument struct, zero where `maps` go: at its end
  std::vector<PlannedMap> maps;
  bool dependent = false; ///< it may begin before the kernel before it has ended, and awaits that

  static constexpr std::size_t mapWords = 16, mapAlignment = 8; ///< in words
  std::size_t firstMapWord() const { return words.size() - mapWords * maps.size(); }
  /// A grid without blocks is not launched.
  bool isEmpty() const { return grid[0] == 0 || grid[1] == 0 || grid[2] == 0; }
};

/// Bytes of the workspace that are set to 0 before the first kernel.
struct ZeroedRange {
  std::int64_t address = 0;
  std::int64_t bytes = 0;
};

struct LaunchPlan {
  std::vector<ZeroedRange> zeroed;    ///< none of them empty
  /// In order, empty ones included: of each step as many as its variants have launches at most.
  std::vector<PlannedKernel> kernels;
  /// Bytes that the whole workspace takes wherever it begins: each buffer is aligned within it.
  std::int64_t workspaceBytes = 0;
};

/// Checks the operands against the signature, binds the sizes, picks variants and evaluates their
/// formulas. Without `workspace.data` the addresses of its buffers count from 0; with it, a
/// workspace that is too small is an error.
Result<LaunchPlan> planLaunch(const Program &program, std::span<const TensorRef> operands,
                              const LaunchTarget &target = {}, const Workspace &workspace = {});

} // namespace scanc

#endif // SCANC_LAUNCHPLAN_H
