//===- warp/exchange.cuh - What the threads of a warp tell each other of a tile ---===//
//
//   called by      all 32 lanes of a warp, converged
//   result in      as named
//   shared memory  exchange_cells<R>, given by the caller
//   barriers       one of the warp in each `put`, none where there is nothing to tell
//
//   `state_threads` neighbouring threads hold the parts of a lane's state. The owner of a step hands
//   the others what it has computed for them; what all lanes of the warp read alike is read by one
//   of them, and kept as numbers.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/policy.cuh"
#include "scanc/thread/copy.cuh"
#include "scanc/warp/parts.cuh"

namespace scanc::device::warp {

/// Whether the lanes of a warp read anything alike.
template <typename R>
inline constexpr bool has_common = requires { typename R::common; };

/// What each part reads of a step for all lanes, or nothing.
template <typename R, bool exists = has_common<R>>
struct common_cells {
  typename R::common common[R::shape.steps][R::shape.state_threads];
};
template <typename R>
struct common_cells<R, false> {};

/// What the owner of a step hands over, for each lane group, or nothing: of number k of the steps of
/// each part in row k * parts + part. Rows lie apart, so that neighbouring owners write to different
/// banks.
template <typename R, bool exists = !__is_empty(typename R::handed)>
struct handed_cells {
  static constexpr int parts = R::shape.state_threads;
  static constexpr int bytes = R::shape.lanes * sizeof(typename R::handed);
  struct alignas(bytes % 16 == 0 ? 16 : bytes % 8 == 0 ? 8 : 4) group {
    typename R::handed of[R::shape.lanes];
  };
  struct alignas(16) row {
    group groups[32 / parts];
    uint32_t apart[parts < 8 ? 32 / parts : 4];
  };
  row handed[R::shape.steps];
};
template <typename R>
struct handed_cells<R, false> {};

template <typename R>
struct tile_cells : common_cells<R>, handed_cells<R> {};

/// Cells of two tiles in turn: one is read while the next is written.
template <typename R>
struct warp_cells {
  tile_cells<R> tiles[2];
};

/// Whether threads share the state of a lane and have anything to tell each other of a step.
template <typename R>
static constexpr bool exchanges() {
  if constexpr (R::shape.state_threads > 1)
    return !__is_empty(tile_cells<R>);
  else
    return false;
}

/// The cells of all warps of a block, or nothing.
template <typename R, bool exists = exchanges<R>()>
struct exchange_cells {
  warp_cells<R> warps[R::shape.threads() / 32];
};
template <typename R>
struct exchange_cells<R, false> {};

template <typename R, bool exists = exchanges<R>()>
class exchange {
public:
  __device__ __forceinline__ explicit exchange(exchange_cells<R> &block)
      : cells(block.warps[warp_index()]) {}

  /// Tells what this thread owns of a tile of `active` steps, from what it has read of them.
  __device__ __forceinline__ void put(const R &recurrence, const typename R::lane &at,
                                      const typename R::tile &in, int active) {
    turn ^= 1;
    if constexpr (has_common<R>)
#pragma unroll
      for (int k = 0; k < read; ++k)
        if (const int v = step_of<R>(group(), k, groups, read); steps % groups == 0 || v < steps) {
          typename R::common numbers;
          recurrence.gather(numbers, in, k);
          thread::put(cells.tiles[turn].common[v][at.part], numbers);
        }
    if constexpr (hands)
#pragma unroll
      for (int k = 0; k < owned; ++k)
        if (active == steps || step_of<R>(at.part, k, parts, owned) < active) {
          typename handed_cells<R>::group own;
#pragma unroll
          for (int l = 0; l < R::shape.lanes; ++l)
            recurrence.prepare(own.of[l], at, in, l, k);
          thread::put(cells.tiles[turn].handed[k * parts + at.part].groups[group()], own);
        }
    warp_barrier();
  }

  /// What all threads of a lane know of number k of the steps of part `owner`.
  __device__ __forceinline__ void take(typename R::tile &in, const typename R::lane &at, int owner,
                                       int k) const {
    if constexpr (has_common<R>) {
      const int v = step_of<R>(owner, k, parts, owned);
      in.common = thread::take(cells.tiles[turn].common[v][at.part]);
    }
    take_handed(in, owner, k);
  }

  /// Of that what the owner has computed.
  __device__ __forceinline__ void take_handed(typename R::tile &in, int owner, int k) const {
    if constexpr (hands) {
      const auto handed = thread::take(cells.tiles[turn].handed[k * parts + owner].groups[group()]);
#pragma unroll
      for (int l = 0; l < R::shape.lanes; ++l)
        in.from_owner[l] = handed.of[l];
    }
  }

private:
  static constexpr int steps = R::shape.steps, parts = R::shape.state_threads, groups = 32 / parts;
  /// Steps of a tile that a thread owns, and that it reads for all lanes of its warp.
  static constexpr int owned = steps / parts, read = (steps + groups - 1) / groups;
  static constexpr bool hands = !__is_empty(typename R::handed);
  /// Which of the warp's lane groups this thread works on.
  static __device__ __forceinline__ int group() { return lane_index() / parts; }

  warp_cells<R> &cells;
  int turn = 0;
};
template <typename R>
class exchange<R, false> {
public:
  __device__ __forceinline__ explicit exchange(exchange_cells<R> &) {}
  // Nobody has anything to tell.
  __device__ __forceinline__ void put(const R &, const typename R::lane &, const typename R::tile &,
                                      int) {}
  __device__ __forceinline__ void take(typename R::tile &, const typename R::lane &, int, int) const {}
  __device__ __forceinline__ void take_handed(typename R::tile &, int, int) const {}
};

} // namespace scanc::device::warp
