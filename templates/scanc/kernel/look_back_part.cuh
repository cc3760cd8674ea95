//===- kernel/look_back_part.cuh - A thread's part of a tile of time ------===//
//
//   called by      one thread of a kernel whose blocks scan tiles of a row
//   result in      the caller
//   shared memory  the cells, given by the caller
//   barriers       none
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/policy.cuh"
#include "scanc/kernel/stages.cuh"
#include "scanc/thread/access.cuh"
#include "scanc/thread/reduction.cuh"
#include "scanc/thread/segment_states.cuh"
#include "scanc/thread/walk.cuh"
#include "scanc/warp/compose_scan.cuh"

namespace scanc::device::kernel {

/// The workspace: the counters of tickets, and after `look_back_head` bytes what blocks tell each other.
inline constexpr int look_back_head = 256;

/// Where the maps of all threads of a block meet, a lane group's numbers one after the other.
///
/// Time order: a cell per warp. Lanes order: a row of 32 cells per number of the block's state, the
/// initial state after them; rows begin so far apart that neither a thread's own numbers nor the
/// steps of one number meet in a bank.
template <typename R, int stage>
struct look_back_cells {
  using number = typename stage_numbers<R, stage>::type;
  using map = run_map<R, stage>;
  static constexpr policy shape = R::shape;
  static constexpr int items = stage_numbers<R, stage>::count * shape.lanes;
  static constexpr int abreast =
      128 / sizeof(map); // cells that one access of a warp moves
  static constexpr int gap = abreast > shape.lane_threads ? abreast / shape.lane_threads : 1;
  static constexpr int row = warp::lanes + gap;
  static constexpr int bytes =
      shape.walk == order::lanes
          ? items * shape.lane_threads * row * static_cast<int>(sizeof(map))
          : items * (shape.threads() / warp::lanes * static_cast<int>(sizeof(map)) +
                     shape.lane_threads * static_cast<int>(sizeof(number)));

  unsigned char *at;

  /// Lanes order: of number `item` of the lane group of thread `place`, at `time`.
  __device__ __forceinline__ map &cell(int item, int place, int time) const {
    return reinterpret_cast<map *>(at)[(item * shape.lane_threads + place) * row + time];
  }
  /// Time order: the maps of a warp's steps.
  __device__ __forceinline__ array<map, items> &of_warp(int warp) const {
    return reinterpret_cast<array<map, items> *>(at)[warp];
  }
  /// Time order: the states that enter the tile.
  __device__ __forceinline__ array<number, items> &entering(int place) const {
    return reinterpret_cast<array<number, items> *>(&of_warp(shape.threads() / warp::lanes))[place];
  }
};

template <typename R, int stage = 0>
constexpr int look_back_cell_bytes() {
  if constexpr (stage == R::stages) {
    return 0;
  } else {
    constexpr int own = look_back_cells<R, stage>::bytes,
                  others = look_back_cell_bytes<R, stage + 1>();
    return own > others ? own : others;
  }
}

/// The part of the tensors that a thread holds: `runs` runs of `shape.steps` adjacent steps.
template <typename R, int runs>
struct look_back_part {
  static constexpr bool along_time = R::shape.walk == order::time;
  static constexpr int steps = R::shape.steps;
  /// From the begin of a run to that of the next: a warp's first runs come before its second.
  static constexpr int stride = along_time ? warp::lanes * steps : 0;
  static constexpr int tile_steps = R::shape.time_threads * steps * runs;
  static_assert(along_time ? R::shape.time_threads % warp::lanes == 0
                           : R::shape.time_threads == warp::lanes && runs == 1,
                "a warp scans steps of one group of lanes");

  long long tiles, tile;
  bool whole;             ///< all of its steps exist, in every lane
  int time, place;        ///< of the thread in its block
  long long group, first; ///< of lanes; step of run 0
  int head = 0;           ///< steps before the first tile

  __device__ __forceinline__ look_back_part(const R &recurrence, uint32_t ticket) {
    const uint32_t blocks =
        static_cast<uint32_t>((recurrence.lane_groups() - 1) / R::shape.lane_threads + 1);
    tiles = recurrence.steps() == 0 ? 1 : (recurrence.steps() - 1) / tile_steps + 1;
    tile = ticket / blocks;
    whole = (tile + 1) * tile_steps + (R::shape.shifted ? steps - 1 : 0) <= recurrence.steps();
    time = along_time ? thread_index() % R::shape.time_threads
                      : thread_index() / R::shape.lane_threads;
    place = along_time ? thread_index() / R::shape.time_threads
                       : thread_index() % R::shape.lane_threads;
    group = static_cast<long long>(ticket % blocks) * R::shape.lane_threads + place;
    const int run =
        along_time ? time / warp::lanes * warp::lanes * runs + time % warp::lanes : time;
    first = tile * tile_steps + static_cast<long long>(run) * steps;
  }

  /// Where it reads and writes; its steps come after the head of these lanes.
  __device__ __forceinline__ typename R::lane enter(const R &recurrence) {
    const long long last = recurrence.lane_groups() - 1;
    const typename R::lane at = recurrence.enter(group < last ? group : last);
    head = thread::head_of(recurrence, at);
    first += head;
    return at;
  }

