//===- Driver.cpp - The driver, opened with dlopen ------------------------===//
#include "runtime/launch/Driver.h"

#include "runtime/launch/LaunchTrace.h"
#include "runtime/process/Fork.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>

namespace scanc::rt {
namespace {

Error environmentError(std::string code, std::string message, std::string help) {
  Error error;
  error.code = std::move(code);
  error.kind = ErrorKind::environment;
  error.message = std::move(message);
  error.help = std::move(help);
  return error;
}

/// Fills the table; returns the first name that the library lacks.
std::string loadFunctions(void *library, Driver &driver) {
  std::string missing;
  auto load = [&](const char *name, auto &function) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    return function != nullptr;
  };
  auto need = [&](const char *name, auto &function) {
    if (!load(name, function) && missing.empty())
      missing = name;
  };
  need("cuGetErrorName", driver.getErrorName);
  need("cuGetErrorString", driver.getErrorString);
  need("cuInit", driver.init);
  need("cuDriverGetVersion", driver.driverGetVersion);
  need("cuDeviceGetCount", driver.deviceGetCount);
  need("cuDeviceGet", driver.deviceGet);
  need("cuDeviceGetName", driver.deviceGetName);
  need("cuDeviceGetAttribute", driver.deviceGetAttribute);
  need("cuDeviceTotalMem_v2", driver.deviceTotalMem);
  need("cuDevicePrimaryCtxRetain", driver.primaryCtxRetain);
  need("cuDevicePrimaryCtxRelease_v2", driver.primaryCtxRelease);
  need("cuCtxPushCurrent_v2", driver.ctxPushCurrent);
  need("cuCtxPopCurrent_v2", driver.ctxPopCurrent);
  need("cuCtxSynchronize", driver.ctxSynchronize);
  need("cuCtxGetDevice", driver.ctxGetDevice);
  need("cuCtxGetId", driver.ctxGetId);
  need("cuThreadExchangeStreamCaptureMode", driver.threadExchangeStreamCaptureMode);
  need("cuLibraryLoadData", driver.libraryLoadData);
  need("cuLibraryUnload", driver.libraryUnload);
  need("cuLibraryGetKernel", driver.libraryGetKernel);
  need("cuKernelGetFunction", driver.kernelGetFunction);
  need("cuFuncGetAttribute", driver.funcGetAttribute);
  need("cuFuncSetAttribute", driver.funcSetAttribute);
  load("cuFuncGetParamInfo", driver.funcGetParamInfo);
  need("cuLaunchKernelEx", driver.launchKernelEx);
  need("cuTensorMapEncodeTiled", driver.tensorMapEncodeTiled);
  need("cuStreamIsCapturing", driver.streamIsCapturing);
  need("cuStreamGetCtx", driver.streamGetCtx);
  need("cuMemAllocAsync", driver.memAllocAsync);
  load("cuMemPoolCreate", driver.memPoolCreate);
  load("cuMemPoolSetAttribute", driver.memPoolSetAttribute);
  load("cuMemAllocFromPoolAsync", driver.memAllocFromPoolAsync);
  need("cuMemFreeAsync", driver.memFreeAsync);
  need("cuMemAlloc_v2", driver.memAlloc);
  need("cuMemFree_v2", driver.memFree);
  need("cuMemcpyHtoD_v2", driver.memcpyHtoD);
  need("cuMemcpyDtoH_v2", driver.memcpyDtoH);
  need("cuMemsetD8_v2", driver.memsetD8);
  need("cuMemsetD8Async", driver.memsetD8Async);
  need("cuEventCreate", driver.eventCreate);
  need("cuEventRecord", driver.eventRecord);
  need("cuEventSynchronize", driver.eventSynchronize);
  need("cuEventElapsedTime", driver.eventElapsedTime);
  need("cuEventDestroy_v2", driver.eventDestroy);
  return missing;
}

} // namespace

