//===- kernel/look_back.cuh - Blocks scan tiles of time in one pass -------===//
//
//   called by      every thread of a grid of ceildiv(lane_groups, lane_threads) times `tiles` blocks
//   result in      global memory
//   shared memory  look_back_storage<R>, given by the caller
//   barriers       two or three per stage, reached by every thread
//   workspace      look_back_head bytes and the notices, zero when the kernel begins
//
//   A tile stays in registers between the composition of its steps and their replay: inputs are
//   read once. Blocks take tiles in the order in which they start, so whoever waits for an earlier
//   tile waits for a block that is running or done.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/policy.cuh"
#include "scanc/grid/look_back.cuh"
#include "scanc/kernel/stages.cuh"
#include "scanc/thread/access.cuh"
#include "scanc/thread/advance.cuh"
#include "scanc/thread/reduction.cuh"
#include "scanc/warp/segment_cursor.cuh"

namespace scanc::device::kernel {

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

template <typename R>
struct look_back_storage {
  alignas(16) unsigned char cells[look_back_cell_bytes<R>()];
  uint32_t ticket;
};

/// The workspace: the counter of tickets, and after `look_back_head` bytes the notices of every
/// stage, slots * lane_groups * look_back_item_bytes in all.
inline constexpr int look_back_head = 256;

/// Bytes of the maps of all stages before `stage`, of one lane group.
template <typename R, int stage = R::stages>
constexpr int look_back_item_bytes() {
  if constexpr (stage == 0)
    return 0;
  else
    return look_back_item_bytes<R, stage - 1>() + static_cast<int>(sizeof(lane_maps<R, stage - 1>));
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
  bool whole;             ///< all of its steps exist
  int time, place;        ///< of the thread in its block
  long long group, first; ///< of lanes; step of run 0

  __device__ __forceinline__ look_back_part(const R &recurrence, uint32_t ticket) {
    const uint32_t blocks =
        static_cast<uint32_t>((recurrence.lane_groups() - 1) / R::shape.lane_threads + 1);
    tiles = recurrence.steps() == 0 ? 1 : (recurrence.steps() - 1) / tile_steps + 1;
    tile = ticket / blocks;
    whole = (tile + 1) * tile_steps <= recurrence.steps();
    time = along_time ? thread_index() % R::shape.time_threads
                      : thread_index() / R::shape.lane_threads;
    place = along_time ? thread_index() / R::shape.time_threads
                       : thread_index() % R::shape.lane_threads;
    group = static_cast<long long>(ticket % blocks) * R::shape.lane_threads + place;
    const int run =
        along_time ? time / warp::lanes * warp::lanes * runs + time % warp::lanes : time;
    first = tile * tile_steps + static_cast<long long>(run) * steps;
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
            const typename R::states (&entering)[R::shape.lanes]) {
  constexpr int numbers = stage_numbers<R, stage>::count;
  step_maps<R, stage> whole;
  make_identity(whole);
#pragma unroll
  for (int l = 0; l < R::shape.lanes; ++l) {
    typename R::states now = entering[l];
#pragma unroll
    for (int v = 0; v < R::shape.steps; ++v) {
      const typename R::states before = thread::states_before(recurrence, at, in, l, v, now);
      thread::advance<stage>(recurrence, at, in, l, v, now, before);
      append_step<stage>(recurrence, at, in, l, v, now, before, whole, l * numbers);
    }
  }
  return close_run<R, stage, R::shape.lanes>(in, R::shape.steps, whole);
}

template <int stage, typename R>
static __device__ __forceinline__ auto initial_states(const R &recurrence,
                                                      const typename R::lane &at) {
  using numbers = stage_numbers<R, stage>;
  array<typename numbers::type, numbers::count * R::shape.lanes> result;
#pragma unroll
  for (int l = 0; l < R::shape.lanes; ++l) {
    typename R::states states;
    recurrence.initial(states, at, l);
#pragma unroll
    for (int n = 0; n < numbers::count; ++n)
      result[l * numbers::count + n] = R::template state<stage>(states)[n];
  }
  return result;
}

/// The notices of one stage.
template <int stage, typename R, int runs>
static __device__ __forceinline__ auto notices_of(const R &recurrence, unsigned char *workspace,
                                                  const look_back_part<R, runs> &part) {
  using map = run_map<R, stage>;
  const long long slots = grid::slots(part.tiles), groups = recurrence.lane_groups();
  grid::notices<map> notices;
  notices.items = groups * static_cast<int>(sizeof(lane_maps<R, stage>) / sizeof(map));
  notices.tiles = reinterpret_cast<map *>(
      workspace + look_back_head + slots * groups * look_back_item_bytes<R, stage>());
  notices.summaries = notices.tiles + part.tiles * notices.items;
  return notices;
}

/// The states of stage `stage` that enter each run of a thread. Time runs along neighbouring
/// threads: shuffles within a warp, shared memory between the warps of a lane group, the first of
/// which looks back.
template <int stage, typename R, int runs>
static __device__ __forceinline__ void
enter_along_warps(const R &recurrence, const look_back_part<R, runs> &part,
                  const typename R::lane &at, const lane_maps<R, stage> (&own)[runs],
                  unsigned char *workspace, look_back_storage<R> &storage,
                  typename R::states (&entering)[runs][R::shape.lanes]) {
  using maps_type = lane_maps<R, stage>;
  using cells_type = look_back_cells<R, stage>;
  constexpr int warps = R::shape.time_threads / warp::lanes, items = cells_type::items,
                numbers = items / R::shape.lanes;
  const cells_type cells{storage.cells};
  maps_type none;
  make_identity(none);

  maps_type before[runs], upto = none;
#pragma unroll
  for (int v = 0; v < runs; ++v) {
    const maps_type through = warp::compose_scan(own[v]), below = shuffle_up(through, 1);
    before[v] = lane_index() == 0 ? upto : compose(below, upto);
    upto = compose(shuffle(through, warp::lanes - 1), upto);
  }
  const int first = part.place * warps, mine = warp_index() - first;
  if (lane_index() == 0)
    shared_store(cells.of_warp(warp_index()), upto);
  block_barrier();
  maps_type earlier = none, whole = none;
#pragma unroll
  for (int i = 0; i < warps; ++i) {
    if (i == mine)
      earlier = whole;
    whole = compose(shared_load(cells.of_warp(first + i)), whole);
  }
  if (mine == 0) {
    auto states = initial_states<stage>(recurrence, at);
    if (part.group < recurrence.lane_groups())
      states = grid::look_back(notices_of<stage>(recurrence, workspace, part), part.group * items,
                               static_cast<int>(part.tile), whole, states);
    if (lane_index() == 0)
      shared_store(cells.entering(part.place), states);
  }
  block_barrier();
  const auto states = apply(earlier, shared_load(cells.entering(part.place)));
#pragma unroll
  for (int v = 0; v < runs; ++v) {
    const auto of_run = apply(before[v], states);
#pragma unroll
    for (int i = 0; i < items; ++i)
      R::template state<stage>(entering[v][i / numbers])[i % numbers] = of_run[i];
  }
}

/// The same where lanes run along neighbouring threads: warp w scans the steps of lane group w of
/// the block, which it finds in shared memory, and looks back for it.
template <int stage, typename R, int runs>
static __device__ __forceinline__ void
enter_across_lanes(const R &recurrence, const look_back_part<R, runs> &part,
                   const typename R::lane &at, const lane_maps<R, stage> &own,
                   unsigned char *workspace, look_back_storage<R> &storage,
                   typename R::states (&entering)[runs][R::shape.lanes]) {
  using cells_type = look_back_cells<R, stage>;
  using number = typename cells_type::number;
  using map = typename cells_type::map;
  constexpr int items = cells_type::items, numbers = items / R::shape.lanes;
  const cells_type cells{storage.cells};
#pragma unroll
  for (int i = 0; i < items; ++i)
    shared_store(cells.cell(i, part.place, part.time), own[i]);
  if (part.time == 0) {
    const auto states = initial_states<stage>(recurrence, at);
#pragma unroll
    for (int i = 0; i < items; ++i)
      shared_store(cells.cell(i, part.place, warp::lanes), map{number(0), states[i]});
  }
  block_barrier();
  const long long group = part.group - part.place + warp_index();
  if (group < recurrence.lane_groups()) {
    array<map, items> before, whole;
    array<number, items> states;
#pragma unroll
    for (int i = 0; i < items; ++i) {
      const map through =
          warp::compose_scan(shared_load(cells.cell(i, warp_index(), lane_index())));
      before[i] = shuffle_up(through, 1);
      whole[i] = shuffle(through, warp::lanes - 1);
      states[i] = shared_load(cells.cell(i, warp_index(), warp::lanes)).bias;
    }
    if (lane_index() == 0)
      make_identity(before);
    states = grid::look_back(notices_of<stage>(recurrence, workspace, part), group * items,
                             static_cast<int>(part.tile), whole, states);
#pragma unroll
    for (int i = 0; i < items; ++i)
      shared_store(cells.cell(i, warp_index(), lane_index()),
                   map{number(0), apply(before[i], states[i])});
  }
  block_barrier();
#pragma unroll
  for (int i = 0; i < items; ++i)
    R::template state<stage>(entering[0][i / numbers])[i % numbers] =
        shared_load(cells.cell(i, part.place, part.time)).bias;
}

/// Finds the states that enter each run, stage by stage: the maps of a stage may read the states of
/// earlier ones.
template <int stage, typename R, int runs>
static __device__ __forceinline__ void
enter_stages(const R &recurrence, const look_back_part<R, runs> &part, const typename R::lane &at,
             const typename R::tile (&in)[runs], unsigned char *workspace,
             look_back_storage<R> &storage, typename R::states (&entering)[runs][R::shape.lanes]) {
  if constexpr (stage < R::stages) {
    lane_maps<R, stage> own[runs];
#pragma unroll
    for (int v = 0; v < runs; ++v)
      own[v] = compose_run<stage>(recurrence, at, in[v], entering[v]);
    if constexpr (R::shape.walk == order::time)
      enter_along_warps<stage>(recurrence, part, at, own, workspace, storage, entering);
    else
      enter_across_lanes<stage>(recurrence, part, at, own[0], workspace, storage, entering);
    if constexpr (stage + 1 < R::stages)
      block_barrier(); // the next stage lays out the cells in its own way
    enter_stages<stage + 1>(recurrence, part, at, in, workspace, storage, entering);
  }
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

/// Scans one tile of time_threads * runs * steps steps. Those past the end of time are computed like
/// others, from zeros: no step before them reads what comes of it, and none of it is stored. Threads
/// past the last lane group repeat its loads, and neither look back nor store.
template <typename R>
static __device__ __forceinline__ void look_back(const R &recurrence, unsigned char *workspace,
                                                 look_back_storage<R> &storage) {
  constexpr int runs = R::shape.runs, steps = R::shape.steps, lanes = R::shape.lanes;
  if (thread_index() == 0)
    shared_store(storage.ticket, add_relaxed(reinterpret_cast<uint32_t *>(workspace), 1));
  block_barrier();
  const look_back_part<R, runs> part(recurrence, shared_load(storage.ticket));
  const bool exists = part.group < recurrence.lane_groups();
  const typename R::lane at = recurrence.enter(exists ? part.group : recurrence.lane_groups() - 1);
  typename R::tile in[runs];
  load_runs(recurrence, part, at, in);
  warp::segment_marker<R> segments(recurrence, part.first);
  segments.mark(in, part.first, part.stride,
                [&](int v) { return part.active(recurrence, v); });

  typename R::states state[runs][lanes];
  enter_stages<0>(recurrence, part, at, in, workspace, storage, state);
#pragma unroll
  for (int v = 0; v < runs; ++v) {
    forget(in[v]); // the tile as it was loaded takes fewer registers than its maps, and more blocks fit
    const long long first = part.first + v * part.stride;
    const int active = part.whole ? steps : part.active(recurrence, v);
    typename R::results out;
    typename R::states last[lanes]; // after the steps that exist
#pragma unroll
    for (int l = 0; l < lanes; ++l) {
      last[l] = state[v][l];
#pragma unroll
      for (int s = 0; s < steps; ++s) {
        const typename R::states before =
            thread::states_before(recurrence, at, in[v], l, s, state[v][l]);
        thread::advance<R::stages>(recurrence, at, in[v], l, s, state[v][l], before);
        recurrence.epilogue(out, at, in[v], l, s, state[v][l], before);
        if (exists && s < active)
          thread::end_segment(recurrence, at, in[v], l, s, state[v][l]);
        if (s < active)
          last[l] = state[v][l];
      }
    }
    if (exists && part.whole)
      recurrence.store(out, at, first, steps);
    else if (exists && active > 0)
      recurrence.store(out, at, first, active);
    // Who holds the last step leaves the final states; before any step they are the initial ones.
    const bool is_last = active > 0 && first + active == recurrence.steps();
    if constexpr (!thread::has_segments<R>)
      if (exists && (is_last || (recurrence.steps() == 0 && part.time == 0 && v == 0)))
#pragma unroll
        for (int l = 0; l < lanes; ++l)
          recurrence.finish(last[l], at, l);
  }
  if (exists)
    thread::pass_empty_segments(recurrence, at, part.tile * R::shape.time_threads + part.time,
                                part.tiles * R::shape.time_threads);
}

} // namespace scanc::device::kernel
