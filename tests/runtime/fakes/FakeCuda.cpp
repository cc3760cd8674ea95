//===- FakeCuda.cpp - A CUDA driver on host memory ------------------------===//
#include "FakeCudaState.h"
#include "FakeNvrtc.h"

#include <chrono>
#include <thread>

using namespace scanc::testing::fake;
using scanc::rt::LaunchConfig;
using scanc::testing::FakeCuda;
using scanc::testing::FakeNvrtc;

namespace {

/// y[b,t,n] = w[n] x[b,t,n], with the words of the sample program; whatever follows is workspace.
void executeSample(const std::vector<std::int64_t> &words, int device) {
  auto x = words[0], w = words[1], y = words[2], batch = words[3], steps = words[4], n = words[5];
  auto fault = [&] { fake().sticky = FakeCuda::illegalAddress; };
  for (std::size_t i = 13; i < words.size(); ++i) {
    if (!isInside(words[i], 4 * batch, device))
      return fault();
    std::memset(reinterpret_cast<void *>(words[i]), 0x77, 4 * batch);
  }
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t t = 0; t < steps; ++t)
      for (std::int64_t i = 0; i < n; ++i) {
        std::int64_t from = x + 4 * (b * words[6] + t * words[7] + i * words[8]),
                     to = y + 4 * (b * words[9] + t * words[10] + i * words[11]),
                     weight = w + 4 * i * words[12];
        for (std::int64_t address : {from, to, weight})
          if (!isInside(address, 4, device))
            return fault();
        *reinterpret_cast<float *>(to) =
            *reinterpret_cast<float *>(weight) * *reinterpret_cast<float *>(from);
      }
}

/// "// words: 15" in the text says how many words the struct has.
std::size_t wordsOf(const CUfunc_st &function) {
  const std::string &text = function.kernel->library->image;
  std::size_t at = text.find("// words: ");
  return at == text.npos ? 0 : std::strtoul(text.c_str() + at + 10, nullptr, 10);
}

} // namespace

