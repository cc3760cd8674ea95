//===- warp/find_first.cuh - The first of many numbers that something does not hold of ---===//
//
//   called by      all 32 lanes, converged
//   result in      every lane
//   shared memory  none
//   barriers       none
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/hardware.cuh"

namespace scanc::device::warp {

/// The first of [from, to) of which `before` does not hold, which holds of those before it; `to` where there is none,
/// or one of the `most` numbers before it. Each round leaves one of 32 parts.
template <typename Offset, typename F>
static __device__ __forceinline__ Offset find_first(Offset from, Offset to, int most, F before) {
#pragma unroll 1
  while (from + most < to) {
    const Offset part = (to - from - 1) / 32 + 1;
    const Offset mine = from + (lane_index() + 1) * part - 1;
    const int passed = count_bits(ballot(mine < to && before(mine)));
    const Offset end = from + (passed + 1) * part - 1;
    from += passed * part;
    to = end < to ? end : to;
  }
  return from;
}

} // namespace scanc::device::warp
