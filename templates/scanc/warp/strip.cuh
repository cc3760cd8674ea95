//===- warp/strip.cuh - Rows of lanes that begin at any phase -------------===//
//
//   called by      all 32 lanes of a warp, converged
//   result in      the caller, or global memory
//   shared memory  strip_cells of one warp, given by the caller
//   barriers       none: the caller has await_copies and a barrier of the warp between fetch_strips and
//                  take_strips, and another before the cells are fetched again
//
//   A strip is the part of a row that a warp holds: 32 x `lanes` adjacent lanes, of which thread
//   after thread has a pair, then each another. The warp copies the aligned vectors of 16 bytes around a strip, and each
//   thread takes its lanes from there; of results it stores the aligned words.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/policy.cuh"
#include "scanc/thread/access.cuh"

namespace scanc::device::warp {

/// Where lane `l` of this thread lies in its strip, counted from the thread's first one.
constexpr int place_after_first(int l) {
  return l / 2 * 64 + l % 2;
}
/// The same, counted from the first of the strip.
static __device__ __forceinline__ int place_in_strip(int l) {
  return lane_index() * 2 + place_after_first(l);
}

/// The strips of `steps` rows as they lie in shared memory. Row v begins `skew` bytes more than a row
/// of whole vectors behind row v - 1, so that all rows lie to a vector as they do in memory.
template <typename T, int lanes, int steps>
struct alignas(16) strip_cells {
  static constexpr int bytes = lanes * sizeof(T), vectors = bytes / 16 + 1;
  static_assert(bytes % 16 == 0);
  static_assert(steps * sizeof(T) % 16 == 0, "rows have the same phases in every tile");
  uint32_t words[steps * (vectors + 1) * 4];
};

/// Bytes from the aligned vector in which a row begins to the row.
template <typename T>
static __device__ __forceinline__ int phase_in_vector(const T *row) {
  return static_cast<int>(reinterpret_cast<uint64_t>(row) % 16);
}

/// Whether row v of 16-bit elements begins between two words, 0 or 1: one of two answers. Strides are negative
/// where time is walked from its end.
template <typename T>
static __device__ __forceinline__ int is_odd(int v, const T *first, long long stride) {
  return (phase_in_vector(first) / 2 + v % 2 * static_cast<int>(stride & 1)) % 2;
}

/// Where the strip of row v begins among the cells, in bytes. `origin` is the row of step 0 of the
/// first tile, `stride` the elements from one row to the next.
template <typename Cells, typename T>
static __device__ __forceinline__ int strip_begin(int v, const T *origin, long long stride) {
  const int skew = static_cast<int>(static_cast<uint64_t>(stride) * sizeof(T) % 16);
  return phase_in_vector(origin) + v * (16 * Cells::vectors + skew);
}

/// Copies vector `i` of the strip at `row`, of `bytes` bytes; others of its elements become 0. Reads nothing
/// that lies before `begin`.
template <typename T>
static __device__ __forceinline__ void fetch_vector(uint32_t *to, int i, const T *row, int bytes,
                                                    const T *begin) {
  const int phase = phase_in_vector(row), left = bytes + phase - 16 * i;
  const int present = left < 0 ? 0 : left < 16 ? left : 16;
  const char *const from = reinterpret_cast<const char *>(row) + (16 * i - phase);
  if (present == 0 || from >= reinterpret_cast<const char *>(begin)) {
    start_copy<16>(to, from, present);
    return;
  }
#pragma unroll 1
  for (int at = 0; at < 16; at += sizeof(T))
    shared_store(*reinterpret_cast<T *>(reinterpret_cast<char *>(to) + at),
                 at < phase || at >= present ? T{}
                                             : thread::read(reinterpret_cast<const T *>(from + at)));
}

/// Zeros in all cells: copies leave out what lies beyond the lanes that exist.
template <typename T, int lanes, int steps>
static __device__ __forceinline__ void clear_strips(strip_cells<T, lanes, steps> &cells) {
#pragma unroll 1
  for (int i = lane_index(); i < static_cast<int>(sizeof(cells) / 4); i += 32)
    shared_store(cells.words[i], 0u);
}

/// What one thread copies of every tile. Eight threads copy what a strip has of a line of 128 bytes, so that a
/// line is asked for once: a thread has its vector of every line of every fourth row.
template <typename T, int lanes, int steps>
struct strip_source {
  using cells = strip_cells<T, lanes, steps>;
  static constexpr int rows = (steps + 3) / 4, lines = cells::bytes / 128 + 1;
  static_assert(cells::bytes % 128 == 0);
  const char *from[rows]; ///< the aligned vector in which the strip begins, in the first tile
  int to[rows];           ///< where among the cells that vector lies
  int end[rows];          ///< bytes from it to the end of the lanes that exist

