//===- Doctor.cpp - The state of the machine on one screen ----------------===//
#include "scanc/Doctor.h"

#include "scanc/Cache.h"
#include "scanc/Device.h"
#include "scanc/Nvrtc.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace scanc {
namespace {

std::string missing(const Error &error) {
  return fmt::format("none\n            {}: {}\n            cure: {}\n", error.code, error.message,
                     error.help);
}

std::string describeDriver() {
  Result<int> version = driverVersion();
  if (!version)
    return missing(version.error());
  return fmt::format("CUDA {}.{}\n", *version / 1000, *version % 1000 / 10);
}

std::string describeDevices() {
  Result<std::vector<DeviceInfo>> devices = enumerateDevices();
  if (!devices) // a driver that does not open has said so above
    return driverVersion() ? missing(devices.error()) : "none\n";
  std::string text;
  for (const DeviceInfo &device : *devices)
    text += fmt::format(
        "{}{}: {} ({}), {} multiprocessors, {:.1f} GiB at {:.2f} TB/s, {:.1f} MiB "
        "of L2\n",
        text.empty() ? "" : "            ", device.index, device.name, device.architecture,
        device.multiprocessors, static_cast<double>(device.memoryBytes) / (1 << 30),
        device.memoryBandwidth() / 1e12, static_cast<double>(device.l2Bytes) / (1 << 20));
  return text.empty() ? "none\n" : text;
}

std::string describeNvrtc() {
  Result<NvrtcInfo> info = nvrtcInfo();
  if (!info)
    return missing(info.error());
  return fmt::format("{}.{}, {}\n            builtins: {}\n            compiles for sm_{}\n",
                     info->major, info->minor, info->path,
                     info->builtinsPath.empty() ? "left to the loader" : info->builtinsPath,
                     fmt::join(info->architectures, " sm_"));
}

std::string describeCache() {
  CacheState state = cacheState();
  if (!state.fault.empty())
    return fmt::format("in memory only: {}\n", state.fault);
  if (struct stat status; stat(state.folder.c_str(), &status) != 0)
    return fmt::format("{} (made at the first compile)\n", state.folder);
  return fmt::format("{}: {} kernels, {:.1f} MiB, {} damaged and set aside\n", state.folder,
                     state.entries, static_cast<double>(state.bytes) / (1 << 20), state.quarantined);
}

} // namespace

std::string doctor() {
  return "driver      " + describeDriver() + "devices     " + describeDevices() + "NVRTC       " +
         describeNvrtc() + "cache       " + describeCache();
}

} // namespace scanc
