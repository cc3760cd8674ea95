//===- wisdom/Wisdom.cpp - What searches found before ---------------------===//
#include "runtime/wisdom/Wisdom.h"

#include "runtime/Hash.h"
#include "scanc/Device.h"
#include "scanc/Nvrtc.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <tuple>

namespace scanc::rt {

std::string_view spelling(WisdomMatch match) {
  static constexpr std::string_view names[] = {"exact", "nearest sizes", "other device", "untuned"};
  return names[static_cast<int>(match)];
}

/// Of sizes, summed; nothing where one is too far from its like or has none.
static std::optional<double> doublingsBetween(const std::map<std::string, std::int64_t> &wanted,
                                              const std::map<std::string, std::int64_t> &known) {
  constexpr double most = 2; // a quarter, four times
  double sum = 0;
  for (const auto &[name, size] : wanted) {
    auto other = known.find(name);
    if (other == known.end())
      return std::nullopt;
    double apart = std::fabs(std::log2((1 + static_cast<double>(size)) /
                                       (1 + static_cast<double>(other->second))));
    if (apart > most + 0.01) // 5 is as far from 1 as 4 is from 1, or nearly
      return std::nullopt;
    sum += apart;
  }
  return sum;
}

std::vector<RankedRecord> rankWisdom(const std::vector<Record> &records, const WisdomQuery &query) {
  std::vector<RankedRecord> ranked;
  for (const Record &record : records) {
    if (record.kind != "pick" || record.outcome != "ok" || record.key != query.key ||
        record.target != query.target)
      continue;
    std::optional<double> doublings = doublingsBetween(query.sizes, record.sizes);
    if (!doublings)
      continue;
    bool isHere = record.machine.device == query.device &&
                  record.machine.multiprocessors == query.multiprocessors;
    WisdomMatch match = !isHere                         ? WisdomMatch::otherDevice
                        : record.sizes == query.sizes ? WisdomMatch::exact
                                                      : WisdomMatch::nearestSizes;
    std::erase_if(ranked, [&](const RankedRecord &before) {
      return before.record->sizes == record.sizes &&
             before.record->machine.device == record.machine.device &&
             before.record->machine.multiprocessors == record.machine.multiprocessors;
    });
    ranked.push_back({match, &record, *doublings});
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const RankedRecord &a, const RankedRecord &b) {
    return std::pair(a.match, a.doublings) < std::pair(b.match, b.doublings);
  });
  return ranked;
}

std::string wisdomFile(const std::string &given) {
  if (!given.empty())
    return given == "off" ? "" : given;
  const char *named = std::getenv("SCANC_WISDOM");
  return named && std::string_view(named) != "off" ? named : "";
}

std::string wisdomDigest(const std::string &path) {
  if (path.empty())
    return "";
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str().empty() ? "" : hashHex(text.str());
}

Machine thisMachine(const std::string &target, int device) {
  Machine machine;
  machine.scanc = SCANC_VERSION;
  if (target == "cpu") {
    machine.device = "cpu";
    return machine;
  }
  if (Result<NvrtcInfo> nvrtc = nvrtcInfo())
    machine.nvrtc = fmt::format("{}.{}", nvrtc->major, nvrtc->minor);
  if (Result<int> driver = driverVersion())
    machine.driver = *driver;
  Result<std::vector<DeviceInfo>> devices = enumerateDevices();
  if (!devices || device < 0 || static_cast<std::size_t>(device) >= devices->size())
    return machine;
  const DeviceInfo &info = (*devices)[static_cast<std::size_t>(device)];
  if (info.architecture == target) {
    machine.device = info.name;
    machine.multiprocessors = info.multiprocessors;
  }
  return machine;
}

} // namespace scanc::rt
