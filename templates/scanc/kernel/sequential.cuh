//===- kernel/sequential.cuh - A thread walks the whole of time -----------===//
//
//   called by      every thread of a grid of ceildiv(lane_groups, lane_threads) blocks, of strips
//                  ceildiv(lane_groups, lane_threads / 32); where lanes of a warp read alike, of
//                  ceildiv(rows * ceildiv(shared_groups, 32 / state_threads), threads / 32),
//                  rows = lane_groups / shared_groups
//   result in      global memory
//   shared memory  sequential_storage<R>, given by the caller
//   barriers       one of the warp per tile where threads share a state, two where warps hold strips;
//                  where readouts are reduced over lanes, as many as block/reduce_lanes.cuh has
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/reduce_lanes.cuh"
#include "scanc/thread/reduction.cuh"
#include "scanc/thread/ring.cuh"
#include "scanc/thread/walk.cuh"
#include "scanc/warp/exchange.cuh"
#include "scanc/warp/parts.cuh"
#include "scanc/warp/segment_cursor.cuh"
#include "scanc/warp/strip.cuh"

namespace scanc::device::kernel {

template <typename R>
struct sequential_storage : thread::ring_slots<R>, warp::exchange_cells<R>, block::reduce_cells<R> {};

/// `thread::walk` where readouts are reduced over lanes: all steps of a tile at once, behind its states.
template <typename R>
static __device__ __forceinline__ void
walk_reducing(const R &recurrence, const typename R::lane &at, const typename R::tile &in,
              long long first, int active, bool exists, bool counts,
              const thread::segment_starts<R> &starts,
              typename R::states (&state)[R::shape.lanes], sequential_storage<R> &storage,
              int &half) {
  block::walked<R> lanes[R::shape.lanes];
  thread::segment_way<R> way(recurrence, at, in, starts);
#pragma unroll
  for (int v = 0; v < R::shape.steps; ++v) {
    if (v < active) {
      way.enter(v, state);
#pragma unroll
      for (int l = 0; l < R::shape.lanes; ++l) {
        lanes[l].before[v] = state[l];
        thread::advance<R::stages>(recurrence, at, in, l, v, state[l], lanes[l].before[v]);
        lanes[l].now[v] = state[l];
      }
      if (exists)
        way.leave(v, state);
    }
  }
  typename R::results out;
  block::finish_tile(recurrence, out, at, in, active, counts, lanes, storage, half);
  if (exists)
    recurrence.store(out, at, first, active);
}

/// `thread::walk` where the parts of a state lie in `parts` neighbouring threads: each of them owns
/// as many steps, computes for the others what they need of them, and finishes them.
template <typename R>
static __device__ __forceinline__ void walk_parts(const R &recurrence, const typename R::lane &at,
                                                  typename R::tile &in, long long first, int active,
                                                  bool exists, warp::exchange<R> &others,
                                                  typename R::states (&state)[R::shape.lanes]) {
  constexpr int steps = R::shape.steps, parts = R::shape.state_threads, lanes = R::shape.lanes;
  constexpr int owned = steps / parts;
  constexpr bool along_time = R::shape.walk == order::time;
  typename R::results out;
  others.put(recurrence, at, in, active);
  array<typename R::readouts, parts> read[owned][lanes];
#pragma unroll
  for (int v = 0; v < steps; ++v) {
    const int owner = along_time ? v / owned : v % parts, k = along_time ? v % owned : v / parts;
    if (v < active) {
      others.take(in, at, owner, k);
#pragma unroll
      for (int l = 0; l < lanes; ++l) {
        const typename R::states before = state[l];
        thread::advance<R::stages>(recurrence, at, in, l, v, state[l], before);
        recurrence.read_out(out, read[k][l][owner], at, in, l, v, state[l], before);
      }
    }
    if (owner < parts - 1)
      continue;
    // The last part has read number k of all parts.
    const bool owns = active == steps || warp::step_of<R>(at.part, k, parts, owned) < active;
    if (owns)
      others.take_handed(in, at.part, k);
#pragma unroll
    for (int l = 0; l < lanes; ++l) {
      const typename R::readouts whole = warp::merge_parts(read[k][l]);
      if (owns)
        recurrence.epilogue(out, at, in, l, k, whole);
    }
  }
  if (exists)
    recurrence.store(out, at, first, active);
}

/// The lane group that a thread works on.
template <typename R>
static __device__ __forceinline__ block::lane_place find_lanes(const R &recurrence) {
  constexpr int parts = R::shape.state_threads;
  if constexpr (warp::has_common<R>) {
    const long long all = recurrence.lane_groups();
    // A warp has groups of one row of lanes that read alike, and of no other.
    constexpr int groups = 32 / parts;
    const long long shared = recurrence.shared_groups(), warps = (shared + groups - 1) / groups;
    const long long warp =
        static_cast<long long>(block_index()) * (R::shape.threads() / 32) + warp_index();
    const long long row = warp / warps, at = warp % warps * groups + lane_index() / parts;
    const long long first = row * shared < all ? row * shared : all - shared;
    const bool exists = row * shared < all && at < shared;
    return {first + (at < shared ? at : shared - 1), exists, exists};
  } else {
    return block::place_of(recurrence, thread_index() / parts);
  }
}

/// Whether final states are written where initial ones are read: a thread that repeats another's work has none of them then.
template <typename R>
constexpr bool updates_states = requires { requires R::updates_states; };

/// Streams time through the threads of each group of adjacent lanes, states in registers. Threads past
/// the last group end, but where warps look for segments together, share states or reduce lanes: there
/// they repeat its work and store nothing.
template <typename R>
static __device__ __forceinline__ void sequential(const R &recurrence,
                                                  sequential_storage<R> &storage) {
  static_assert(R::shape.time_threads == 1, "one thread holds the whole of time");
  constexpr int steps = R::shape.steps, parts = R::shape.state_threads;
  constexpr bool segmented = thread::has_segments<R>, reduces = block::reduces_lanes<R>;
  static_assert(!(reduces && R::shape.shifted), "threads that reduce are at the same step");
  const block::lane_place place = find_lanes(recurrence);
  const bool exists = place.exists;
  if (!segmented && !reduces && parts == 1 && !exists)
    return;
  const typename R::lane at = recurrence.enter(place.group);
  typename R::states state[R::shape.lanes];
#pragma unroll
  for (int l = 0; l < R::shape.lanes; ++l)
    if (!updates_states<R> || exists)
      recurrence.initial(state[l], at, l);
    else
      state[l] = {};

  // The stream brings whole tiles; where lanes are shifted, those after the head, the last one too.
  const int head = thread::head_of(recurrence, at);
  const long long end = R::shape.shifted ? recurrence.steps() : recurrence.steps() / steps * steps;
  typename R::tile in;
  thread::tile_stream<R> tiles(recurrence, at, head, steps, end, storage);
  thread::walk_head(recurrence, at, head, exists, state);
  warp::segment_marker<R> segments(recurrence, 0);
  warp::exchange<R> others(storage);
  int half = 0;
  thread::segment_starts<R> starts;
  const auto find_segments = [&](long long first, int active) {
    segments.mark(in, first, active);
    starts.ask(recurrence, at, in);
  };
  const auto step = [&](long long first, int active) {
    if constexpr (reduces)
      walk_reducing(recurrence, at, in, first, active, exists, place.counts, starts, state, storage,
                    half);
    else if constexpr (parts == 1)
      thread::walk(recurrence, at, in, first, active, exists, starts, state);
    else
      walk_parts(recurrence, at, in, first, active, exists, others, state);
    starts.expect(recurrence, at, in);
  };
  for (long long first = head; first < end; first += steps) {
    tiles.next(in, [&] { find_segments(first, steps); });
    if (R::shape.shifted && first + steps > end)
      step(first, static_cast<int>(end - first));
    else
      step(first, steps);
  }
  if (!R::shape.shifted && end < recurrence.steps()) {
    const int ragged = static_cast<int>(recurrence.steps() - end);
    recurrence.load(in, at, end, ragged);
    find_segments(end, ragged);
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
