//===- kernel/look_back_stream.cuh - Blocks walk tiles of few rows --------===//
//
//   called by      every thread of a grid of two blocks at least, two of which run at once
//   result in      global memory
//   shared memory  stream_storage<R>, given by the caller
//   barriers       two per tile, reached by every thread of the blocks that walk
//   workspace      look_back_head bytes, then two maps per tile and row, zero at first
//
//   For rows of one number of state, as many as a block has warps at most. The block that
//   starts first carries the states along the rows, a warp for each, and does nothing else. The
//   others take tiles in the order of time. A tile lies in shared memory from when it is ordered
//   to when its results are stored: it is composed and published as soon as it is there, and
//   replayed `lag` tiles later, when what enters it has been told. So memory always has
//   something to do, and nobody who waits keeps others waiting.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/grid/carry_row.cuh"
#include "scanc/kernel/look_back_part.cuh"
#include "scanc/thread/ring.cuh"

namespace scanc::device::kernel {

template <typename R>
struct stream_storage {
  typename R::slot slots[R::shape.ring][R::shape.runs];
  alignas(16) unsigned char cells[look_back_cell_bytes<R>()];
  uint32_t ticket;
};

/// A block on its way through tiles. Of the tiles in the ring one is at hand, one on its way, and
/// the others wait for the states that enter them.
template <typename R>
class tile_walk {
public:
  using part_type = look_back_part<R, R::shape.runs>;
  using cells_type = look_back_cells<R, 0>;
  using map = typename cells_type::map;
  using number = typename cells_type::number;
  using maps_type = array<map, 1>;
  static_assert(R::stages == 1 && cells_type::items == 1 && part_type::along_time &&
                    R::shape.lane_threads == 1 && !thread::has_segments<R>,
                "rows of one number");

  __device__ __forceinline__ tile_walk(const R &recurrence, unsigned char *workspace,
                                       stream_storage<R> &storage)
      : recurrence(recurrence), counters(reinterpret_cast<uint32_t *>(workspace)), storage(storage),
        rows(static_cast<int>(recurrence.lane_groups())),
        tiles(static_cast<int>(part_type(recurrence, 0).tiles)),
        maps(reinterpret_cast<map *>(workspace + look_back_head)),
        entering(maps + static_cast<long long>(rows) * tiles) {}

  __device__ __forceinline__ void run() {
    if (take_number(counters + 1) == 0)
      carry_rows();
    else
      walk();
  }

private:
  static constexpr int runs = R::shape.runs, ring = R::shape.ring, lag = ring - 2;
  static constexpr int warps = R::shape.time_threads / warp::lanes;
  static_assert(lag > 0);

  /// What is kept of a tile that waits: the maps from before this warp's steps to before each run
  /// of this thread, the map from before the tile to before this warp's steps, the tile's number.
  struct waiting {
    maps_type before[runs], earlier;
    uint32_t ticket;
  };

  /// The next number of a counter, for the block.
  __device__ __forceinline__ uint32_t take_number(uint32_t *counter) {
    block_barrier();
    if (thread_index() == 0)
      shared_store(storage.ticket, add_relaxed(counter, 1));
    block_barrier();
    return shared_load(storage.ticket);
  }

  __device__ __forceinline__ bool exists(uint32_t ticket) const {
    return ticket < static_cast<uint32_t>(rows) * static_cast<uint32_t>(tiles);
  }
  /// Place of a tile among the notices: those of a row are neighbours.
  __device__ __forceinline__ long long place(const part_type &part) const {
    return part.group * tiles + part.tile;
  }

  __device__ __forceinline__ void carry_rows() {
    const int row = warp_index();
    if (row >= rows)
      return;
    const typename R::lane at = recurrence.enter(row);
    typename R::states initial[1];
    states_before_tiles(recurrence, at, thread::head_of(recurrence, at), lane_index() == 0, initial);
    const long long first = static_cast<long long>(row) * tiles;
    grid::carry_row(maps + first, entering + first, tiles, R::template state<0>(initial[0])[0]);
  }

  /// Starts the copies of a tile. One that is not whole is loaded when it is needed.
  __device__ __forceinline__ void order(uint32_t ticket, int slot) {
    if (exists(ticket)) {
      part_type part(recurrence, ticket);
      if (part.whole) {
        const typename R::lane at = part.enter(recurrence);
#pragma unroll
        for (int v = 0; v < runs; ++v)
          thread::fetch_whole(recurrence, storage.slots[slot][v], at, part.first + v * part.stride);
      }
    }
    close_copies();
  }

