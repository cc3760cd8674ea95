//===- Devices.cpp - What each device has ---------------------------------===//
#include "runtime/launch/Driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace scanc {
namespace rt {
namespace {

/// Checks `index` and gives the driver's handle.
Result<int> deviceHandle(const Driver &driver, int index) {
  int count = 0, handle = 0;
  if (int result = driver.deviceGetCount(&count); result != Driver::success)
    return driverError(driver, "cuDeviceGetCount", result);
  if (index < 0 || index >= count) {
    Error error;
    error.code = "SC6033";
    error.kind = ErrorKind::environment;
    error.message = count == 0
                        ? std::string("expected a CUDA device, found none")
                        : fmt::format("expected a CUDA device below {}, got {}", count, index);
    error.help = "list the devices with 'scanc doctor'; CUDA_VISIBLE_DEVICES may hide some";
    return error;
  }
  if (int result = driver.deviceGet(&handle, index); result != Driver::success)
    return driverError(driver, "cuDeviceGet", result);
  return handle;
}

} // namespace

Result<DeviceInfo> describeDevice(const Driver &driver, int index) {
  Result<int> handle = deviceHandle(driver, index);
  if (!handle)
    return handle.error();
  DeviceInfo info;
  info.index = index;
  std::array<char, 256> name{};
  if (int result = driver.deviceGetName(name.data(), name.size() - 1, *handle);
      result != Driver::success)
    return driverError(driver, "cuDeviceGetName", result);
  info.name = name.data();
  std::size_t memory = 0;
  if (int result = driver.deviceTotalMem(&memory, *handle); result != Driver::success)
    return driverError(driver, "cuDeviceTotalMem", result);
  info.memoryBytes = static_cast<std::int64_t>(memory);

  std::int64_t major = 0, minor = 0;
  const std::pair<int, std::int64_t *> attributes[] = {
      {Driver::capabilityMajor, &major},
      {Driver::capabilityMinor, &minor},
      {Driver::multiprocessorCount, &info.multiprocessors},
      {Driver::l2CacheSize, &info.l2Bytes},
      {Driver::memoryClockRate, &info.memoryClockKilohertz},
      {Driver::memoryBusWidth, &info.memoryBusBits},
      {Driver::clockRate, &info.clockKilohertz},
      {Driver::sharedPerBlockOptin, &info.sharedBytesPerBlock},
      {Driver::sharedPerMultiprocessor, &info.sharedBytesPerMultiprocessor},
      {Driver::registersPerMultiprocessor, &info.registersPerMultiprocessor},
      {Driver::threadsPerMultiprocessor, &info.threadsPerMultiprocessor}};
  for (auto [attribute, value] : attributes) {
    int read = 0;
    if (int result = driver.deviceGetAttribute(&read, attribute, *handle);
        result != Driver::success)
      return driverError(driver, "cuDeviceGetAttribute", result);
    *value = read;
  }
  info.major = static_cast<int>(major);
  info.minor = static_cast<int>(minor);
  // From Hopper on, "a" gives a device its own instructions (wgmma, TMA).
  info.architecture = fmt::format("sm_{}{}{}", major, minor, major >= 9 ? "a" : "");
  return info;
}

Result<DeviceContext> DeviceContext::retain(const Driver &driver, int index) {
  Result<int> handle = deviceHandle(driver, index);
  if (!handle)
    return handle.error();
  RelaxedCapture relaxed(driver);
  CUctx_st *context = nullptr;
  if (int result = driver.primaryCtxRetain(&context, *handle); result != Driver::success)
    return driverError(driver, "cuDevicePrimaryCtxRetain", result);
  return DeviceContext(driver, *handle, context);
}

} // namespace rt

Result<std::vector<DeviceInfo>> enumerateDevices() {
  Result<const rt::Driver *> driver = rt::sharedDriver();
  if (!driver)
    return driver.error();
  int count = 0;
  if (int result = (*driver)->deviceGetCount(&count); result != rt::Driver::success)
    return rt::driverError(**driver, "cuDeviceGetCount", result);
  std::vector<DeviceInfo> devices;
  for (int index = 0; index < count; ++index) {
    Result<DeviceInfo> device = rt::describeDevice(**driver, index);
    if (!device)
      return device.error();
    devices.push_back(std::move(*device));
  }
  return devices;
}

std::string nativeTarget(int device) {
  Result<std::vector<DeviceInfo>> devices = enumerateDevices();
  if (!devices || devices->empty())
    return "cpu";
  return (*devices)[std::min<std::size_t>(device, devices->size() - 1)].architecture;
}

Result<int> driverVersion() {
  Result<const rt::Driver *> driver = rt::sharedDriver();
  if (!driver)
    return driver.error();
  int version = 0;
  if (int result = (*driver)->driverGetVersion(&version); result != rt::Driver::success)
    return rt::driverError(**driver, "cuDriverGetVersion", result);
  return version;
}

} // namespace scanc