  /// `origin` is the row of step 0, `stride` the elements from one row to the next, of which `present` lanes
  /// exist.
  __device__ __forceinline__ strip_source(const T *origin, long long stride, int present) {
#pragma unroll
    for (int k = 0; k < rows; ++k) {
      const int v = 4 * k + lane_index() / 8;
      const int begin = strip_begin<cells>(v, origin, stride), phase = begin % 16;
      from[k] = reinterpret_cast<const char *>(origin + v * stride) - phase;
      to[k] = begin - phase;
      end[k] = v < steps ? phase + present * static_cast<int>(sizeof(T)) : 0;
      forget(from[k]); // else they are put together anew for every tile
    }
  }
};

/// Starts the copies of the strips of steps [first, first + steps) of `end`. Step t reads the row of step
/// t - `delay`, or zeros.
template <int delay, typename T, int lanes, int steps>
static __device__ __forceinline__ void
fetch_strips(strip_cells<T, lanes, steps> &to, const strip_source<T, lanes, steps> &source,
             const T *origin, long long stride, long long first, long long end, int present,
             const T *begin) {
  using cells = strip_cells<T, lanes, steps>;
  char *const bytes = reinterpret_cast<char *>(to.words);
  // Whole vectors, but where rows at either end of the tensor may be: nothing outside of it is read.
  if (first > delay && first + 2 * steps <= end) {
    const long long distance = first * stride * static_cast<int>(sizeof(T));
#pragma unroll
    for (int k = 0; k < source.rows; ++k) {
      const char *from = source.from[k] + distance;
      const int at = lane_index() % 8 * 16 - static_cast<int>(reinterpret_cast<uint64_t>(from) % 128);
      int cell = source.to[k] + at;
      from += at;
      forget(from);
      forget(cell);
#pragma unroll
      for (int line = 0; line < source.lines; ++line)
        if (static_cast<uint32_t>(at + line * 128) < static_cast<uint32_t>(source.end[k]))
          start_copy<16>(bytes + cell + line * 128, from + line * 128);
    }
    return;
  }
  // Twice a lane: short text matters more than speed.
#pragma unroll 1
  for (int at = lane_index(); at < steps * cells::vectors; at += 32) {
    const int v = at / cells::vectors, i = at % cells::vectors;
    const int cell = strip_begin<cells>(v, origin, stride) / 16 * 16 + 16 * i;
    fetch_vector(reinterpret_cast<uint32_t *>(bytes + cell), i, origin + (first + v) * stride,
                 first + v < delay ? -16 : present * static_cast<int>(sizeof(T)), begin);
  }
}

/// The lanes of this thread, from copies that have landed. Arguments as in `strip_source`.
template <policy shape, typename T, int lanes>
static __device__ __forceinline__ void
take_strips(row<T, shape.lanes> (&to)[shape.steps],
            const strip_cells<T, lanes, shape.steps> &from, const T *origin, long long stride) {
  static_assert(lanes == 32 * shape.lanes);
  using cells = strip_cells<T, lanes, shape.steps>;
  constexpr int size = sizeof(T);
  const char *const bytes = reinterpret_cast<const char *>(from.words);
  const uint32_t begin = strip_begin<cells>(0, origin, stride) + place_in_strip(0) * size;
  const uint32_t pitch = strip_begin<cells>(1, origin, stride) - strip_begin<cells>(0, origin, stride);
#pragma unroll
  for (int v = 0; v < shape.steps; ++v) {
    const uint32_t at = begin + v * pitch;
    if constexpr (size == 2) { // a pair at an odd phase lies in two words
      const auto *const words = reinterpret_cast<const uint32_t *>(bytes + (at & ~3u));
      const int odd = is_odd(v, origin, stride);
#pragma unroll
      for (int l = 0; l < shape.lanes; l += 2) {
        const uint32_t *const pair = words + place_after_first(l) / 2;
        to[v].pairs[l / 2] = shift_words(shared_load(pair[0]), shared_load(pair[1]), 16 * odd);
      }
    } else {
      const T *const mine = reinterpret_cast<const T *>(bytes + at);
#pragma unroll
      for (int l = 0; l < shape.lanes; ++l)
        to[v].set(l, shared_load(mine[place_after_first(l)]));
    }
  }
}

/// The lanes of this thread of `active` steps from `first` on, element by element; those that do not exist
/// become 0. `row` is the row of `first`; the others as in `fetch_strips`.
template <policy shape, int delay, typename T>
static __device__ __forceinline__ void
load_strips(row<T, shape.lanes> (&to)[shape.steps], const T *row, long long stride, long long first,
            int active, int present) {
#pragma unroll
  for (int v = 0; v < shape.steps; ++v) {
    if (v < active) {
#pragma unroll
      for (int l = 0; l < shape.lanes; ++l) {
        const int place = place_in_strip(l);
        to[v].set(l, first + v >= delay && place < present ? thread::read(row + place) : T{});
      }
    }
    row += stride;
  }
}

/// Stores the first `present` lanes of `active` rows, from `row` on.
template <policy shape, typename T>
static __device__ __forceinline__ void store_strips(T *row, long long stride,
                                                    const T (&from)[shape.steps][shape.lanes],
                                                    int active, int present) {
  const T *const begin = row;
  const int lane = lane_index(), first = place_in_strip(0);
#pragma unroll
  for (int v = 0; v < shape.steps; ++v) {
    if (v < active) {
      if constexpr (sizeof(T) == 2) {
        constexpr int pairs = shape.lanes / 2;
        // At an odd phase an aligned word is the second lane of a pair and the first of the next.
        const int odd = is_odd(v, begin, stride), left = present - first - odd;
        uint32_t own[pairs];
#pragma unroll
        for (int j = 0; j < pairs; ++j)
          own[j] = from[v][2 * j].bits | static_cast<uint32_t>(from[v][2 * j + 1].bits) << 16;
        if (odd != 0 && lane == 0)
          thread::write(row, from[v][0]);
        T *mine = row + first + odd;
        forget(mine);
#pragma unroll
        for (int j = 0; j < pairs; ++j) {
          const uint32_t next =
              shuffle(lane == 0 && j + 1 < pairs ? own[j + 1] : own[j], (lane + 1) % 32);
          const uint32_t pair[1] = {shift_words(own[j], next, 16 * odd)};
          const int place = place_after_first(2 * j);
          if (left - place >= 2)
            store_global<1>(reinterpret_cast<uint32_t *>(mine + place), pair);
          if (left - place == 1)
            thread::write(mine + place, T{static_cast<uint16_t>(pair[0])});
        }
      } else {
        T *mine = row + first;
        forget(mine);
#pragma unroll
        for (int l = 0; l < shape.lanes; ++l)
          if (place_in_strip(l) < present)
            thread::write(mine + place_after_first(l), from[v][l]);
      }
    }
    row += stride;
  }
}

} // namespace scanc::device::warp
