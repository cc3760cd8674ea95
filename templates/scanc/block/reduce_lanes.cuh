//===- block/reduce_lanes.cuh - Readouts over the last lane dimension -----===//
//
//   called by      every thread of the block, converged
//   result in      every thread
//   shared memory  reduce_cells<R>, given by the caller; none where a warp holds the dimension
//   barriers       one per round and tile where several warps do, else none; rounds alternate between
//                  the two halves of the cells, so that a slow thread still reads one half while a
//                  fast one writes the other
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/policy.cuh"
#include "scanc/warp/merge.cuh"

namespace scanc::device::block {

/// Whether recurrence R reduces readouts over its last lane dimension.
template <typename R>
inline constexpr bool reduces_lanes = R::shape.reduce_threads > 0;

/// The lane group of a thread, which one that has none takes from another.
struct lane_place {
  long long group;
  bool exists; ///< whether it is this thread's own
  bool counts; ///< whether it takes part in reductions
};

/// Of thread `index` along the lanes of a block. Where lanes are reduced, the dimension fills the first
/// of its `reduce_threads` threads. Where warps hold strips, a strip is the group of all its threads.
template <typename R>
static __device__ __forceinline__ lane_place place_of(const R &recurrence, int index,
                                                      long long block = block_index()) {
  constexpr policy shape = R::shape;
  const long long groups = recurrence.lane_groups();
  if constexpr (reduces_lanes<R>) {
    constexpr int threads = shape.reduce_threads, whole = shape.lane_threads / threads;
    const int within = index % threads;
    const bool counts = within < R::reduced_groups;
    const long long row = block * whole + index / threads;
    const long long group = row * R::reduced_groups + (counts ? within : R::reduced_groups - 1);
    const bool exists = group < groups;
    return {exists ? group : groups - 1, exists && counts, counts};
  } else if constexpr (shape.phased) {
    const long long strip = block * (shape.lane_threads / 32) + index / 32;
    const bool exists = strip < groups;
    return {exists ? strip : groups - 1, exists, exists};
  } else {
    const long long group = block * shape.lane_threads + index;
    const bool exists = group < groups;
    return {exists ? group : groups - 1, exists, exists};
  }
}

/// Blocks that have all lanes.
template <typename R>
static __device__ __forceinline__ long long blocks_of_lanes(const R &recurrence) {
  constexpr policy shape = R::shape;
  long long groups = recurrence.lane_groups();
  int of_block = shape.lane_threads;
  if constexpr (reduces_lanes<R>) {
    groups /= R::reduced_groups;
    of_block /= shape.reduce_threads;
  } else if constexpr (shape.phased) {
    of_block /= 32;
  }
  return (groups + of_block - 1) / of_block;
}

template <typename T>
struct referred;
template <typename T>
struct referred<T &> {
  using type = T;
};
/// What a thread hands on of one step in one round.
template <typename R, int round>
using round_values = typename referred<decltype(R::template round_of<round>(
    *static_cast<typename R::readouts *>(nullptr)))>::type;

template <typename R, int round = 0>
constexpr int largest_round() {
  if constexpr (round == R::rounds) {
    return 0;
  } else {
    constexpr int own = sizeof(round_values<R, round>), others = largest_round<R, round + 1>();
    return own > others ? own : others;
  }
}

/// What the warps of a block tell each other of the steps of a tile, in two halves.
template <typename R, bool exists = (R::shape.reduce_threads > 32)>
struct reduce_cells {
  alignas(16) unsigned char
      of_rounds[2][R::shape.threads() / 32 * R::shape.steps * largest_round<R>()];
};
template <typename R>
struct reduce_cells<R, false> {};

/// The states of one lane at and before each step of its part of a tile.
template <typename R>
struct walked {
  typename R::states now[R::shape.steps], before[R::shape.steps];
};

/// Merges shares of accumulators, one for each step, over the threads of the dimension.
template <typename R, typename Values>
static __device__ __forceinline__ array<Values, R::shape.steps>
merge_lanes(const array<Values, R::shape.steps> &shares, reduce_cells<R> &cells, int &half) {
  constexpr int threads = R::shape.reduce_threads, steps = R::shape.steps;
  if constexpr (threads <= 32) {
    return warp::gather<threads, steps>(warp::merge_apart<threads>(shares));
  } else {
    constexpr int warps = threads / 32, held = warp::held<32, steps>, alike = warp::alike<32, steps>;
    using all = array<Values, steps>;
    struct alignas(sizeof(all) % 16 == 0 ? 16 : alignof(all)) cell {
      Values of[steps];
    };
    cell *const said = reinterpret_cast<cell *>(cells.of_rounds[half]);
    half ^= 1;
    const array<Values, held> own = warp::merge_apart<32>(shares);
    if (lane_index() % alike == 0)
#pragma unroll
      for (int i = 0; i < held; ++i)
        shared_store(said[warp_index()].of[lane_index() / alike * held + i], own[i]);
    block_barrier();
    const cell *const first = said + warp_index() / warps * warps;
    cell whole = shared_load(first[0]);
#pragma unroll
    for (int w = 1; w < warps; ++w) {
      const cell other = shared_load(first[w]);
#pragma unroll
      for (int v = 0; v < steps; ++v)
        whole.of[v].merge(other.of[v]);
    }
    return __builtin_bit_cast(all, whole);
  }
}

/// The readouts of each of `active` steps, round after round: a later one may need those before it.
template <int round = 0, typename R>
static __device__ __forceinline__ void
read_out_tile(const R &recurrence, const typename R::lane &at, const typename R::tile &in,
              int active, bool counts, const walked<R> (&lanes)[R::shape.lanes],
              array<typename R::readouts, R::shape.steps> &read, reduce_cells<R> &cells,
              int &half) {
  if constexpr (round < R::rounds) {
    array<round_values<R, round>, R::shape.steps> shares;
#pragma unroll
    for (int v = 0; v < R::shape.steps; ++v) {
      if (v < active && counts)
#pragma unroll
        for (int l = 0; l < R::shape.lanes; ++l)
          recurrence.template read_out<round>(read[v], at, in, l, v, lanes[l].now[v],
                                              lanes[l].before[v]);
      shares[v] = R::template round_of<round>(read[v]);
    }
    shares = merge_lanes<R>(shares, cells, half);
#pragma unroll
    for (int v = 0; v < R::shape.steps; ++v)
      R::template round_of<round>(read[v]) = shares[v];
    read_out_tile<round + 1>(recurrence, at, in, active, counts, lanes, read, cells, half);
  }
}

/// Finishes `active` steps of all lanes of a thread: their readouts, then what is written.
template <typename R>
static __device__ __forceinline__ void
finish_tile(const R &recurrence, typename R::results &out, const typename R::lane &at,
            const typename R::tile &in, int active, bool counts,
            const walked<R> (&lanes)[R::shape.lanes], reduce_cells<R> &cells, int &half) {
  array<typename R::readouts, R::shape.steps> read;
  read_out_tile(recurrence, at, in, active, counts, lanes, read, cells, half);
#pragma unroll
  for (int v = 0; v < R::shape.steps; ++v)
    if (v < active)
#pragma unroll
      for (int l = 0; l < R::shape.lanes; ++l)
        recurrence.epilogue(out, at, in, l, v, lanes[l].now[v], lanes[l].before[v], read[v]);
}

} // namespace scanc::device::block
