//===- launch/EncodeMap.h - A map of matrices as the device reads it -------===//
#ifndef SCANC_RUNTIME_LAUNCH_ENCODEMAP_H
#define SCANC_RUNTIME_LAUNCH_ENCODEMAP_H

#include "runtime/launch/Driver.h"
#include "scanc/LaunchPlan.h"

namespace scanc::rt {

/// Writes PlannedKernel::mapWords words.
Result<void> encodeMap(const Driver &driver, const PlannedMap &map, std::int64_t *to);

} // namespace scanc::rt

#endif // SCANC_RUNTIME_LAUNCH_ENCODEMAP_H