  /// Steps of run `v` that exist.
  __device__ __forceinline__ int active(const R &recurrence, int v) const {
    const long long left = recurrence.steps() - first - v * stride;
    return left >= steps ? steps : left > 0 ? static_cast<int>(left) : 0;
  }
};

/// Composes the steps of one run for all lanes of a thread, of whose stages those before `stage`
/// are known to enter as `entering`.
template <int stage, typename R>
static __device__ __forceinline__ lane_maps<R, stage>
compose_run(const R &recurrence, const typename R::lane &at, const typename R::tile &in,
            const thread::segment_starts<R> &starts,
            const typename R::states (&entering)[R::shape.lanes]) {
  constexpr int numbers = stage_numbers<R, stage>::count, lanes = R::shape.lanes;
  step_maps<R, stage> whole;
  make_identity(whole);
  typename R::states now[lanes];
#pragma unroll
  for (int l = 0; l < lanes; ++l)
    now[l] = entering[l];
  thread::segment_way<R> way(recurrence, at, in, starts);
#pragma unroll
  for (int v = 0; v < R::shape.steps; ++v) {
    if constexpr (!starts_when_closed<R, stage>)
      way.enter(v, now);
#pragma unroll
    for (int l = 0; l < lanes; ++l) {
      const typename R::states before = now[l];
      thread::advance<stage>(recurrence, at, in, l, v, now[l], before);
      append_step<stage>(recurrence, at, in, l, v, now[l], before, whole, l * numbers);
    }
  }
  return close_run<R, stage, lanes>(in, R::shape.steps, starts, 0, whole);
}

/// The states before the first tile of a thread's lanes. Stores the head where the caller `stores`.
template <typename R>
static __device__ __forceinline__ void
states_before_tiles(const R &recurrence, const typename R::lane &at, int head, bool stores,
                    typename R::states (&to)[R::shape.lanes]) {
#pragma unroll
  for (int l = 0; l < R::shape.lanes; ++l)
    recurrence.initial(to[l], at, l);
  thread::walk_head(recurrence, at, head, stores, to);
}

/// The numbers of stage `stage` of a thread's lanes.
template <int stage, typename R>
static __device__ __forceinline__ auto numbers_of_stage(const typename R::states (&of)[R::shape.lanes]) {
  using numbers = stage_numbers<R, stage>;
  array<typename numbers::type, numbers::count * R::shape.lanes> result;
#pragma unroll
  for (int i = 0; i < numbers::count * R::shape.lanes; ++i)
    result[i] = R::template state<stage>(of[i / numbers::count])[i % numbers::count];
  return result;
}

/// Loads the runs of a thread, zeros past the end of time.
template <typename R, int runs>
static __device__ __forceinline__ void load_runs(const R &recurrence,
                                                 const look_back_part<R, runs> &part,
                                                 const typename R::lane &at,
                                                 typename R::tile (&in)[runs]) {
  constexpr int steps = R::shape.steps;
  if (part.whole) {
#pragma unroll
    for (int v = 0; v < runs; ++v)
      recurrence.load(in[v], at, part.first + v * part.stride, steps);
    return;
  }
  // Time ends within one run of a thread at most: its guarded loads are there once.
  int cut = 0;
#pragma unroll
  for (int v = 1; v < runs; ++v)
    if (part.active(recurrence, v) > 0)
      cut = v;
  typename R::tile end{};
  if (const int active = part.active(recurrence, cut); active > 0)
    recurrence.load(end, at, part.first + cut * part.stride, active);
#pragma unroll
  for (int v = 0; v < runs; ++v) {
    in[v] = v == cut ? end : typename R::tile{};
    if (v < cut)
      recurrence.load(in[v], at, part.first + v * part.stride, steps);
  }
}

/// Goes through the steps of a thread once more, from the states `state` that enter each run: results
/// and final states. Steps past the end of time are computed like others, and not stored.
template <typename R, int runs>
static __device__ __forceinline__ void
replay_runs(const R &recurrence, const look_back_part<R, runs> &part, const typename R::lane &at,
            typename R::tile (&in)[runs], const thread::segment_starts<R> (&starts)[runs],
            bool exists, typename R::states (&state)[runs][R::shape.lanes]) {
  constexpr int steps = R::shape.steps, lanes = R::shape.lanes;
#pragma unroll
  for (int v = 0; v < runs; ++v) {
    forget(in[v]); // the tile as it was loaded takes fewer registers than its maps, and more blocks fit
    const long long first = part.first + v * part.stride;
    const int active = part.whole ? steps : part.active(recurrence, v);
    typename R::results out;
    typename R::states last[lanes]; // after the steps that exist
#pragma unroll
    for (int l = 0; l < lanes; ++l)
      last[l] = state[v][l];
    thread::segment_way<R> way(recurrence, at, in[v], starts[v]);
#pragma unroll
    for (int s = 0; s < steps; ++s) {
      way.enter(s, state[v]);
#pragma unroll
      for (int l = 0; l < lanes; ++l) {
        const typename R::states before = state[v][l];
        thread::advance<R::stages>(recurrence, at, in[v], l, s, state[v][l], before);
        recurrence.epilogue(out, at, in[v], l, s, state[v][l], before);
        if (s < active)
          last[l] = state[v][l];
      }
      if (exists && s < active)
        way.leave(s, state[v]);
    }
    if (exists && part.whole)
      recurrence.store(out, at, first, steps);
    else if (exists && active > 0)
      recurrence.store(out, at, first, active);
    // Who holds the last step leaves the final states; without a step in a tile they are those before.
    const bool is_last = active > 0 && first + active == recurrence.steps();
    if constexpr (!thread::has_segments<R>)
      if (exists && (is_last || (recurrence.steps() == part.head && part.time == 0 && v == 0)))
#pragma unroll
        for (int l = 0; l < lanes; ++l)
          recurrence.finish(last[l], at, l);
  }
}

} // namespace scanc::device::kernel
