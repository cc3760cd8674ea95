//===- warp/compose_scan.cuh - Prefix composition across one warp ---------===//
//
//   called by      all 32 lanes, converged
//   result in      every lane
//   shared memory  none
//   barriers       none
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/resettable.cuh"

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

/// The same for runs in which a segment may begin: one that drops the state before is composed with
/// none before it, so that no map has to be looked at.
template <typename Maps>
  requires requires(const Maps &maps) { drops(maps); }
static __device__ __forceinline__ Maps compose_scan(Maps maps) {
  // Bit 31 - i: the lane i below this one drops. Lane 0 counts as one that does: none is before it.
  const uint32_t dropping = ballot(drops(maps)), above = lanes - 1 - lane_index();
  const uint32_t apart = (dropping | 1) << above;
#pragma unroll
  for (int reach = 1; reach < lanes; reach *= 2) {
    const Maps earlier = shuffle_up(maps, reach);
    if (apart >> (lanes - reach) == 0)
      maps = compose_kept(maps, earlier);
  }
  if (dropping << above != 0)
    drop(maps);
  return maps;
}

} // namespace scanc::device::warp
