//===- block/exclusive_scan.cuh - Prefix composition across a block -------===//
//
//   called by      every thread of the block, converged
//   result in      every thread: what comes before its own run, and the whole block's map
//   shared memory  scan_cells<P>() cells of the maps' type, given by the caller
//   barriers       at least one; the last stands at the end, so the cells may be reused at once
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/policy.cuh"
#include "scanc/warp/compose_scan.cuh"

namespace scanc::device::block {

template <typename Maps>
struct scanned {
  Maps before; ///< of all earlier threads of the same lanes
  Maps whole;  ///< of all threads of the same lanes
};

/// Cells of shared memory that `exclusive_scan` needs: one per warp in time order, where a warp is
/// scanned by shuffles, one per thread in lanes order.
template <policy P>
constexpr int scan_cells() {
  return P.walk == order::time ? P.lane_threads * (P.time_threads / warp::lanes) : P.threads();
}

/// Time runs along neighbouring threads: shuffles within a warp, shared memory between warps.
template <policy P, typename Maps>
static __device__ __forceinline__ scanned<Maps> scan_along_warps(const Maps &own, const Maps &none,
                                                                 Maps *cells) {
  static_assert(P.time_threads % warp::lanes == 0, "a warp holds steps of one group of lanes");
  constexpr int warps = P.time_threads / warp::lanes;
  const Maps upto = warp::compose_scan(own);
  const int first = thread_index() / P.time_threads * warps; // cell of this lane group's warp 0
  const int mine = warp_index() - first;
  if (lane_index() == warp::lanes - 1)
    shared_store(cells[warp_index()], upto);
  block_barrier();
  Maps earlier = none, whole = none;
#pragma unroll
  for (int i = 0; i < warps; ++i) {
    if (i == mine)
      earlier = whole;
    whole = compose(shared_load(cells[first + i]), whole);
  }
  block_barrier();
  const Maps below = shuffle_up(upto, 1);
  return {lane_index() == 0 ? earlier : compose(below, earlier), whole};
}

/// Lanes run along neighbouring threads: Blelloch's up-sweep and down-sweep over time in shared
/// memory (Blelloch 1990, "Prefix sums and their applications", section 1.2), each lane its own.
template <policy P, typename Maps>
static __device__ __forceinline__ scanned<Maps> sweep_across_lanes(const Maps &own,
                                                                   const Maps &none, Maps *cells) {
  constexpr int count = P.time_threads, row = P.lane_threads;
  static_assert((count & (count - 1)) == 0, "the sweeps halve");
  const int time = thread_index() / row;
  Maps *const mine = cells + thread_index();
  Maps held = own;
  shared_store(*mine, held);
#pragma unroll
  for (int reach = 1; reach < count; reach *= 2) {
    // Invariant: every reach-th cell holds the composition of the `reach` runs that end there.
    block_barrier();
    if ((time + 1) % (2 * reach) == 0) {
      held = compose(held, shared_load(mine[-reach * row]));
      shared_store(*mine, held);
    }
  }
  block_barrier();
  const Maps whole = shared_load(cells[(count - 1) * row + thread_index() % row]);
  block_barrier();
  if (time == count - 1)
    shared_store(*mine, none);
#pragma unroll
  for (int reach = count / 2; reach > 0; reach /= 2) {
    // Invariant: every 2 reach-th cell holds what comes before its 2 reach runs.
    block_barrier();
    if ((time + 1) % (2 * reach) == 0) {
      const Maps left = shared_load(mine[-reach * row]);
      const Maps before = shared_load(*mine);
      shared_store(mine[-reach * row], before);
      shared_store(*mine, compose(left, before));
    }
  }
  block_barrier();
  const Maps before = shared_load(*mine);
  block_barrier();
  return {before, whole};
}

/// `own` is the composition of this thread's steps, `none` the identity of its type.
template <policy P, typename Maps>
static __device__ __forceinline__ scanned<Maps> exclusive_scan(const Maps &own, const Maps &none,
                                                               Maps *cells) {
  if constexpr (P.walk == order::time)
    return scan_along_warps<P>(own, none, cells);
  else
    return sweep_across_lanes<P>(own, none, cells);
}

} // namespace scanc::device::block
