//===- kernel/sequential.cuh - A thread walks the whole of time -----------===//
//
//   called by      every thread of a grid of ceildiv(lane_groups, lane_threads) blocks
//   result in      global memory
//   shared memory  sequential_storage<R>, given by the caller
//   barriers       none
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/thread/reduction.cuh"
#include "scanc/thread/ring.cuh"
#include "scanc/thread/walk.cuh"
#include "scanc/warp/parts.cuh"
#include "scanc/warp/segment_cursor.cuh"

namespace scanc::device::kernel {

template <typename R>
struct sequential_storage : thread::ring_slots<R> {};

/// `thread::walk` where the parts of a state lie in `parts` neighbouring threads: each of them owns
/// every `parts`-th step, computes for the others what they need of it, and finishes it.
template <typename R>
static __device__ __forceinline__ void walk_parts(const R &recurrence, const typename R::lane &at,
                                                  typename R::tile &in, long long first, int active,
                                                  bool exists,
                                                  typename R::states (&state)[R::shape.lanes]) {
  constexpr int parts = R::shape.state_threads, lanes = R::shape.lanes;
  typename R::results out;
#pragma unroll
  for (int k = 0; k < R::shape.steps / parts; ++k) {
    const bool owns = active == R::shape.steps || k * parts + at.part < active;
    typename R::handed own[lanes];
    array<typename R::readouts, parts> read[lanes];
#pragma unroll
    for (int l = 0; l < lanes; ++l)
      if (owns)
        recurrence.prepare(own[l], at, in, l, k);
#pragma unroll
    for (int part = 0; part < parts; ++part) {
      const int v = k * parts + part;
      if (v < active) {
#pragma unroll
        for (int l = 0; l < lanes; ++l) {
          in.from_owner[l] = warp::of_part<parts>(own[l], part);
          const typename R::states before = state[l];
          thread::advance<R::stages>(recurrence, at, in, l, v, state[l], before);
          recurrence.read_out(out, read[l][part], at, in, l, v, state[l], before);
        }
      }
    }
#pragma unroll
    for (int l = 0; l < lanes; ++l) {
      const typename R::readouts whole = warp::merge_parts(read[l]);
      in.from_owner[l] = own[l];
      if (owns)
        recurrence.epilogue(out, at, in, l, k, whole);
    }
  }
  if (exists)
    recurrence.store(out, at, first, active);
}

/// Streams time through the threads of each group of adjacent lanes, states in registers. Threads past
/// the last group end, but where warps look for segments together or share states: there they repeat
/// its work and store nothing.
template <typename R>
static __device__ __forceinline__ void sequential(const R &recurrence,
                                                  sequential_storage<R> &storage) {
  static_assert(R::shape.time_threads == 1, "one thread holds the whole of time");
  constexpr int steps = R::shape.steps, parts = R::shape.state_threads;
  const long long group =
      static_cast<long long>(block_index()) * R::shape.lane_threads + thread_index() / parts;
  constexpr bool segmented = thread::has_segments<R>;
  const bool exists = group < recurrence.lane_groups();
  if (!segmented && parts == 1 && !exists)
    return;
  const typename R::lane at = recurrence.enter(exists ? group : recurrence.lane_groups() - 1);
  typename R::states state[R::shape.lanes];
#pragma unroll
  for (int l = 0; l < R::shape.lanes; ++l)
    recurrence.initial(state[l], at, l);

  // The stream brings whole tiles; where lanes are shifted, those after the head, the last one too.
  const int head = thread::head_of(recurrence, at);
  const long long end = R::shape.shifted ? recurrence.steps() : recurrence.steps() / steps * steps;
  typename R::tile in;
  thread::tile_stream<R> tiles(recurrence, at, head, steps, end, storage);
  thread::walk_head(recurrence, at, head, exists, state);
  warp::segment_marker<R> segments(recurrence, 0);
  const auto step = [&](long long first, int active) {
    segments.mark(in, first, active);
    if constexpr (parts == 1)
      thread::walk(recurrence, at, in, first, active, exists, state);
    else
      walk_parts(recurrence, at, in, first, active, exists, state);
  };
  for (long long first = head; first < end; first += steps) {
    tiles.next(in);
    if (R::shape.shifted && first + steps > end)
      step(first, static_cast<int>(end - first));
    else
      step(first, steps);
  }
  if (!R::shape.shifted && end < recurrence.steps()) {
    const int ragged = static_cast<int>(recurrence.steps() - end);
    recurrence.load(in, at, end, ragged);
    step(end, ragged);
  }
  if (exists)
    thread::pass_empty_segments(recurrence, at, 0, 1);
  if constexpr (!segmented)
    if (exists)
#pragma unroll
      for (int l = 0; l < R::shape.lanes; ++l)
        recurrence.finish(state[l], at, l);
}

} // namespace scanc::device::kernel
