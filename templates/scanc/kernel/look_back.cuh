//===- kernel/look_back.cuh - Blocks scan tiles of time in one pass -------===//
//
//   called by      every thread of a grid of ceildiv(lane_groups, lane_threads) times `tiles` blocks; of
//                  any grid of two blocks at least where R has a ring
//   result in      global memory
//   shared memory  look_back_storage<R>, given by the caller
//   barriers       two or three per stage, reached by every thread
//   workspace      look_back_head bytes and the notices, zero when the kernel begins
//
//   A tile stays in registers between the composition of its steps and their replay: inputs are
//   read once. Blocks take tiles in the order in which they start, so whoever waits for an earlier
//   tile waits for a block that is running or done. Where R has a ring, blocks stay and take tile
//   after tile: see look_back_stream.cuh.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/grid/look_back.cuh"
#include "scanc/kernel/look_back_stream.cuh"
#include "scanc/warp/segment_cursor.cuh"

namespace scanc::device::kernel {

template <typename R, bool streams = (R::shape.ring > 0), bool tells = (look_back_cell_bytes<R>() > 0)>
struct look_back_storage {
  alignas(16) unsigned char cells[look_back_cell_bytes<R>()];
  uint32_t ticket;
};
/// Without a state threads tell each other nothing.
template <typename R>
struct look_back_storage<R, false, false> {
  static constexpr unsigned char *cells = nullptr;
  alignas(16) uint32_t ticket;
};
template <typename R, bool tells>
struct look_back_storage<R, true, tells> : stream_storage<R> {};

/// Bytes of the maps of all stages before `stage`, of one lane group.
template <typename R, int stage = R::stages>
constexpr int look_back_item_bytes() {
  if constexpr (stage == 0)
    return 0;
  else
    return look_back_item_bytes<R, stage - 1>() + static_cast<int>(sizeof(lane_maps<R, stage - 1>));
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
/// which looks back. It knows the states before the first tile, `initial`.
template <int stage, typename R, int runs>
static __device__ __forceinline__ void
enter_along_warps(const R &recurrence, const look_back_part<R, runs> &part,
                  const lane_maps<R, stage> (&own)[runs],
                  const typename R::states (&initial)[R::shape.lanes], unsigned char *workspace,
                  look_back_storage<R> &storage,
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
    auto states = numbers_of_stage<stage, R>(initial);
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
                   const lane_maps<R, stage> &own,
                   const typename R::states (&initial)[R::shape.lanes], unsigned char *workspace,
                   look_back_storage<R> &storage,
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
    const auto states = numbers_of_stage<stage, R>(initial);
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
             const typename R::tile (&in)[runs], const thread::segment_starts<R> (&starts)[runs],
             const typename R::states (&initial)[R::shape.lanes], unsigned char *workspace,
             look_back_storage<R> &storage,
             typename R::states (&entering)[runs][R::shape.lanes]) {
  if constexpr (stage < R::stages) {
    lane_maps<R, stage> own[runs];
#pragma unroll
    for (int v = 0; v < runs; ++v)
      own[v] = compose_run<stage>(recurrence, at, in[v], starts[v], entering[v]);
    if constexpr (R::shape.walk == order::time)
      enter_along_warps<stage>(recurrence, part, own, initial, workspace, storage, entering);
    else
      enter_across_lanes<stage>(recurrence, part, own[0], initial, workspace, storage, entering);
    if constexpr (stage + 1 < R::stages)
      block_barrier(); // the next stage lays out the cells in its own way
    enter_stages<stage + 1>(recurrence, part, at, in, starts, initial, workspace, storage,
                            entering);
  }
}

/// Scans one tile of time_threads * runs * steps steps. Those past the end of time are computed like
/// others, from zeros: no step before them reads what comes of it, and none of it is stored. Threads
/// past the last lane group repeat its loads, and neither look back nor store.
template <typename R>
static __device__ __forceinline__ void scan_one_tile(const R &recurrence, unsigned char *workspace,
                                                     look_back_storage<R> &storage) {
  constexpr int runs = R::shape.runs;
  if (thread_index() == 0)
    shared_store(storage.ticket, add_relaxed(reinterpret_cast<uint32_t *>(workspace), 1));
  block_barrier();
  look_back_part<R, runs> part(recurrence, shared_load(storage.ticket));
  const bool exists = part.group < recurrence.lane_groups();
  const typename R::lane at = part.enter(recurrence);
  typename R::tile in[runs];
  load_runs(recurrence, part, at, in);
  typename R::states initial[R::shape.lanes];
  if (!R::shape.shifted || part.time < warp::lanes) // the warp that looks back, while its tile comes
    states_before_tiles(recurrence, at, part.head, exists && part.tile == 0 && part.time == 0,
                        initial);
  warp::segment_marker<R> segments(recurrence, part.first);
  segments.mark(in, part.first, part.stride,
                [&](int v) { return part.active(recurrence, v); });
  thread::segment_starts<R> starts[runs];
#pragma unroll
  for (int v = 0; v < runs; ++v)
    starts[v].ask(recurrence, at, in[v]);

  typename R::states state[runs][R::shape.lanes];
  enter_stages<0>(recurrence, part, at, in, starts, initial, workspace, storage, state);
  replay_runs(recurrence, part, at, in, starts, exists, state);
  if (exists)
    thread::pass_empty_segments(recurrence, at, part.tile * R::shape.time_threads + part.time,
                                part.tiles * R::shape.time_threads);
}

template <typename R>
static __device__ __forceinline__ void look_back(const R &recurrence, unsigned char *workspace,
                                                 look_back_storage<R> &storage) {
  if constexpr (R::shape.ring > 0)
    stream_tiles(recurrence, workspace, storage);
  else
    scan_one_tile(recurrence, workspace, storage);
}

} // namespace scanc::device::kernel
