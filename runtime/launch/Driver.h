//===- launch/Driver.h - The functions of the CUDA driver that scanc calls ===//
//
// Own prototypes of the driver API, so that no CUDA header is needed to build;
// a test compares them with cuda.h where there is one. Tests fill the table
// with functions of their own.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_LAUNCH_DRIVER_H
#define SCANC_RUNTIME_LAUNCH_DRIVER_H

#include "scanc/Device.h"

#include <cstddef>
#include <string_view>
#include <utility>

struct CUctx_st;
struct CUlib_st;
struct CUkern_st;
struct CUfunc_st;
struct CUmemPoolHandle_st;

namespace scanc::rt {

/// CUlaunchAttribute, of which two are used.
struct LaunchAttribute {
  static constexpr int clusterDimension = 4;           ///< three numbers
  static constexpr int programmaticSerialization = 6; ///< whether it is allowed
  int id = 0;
  char padding[4] = {};
  unsigned value[3] = {};
  char rest[52] = {}; ///< the value is a union of 64 bytes
};

/// CUlaunchConfig.
struct LaunchConfig {
  unsigned grid[3] = {1, 1, 1};
  unsigned block[3] = {1, 1, 1};
  unsigned sharedBytes = 0;
  CUstream_st *stream = nullptr;
  LaunchAttribute *attributes = nullptr;
  unsigned attributeCount = 0;
};

/// CUmemPoolProps of memory on a device, which no other process sees.
struct MemoryPoolProperties {
  int allocationType = 1; ///< pinned: the only type
  int handleTypes = 0;
  int locationType = 1;               ///< a device
  int device = 0;                     ///< its index
  void *securityAttributes = nullptr; ///< of Windows
  char rest[64] = {};                 ///< zero: of the greatest size that the system allows
};

struct Driver {
  // Results that are told apart.
  static constexpr int success = 0;
  static constexpr int invalidValue = 1;
  static constexpr int outOfMemory = 2;
  static constexpr int noDevice = 100;
  static constexpr int invalidImage = 200;
  static constexpr int noBinaryForGpu = 209;
  static constexpr int unsupportedVersion = 222; ///< of the toolkit that made the image
  static constexpr int notFound = 500;
  static constexpr int firstOfCapture = 900, lastOfCapture = 909;

  /// From this version on, graphs too have launches that begin before the one before has ended.
  static constexpr int versionWithDependentLaunches = 12030;
  /// From this compute capability on, devices have them.
  static constexpr int majorWithDependentLaunches = 9;

  // Device attributes.
  static constexpr int clockRate = 13;
  static constexpr int multiprocessorCount = 16;
  static constexpr int memoryClockRate = 36;
  static constexpr int memoryBusWidth = 37;
  static constexpr int l2CacheSize = 38;
  static constexpr int threadsPerMultiprocessor = 39;
  static constexpr int capabilityMajor = 75;
  static constexpr int capabilityMinor = 76;
  static constexpr int sharedPerMultiprocessor = 81;
  static constexpr int registersPerMultiprocessor = 82;
  static constexpr int sharedPerBlockOptin = 97;

  // Function attributes.
  static constexpr int staticSharedBytes = 1;
  static constexpr int maxDynamicSharedBytes = 8;
  static constexpr int nonPortableCluster = 14;

  // Of maps of tensors.
  static constexpr int elementsOf16Bits = 1;
  static constexpr int swizzle32 = 1, swizzle64 = 2, swizzle128 = 3;

  // Attributes of a memory pool.
  static constexpr int releaseThreshold = 4;

  using Address = unsigned long long; // CUdeviceptr

