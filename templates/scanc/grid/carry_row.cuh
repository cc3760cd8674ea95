//===- grid/carry_row.cuh - The states that enter all tiles of a row ------===//
//
//   called by      all 32 lanes of one warp, converged, for a row of its own
//   result in      global memory: the state that enters each tile, told as a map to it
//   shared memory  none
//   barriers       none; waits for blocks that publish the maps of tiles, in the order of time
//
//   A tile is two messages away from those before it, however many they are. Prefixes are composed
//   within 32 tiles of a row, counted from its first, and each prefix the same way whether or not the
//   tiles after it are known already: results are bitwise repeatable.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/grid/look_back.cuh"

namespace scanc::device::grid {

/// Tiles that a lane looks after at once, 32 apart.
inline constexpr int carry_ahead = 4;

/// From the maps of `tiles` tiles in `maps` makes what enters them in `entering`. Both are "not yet" at
/// first: see `publish`.
template <typename T, typename Ring>
static __device__ __forceinline__ void carry_row(const affine<T, Ring> *maps,
                                                 affine<T, Ring> *entering, int tiles, T state) {
  using map = affine<T, Ring>;
  map seen[carry_ahead];
  uint32_t missing = 0; // bit p: the map of tile first + 32 p + lane exists and has not been seen
#pragma unroll
  for (int p = 0; p < carry_ahead; ++p)
    missing |= static_cast<uint32_t>(p * warp::lanes + lane_index() < tiles) << p;
  int told = 0; // tiles of the first 32 whose state is published
#pragma unroll 1
  for (int first = 0; first < tiles;) {
#pragma unroll
    for (int p = 0; p < carry_ahead; ++p)
      if (missing >> p & 1)
        seen[p] = load_relaxed(maps + first + p * warp::lanes + lane_index());
#pragma unroll
    for (int p = 0; p < carry_ahead; ++p)
      if ((missing >> p & 1) && is_published(seen[p]))
        missing &= ~(1u << p);
    bool all = true;
#pragma unroll 1
    for (int p = 0; p < carry_ahead && all && first < tiles; ++p) {
      const int there = tiles - first < warp::lanes ? tiles - first : warp::lanes;
      const uint32_t lacks = ballot((missing & 1) != 0);
      const int before = count_bits(~lacks & (lacks - 1)); // tiles before the first that is missing
      const int known = before < there ? before : there;
      if (known > told) {
        map mine = seen[0];
        if (lane_index() >= known)
          make_identity(mine);
        const map upto = warp::compose_scan(mine), below = shuffle_up(upto, 1);
        const T enters = lane_index() == 0 ? state : apply(below, state);
        if (lane_index() >= told && lane_index() < known)
          publish(entering + first + lane_index(), constant<Ring>(enters));
        told = known;
        if (known == there)
          state = apply(shuffle(upto, warp::lanes - 1), state);
      }
      all = told == there;
      if (all) {
        first += warp::lanes;
        told = 0;
#pragma unroll
        for (int q = 0; q + 1 < carry_ahead; ++q)
          seen[q] = seen[q + 1];
        const int next = first + (carry_ahead - 1) * warp::lanes + lane_index();
        missing = missing >> 1 | static_cast<uint32_t>(next < tiles) << (carry_ahead - 1);
      }
    }
  }
}

/// The state that enters a tile, once its row has been carried there; `seen` is what was there when
/// somebody looked before.
template <typename T, typename Ring>
static __device__ __forceinline__ T await_state(const affine<T, Ring> *entering,
                                                affine<T, Ring> seen) {
  while (!is_published(seen))
    seen = load_relaxed(entering);
  return seen.bias;
}

} // namespace scanc::device::grid
