//===- warp/parts.cuh - Between the threads that share a lane's state -----===//
//
//   called by      all 32 lanes of a warp, converged
//   result in      as named
//   shared memory  none
//   barriers       none
//
//   `parts` neighbouring threads, a power of two of at most 32, hold the parts 0, 1, … of a state. Each of
//   them owns as many steps of a tile.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/array.cuh"
#include "scanc/core/policy.cuh"

namespace scanc::device::warp {

/// Step number k of the `count` that thread number `turn` of `threads` has of a tile: across lanes
/// they go round, so that neighbouring threads have adjacent rows; along time they are adjacent, so
/// that a vector holds them.
template <typename R>
static __device__ __forceinline__ int step_of(int turn, int k, int threads, int count) {
  return R::shape.walk == order::time ? turn * count + k : k * threads + turn;
}

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
