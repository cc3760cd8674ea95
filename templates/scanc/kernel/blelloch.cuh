//===- kernel/blelloch.cuh - A block scans tiles of time ------------------===//
//
//   called by      every thread of a grid of ceildiv(lane_groups, lane_threads) blocks, of strips
//                  ceildiv(lane_groups, lane_threads / 32); without states and segments of any multiple of these, which
//                  share out tiles
//   result in      global memory
//   shared memory  blelloch_storage<R>, given by the caller
//   barriers       several per stage and tile, reached by every thread
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/carry.cuh"
#include "scanc/block/reduce_lanes.cuh"
#include "scanc/block/segment_window.cuh"
#include "scanc/kernel/stages.cuh"
#include "scanc/thread/reduction.cuh"
#include "scanc/thread/ring.cuh"
#include "scanc/thread/walk.cuh"
#include "scanc/warp/strip.cuh"

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

/// Lanes of a thread that go through a tile together: all of them where the tile lies in registers
/// and one barrier serves them, or where they are reduced together; else one: a ring has hidden the
/// loads, and maps take registers.
template <typename R>
constexpr int lanes_abreast() {
  const bool together = block::reduces_lanes<R> || (R::stages == 1 && R::shape.ring == 0);
  return together ? R::shape.lanes : 1;
}

/// Cells for the maps of one stage of the lanes abreast, in two halves; none where there are no states.
template <typename R, bool exist = (R::stages > 0)>
struct map_cells {
  alignas(16) unsigned char
      cells[2][block::carry_cells<R::shape>() * largest_maps<R>() * lanes_abreast<R>()];
};
template <typename R>
struct map_cells<R, false> {};

/// The ring, what readouts need, the window of segments, and cells for maps.
template <typename R>
struct blelloch_storage : thread::ring_slots<R>, block::reduce_cells<R> {
  [[no_unique_address]] block::segment_words<R> segments;
  [[no_unique_address]] map_cells<R> maps;
};

/// What a thread keeps of a tile: the state that enters it and the states of its own steps.
template <typename R>
struct replayed {
  typename R::states entering;
  typename R::states at[R::shape.steps];
};

/// Visits the steps of `lanes` in the order of time: with a step, a lane and the states before it, where
/// `enters` also those with which a segment begins. After each step `leave` sees it.
template <bool enters, int abreast, typename R, typename Visit, typename Leave>
static __device__ __forceinline__ void
visit_steps(const R &recurrence, const typename R::lane &at, const typename R::tile &in,
            int first_lane, int active, const thread::segment_starts<R> &starts,
            const replayed<R> (&lanes)[abreast], const Visit &visit, const Leave &leave) {
  thread::segment_way<R, abreast> way(recurrence, at, in, starts, first_lane);
#pragma unroll
  for (int v = 0; v < R::shape.steps; ++v)
    if (v < active) {
      typename R::states states[abreast];
#pragma unroll
      for (int l = 0; l < abreast; ++l)
        states[l] = v == 0 ? lanes[l].entering : lanes[l].at[v - 1];
      if constexpr (enters)
        way.enter(v, states);
#pragma unroll
      for (int l = 0; l < abreast; ++l)
        visit(v, l, states[l]);
      leave(v, way);
    }
}

/// `abreast` lanes of one tile, from `first_lane` on, through all stages: compose the thread's steps,
/// carry the states in, replay. Leaves the states after the tile in `carry`, the same in every thread
/// of the lanes. `half` of the cells is used, and left changed for the next call. `visit` and `leave` see each
/// step once its states are known.
template <int stage, int abreast, typename R, typename Visit, typename Leave>
static __device__ __forceinline__ void
scan_stages(const R &recurrence, const typename R::lane &at, const typename R::tile &in,
            int first_lane, int active, const thread::segment_starts<R> &starts,
            typename R::states (&carry)[R::shape.lanes], replayed<R> (&lanes)[abreast],
            blelloch_storage<R> &storage, int &half, const Visit &visit, const Leave &leave) {
  if constexpr (stage < R::stages) {
    using maps_type = lane_maps<R, stage, abreast>;
    constexpr int numbers = stage_numbers<R, stage>::count;
    step_maps<R, stage, abreast> steps;
    make_identity(steps);
    array<typename stage_numbers<R, stage>::type, numbers * abreast> state;
    const auto pass = [](int, const auto &) {};
    visit_steps<!starts_when_closed<R, stage>>(
        recurrence, at, in, first_lane, active, starts, lanes,
        [&](int v, int l, const typename R::states &before) {
          append_step<stage>(recurrence, at, in, first_lane + l, v, lanes[l].at[v], before, steps,
                             l * numbers);
        },
        pass);
#pragma unroll
    for (int l = 0; l < abreast; ++l)
#pragma unroll
      for (int n = 0; n < numbers; ++n)
        state[l * numbers + n] = R::template state<stage>(carry[first_lane + l])[n];
    const auto entering = block::carry_in<R::shape>(
        close_run<R, stage, abreast>(in, active, starts, first_lane, steps), state,
        reinterpret_cast<maps_type *>(storage.maps.cells[half]));
    half ^= 1;
#pragma unroll
    for (int l = 0; l < abreast; ++l)
#pragma unroll
      for (int n = 0; n < numbers; ++n) {
        R::template state<stage>(carry[first_lane + l])[n] = state[l * numbers + n];
        R::template state<stage>(lanes[l].entering)[n] = entering[l * numbers + n];
      }
    // A second look at the states with which segments begin costs more than the registers.
    constexpr bool at_once = thread::has_segment_states<R>;
    const auto replay = [&](int v, int l, const typename R::states &before) {
      R::template state<stage>(lanes[l].at[v]) = apply<extent::step>(
          recurrence.template prologue<stage>(at, in, first_lane + l, v, lanes[l].at[v], before),
          R::template state<stage>(before));
      if constexpr (stage + 1 == R::stages && at_once)
        visit(v, l, before);
    };
    if constexpr (stage + 1 == R::stages && at_once) {
      visit_steps<true>(recurrence, at, in, first_lane, active, starts, lanes, replay, leave);
    } else {
      visit_steps<true>(recurrence, at, in, first_lane, active, starts, lanes, replay, pass);
      if constexpr (stage + 1 == R::stages)
        visit_steps<true>(recurrence, at, in, first_lane, active, starts, lanes, visit, leave);
    }
    scan_stages<stage + 1>(recurrence, at, in, first_lane, active, starts, carry, lanes, storage,
                           half, visit, leave);
  } else if constexpr (R::stages == 0) { // no state is there to wait for
    visit_steps<true>(recurrence, at, in, first_lane, active, starts, lanes, visit, leave);
  }
}

