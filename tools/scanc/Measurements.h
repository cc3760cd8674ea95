//===- Measurements.h - Records of a sweep, read back -----------*- C++ -*-===//
#ifndef SCANC_TOOLS_SCANC_MEASUREMENTS_H
#define SCANC_TOOLS_SCANC_MEASUREMENTS_H

#include "scanc/Result.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace scanc::cli {

/// One candidate on one problem. What a record does not say is empty or 0.
struct Measurement {
  std::string kernel, target, device, strategy, policy, outcome;
  std::map<std::string, std::int64_t> sizes;
  std::map<std::string, std::string> dtypes;
  double seconds = 0, estimate = 0, bytes = 0, flops = 0, noise = 0;

  bool isTimed() const { return outcome == "ok" && seconds > 0; }
  /// "blelloch" of "blelloch(ring=3, lanes=4)".
  std::string family() const { return strategy.substr(0, strategy.find('(')); }
  /// "B=8 T=4096".
  std::string sizesText() const;
  /// Kernel, types of its parameters and device: what times are comparable within.
  std::string subject() const;
};

struct Measurements {
  std::vector<Measurement> list;
  std::int64_t skipped = 0; ///< records without the fields that each has
};

/// Records of `scanc tune --export`, as JSON lines, a JSON list, or CSV with a line of names. `place` is for the
/// error SC8021, where none can be read.
Result<Measurements> readMeasurements(std::string_view text, const std::string &place);

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_MEASUREMENTS_H