  __device__ __forceinline__ void take(typename R::tile (&in)[runs], const part_type &part,
                                       const typename R::lane &at, int slot) {
    if (part.whole) {
#pragma unroll
      for (int v = 0; v < runs; ++v)
        recurrence.take(in[v], storage.slots[slot][v]);
    } else {
      load_runs(recurrence, part, at, in);
    }
  }

  /// Composes the steps of a tile and publishes its map.
  __device__ __forceinline__ void compose_tile(waiting &kept, int slot) {
    part_type part(recurrence, kept.ticket);
    const typename R::lane at = part.enter(recurrence);
    const cells_type cells{storage.cells};
    typename R::tile in[runs];
    take(in, part, at, slot);
    maps_type upto;
    make_identity(upto);
#pragma unroll
    for (int v = 0; v < runs; ++v) {
      const typename R::states unused[1]{};
      const maps_type own = compose_run<0>(recurrence, at, in[v], {}, unused);
      const maps_type through = warp::compose_scan(own), below = shuffle_up(through, 1);
      kept.before[v] = lane_index() == 0 ? upto : compose(below, upto);
      upto = compose(shuffle(through, warp::lanes - 1), upto);
    }
    if (lane_index() == 0)
      shared_store(cells.of_warp(warp_index()), upto);
    block_barrier();
    maps_type whole;
    make_identity(whole);
#pragma unroll
    for (int i = 0; i < warps; ++i) {
      if (i == warp_index())
        kept.earlier = whole;
      whole = compose(shared_load(cells.of_warp(i)), whole);
    }
    if (thread_index() == 0)
      grid::publish(maps + place(part), whole[0]);
  }

  /// Goes through a tile that has waited, from the state that enters it.
  __device__ __forceinline__ void replay_tile(const waiting &kept, int slot) {
    part_type part(recurrence, kept.ticket);
    const typename R::lane at = part.enter(recurrence);
    const array<number, 1> state = apply(
        kept.earlier, shared_load(cells_type{storage.cells}.entering(0)));
    typename R::tile in[runs];
    take(in, part, at, slot);
    typename R::states states[runs][1];
#pragma unroll
    for (int v = 0; v < runs; ++v)
      R::template state<0>(states[v][0])[0] = apply(kept.before[v], state)[0];
    const thread::segment_starts<R> no_starts[runs]{};
    replay_runs(recurrence, part, at, in, no_starts, true, states);
  }

  __device__ __forceinline__ void walk() {
    waiting queue[lag + 1]; // the tile at hand comes last
#pragma unroll
    for (int k = 0; k < lag; ++k)
      queue[k].ticket = ~0u;
    queue[lag].ticket = take_number(counters);
    order(queue[lag].ticket, 0);
    uint32_t ordered = take_number(counters);
    order(ordered, 1);
#pragma unroll 1
    for (int slot = 0;; slot = slot + 1 == ring ? 0 : slot + 1) {
      const int oldest = slot < lag ? slot + ring - lag : slot - lag;
      const bool replays = exists(queue[0].ticket);
      uint32_t drawn = 0;
      // Asked for before the tile at hand is composed, which takes as long as an answer.
      map seen;
      const map *const told =
          entering + (replays ? place(part_type(recurrence, queue[0].ticket)) : 0);
      if (thread_index() == 0) {
        drawn = add_relaxed(counters, 1);
        if (replays)
          seen = load_relaxed(told);
      }
      await_copies<1>();
      if (exists(queue[lag].ticket))
        compose_tile(queue[lag], slot);
      else
        block_barrier(); // what was told last has been read
      if (thread_index() == 0) {
        if (replays)
          shared_store(cells_type{storage.cells}.entering(0),
                       array<number, 1>{grid::await_state(told, seen)});
        shared_store(storage.ticket, drawn);
      }
      block_barrier();
      if (replays)
        replay_tile(queue[0], oldest);
      // Tickets grow: where the tile at hand does not exist, those after it do not.
      bool waits = false;
#pragma unroll
      for (int k = 1; k <= lag; ++k)
        waits = waits || exists(queue[k].ticket);
      if (!waits)
        return;
#pragma unroll
      for (int k = 0; k < lag; ++k)
        queue[k] = queue[k + 1];
      queue[lag].ticket = ordered;
      ordered = shared_load(storage.ticket);
      order(ordered, oldest);
    }
  }

  const R &recurrence;
  uint32_t *const counters; ///< of tiles, of blocks
  stream_storage<R> &storage;
  const int rows, tiles;
  map *const maps, *const entering; ///< of all tiles
};

template <typename R>
static __device__ __forceinline__ void stream_tiles(const R &recurrence, unsigned char *workspace,
                                                    stream_storage<R> &storage) {
  tile_walk<R>(recurrence, workspace, storage).run();
}

} // namespace scanc::device::kernel