/// Which halves of cells come next: of maps, of readouts.
struct halves {
  int of_maps = 0, of_readouts = 0;
};

/// One tile of all lanes of a thread, of which it computes `active` steps and stores `stored`,
/// where more are only computed after the last one that exists. With a constant `active` every
/// guard but the one of the store vanishes.
template <typename R>
static __device__ __forceinline__ void
scan_tile(const R &recurrence, const typename R::lane &at, const typename R::tile &in,
          long long first, int active, int stored, bool exists, bool counts,
          const thread::segment_starts<R> &starts, typename R::states (&carry)[R::shape.lanes],
          blelloch_storage<R> &storage, halves &half) {
  constexpr int abreast = lanes_abreast<R>();
  typename R::results out;
#pragma unroll
  for (int first_lane = 0; first_lane < R::shape.lanes; first_lane += abreast) {
    replayed<R> lanes[abreast];
    block::walked<R> walked[abreast];
    const auto finish_step = [&](int v, int l, const typename R::states &before) {
      if constexpr (block::reduces_lanes<R>)
        walked[l].now[v] = lanes[l].at[v], walked[l].before[v] = before;
      else
        recurrence.epilogue(out, at, in, first_lane + l, v, lanes[l].at[v], before);
    };
    const auto leave = [&](int v, const thread::segment_way<R, abreast> &way) {
      typename R::states now[abreast];
#pragma unroll
      for (int l = 0; l < abreast; ++l)
        now[l] = lanes[l].at[v];
      if (exists)
        way.leave(v, now);
    };
    scan_stages<0>(recurrence, at, in, first_lane, active, starts, carry, lanes, storage,
                   half.of_maps, finish_step, leave);
    if constexpr (block::reduces_lanes<R>)
      block::finish_tile(recurrence, out, at, in, active, counts, walked, storage,
                         half.of_readouts);
    if constexpr (R::shape.shifted)
      if (exists && stored > 0 && first + stored == recurrence.steps())
#pragma unroll
        for (int l = 0; l < abreast; ++l) {
          typename R::states last = lanes[l].at[0];
#pragma unroll
          for (int v = 1; v < R::shape.steps; ++v)
            if (v < stored)
              last = lanes[l].at[v];
          recurrence.finish(last, at, first_lane + l);
        }
  }
  if (exists && stored > 0)
    recurrence.store(out, at, first, stored);
}

/// Where segments begin in a thread's steps of the next tile, found while the tile before it is awaited.
template <typename R, bool exist = thread::has_segments<R>>
class marks_ahead {
public:
  __device__ __forceinline__ marks_ahead(const R &recurrence, blelloch_storage<R> &storage)
      : window(recurrence, storage.segments) {}

  /// Looks for them in the block's tile from `tile` on, of which the thread has the steps from `first` on.
  __device__ __forceinline__ void find(long long tile, long long first) {
    window.mark(next, tile, first);
  }
  /// Gives them to their tile.
  __device__ __forceinline__ void take(typename R::tile &in) const { in.marks = next.marks; }

private:
  block::segment_window<R> window;
  typename R::tile next; ///< of which there are marks alone
};
template <typename R>
struct marks_ahead<R, false> {
  __device__ __forceinline__ marks_ahead(const R &, blelloch_storage<R> &) {}
  __device__ __forceinline__ void find(long long, long long) {}
  __device__ __forceinline__ void take(typename R::tile &) const {}
};

