//===- DeviceMemory.cpp - Memory, copies and times of one device ----------===//
#include "runtime/launch/Driver.h"

#include <map>
#include <mutex>

namespace scanc {
namespace {

using rt::Driver;

/// The primary context of `device`, retained once for the life of the process: memory and events
/// of it may outlive any one owner.
Result<CUctx_st *> processContext(const Driver &driver, int device) {
  static std::mutex mutex;
  static auto &contexts = *new std::map<int, rt::DeviceContext>;
  std::lock_guard lock(mutex);
  auto found = contexts.find(device);
  if (found == contexts.end()) {
    Result<rt::DeviceContext> context = rt::DeviceContext::retain(driver, device);
    if (!context)
      return context.error();
    found = contexts.emplace(device, std::move(*context)).first;
  }
  return found->second.get();
}

/// Runs `body(driver)`, which returns a result of the driver, in the context of `device`.
template <typename Body>
Result<void> onDevice(int device, std::string_view call, Body body) {
  Result<const Driver *> driver = rt::sharedDriver();
  if (!driver)
    return driver.error();
  Result<CUctx_st *> context = processContext(**driver, device);
  if (!context)
    return context.error();
  rt::CurrentContext current(**driver, *context);
  if (Result<void> pushed = current.check(); !pushed)
    return pushed;
  if (int result = body(**driver); result != Driver::success)
    return rt::driverError(**driver, call, result);
  return {};
}

/// For destructors, which have nobody to tell: `body(driver)` runs whatever else fails.
template <typename Body>
void giveBack(int device, Body body) {
  Result<const Driver *> driver = rt::sharedDriver();
  if (!driver)
    return;
  Result<CUctx_st *> context = processContext(**driver, device);
  if (!context)
    return;
  rt::CurrentContext current(**driver, *context);
  rt::RelaxedCapture relaxed(**driver);
  body(**driver);
}

Driver::Address addressOf(const void *data) { return reinterpret_cast<Driver::Address>(data); }

} // namespace

Result<void> synchronize(int device) {
  return onDevice(device, "cuCtxSynchronize",
                  [](const Driver &driver) { return driver.ctxSynchronize(); });
}

Result<DeviceMemory> DeviceMemory::allocate(int device, std::int64_t bytes) {
  DeviceMemory memory;
  memory.device = device;
  memory.size = bytes;
  Driver::Address address = 0;
  Result<void> allocated = onDevice(device, "cuMemAlloc", [&](const Driver &driver) {
    rt::RelaxedCapture relaxed(driver);
    return bytes == 0 ? Driver::success : driver.memAlloc(&address, bytes);
  });
  if (!allocated)
    return allocated.error();
  memory.address = reinterpret_cast<void *>(address);
  return memory;
}

DeviceMemory::~DeviceMemory() {
  if (address)
    giveBack(device, [&](const Driver &driver) { driver.memFree(addressOf(address)); });
}

Result<void> DeviceMemory::copyFrom(const void *host) {
  return onDevice(device, "cuMemcpyHtoD", [&](const Driver &driver) {
    return size == 0 ? Driver::success : driver.memcpyHtoD(addressOf(address), host, size);
  });
}

Result<void> DeviceMemory::copyTo(void *host) const { return copyTo(host, 0, size); }

Result<void> DeviceMemory::copyTo(void *host, std::int64_t offset, std::int64_t count) const {
  return onDevice(device, "cuMemcpyDtoH", [&](const Driver &driver) {
    return count == 0 ? Driver::success
                      : driver.memcpyDtoH(host, addressOf(address) + offset, count);
  });
}

Result<void> DeviceMemory::fill(unsigned char byte) {
  return onDevice(device, "cuMemsetD8", [&](const Driver &driver) {
    return size == 0 ? Driver::success : driver.memsetD8(addressOf(address), byte, size);
  });
}

Result<Stopwatch> Stopwatch::create(int device) {
  Stopwatch watch;
  watch.device = device;
  Result<void> created = onDevice(device, "cuEventCreate", [&](const Driver &driver) {
    int result = driver.eventCreate(&watch.first, 0);
    return result == Driver::success ? driver.eventCreate(&watch.second, 0) : result;
  });
  if (!created)
    return created.error();
  return watch;
}

Stopwatch::~Stopwatch() {
  for (CUevent_st *event : {first, second})
    if (event)
      giveBack(device, [&](const Driver &driver) { driver.eventDestroy(event); });
}

Result<void> Stopwatch::start(CUstream_st *stream) {
  return onDevice(device, "cuEventRecord",
                  [&](const Driver &driver) { return driver.eventRecord(first, stream); });
}

Result<void> Stopwatch::stop(CUstream_st *stream) {
  return onDevice(device, "cuEventRecord",
                  [&](const Driver &driver) { return driver.eventRecord(second, stream); });
}

Result<double> Stopwatch::seconds() const {
  float milliseconds = 0;
  Result<void> read = onDevice(device, "cuEventElapsedTime", [&](const Driver &driver) {
    int result = driver.eventSynchronize(second);
    return result == Driver::success ? driver.eventElapsedTime(&milliseconds, first, second)
                                     : result;
  });
  if (!read)
    return read.error();
  return milliseconds / 1000.0;
}

} // namespace scanc