Result<Driver> openDriver(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *why = dlerror();
    Error error = environmentError(
        "SC6030", "expected an NVIDIA driver (libcuda.so.1) to run on a GPU, found none",
        "install the NVIDIA driver, or run on the CPU with --target=cpu");
    error.notes.push_back({why ? why : "the loader gives no reason", {}});
    return error;
  }
  Driver driver;
  if (std::string missing = loadFunctions(library, driver); !missing.empty())
    return environmentError("SC6031",
                            fmt::format("expected a driver of CUDA 12.0 or later, got one without "
                                        "{}",
                                        missing),
                            "update the NVIDIA driver");
  if (int result = driver.init(0); result != Driver::success) {
    Error error = driverError(driver, "cuInit", result);
    error.code = "SC6032";
    error.help = "check the GPU with nvidia-smi, and CUDA_VISIBLE_DEVICES; or run on the CPU with "
                 "--target=cpu";
    if (const char *visible = std::getenv("CUDA_VISIBLE_DEVICES"))
      error.notes.push_back({fmt::format("CUDA_VISIBLE_DEVICES is '{}'", visible), {}});
    return error;
  }
  return driver;
}

namespace {

/// The driver of the process.
class OpenedDriver {
public:
  Result<const Driver *> get() {
    int forks = forksBefore();
    if (int user = usedAfter; user != nobody && user != forks)
      return usedBeforeFork();
    std::lock_guard lock(mutex);
    if (!driver) {
      usedAfter = forks;
      Result<Driver> opened = openDriver("libcuda.so.1");
      if (!opened) {
        usedAfter = nobody;
        return opened.error();
      }
      driver = new Driver(*opened); // as the library, for the life of the process
    }
    return driver;
  }

private:
  static constexpr int nobody = -1;

  OpeningMutex mutex;
  const Driver *driver = nullptr;      ///< under `mutex`
  std::atomic<int> usedAfter = nobody; ///< forks before the process that began to use it
};

/// Made when the library is loaded: no thread can fork while another makes it.
OpenedDriver &opened = *new OpenedDriver;

/// What a failed kernel leaves: every later call of its context returns it.
bool isOfKernel(int result) {
  constexpr int ofKernels[] = {214, 700, 702, 710, 714, 715, 716, 717, 718, 719};
  return std::find(std::begin(ofKernels), std::end(ofKernels), result) != std::end(ofKernels);
}

} // namespace

Error usedBeforeFork() {
  return makeError(
      "SC6038", ErrorKind::usage,
      "expected a process that may use the CUDA driver, got the child of a fork "
      "whose parent had used it",
      "use spawn, or fork before the first use of a GPU; compiling works in the child");
}

Result<const Driver *> sharedDriver() { return opened.get(); }

Error driverError(const Driver &driver, std::string_view call, int result) {
  const char *name = nullptr, *text = nullptr;
  if (driver.getErrorName(result, &name) != Driver::success || !name)
    name = "unknown error";
  if (driver.getErrorString(result, &text) != Driver::success || !text)
    text = "the driver gives no text";
  Error error =
      environmentError("SC6034", fmt::format("{} failed: {} ({}): {}", call, name, result, text),
                       "read what the driver says; 'scanc doctor' shows what it finds");
  if (result == Driver::outOfMemory) {
    error.code = "SC6036";
    error.help = "free device memory, give a smaller workspace, or launch with smaller sizes";
  } else if (isOfKernel(result)) {
    error.code = "SC6042";
    error.help = "end this process, as the context is lost; run it under compute-sanitizer to find "
                 "the access";
    for (const std::string &kernel : lastLaunches())
      error.notes.push_back({"launched before, latest first: " + kernel, {}});
  } else if (result >= Driver::firstOfCapture && result <= Driver::lastOfCapture) {
    error.code = "SC6043";
    error.kind = ErrorKind::usage;
    error.help =
        "launch on the stream that captures, or make this call before or after the capture";
  }
  return error;
}

} // namespace scanc::rt
