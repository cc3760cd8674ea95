//===- thread/walk.cuh - Steps of a lane, one after another ---------------===//
//
//   called by      one thread
//   result in      the caller, and global memory
//   shared memory  none
//   barriers       none
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/policy.cuh"
#include "scanc/thread/advance.cuh"
#include "scanc/thread/segment_states.cuh"

namespace scanc::device::thread {

/// Computes `active` steps from `first`, and stores them where the caller `stores`. With constants
/// every guard vanishes.
template <typename R>
static __device__ __forceinline__ void
walk(const R &recurrence, const typename R::lane &at, const typename R::tile &in, long long first,
     int active, bool stores, const segment_starts<R> &starts,
     typename R::states (&state)[R::shape.lanes]) {
  typename R::results out;
  segment_way<R> way(recurrence, at, in, starts);
#pragma unroll
  for (int v = 0; v < R::shape.steps; ++v) {
    if (v < active) {
      way.enter(v, state);
#pragma unroll
      for (int l = 0; l < R::shape.lanes; ++l) {
        const typename R::states before = state[l];
        advance<R::stages>(recurrence, at, in, l, v, state[l], before);
        recurrence.epilogue(out, at, in, l, v, state[l], before);
      }
      if (stores)
        way.leave(v, state);
    }
  }
  if (stores)
    recurrence.store(out, at, first, active);
}

/// Elements from `row` to the aligned address before it; an address is aligned where it is a
/// multiple of W elements.
template <int W, typename T>
static __device__ __forceinline__ int phase_of(const T *row) {
  return static_cast<int>(reinterpret_cast<uint64_t>(row) / sizeof(T) % W);
}

/// Steps of a lane before its first whole vector, the head: fewer than `R::shape.steps`, none where
/// lanes are not shifted.
template <typename R>
static __device__ __forceinline__ int head_of(const R &recurrence, const typename R::lane &at) {
  if constexpr (R::shape.shifted) {
    const int steps = recurrence.head(at);
    return steps < recurrence.steps() ? steps : static_cast<int>(recurrence.steps());
  } else {
    return 0;
  }
}

/// Walks the head. `state` enters as the initial states.
template <typename R>
static __device__ __forceinline__ void walk_head(const R &recurrence, const typename R::lane &at,
                                                 int head, bool stores,
                                                 typename R::states (&state)[R::shape.lanes]) {
  if constexpr (R::shape.shifted) {
    static_assert(!has_segments<R> && R::shape.state_threads == 1,
                  "threads that share work are at the same steps");
    if (head > 0) {
      typename R::tile in;
      recurrence.load(in, at, 0, head);
      walk(recurrence, at, in, 0, head, stores, {}, state);
    }
  }
}

} // namespace scanc::device::thread
