//===- wisdom/Wisdom.h - What searches found before -------------*- C++ -*-===//
//
// Only `scanc tune` writes a wisdom file: a library that reads one measures nothing,
// so that all processes that read the same file run the same kernels.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_WISDOM_WISDOM_H
#define SCANC_RUNTIME_WISDOM_WISDOM_H

#include "runtime/wisdom/Record.h"

namespace scanc::rt {

/// How well a record fits what is to be compiled.
enum class WisdomMatch : std::uint8_t {
  exact,        ///< this kernel at these sizes on this device
  nearestSizes, ///< on this device, at other sizes
  otherDevice,  ///< on a device of another kind
  untuned,      ///< there is none
};

/// "exact", "nearest sizes", "other device", "untuned".
std::string_view spelling(WisdomMatch match);

/// What is to be compiled, and for which device; of an unknown one the name is empty.
struct WisdomQuery {
  std::string key;
  std::map<std::string, std::int64_t> sizes;
  std::string target;
  std::string device;
  std::int64_t multiprocessors = 0;
};

struct RankedRecord {
  WisdomMatch match = WisdomMatch::untuned;
  const Record *record = nullptr;
  double doublings = 0; ///< how far apart the sizes are, summed
};

/// The picks among `records` that may serve, best first: exact, then nearest in size, then of other devices
/// of the same target. Of several for the same sizes and device the latest. No size is more than 4 times the
/// one it is taken for; one that the query leaves open is not compared.
std::vector<RankedRecord> rankWisdom(const std::vector<Record> &records, const WisdomQuery &query);

/// Where wisdom is looked for: `given`, else SCANC_WISDOM; empty: nowhere.
std::string wisdomFile(const std::string &given);

/// What the file says, in short: another text where anything in it is another; empty where there is none.
std::string wisdomDigest(const std::string &path);

/// This device, driver, NVRTC and scanc; the CPU where `target` is "cpu", and names that are left empty where
/// this machine has no device of that target.
Machine thisMachine(const std::string &target, int device = 0);

} // namespace scanc::rt

#endif // SCANC_RUNTIME_WISDOM_WISDOM_H