  int (*getErrorName)(int, const char **) = nullptr;
  int (*getErrorString)(int, const char **) = nullptr;
  int (*init)(unsigned) = nullptr;
  int (*driverGetVersion)(int *) = nullptr;
  int (*deviceGetCount)(int *) = nullptr;
  int (*deviceGet)(int *, int) = nullptr;
  int (*deviceGetName)(char *, int, int) = nullptr;
  int (*deviceGetAttribute)(int *, int, int) = nullptr;
  int (*deviceTotalMem)(std::size_t *, int) = nullptr;
  int (*primaryCtxRetain)(CUctx_st **, int) = nullptr;
  int (*primaryCtxRelease)(int) = nullptr;
  int (*ctxPushCurrent)(CUctx_st *) = nullptr;
  int (*ctxPopCurrent)(CUctx_st **) = nullptr;
  int (*ctxSynchronize)() = nullptr;
  int (*ctxGetDevice)(int *) = nullptr;
  int (*ctxGetId)(CUctx_st *, unsigned long long *) = nullptr;
  int (*threadExchangeStreamCaptureMode)(int *) = nullptr;
  int (*libraryLoadData)(CUlib_st **, const void *code, int *jitOptions, void **jitValues,
                         unsigned jitCount, int *libraryOptions, void **libraryValues,
                         unsigned libraryCount) = nullptr;
  int (*libraryUnload)(CUlib_st *) = nullptr;
  int (*libraryGetKernel)(CUkern_st **, CUlib_st *, const char *) = nullptr;
  int (*kernelGetFunction)(CUfunc_st **, CUkern_st *) = nullptr;
  int (*funcGetAttribute)(int *, int, CUfunc_st *) = nullptr;
  int (*funcSetAttribute)(CUfunc_st *, int, int) = nullptr;
  /// From driver 12.4; null before.
  int (*funcGetParamInfo)(CUfunc_st *, std::size_t, std::size_t *offset,
                          std::size_t *size) = nullptr;
  int (*launchKernelEx)(const LaunchConfig *, CUfunc_st *, void **parameters,
                        void **extra) = nullptr;
  /// Of the host alone: no context is needed.
  int (*tensorMapEncodeTiled)(void *map, int type, unsigned rank, void *address,
                              const unsigned long long *sizes, const unsigned long long *strides,
                              const unsigned *box, const unsigned *elementStrides, int interleave,
                              int swizzle, int promotion, int fill) = nullptr;
  int (*streamIsCapturing)(CUstream_st *, int *) = nullptr;
  int (*streamGetCtx)(CUstream_st *, CUctx_st **) = nullptr;
  int (*memAllocAsync)(Address *, std::size_t, CUstream_st *) = nullptr;
  /// The three of a pool are null where the driver lacks them.
  int (*memPoolCreate)(CUmemPoolHandle_st **, const MemoryPoolProperties *) = nullptr;
  int (*memPoolSetAttribute)(CUmemPoolHandle_st *, int, void *) = nullptr;
  int (*memAllocFromPoolAsync)(Address *, std::size_t, CUmemPoolHandle_st *,
                               CUstream_st *) = nullptr;
  int (*memFreeAsync)(Address, CUstream_st *) = nullptr;
  int (*memAlloc)(Address *, std::size_t) = nullptr;
  int (*memFree)(Address) = nullptr;
  int (*memcpyHtoD)(Address, const void *, std::size_t) = nullptr;
  int (*memcpyDtoH)(void *, Address, std::size_t) = nullptr;
  int (*memsetD8)(Address, unsigned char, std::size_t) = nullptr;
  int (*memsetD8Async)(Address, unsigned char, std::size_t, CUstream_st *) = nullptr;
  int (*eventCreate)(CUevent_st **, unsigned) = nullptr;
  int (*eventRecord)(CUevent_st *, CUstream_st *) = nullptr;
  int (*eventSynchronize)(CUevent_st *) = nullptr;
  int (*eventElapsedTime)(float *, CUevent_st *, CUevent_st *) = nullptr;
  int (*eventDestroy)(CUevent_st *) = nullptr;
};

/// Opens the driver at `path` and initialises it. Fails with SC6030 to SC6032. Never closed.
Result<Driver> openDriver(const char *path);
/// The driver of this machine, initialised. A success is kept; a failure is tried again. Fails
/// (SC6038) in the child of a process that had begun to use it.
Result<const Driver *> sharedDriver();
Error usedBeforeFork();

/// The error of a call that returned `result`: SC6036 for memory, SC6042 where a kernel has failed,
/// SC6043 for what a capture forbids, SC6034 otherwise.
Error driverError(const Driver &driver, std::string_view call, int result);

Result<DeviceInfo> describeDevice(const Driver &driver, int index);

/// A primary context, retained. Its scope makes it current.
class DeviceContext {
public:
  static Result<DeviceContext> retain(const Driver &driver, int index);
  DeviceContext(DeviceContext &&other) noexcept
      : driver(other.driver), device(other.device), context(std::exchange(other.context, nullptr)) {
  }
  DeviceContext &operator=(DeviceContext &&) = delete;
  ~DeviceContext() {
    if (context)
      driver->primaryCtxRelease(device);
  }
  CUctx_st *get() const { return context; }
  /// Leaves the context to the process before a fork.
  void abandon() { context = nullptr; }

private:
  DeviceContext(const Driver &driver, int device, CUctx_st *context)
      : driver(&driver), device(device), context(context) {}

  const Driver *driver;
  int device;
  CUctx_st *context;
};

/// The primary context of a device, current for the life of this value; the one before comes back.
class CurrentContext {
public:
  CurrentContext(const Driver &driver, CUctx_st *context)
      : driver(driver), result(driver.ctxPushCurrent(context)) {}
  CurrentContext(const CurrentContext &) = delete;
  CurrentContext &operator=(const CurrentContext &) = delete;
  ~CurrentContext() {
    CUctx_st *popped = nullptr;
    if (result == Driver::success)
      driver.ctxPopCurrent(&popped);
  }
  Result<void> check() const {
    if (result != Driver::success)
      return driverError(driver, "cuCtxPushCurrent", result);
    return {};
  }

private:
  const Driver &driver;
  int result;
};

/// For its scope, calls of this thread that could disturb a capture are allowed: they are made
/// beside it, for no stream that captures.
class RelaxedCapture {
public:
  explicit RelaxedCapture(const Driver &driver) : driver(driver) {
    driver.threadExchangeStreamCaptureMode(&mode);
  }
  RelaxedCapture(const RelaxedCapture &) = delete;
  RelaxedCapture &operator=(const RelaxedCapture &) = delete;
  ~RelaxedCapture() { driver.threadExchangeStreamCaptureMode(&mode); }

private:
  static constexpr int relaxed = 2;
  const Driver &driver;
  int mode = relaxed; ///< then that of before
};

} // namespace scanc::rt

#endif // SCANC_RUNTIME_LAUNCH_DRIVER_H
