//===- Offsets.cpp - A partition of time, or an error ---------------------===//
#include "runtime/launch/Offsets.h"

#include <fmt/format.h>

namespace scanc::rt {

Result<void> checkOffsets(const std::int32_t *offsets, std::int64_t count, std::int64_t stride,
                          std::int64_t steps) {
  std::int64_t previous = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t offset = offsets[i * stride];
    bool first = i == 0, last = i + 1 == count;
    bool right = offset >= previous && offset <= steps && (!first || offset == 0) &&
                 (!last || offset == steps);
    if (!right) {
      Error error;
      error.code = "SC6041";
      error.kind = ErrorKind::input;
      error.message = fmt::format("reset offsets: expected values from 0 to {} that never "
                                  "decrease, got {} at position {}",
                                  steps, offset, i);
      error.help = "give the cumulative lengths of the sequences, starting with 0";
      return error;
    }
    previous = offset;
  }
  return {};
}

} // namespace scanc::rt
