//===- tuning/GuardedBuffer.h - A tensor that notices strangers -*- C++ -*-===//
#ifndef SCANC_RUNTIME_TUNING_GUARDEDBUFFER_H
#define SCANC_RUNTIME_TUNING_GUARDEDBUFFER_H

#include "scanc/Device.h"

#include <cstdlib>
#include <memory>
#include <optional>

namespace scanc::tuning {

/// The bytes of one tensor, twice: where kernels run, between two guards, and an image on the host
/// that no kernel sees.
///
/// Guards are NaN in every type: what is read there shows in results, what is written there is
/// found.
class GuardedBuffer {
public:
  /// Bytes of a guard, before the tensor and behind it.
  static constexpr std::int64_t guard = 4096;

  /// On a GPU, or without `device` on the CPU. Everything is NaN.
  static Result<GuardedBuffer> create(std::int64_t bytes, std::optional<int> device);

  std::int64_t bytes() const { return size; }
  char *image() const { return copy.get() + guard; }
  /// Where kernels find the tensor.
  void *data() const;

  /// Copies the image, and new guards, to where kernels run.
  Result<void> upload();
  /// NaN there, in the guards too.
  Result<void> poison();
  /// Copies the tensor into the image.
  Result<void> fetch();
  /// Whether the guards are as they were made.
  Result<bool> isGuardIntact() const;
  /// Whether the tensor is what the image says.
  Result<bool> isUnchanged() const;

private:
  struct Freed {
    void operator()(char *memory) const { std::free(memory); }
  };
  using HostMemory = std::unique_ptr<char, Freed>;

  /// Full of NaN; null where there is no memory.
  static HostMemory allocate(std::int64_t bytes);
  /// Whether `count` bytes from `offset` on, guards counted, are those at `expected`.
  Result<bool> holds(std::int64_t offset, const char *expected, std::int64_t count) const;

  std::int64_t size = 0;
  HostMemory copy;   ///< guard, image, guard
  HostMemory onHost; ///< the same on the CPU, for kernels
  std::optional<DeviceMemory> onDevice;
};

} // namespace scanc::tuning

#endif // SCANC_RUNTIME_TUNING_GUARDEDBUFFER_H
