//===- fakes/FakeCuda.h - What a test tells the fake driver -----*- C++ -*-===//
//
// A driver whose devices are made of host memory. It executes one kernel, the
// sample of the tests (y = w x), and is stricter than a real one: a handle or
// address that is not live, a function of another context than the stream's, or
// a call that a capture forbids is a failure that the test sees.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_TESTS_RUNTIME_FAKES_FAKECUDA_H
#define SCANC_TESTS_RUNTIME_FAKES_FAKECUDA_H

#include "Faults.h"

#include <atomic>
#include <cstdint>

namespace scanc::testing {

struct FakeCuda {
  static constexpr int notInitialized = 3;
  static constexpr int illegalAddress = 700;
  static constexpr int captureUnsupported = 900;
  static constexpr int captureInvalidated = 901;
  static constexpr int captureImplicit = 906;

  Faults faults;
  // What there is.
  std::atomic<int> devices = 2;
  std::atomic<int> capability = 9; ///< major
  std::atomic<int> initMilliseconds = 0;
  std::atomic<int> sticky = 0; ///< what every call returns once a kernel has failed

  // What was taken and not given back.
  std::atomic<int> retained = 0; ///< primary contexts
  std::atomic<int> pushed = 0;   ///< contexts on the stacks of threads
  std::atomic<int> libraries = 0;
  std::atomic<int> allocations = 0;
  std::atomic<int> events = 0;
  std::atomic<int> pools = 0;

  std::atomic<std::int64_t> launches = 0; ///< executed, replays included
  std::atomic<int> loads = 0;             ///< libraries ever loaded
  std::atomic<int> misuses = 0;           ///< dead handles, foreign contexts: faults of the caller
};

} // namespace scanc::testing

#endif // SCANC_TESTS_RUNTIME_FAKES_FAKECUDA_H
