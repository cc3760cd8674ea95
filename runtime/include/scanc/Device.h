//===- scanc/Device.h - The CUDA devices of this machine --------*- C++ -*-===//
//
// Public and installed. Standard library only: the driver is opened at run
// time. Every function may be called from several threads at once.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_DEVICE_H
#define SCANC_DEVICE_H

#include "scanc/Result.h"

#include <string>
#include <utility>
#include <vector>

struct CUstream_st;
struct CUevent_st;

namespace scanc {

struct DeviceInfo {
  int index = 0;
  std::string name;
  std::string architecture; ///< "sm_90a": that for which kernels are compiled
  int major = 0;            ///< compute capability
  int minor = 0;
  std::int64_t multiprocessors = 0;
  std::int64_t l2Bytes = 0;
  std::int64_t memoryBytes = 0;
  std::int64_t memoryClockKilohertz = 0;
  std::int64_t memoryBusBits = 0;
  std::int64_t clockKilohertz = 0;
  std::int64_t sharedBytesPerBlock = 0; ///< the largest that a kernel may opt in to
  std::int64_t sharedBytesPerMultiprocessor = 0;
  std::int64_t registersPerMultiprocessor = 0;
  std::int64_t threadsPerMultiprocessor = 0;

  /// Bytes per second at the peak: two transfers per clock and pin.
  double memoryBandwidth() const {
    return 2.0 * 1000.0 * static_cast<double>(memoryClockKilohertz) *
           static_cast<double>(memoryBusBits) / 8.0;
  }
};

/// The devices in the driver's order. Fails with SC6030 to SC6032 where there is none.
Result<std::vector<DeviceInfo>> enumerateDevices();

/// The architecture of the device with this index (of the last one, if there are fewer), or "cpu" where there is
/// no device.
std::string nativeTarget(int device = 0);

/// The version of the driver, 13000 for 13.0.
Result<int> driverVersion();

/// Waits for all work of a device; says whether it failed.
Result<void> synchronize(int device);

/// Memory of a CUDA device, freed with this value.
class DeviceMemory {
public:
  /// `bytes` may be 0: then `data()` is null.
  static Result<DeviceMemory> allocate(int device, std::int64_t bytes);
  DeviceMemory(DeviceMemory &&other) noexcept { swap(other); }
  DeviceMemory &operator=(DeviceMemory &&other) noexcept {
    swap(other);
    return *this;
  }
  ~DeviceMemory();

  void *data() const { return address; }
  std::int64_t bytes() const { return size; }
  /// Copies or fills `bytes()` bytes, and waits.
  Result<void> copyFrom(const void *host);
  Result<void> copyTo(void *host) const;
  /// Copies `count` bytes from `offset` on, all of them within this memory, and waits.
  Result<void> copyTo(void *host, std::int64_t offset, std::int64_t count) const;
  Result<void> fill(unsigned char byte);

private:
  DeviceMemory() = default;
  void swap(DeviceMemory &other) {
    std::swap(device, other.device);
    std::swap(address, other.address);
    std::swap(size, other.size);
  }

  int device = 0;
  void *address = nullptr;
  std::int64_t size = 0;
};

/// Measures the time between two points of a stream.
class Stopwatch {
public:
  static Result<Stopwatch> create(int device);
  Stopwatch(Stopwatch &&other) noexcept { swap(other); }
  Stopwatch &operator=(Stopwatch &&other) noexcept {
    swap(other);
    return *this;
  }
  ~Stopwatch();

  Result<void> start(CUstream_st *stream = nullptr);
  Result<void> stop(CUstream_st *stream = nullptr);
  /// Waits for the second point.
  Result<double> seconds() const;

private:
  Stopwatch() = default;
  void swap(Stopwatch &other) {
    std::swap(device, other.device);
    std::swap(first, other.first);
    std::swap(second, other.second);
  }

  int device = 0;
  CUevent_st *first = nullptr;
  CUevent_st *second = nullptr;
};

} // namespace scanc

#endif // SCANC_DEVICE_H
