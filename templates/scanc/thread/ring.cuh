//===- thread/ring.cuh - The tiles that a thread has ordered ahead --------===//
//
//   called by      one thread; where rows begin at any phase, all 32 lanes of a warp
//   result in      the caller
//   shared memory  ring_slots<R>, given by the caller; each thread touches its own cells only, or each
//                  warp
//   barriers       none, or two of the warp per tile
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/policy.cuh"
#include "scanc/thread/access.cuh"
#include "scanc/thread/copy.cuh"

namespace scanc::device::thread {

/// The ring of recurrence R, or nothing where its policy has none.
template <typename R, bool exists = (R::shape.ring > 0)>
struct ring_slots {
  typename R::slot at[R::shape.ring];
};
template <typename R>
struct ring_slots<R, false> {};

/// What a thread copies of every tile, where its warp copies strips together.
template <typename R, bool exists = R::shape.phased>
struct stream_sources {
  typename R::sources of;
  __device__ __forceinline__ stream_sources(const R &recurrence, const typename R::lane &at)
      : of(recurrence.aim(at)) {}
};
template <typename R>
struct stream_sources<R, false> {
  __device__ __forceinline__ stream_sources(const R &, const typename R::lane &) {}
};

/// How many of the steps from `first` exist, of those that a thread holds adjacent.
template <typename R>
static __device__ __forceinline__ int steps_from(const R &recurrence, long long first) {
  const long long left = recurrence.steps() - first;
  return left >= R::shape.steps ? R::shape.steps : left > 0 ? static_cast<int>(left) : 0;
}

/// Starts the copies of a tile of which all steps exist.
template <typename R>
static __device__ __forceinline__ void fetch_whole(const R &recurrence, typename R::slot &slot,
                                                   const typename R::lane &at, long long first) {
  if constexpr (R::shape.shifted)
    recurrence.fetch(slot, at, first, R::shape.steps);
  else
    recurrence.fetch(slot, at, first);
}

/// Tiles of one thread, in order: the steps from `first`, then those `stride` later, as long as
/// they begin before `end`. They are whole; where lanes are shifted, with zeros past the end of
/// time. Copies run `R::shape.ring - 1` tiles ahead, where the warp copies together `R::shape.ring`;
/// without a ring, loads run one tile ahead in registers.
template <typename R>
class tile_stream {
public:
  __device__ __forceinline__ tile_stream(const R &recurrence, const typename R::lane &at,
                                         long long first, long long stride, long long end,
                                         ring_slots<R> &slots)
      : recurrence(recurrence), at(at), slots(slots), ordered(first), stride(stride), end(end),
        sources(recurrence, at) {
    if constexpr (shares_cells) {
#pragma unroll 1
      for (int i = 0; i < R::shape.ring; ++i) {
        recurrence.clear(slots.at[i]);
        warp_barrier();
        order(i);
      }
    } else if constexpr (has_ring) {
#pragma unroll
      for (int i = 0; i < R::shape.ring - 1; ++i)
        order(i);
    } else {
      order(0);
    }
  }

  /// The next tile, with what `meanwhile` gives it. Asked for at most as often as there are tiles.
  template <typename Meanwhile>
  __device__ __forceinline__ void next(typename R::tile &in, const Meanwhile &meanwhile) {
    if constexpr (shares_cells) {
      meanwhile();
      await_copies<R::shape.ring - 1>();
      warp_barrier(); // the copies of all threads have landed
      recurrence.take(in, slots.at[taking], at);
      warp_barrier(); // all have taken theirs
      order(taking);
      taking = taking + 1 == R::shape.ring ? 0 : taking + 1;
    } else if constexpr (has_ring) {
      order(filling);
      filling = filling + 1 == R::shape.ring ? 0 : filling + 1;
      meanwhile();
      await_copies<R::shape.ring - 1>();
      recurrence.take(in, slots.at[taking]);
      taking = taking + 1 == R::shape.ring ? 0 : taking + 1;
    } else {
      in = ahead;
      order(0);
      meanwhile();
    }
  }

private:
  static constexpr bool has_ring = R::shape.ring > 0, shares_cells = R::shape.phased;
  static_assert(has_ring || !shares_cells);
  static_assert(R::shape.ring != 1, "a ring holds the tile at hand and one ahead at least");

  /// Orders the tile after the last ordered one. The cells of its slot were taken before.
  __device__ __forceinline__ void order(int slot) {
    if (ordered < end) {
      const int active = R::shape.shifted ? steps_from(recurrence, ordered) : R::shape.steps;
      if constexpr (!has_ring && R::shape.shifted)
        ahead = typename R::tile{};
      if constexpr (!has_ring)
        recurrence.load(ahead, at, ordered, active);
      else if constexpr (shares_cells)
        recurrence.fetch(slots.at[slot], sources.of, at, ordered);
      else if constexpr (R::shape.shifted)
        recurrence.fetch(slots.at[slot], at, ordered, active);
      else
        recurrence.fetch(slots.at[slot], at, ordered);
    }
    if constexpr (has_ring)
      close_copies(); // an empty group keeps the count
    ordered += stride;
  }

  const R &recurrence;
  const typename R::lane &at;
  ring_slots<R> &slots;
  long long ordered; ///< first step of the next tile to order
  const long long stride, end;
  [[no_unique_address]] const stream_sources<R> sources;
  int taking = 0, filling = R::shape.ring - 1;
  typename R::tile ahead; ///< without a ring
};

} // namespace scanc::device::thread
