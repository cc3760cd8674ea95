//===- kernel/blelloch.cuh - A block scans tiles of time ------------------===//
//
//   called by      every thread of a grid of ceildiv(lane_groups, lane_threads) blocks
//   result in      global memory
//   shared memory  blelloch_storage<R>, given by the caller
//   barriers       several per stage and tile, reached by every thread
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/carry.cuh"
#include "scanc/kernel/stages.cuh"
#include "scanc/thread/reduction.cuh"
#include "scanc/thread/ring.cuh"

namespace scanc::device::kernel {

template <typename R, int stage = 0>
constexpr int largest_maps() {
  if constexpr (stage == R::stages) {
    return 0;
  } else {
    constexpr int own = sizeof(stage_maps<R, stage>), others = largest_maps<R, stage + 1>();
    return own > others ? own : others;
  }
}

/// The ring, and cells for the maps of one stage and one of a thread's lanes at a time, in two
/// halves.
template <typename R>
struct blelloch_storage : thread::ring_slots<R> {
  alignas(16) unsigned char cells[2][block::carry_cells<R::shape>() * largest_maps<R>()];
};

/// What a thread keeps of a tile: the state that enters it and the states of its own steps.
template <typename R>
struct replayed {
  typename R::states entering;
  typename R::states at[R::shape.steps];

  __device__ __forceinline__ const typename R::states &before(int v) const {
    return v == 0 ? entering : at[v - 1];
  }
};

/// One lane of one tile through all stages: compose the thread's steps, carry the state in, replay.
/// Leaves the state after the tile in `carry`, the same in every thread of the lane. `half` of the
/// cells is used, and left changed for the next call.
template <int stage, typename R>
static __device__ __forceinline__ void scan_stages(const R &recurrence,
                                                   const typename R::lane &at,
                                                   const typename R::tile &in, int l, int active,
                                                   typename R::states &carry, replayed<R> &lane,
                                                   blelloch_storage<R> &storage, int &half) {
  if constexpr (stage < R::stages) {
    using maps_type = stage_maps<R, stage>;
    maps_type none;
    make_identity(none);

    maps_type own = none;
#pragma unroll
    for (int v = 0; v < R::shape.steps; ++v)
      if (v < active)
        own = compose(recurrence.template prologue<stage>(at, in, l, v, lane.at[v], lane.before(v)),
                      own);
    R::template state<stage>(lane.entering) =
        block::carry_in<R::shape>(own, R::template state<stage>(carry),
                                  reinterpret_cast<maps_type *>(storage.cells[half]));
    half ^= 1;
#pragma unroll
    for (int v = 0; v < R::shape.steps; ++v)
      if (v < active)
        R::template state<stage>(lane.at[v]) =
            apply(recurrence.template prologue<stage>(at, in, l, v, lane.at[v], lane.before(v)),
                  R::template state<stage>(lane.before(v)));
    scan_stages<stage + 1>(recurrence, at, in, l, active, carry, lane, storage, half);
  }
}

/// One tile of all lanes of a thread, of which it has `active` steps. With a constant `active`
/// every guard but the one of the store vanishes.
template <typename R>
static __device__ __forceinline__ void scan_tile(const R &recurrence, const typename R::lane &at,
                                                 const typename R::tile &in, long long first,
                                                 int active, bool exists,
                                                 typename R::states (&carry)[R::shape.lanes],
                                                 blelloch_storage<R> &storage, int &half) {
  typename R::results out;
#pragma unroll
  for (int l = 0; l < R::shape.lanes; ++l) {
    replayed<R> lane;
    scan_stages<0>(recurrence, at, in, l, active, carry[l], lane, storage, half);
#pragma unroll
    for (int v = 0; v < R::shape.steps; ++v)
      if (v < active)
        recurrence.epilogue(out, at, in, l, v, lane.at[v], lane.before(v));
  }
  if (exists && active > 0)
    recurrence.store(out, at, first, active);
}

/// Scans tiles of time_threads * steps steps, carrying the states from one to the next. Steps past
/// the end of time are identity maps; threads past the last lane group repeat its work and store
/// nothing.
template <typename R>
static __device__ __forceinline__ void blelloch(const R &recurrence, blelloch_storage<R> &storage) {
  constexpr policy shape = R::shape;
  constexpr int steps = shape.steps, tile_steps = shape.time_threads * steps;
  constexpr bool along_time = shape.walk == order::time;
  const int time = along_time ? thread_index() % shape.time_threads
                              : thread_index() / shape.lane_threads;
  const int place = along_time ? thread_index() / shape.time_threads
                               : thread_index() % shape.lane_threads;
  const long long group = static_cast<long long>(block_index()) * shape.lane_threads + place;
  const bool exists = group < recurrence.lane_groups();

  const typename R::lane at = recurrence.enter(exists ? group : recurrence.lane_groups() - 1);
  typename R::states carry[shape.lanes];
#pragma unroll
  for (int l = 0; l < shape.lanes; ++l)
    recurrence.initial(carry[l], at, l);

  int half = 0;
  long long first = static_cast<long long>(time) * steps; // of this thread's steps in the tile
  const long long ragged = recurrence.steps() / tile_steps * tile_steps + first;
  typename R::tile in;
  thread::tile_stream<R> tiles(recurrence, at, first, tile_steps, ragged, storage);
  for (; first < ragged; first += tile_steps) {
    tiles.next(in);
    scan_tile(recurrence, at, in, first, steps, exists, carry, storage, half);
  }
  if (recurrence.steps() % tile_steps != 0) {
    const long long left = recurrence.steps() - first;
    const int active = left >= steps ? steps : left > 0 ? static_cast<int>(left) : 0;
    if (active > 0)
      recurrence.load(in, at, first, active);
    scan_tile(recurrence, at, in, first, active, exists, carry, storage, half);
  }
  if (exists && time == 0)
#pragma unroll
    for (int l = 0; l < shape.lanes; ++l)
      recurrence.finish(carry[l], at, l);
}

} // namespace scanc::device::kernel
