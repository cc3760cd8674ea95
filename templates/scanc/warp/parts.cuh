//===- warp/parts.cuh - Between the threads that share a lane's state -----===//
//
//   called by      all 32 lanes of a warp, converged
//   result in      as named
//   shared memory  none
//   barriers       none
//
//   `parts` neighbouring threads, a power of two of at most 32, hold the parts 0, 1, … of a state.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/array.cuh"

namespace scanc::device::warp {

/// Merges partial readouts over the parts. `of[i]` is this part's share of readout i; in part p
/// results the whole of readout p. Every exchange halves what is left to merge: parts - 1 shuffles in
/// place of log2(parts) for each of them.
template <int parts, typename Readouts>
static __device__ __forceinline__ Readouts merge_parts(array<Readouts, parts> of) {
  if constexpr (!__is_empty(Readouts)) {
    const int part = lane_index() % parts;
#pragma unroll
    for (int reach = parts / 2; reach > 0; reach /= 2) {
      // Invariant: of[0, 2 reach) are the readouts whose number agrees with the part from bit
      // log2(2 reach) on.
      const bool upper = (part & reach) != 0;
#pragma unroll
      for (int i = 0; i < reach; ++i) {
        const Readouts given = upper ? of[i] : of[i + reach];
        of[i] = upper ? of[i + reach] : of[i];
        of[i].merge(shuffle_xor(given, reach));
      }
    }
  }
  return of[0];
}

} // namespace scanc::device::warp
