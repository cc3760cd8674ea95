//===- FakeDriver.h - A CUDA driver that only keeps accounts --------------===//
//
// Two devices. Every call succeeds but those of `failing`, and what is taken
// and not given back is counted.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_TESTS_RUNTIME_FAKEDRIVER_H
#define SCANC_TESTS_RUNTIME_FAKEDRIVER_H

#include "runtime/launch/Driver.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace scanc::testing {

struct FakeLaunch {
  rt::LaunchConfig config;
  std::array<unsigned, 3> cluster{1, 1, 1};
  bool dependent = false;
  std::vector<std::int64_t> words;
};

/// A map of a tensor, as it is asked for; its bytes are the number of maps before.
struct FakeMap {
  const void *first;
  std::array<unsigned long long, 3> sizes;
  std::array<unsigned long long, 2> strides;
  std::array<unsigned, 3> box;
  int swizzle;
  bool isAligned; ///< the place where it is written
};

struct FakeMemset {
  rt::Driver::Address address;
  unsigned char value;
  std::size_t bytes;
  CUstream_st *stream;
  std::size_t launchesBefore;
};

struct FakeDriver {
  static constexpr rt::Driver::Address unaligned = 0x100010; ///< to 256; what an allocation gives
  static inline std::string failing;                         ///< name of the call that fails
  static inline int failure = 999;                           ///< what it returns
  static inline int failFrom = 0;                            ///< calls of it that succeed first
  static inline int failCount = 1 << 30;                     ///< calls of it that fail then
  static inline std::atomic<int> contexts, current, libraries, allocations, allocated, loads, calls;
  static inline std::atomic<int> allocatedFromDefault; ///< of `allocated`, by cuMemAllocAsync
  static inline int capturing = 0;
  static inline int staticShared = 0;
  static inline std::size_t parameterBytes = 13 * 8;
  static inline int device = 0;         ///< of the context last retained
  static inline int version = 13000;
  static inline int major = 9; ///< compute capability
  static inline std::vector<int> pools; ///< devices of the pools made, whose handles count from 1
  static inline CUmemPoolHandle_st *lastPool = nullptr; ///< last allocated from
  static inline std::uint64_t threshold = 0;            ///< of the pool last set
  static inline std::vector<std::pair<int, int>> functionAttributes;
  static inline std::vector<std::string> images;
  static inline std::vector<FakeLaunch> launches;
  static inline std::vector<FakeMemset> memsets;
  static inline std::vector<FakeMap> maps;
  static inline std::mutex mutex;

  static void reset() {
    failing.clear();
    failure = 999;
    failFrom = 0;
    failCount = 1 << 30;
    contexts = current = libraries = allocations = allocated = loads = calls = 0;
    allocatedFromDefault = 0;
    capturing = staticShared = device = 0;
    version = 13000;
    major = 9;
    parameterBytes = 13 * 8;
    pools.clear();
    lastPool = nullptr;
    threshold = 0;
    functionAttributes.clear();
    images.clear();
    launches.clear();
    memsets.clear();
    maps.clear();
  }

  static CUctx_st *primary() { return reinterpret_cast<CUctx_st *>(0x10); }
  static int result(const char *call) {
    ++calls;
    if (failing != call)
      return rt::Driver::success;
    if (failFrom-- > 0)
      return rt::Driver::success;
    return failCount-- > 0 ? failure : rt::Driver::success;
  }
  /// Counts `change` where the call succeeds.
  static int account(const char *call, std::atomic<int> &count, int change) {
    int outcome = result(call);
    if (outcome == rt::Driver::success)
      count += change;
    return outcome;
  }

