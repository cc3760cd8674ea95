//===- warp/compose_scan.cuh - Prefix composition across one warp ---------===//
//
//   called by      all 32 lanes, converged
//   result in      every lane
//   shared memory  none
//   barriers       none
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/affine.cuh"

namespace scanc::device::warp {

inline constexpr int lanes = 32;

/// Inclusive prefix composition of one run of maps per lane, lane 0's applied first. `compose`
/// does not commute, so the order of its arguments is the algorithm.
template <typename Maps>
static __device__ __forceinline__ Maps compose_scan(Maps maps) {
#pragma unroll
  for (int reach = 1; reach < lanes; reach *= 2) {
    // Invariant: `maps` covers the min(reach, lane + 1) runs that end at this lane.
    const Maps earlier = shuffle_up(maps, reach);
    if (lane_index() >= reach)
      maps = compose(maps, earlier);
  }
  return maps;
}

} // namespace scanc::device::warp
