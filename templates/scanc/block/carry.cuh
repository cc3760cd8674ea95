//===- block/carry.cuh - The state that enters each thread's steps --------===//
//
//   called by      every thread of the block, converged
//   result in      every thread: the state that enters its run, and the state after all runs
//   shared memory  2 * carry_cells<P>() cells of the maps' type, given by the caller
//   barriers       one per call; calls alternate between the two halves of the cells, so that a
//                  slow thread still reads one half while a fast one writes the other
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/policy.cuh"
#include "scanc/warp/compose_scan.cuh"

namespace scanc::device::block {

/// Runs of one group of lanes that meet in shared memory: a warp's along time, which shuffles have
/// composed, or a thread's across lanes.
template <policy P>
constexpr int carry_runs() {
  return P.walk == order::time ? P.time_threads / warp::lanes : P.time_threads;
}

template <policy P>
constexpr int carry_cells() {
  return P.lane_threads * carry_runs<P>();
}

/// Applies the runs in cells[0], cells[pitch], … to `carry`, one after another; the state that enters
/// run `mine`. The state is known, so that each run is applied and no maps are composed.
template <int runs, typename Maps, typename State>
static __device__ __forceinline__ State carry_through(const Maps *cells, int pitch, int mine,
                                                      State &carry) {
  State entering = carry;
#pragma unroll
  for (int i = 0; i < runs; ++i) {
    if (i == mine)
      entering = carry;
    carry = apply(shared_load(cells[i * pitch]), carry);
  }
  return entering;
}

/// `own` is the composition of this thread's steps and `carry` the state before all runs, the same
/// in every thread of the lanes. Leaves the state after them in `carry`.
template <policy P, typename Maps, typename State>
static __device__ __forceinline__ State carry_in(const Maps &own, State &carry, Maps *cells) {
  constexpr int runs = carry_runs<P>();
  if constexpr (P.walk == order::time) {
    static_assert(P.time_threads % warp::lanes == 0, "a warp holds steps of one group of lanes");
    const Maps upto = warp::compose_scan(own);
    const int first = thread_index() / P.time_threads * runs; // cell of this lane group's warp 0
    if (lane_index() == warp::lanes - 1)
      shared_store(cells[warp_index()], upto);
    block_barrier();
    const State at_warp = carry_through<runs>(cells + first, 1, warp_index() - first, carry);
    const Maps below = shuffle_up(upto, 1);
    return lane_index() == 0 ? at_warp : apply(below, at_warp);
  } else {
    shared_store(cells[thread_index()], own);
    block_barrier();
    return carry_through<runs>(cells + thread_index() % P.lane_threads, P.lane_threads,
                               thread_index() / P.lane_threads, carry);
  }
}

} // namespace scanc::device::block
