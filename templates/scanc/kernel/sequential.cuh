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
#include "scanc/warp/segment_cursor.cuh"

namespace scanc::device::kernel {

template <typename R>
struct sequential_storage : thread::ring_slots<R> {};

/// Computes `active` steps from `first`, and stores those of lanes that exist. With constants every
/// guard vanishes.
template <typename R>
static __device__ __forceinline__ void walk(const R &recurrence, const typename R::lane &at,
                                            const typename R::tile &in, long long first,
                                            int active, bool exists,
                                            typename R::states (&state)[R::shape.lanes]) {
  typename R::results out;
#pragma unroll
  for (int v = 0; v < R::shape.steps; ++v) {
    if (v < active) {
#pragma unroll
      for (int l = 0; l < R::shape.lanes; ++l) {
        const typename R::states before =
            thread::states_before(recurrence, at, in, l, v, state[l]);
        thread::advance<R::stages>(recurrence, at, in, l, v, state[l], before);
        recurrence.epilogue(out, at, in, l, v, state[l], before);
        if (exists)
          thread::end_segment(recurrence, at, in, l, v, state[l]);
      }
    }
  }
  if (exists)
    recurrence.store(out, at, first, active);
}

/// Streams time through one thread per group of adjacent lanes, states in registers. Threads past the
/// last group end, but where warps look for segments together: there they repeat its work and store
/// nothing.
template <typename R>
static __device__ __forceinline__ void sequential(const R &recurrence,
                                                  sequential_storage<R> &storage) {
  static_assert(R::shape.time_threads == 1, "one thread holds the whole of time");
  constexpr int steps = R::shape.steps;
  const long long group =
      static_cast<long long>(block_index()) * R::shape.lane_threads + thread_index();
  constexpr bool alone = !thread::has_segments<R>;
  const bool exists = group < recurrence.lane_groups();
  if (alone && !exists)
    return;
  const typename R::lane at = recurrence.enter(exists ? group : recurrence.lane_groups() - 1);
  typename R::states state[R::shape.lanes];
#pragma unroll
  for (int l = 0; l < R::shape.lanes; ++l)
    recurrence.initial(state[l], at, l);

  const long long whole = recurrence.steps() / steps * steps;
  const int ragged = static_cast<int>(recurrence.steps() - whole);
  typename R::tile in;
  thread::tile_stream<R> tiles(recurrence, at, 0, steps, whole, storage);
  warp::segment_marker<R> segments(recurrence);
  for (long long first = 0; first < whole; first += steps) {
    tiles.next(in);
    segments.mark(in, first, steps);
    walk(recurrence, at, in, first, steps, exists, state);
  }
  if (ragged > 0) {
    recurrence.load(in, at, whole, ragged);
    segments.mark(in, whole, ragged);
    walk(recurrence, at, in, whole, ragged, exists, state);
  }
  if (exists)
    thread::pass_empty_segments(recurrence, at, 0, 1);
  if constexpr (alone)
#pragma unroll
    for (int l = 0; l < R::shape.lanes; ++l)
      recurrence.finish(state[l], at, l);
}

} // namespace scanc::device::kernel