template <typename R>
static __device__ __forceinline__ void finish_lanes(const R &recurrence, const typename R::lane &at,
                                                    const typename R::states (&last)[R::shape.lanes]) {
#pragma unroll
  for (int l = 0; l < R::shape.lanes; ++l)
    recurrence.finish(last[l], at, l);
}

/// Which tiles a block has: each `parts`-th of its lanes' from number `part` on, where no state goes from one to the next.
template <typename R, bool shared = R::stages == 0 && !thread::has_segments<R>>
struct tile_share {
  static constexpr long long part = 0, parts = 1;
  __device__ __forceinline__ explicit tile_share(const R &) {}
  __device__ __forceinline__ long long block() const { return block_index(); }
  __device__ __forceinline__ bool has_ragged(long long, long long) const { return true; }
};
template <typename R>
struct tile_share<R, true> {
  const long long lane_blocks, part, parts;
  __device__ __forceinline__ explicit tile_share(const R &recurrence)
      : lane_blocks(block::blocks_of_lanes(recurrence)), part(block_index() / lane_blocks),
        parts(block_count() / lane_blocks) {}
  __device__ __forceinline__ long long block() const { return block_index() % lane_blocks; }
  /// Whether it has the tile behind the whole ones, where the first behind its own would begin at step `first`.
  __device__ __forceinline__ bool has_ragged(long long first, long long steps) const { return first < steps; }
};

/// Scans tiles of time_threads * steps steps, carrying the states from one to the next. Steps past
/// the end of time are identity maps, or where lanes are shifted computed from zeros: nothing
/// before them reads what comes of it. Threads past the last lane group repeat its work and store
/// nothing.
template <typename R>
static __device__ __forceinline__ void blelloch(const R &recurrence, blelloch_storage<R> &storage) {
  constexpr policy shape = R::shape;
  constexpr int steps = shape.steps, tile_steps = shape.time_threads * steps;
  constexpr bool along_time = shape.walk == order::time;
  const int time = along_time ? thread_index() % shape.time_threads
                              : thread_index() / shape.lane_threads;
  const tile_share<R> share(recurrence);
  const block::lane_place place =
      block::place_of(recurrence,
                      along_time ? thread_index() / shape.time_threads
                                 : thread_index() % shape.lane_threads,
                      share.block());
  const long long stride = share.parts * tile_steps;
  const bool exists = place.exists;

  const typename R::lane at = recurrence.enter(place.group);
  typename R::states carry[shape.lanes];
#pragma unroll
  for (int l = 0; l < shape.lanes; ++l)
    recurrence.initial(carry[l], at, l);

  halves half;
  const int head = thread::head_of(recurrence, at);
  const long long mine = head + static_cast<long long>(time) * steps; // of this thread in a tile
  long long first = mine + share.part * tile_steps;
  // The stream brings whole tiles; where lanes are shifted, the ragged one too, of which each lane
  // has as much as its head leaves.
  const long long slots = recurrence.steps() + (shape.shifted ? tile_steps - 1 : 0);
  const long long end = slots / tile_steps * tile_steps + mine;
  // The last tile has a `tile` of its own: the one of the loop would stay in registers for it.
  thread::tile_stream<R> tiles(recurrence, at, first, stride, end, storage);
  thread::walk_head(recurrence, at, head, exists && time == 0 && share.part == 0, carry);
  if constexpr (shape.shifted)
    if (exists && time == 0 && head == recurrence.steps())
      finish_lanes(recurrence, at, carry); // no tile has the last step
  marks_ahead<R> segments(recurrence, storage);
  segments.find(0, first);
  for (; first < end; first += stride) {
    typename R::tile in;
    thread::segment_starts<R> starts;
    tiles.next(in, [&] {
      segments.take(in);
      starts.ask(recurrence, at, in);
      segments.find(first - mine + stride, first + stride);
    });
    scan_tile(recurrence, at, in, first, steps,
              shape.shifted ? thread::steps_from(recurrence, first) : steps, exists,
              place.counts, starts, carry, storage, half);
  }
  if (!shape.shifted && recurrence.steps() % tile_steps != 0 &&
      share.has_ragged(first - mine, recurrence.steps())) {
    const int active = thread::steps_from(recurrence, first);
    typename R::tile in;
    if (active > 0)
      recurrence.load(in, at, first, active);
    thread::segment_starts<R> starts;
    segments.take(in);
    starts.ask(recurrence, at, in);
    scan_tile(recurrence, at, in, first, active, active, exists, place.counts, starts, carry,
              storage, half);
  }
  if constexpr (thread::has_segments<R>) {
    if (exists)
      thread::pass_empty_segments(recurrence, at, time, shape.time_threads);
  } else if (!shape.shifted && exists && time == 0) {
    finish_lanes(recurrence, at, carry);
  }
}

} // namespace scanc::device::kernel