  static rt::Driver table() {
    reset();
    rt::Driver driver;
    driver.getErrorName = [](int, const char **name) { return *name = "CUDA_ERROR_FAKE", 0; };
    driver.getErrorString = [](int, const char **text) { return *text = "fake", 0; };
    driver.driverGetVersion = [](int *number) {
      return *number = version, result("driverGetVersion");
    };
    driver.deviceGetCount = [](int *count) { return *count = 2, result("deviceGetCount"); };
    driver.deviceGet = [](int *handle, int index) {
      return *handle = 100 + index, result("deviceGet");
    };
    driver.deviceGetName = [](char *name, int length, int) {
      std::strncpy(name, "Fake GPU", length);
      return result("deviceGetName");
    };
    driver.deviceTotalMem = [](std::size_t *bytes, int) {
      return *bytes = std::size_t{1} << 34, result("deviceTotalMem");
    };
    driver.deviceGetAttribute = [](int *value, int attribute, int) {
      *value = attribute == rt::Driver::capabilityMajor       ? major
               : attribute == rt::Driver::capabilityMinor     ? 0
               : attribute == rt::Driver::sharedPerBlockOptin ? 232448
                                                              : attribute;
      return result("deviceGetAttribute");
    };
    driver.primaryCtxRetain = [](CUctx_st **context, int handle) {
      *context = primary();
      device = handle;
      return account("primaryCtxRetain", contexts, 1);
    };
    driver.primaryCtxRelease = [](int) { return account("primaryCtxRelease", contexts, -1); };
    driver.ctxSynchronize = [] { return result("ctxSynchronize"); };
    driver.ctxGetDevice = [](int *handle) { return *handle = device, result("ctxGetDevice"); };
    driver.ctxGetId = [](CUctx_st *, unsigned long long *id) { return *id = 1, result("ctxGetId"); };
    driver.threadExchangeStreamCaptureMode = [](int *) { return rt::Driver::success; };
    driver.streamGetCtx = [](CUstream_st *, CUctx_st **context) {
      *context = primary();
      return result("streamGetCtx");
    };
    // Its device memory is the host's.
    driver.memcpyDtoH = [](void *to, rt::Driver::Address from, std::size_t bytes) {
      std::memcpy(to, reinterpret_cast<const void *>(from), bytes);
      return result("memcpyDtoH");
    };
    driver.ctxPushCurrent = [](CUctx_st *) { return account("ctxPushCurrent", current, 1); };
    driver.ctxPopCurrent = [](CUctx_st **) { return account("ctxPopCurrent", current, -1); };
    driver.libraryLoadData = [](CUlib_st **library, const void *code, int *, void **, unsigned,
                                int *, void **, unsigned) {
      *library = reinterpret_cast<CUlib_st *>(0x20);
      std::lock_guard lock(mutex);
      images.emplace_back(static_cast<const char *>(code));
      ++loads;
      return account("libraryLoadData", libraries, 1);
    };
    driver.libraryUnload = [](CUlib_st *) { return account("libraryUnload", libraries, -1); };
    driver.libraryGetKernel = [](CUkern_st **kernel, CUlib_st *, const char *) {
      *kernel = reinterpret_cast<CUkern_st *>(0x30);
      return result("libraryGetKernel");
    };
    driver.kernelGetFunction = [](CUfunc_st **function, CUkern_st *) {
      *function = reinterpret_cast<CUfunc_st *>(0x40);
      return result("kernelGetFunction");
    };
    driver.funcGetAttribute = [](int *value, int, CUfunc_st *) {
      return *value = staticShared, result("funcGetAttribute");
    };
    driver.funcSetAttribute = [](CUfunc_st *, int attribute, int value) {
      functionAttributes.emplace_back(attribute, value);
      return result("funcSetAttribute");
    };
    driver.funcGetParamInfo = [](CUfunc_st *, std::size_t index, std::size_t *offset,
                                 std::size_t *size) {
      bool exists = index == 0 && parameterBytes > 0;
      *offset = 0;
      *size = exists ? parameterBytes : 0;
      return exists ? rt::Driver::success : 1;
    };
    driver.launchKernelEx = [](const rt::LaunchConfig *config, CUfunc_st *, void **parameters,
                               void **) {
      int outcome = result("launchKernelEx");
      if (outcome != rt::Driver::success)
        return outcome;
      FakeLaunch launch{*config, {1, 1, 1}, false, {}};
      for (const rt::LaunchAttribute &each : std::span(config->attributes, config->attributeCount)) {
        if (each.id == rt::LaunchAttribute::clusterDimension)
          std::copy_n(each.value, 3, launch.cluster.begin());
        else if (each.id == rt::LaunchAttribute::programmaticSerialization)
          launch.dependent = each.value[0] == 1;
      }
      if (parameters) {
        auto *words = static_cast<std::int64_t *>(parameters[0]);
        launch.words.assign(words, words + parameterBytes / 8);
      }
      std::lock_guard lock(mutex);
      launches.push_back(std::move(launch));
      return outcome;
    };
    driver.tensorMapEncodeTiled = [](void *map, int, unsigned, void *address,
                                     const unsigned long long *sizes,
                                     const unsigned long long *strides, const unsigned *box,
                                     const unsigned *, int, int swizzle, int, int) {
      std::lock_guard lock(mutex);
      std::memset(map, static_cast<int>(maps.size()) + 1, 128);
      maps.push_back({address,
                      {sizes[0], sizes[1], sizes[2]},
                      {strides[0], strides[1]},
                      {box[0], box[1], box[2]},
                      swizzle,
                      reinterpret_cast<std::uintptr_t>(map) % 64 == 0});
      return result("tensorMapEncodeTiled");
    };
    driver.streamIsCapturing = [](CUstream_st *, int *status) {
      return *status = capturing, result("streamIsCapturing");
    };
    driver.memAllocAsync = [](rt::Driver::Address *address, std::size_t, CUstream_st *) {
      ++allocated;
      ++allocatedFromDefault;
      *address = unaligned;
      return account("memAllocAsync", allocations, 1);
    };
    driver.memPoolCreate = [](CUmemPoolHandle_st **pool, const rt::MemoryPoolProperties *of) {
      int outcome = result("memPoolCreate");
      if (outcome != rt::Driver::success)
        return outcome;
      std::this_thread::sleep_for(std::chrono::microseconds(150)); // as a real one: threads meet
      std::lock_guard lock(mutex);
      pools.push_back(of->device);
      *pool = reinterpret_cast<CUmemPoolHandle_st *>(pools.size());
      return outcome;
    };
    driver.memPoolSetAttribute = [](CUmemPoolHandle_st *, int attribute, void *value) {
      if (attribute == rt::Driver::releaseThreshold)
        std::memcpy(&threshold, value, sizeof threshold);
      return result("memPoolSetAttribute");
    };
    driver.memAllocFromPoolAsync = [](rt::Driver::Address *address, std::size_t,
                                      CUmemPoolHandle_st *pool, CUstream_st *) {
      ++allocated;
      *address = unaligned;
      std::lock_guard lock(mutex);
      lastPool = pool;
      return account("memAllocFromPoolAsync", allocations, 1);
    };
    driver.memsetD8Async = [](rt::Driver::Address address, unsigned char value, std::size_t bytes,
                              CUstream_st *stream) {
      std::lock_guard lock(mutex);
      memsets.push_back({address, value, bytes, stream, launches.size()});
      return result("memsetD8Async");
    };
    driver.memFreeAsync = [](rt::Driver::Address, CUstream_st *) {
      return account("memFreeAsync", allocations, -1);
    };
    return driver;
  }
};

} // namespace scanc::testing

#endif // SCANC_TESTS_RUNTIME_FAKEDRIVER_H
