//===- Finding.h - What a fuzz target says of an input ----------*- C++ -*-===//
//
// A target is a function LLVMFuzzerTestOneInput in a file of its own, which libFuzzer
// (clang, SCANC_FUZZER=ON) or Driver.cpp calls with one input after the other. An input
// is a finding where the target crashes, hangs, or calls `require` with false.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_TESTS_FUZZ_FINDING_H
#define SCANC_TESTS_FUZZ_FINDING_H

#include "scanc/Result.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

namespace scanc::fuzz {

inline std::string_view textOf(const std::uint8_t *data, std::size_t size) {
  return {reinterpret_cast<const char *>(data), size};
}

inline void require(bool holds, std::string_view what) {
  if (holds)
    return;
  std::fprintf(stderr, "finding: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

/// Bad input is an error with a code and a sentence; a fault of our own is a finding.
template <typename T>
void requireTyped(const Result<T> &result) {
  if (result)
    return;
  require(!result.error().code.empty() && !result.error().message.empty(), "an error without a code or a sentence");
  require(result.error().kind != ErrorKind::internal, result.error().message);
}

} // namespace scanc::fuzz

#endif // SCANC_TESTS_FUZZ_FINDING_H
