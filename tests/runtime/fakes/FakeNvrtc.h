//===- fakes/FakeNvrtc.h - What a test tells the fake NVRTC -----*- C++ -*-===//
#ifndef SCANC_TESTS_RUNTIME_FAKES_FAKENVRTC_H
#define SCANC_TESTS_RUNTIME_FAKES_FAKENVRTC_H

#include "Faults.h"

#include <atomic>

namespace scanc::testing {

struct FakeNvrtc {
  static constexpr int builtinsMissing = 7;
  /// How an image begins that the fake driver loads; the text of the kernel follows.
  static inline const std::string magic = "fake machine code\n";

  Faults faults;
  std::atomic<int> live = 0;              ///< programs not destroyed
  std::atomic<int> compiles = 0;          ///< that succeeded
  std::atomic<int> microseconds = 0;      ///< that a compile takes
  std::atomic<bool> withoutImage = false; ///< compiles succeed and give no machine code
};

} // namespace scanc::testing

#endif // SCANC_TESTS_RUNTIME_FAKES_FAKENVRTC_H