extern "C" {

FakeCuda *scancFakeCuda() { return &fake(); }

int cuGetErrorName(int result, const char **name) {
  if (int fault = fake().faults.called("cuGetErrorName"))
    return fault;
  *name = result == FakeCuda::illegalAddress ? "CUDA_ERROR_ILLEGAL_ADDRESS" : "CUDA_ERROR_FAKE";
  return success;
}
int cuGetErrorString(int, const char **text) {
  *text = "a fake error";
  return fake().faults.called("cuGetErrorString");
}
int cuInit(unsigned) {
  if (int fault = fake().faults.called("cuInit"))
    return fault;
  const char *visible = std::getenv("CUDA_VISIBLE_DEVICES");
  if (visible && !*visible)
    return noDevice;
  if (fake().process != 0 && fake().process != getpid())
    return misuse(FakeCuda::notInitialized); // a driver cannot begin again after a fork
  std::this_thread::sleep_for(std::chrono::milliseconds(fake().initMilliseconds));
  std::lock_guard lock(fake().mutex);
  if (fake().process == 0)
    for (int i = 0; i < static_cast<int>(fake().primary.size()); ++i)
      fake().primary[i] = {i, ++fake().contextIds};
  fake().process = getpid();
  return success;
}
int cuDriverGetVersion(int *version) { return *version = 13000, enter("cuDriverGetVersion"); }
int cuDeviceGetCount(int *count) {
  SCANC_ENTER("cuDeviceGetCount");
  return *count = fake().devices, success;
}
int cuDeviceGet(int *handle, int index) {
  SCANC_ENTER("cuDeviceGet");
  return *handle = handleOffset + index, success;
}
int cuDeviceGetName(char *name, int length, int) {
  SCANC_ENTER("cuDeviceGetName");
  return std::strncpy(name, "Fake GPU", length), success;
}
int cuDeviceTotalMem_v2(std::size_t *bytes, int) {
  SCANC_ENTER("cuDeviceTotalMem_v2");
  return *bytes = std::size_t{1} << 34, success;
}
int cuDeviceGetAttribute(int *value, int attribute, int) {
  SCANC_ENTER("cuDeviceGetAttribute");
  *value = attribute == Driver::capabilityMajor       ? fake().capability.load()
           : attribute == Driver::capabilityMinor     ? 0
           : attribute == Driver::sharedPerBlockOptin ? 232448
                                                      : 1000 + attribute;
  return success;
}
int cuDevicePrimaryCtxRetain(CUctx_st **context, int handle) {
  if (int fault = enterUnsafe("cuDevicePrimaryCtxRetain"))
    return fault;
  ++fake().retained;
  return *context = &fake().primary[handle - handleOffset], success;
}
int cuDevicePrimaryCtxRelease_v2(int) {
  int fault = enter("cuDevicePrimaryCtxRelease_v2");
  return --fake().retained, fault;
}
int cuCtxCreate_v2(CUctx_st **context, unsigned, int handle) {
  SCANC_ENTER("cuCtxCreate_v2");
  *context = make(CUctx_st{handle - handleOffset, ++fake().contextIds});
  ++fake().pushed;
  return contextStack.push_back(*context), success;
}
int cuCtxDestroy_v2(CUctx_st *context) {
  SCANC_ENTER("cuCtxDestroy_v2");
  if (currentContext() == context)
    contextStack.pop_back(), --fake().pushed;
  return destroy(context);
}
int cuCtxPushCurrent_v2(CUctx_st *context) {
  SCANC_ENTER("cuCtxPushCurrent_v2");
  ++fake().pushed;
  return contextStack.push_back(context), success;
}
int cuCtxPopCurrent_v2(CUctx_st **context) {
  int fault = enter("cuCtxPopCurrent_v2");
  if (contextStack.empty())
    return misuse(invalidContext);
  *context = contextStack.back();
  contextStack.pop_back();
  return --fake().pushed, fault;
}
int cuCtxSynchronize() { return enterUnsafe("cuCtxSynchronize", true); }
int cuCtxGetDevice(int *handle) {
  SCANC_ENTER("cuCtxGetDevice");
  return currentContext() ? (*handle = handleOffset + currentContext()->device, success)
                          : misuse(invalidContext);
}
int cuCtxGetId(CUctx_st *context, unsigned long long *id) {
  SCANC_ENTER("cuCtxGetId");
  return *id = context->id, success;
}
int cuThreadExchangeStreamCaptureMode(int *mode) {
  return std::swap(captureMode, *mode), fake().faults.called("cuThreadExchangeStreamCaptureMode");
}
#ifndef SCANC_FAKE_OLD_DRIVER
int cuLibraryLoadData(CUlib_st **library, const void *code, int *, void **, unsigned, int *,
                      void **, unsigned) {
  if (int fault = enterUnsafe("cuLibraryLoadData"))
    return fault;
  std::lock_guard lock(fake().mutex);
  ++fake().loads;
  std::string image(static_cast<const char *>(code));
  if (!image.starts_with(FakeNvrtc::magic))
    return invalidImage;
  ++fake().libraries;
  return *library = make(CUlib_st{std::move(image)}), success;
}
#endif
int cuLibraryUnload(CUlib_st *library) {
  int fault = enterUnsafe("cuLibraryUnload");

  std::lock_guard lock(fake().mutex);
  return --fake().libraries, both(fault, destroy(library));
}
int cuLibraryGetKernel(CUkern_st **kernel, CUlib_st *library, const char *name) {
  SCANC_ENTER("cuLibraryGetKernel");
  if (!isLive(library))
    return misuse(invalidHandle);
  if (library->image.find(std::string(" ") + name + "(") == std::string::npos)
    return notFound;
  return *kernel = make(CUkern_st{library, name}), success;
}
int cuKernelGetFunction(CUfunc_st **function, CUkern_st *kernel) {
  if (int fault = enterUnsafe("cuKernelGetFunction"))
    return fault;
  std::lock_guard lock(fake().mutex);
  if (!currentContext())
    return misuse(invalidContext);
  return *function = make(CUfunc_st{kernel, currentContext()}), success;
}
int cuFuncGetAttribute(int *value, int, CUfunc_st *) {
  SCANC_ENTER("cuFuncGetAttribute");
  return *value = 0, success;
}
int cuFuncSetAttribute(CUfunc_st *function, int attribute, int value) {
  SCANC_ENTER("cuFuncSetAttribute");
  if (attribute == Driver::maxDynamicSharedBytes)
    function->dynamicShared = value;
  return success;
}
int cuFuncGetParamInfo(CUfunc_st *function, std::size_t, std::size_t *offset, std::size_t *size) {
  SCANC_ENTER("cuFuncGetParamInfo");
  return *offset = 0, *size = 8 * wordsOf(*function), success;
}
int cuTensorMapEncodeTiled(void *map, int, unsigned, void *, const unsigned long long *,
                           const unsigned long long *, const unsigned *, const unsigned *, int, int,
                           int, int) {
  SCANC_ENTER("cuTensorMapEncodeTiled");
  if (reinterpret_cast<std::uintptr_t>(map) % 64 != 0)
    return misuse(invalidValue);
  std::memset(map, 0, 128);
  return success;
}
int cuLaunchKernelEx(const LaunchConfig *config, CUfunc_st *function, void **parameters, void **) {
  SCANC_ENTER("cuLaunchKernelEx");
  if (!isLive(function) || !isLive(function->kernel->library))
    return misuse(invalidHandle);
  CUctx_st *context = config->stream ? config->stream->context : currentContext();
  if (function->context != context)
    return misuse(invalidHandle);
  if (static_cast<int>(config->sharedBytes) > function->dynamicShared)
    return misuse(invalidValue);
  auto *first = static_cast<std::int64_t *>(parameters[0]);
  std::vector<std::int64_t> words(first, first + wordsOf(*function));
  bool faults = function->kernel->library->image.find("// faults") != std::string::npos;
  return enqueue(config->stream, [=, device = context->device] {
    ++fake().launches;
    if (faults)
      fake().sticky = FakeCuda::illegalAddress;
    else
      executeSample(words, device);
  });
}

} // extern "C"
