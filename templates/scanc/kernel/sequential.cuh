//===- kernel/sequential.cuh - A thread walks the whole of time -----------===//
//
//   called by      every thread of a grid of ceildiv(lane_groups, lane_threads) blocks
//   result in      global memory
//   shared memory  sequential_storage<R>, given by the caller
//   barriers       none
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/thread/advance.cuh"
#include "scanc/thread/reduction.cuh"
#include "scanc/thread/ring.cuh"

namespace scanc::device::kernel {

template <typename R>
struct sequential_storage : thread::ring_slots<R> {};

/// Computes and stores `active` steps from `first`. With a constant `active` every guard vanishes.
template <typename R>
static __device__ __forceinline__ void walk(const R &recurrence, const typename R::lane &at,
                                            const typename R::tile &in, long long first,
                                            int active,
                                            typename R::states (&state)[R::shape.lanes]) {
  typename R::results out;
#pragma unroll
  for (int v = 0; v < R::shape.steps; ++v) {
    if (v < active) {
#pragma unroll
      for (int l = 0; l < R::shape.lanes; ++l) {
        const typename R::states before = state[l];
        thread::advance<R::stages>(recurrence, at, in, l, v, state[l], before);
        recurrence.epilogue(out, at, in, l, v, state[l], before);
      }
    }
  }
  recurrence.store(out, at, first, active);
}

/// Streams time through one thread per group of adjacent lanes, states in registers.
template <typename R>
static __device__ __forceinline__ void sequential(const R &recurrence,
                                                  sequential_storage<R> &storage) {
  static_assert(R::shape.time_threads == 1, "one thread holds the whole of time");
  constexpr int steps = R::shape.steps;
  const long long group =
      static_cast<long long>(block_index()) * R::shape.lane_threads + thread_index();
  if (group >= recurrence.lane_groups())
    return;
  const typename R::lane at = recurrence.enter(group);
  typename R::states state[R::shape.lanes];
#pragma unroll
  for (int l = 0; l < R::shape.lanes; ++l)
    recurrence.initial(state[l], at, l);

  const long long whole = recurrence.steps() / steps * steps;
  const int ragged = static_cast<int>(recurrence.steps() - whole);
  typename R::tile in;
  thread::tile_stream<R> tiles(recurrence, at, 0, steps, whole, storage);
  for (long long first = 0; first < whole; first += steps) {
    tiles.next(in);
    walk(recurrence, at, in, first, steps, state);
  }
  if (ragged > 0) {
    recurrence.load(in, at, whole, ragged);
    walk(recurrence, at, in, whole, ragged, state);
  }
#pragma unroll
  for (int l = 0; l < R::shape.lanes; ++l)
    recurrence.finish(state[l], at, l);
}

} // namespace scanc::device::kernel
