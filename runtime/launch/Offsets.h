//===- launch/Offsets.h - Offsets of packed sequences -----------*- C++ -*-===//
#ifndef SCANC_RUNTIME_LAUNCH_OFFSETS_H
#define SCANC_RUNTIME_LAUNCH_OFFSETS_H

#include "scanc/Result.h"

#include <cstdint>

namespace scanc::rt {

/// That offsets in host memory, `count` of them and `stride` elements apart, begin with 0, end with
/// `steps` and never decrease. Fails with SC6041.
Result<void> checkOffsets(const std::int32_t *offsets, std::int64_t count, std::int64_t stride,
                          std::int64_t steps);

} // namespace scanc::rt

#endif // SCANC_RUNTIME_LAUNCH_OFFSETS_H
