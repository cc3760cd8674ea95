//===- thread/segments.cuh - Segments of time, as they are walked ---------===//
//
//   called by      one thread
//   result in      the caller
//   shared memory  none
//   barriers       none
//
//   A recurrence that has `segments()` starts anew in each. Segments are counted in the order of the
//   walk, from 0. Whatever stands in the offsets, a segment begins within time and has a number that
//   exists: offsets that are no partition make wrong results, never a wrong address.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/thread/access.cuh"

namespace scanc::device::thread {

inline constexpr int latest_step = 0x7fffffff;

template <typename Offset, bool reverse>
struct segment_list {
  using offset = Offset;

  const int *offsets; ///< count + 1 of them
  Offset stride;
  Offset count;
  int end; ///< of time

  __device__ __forceinline__ segment_list(const int *offsets, long long stride, long long count,
                                          long long steps)
      : offsets(offsets), stride(static_cast<Offset>(stride)), count(static_cast<Offset>(count)),
        end(clip(steps)) {}

  /// `step` where offsets can name it; what lies behind stays apart from `latest_step`.
  static __device__ __forceinline__ int clip(long long step) {
    constexpr int most = latest_step - 64;
    return step < most ? static_cast<int>(step) : most;
  }

  /// First step of segment `i`, not below 0: the end of time after the last one, then no step at all.
  __device__ __forceinline__ int begin(Offset i) const {
    // Read whatever `i` is, so that the loads of several segments overlap.
    const Offset known = i < count ? i : count;
    const int at = read(offsets + (reverse ? count - known : known) * stride);
    const int within = at < 0 ? 0 : at > end ? end : at;
    const int step = reverse ? end - within : within;
    return i < count ? step : i == count ? end : latest_step;
  }

  /// Where a segment stands in memory.
  __device__ __forceinline__ Offset number(Offset i) const { return reverse ? count - 1 - i : i; }

  /// The last segment from `from` on that begins at `step` or before; `from` where none does.
  __device__ __forceinline__ Offset last_begun(Offset from, int step) const {
    Offset reach = 1;
#pragma unroll 1
    for (; from + reach < count && begin(from + reach) <= step; reach *= 2)
      from += reach;
#pragma unroll 1
    while ((reach /= 2) > 0)
      if (from + reach < count && begin(from + reach) <= step)
        from += reach;
    return from;
  }
};

/// What a thread knows of the segments of its steps, and of `history` steps before them.
template <typename Offset, int history>
struct segment_marks {
  /// Bit history + v: a segment begins at step v, be it the step after the last one or the end of time.
  uint32_t bits;
  int first;      ///< step 0 of the tile
  Offset segment; ///< the last that begins at step 0 or before; -1: none

  __device__ __forceinline__ bool begins(int v) const { return bits >> (history + v) & 1; }
  __device__ __forceinline__ bool ends(int v) const { return begins(v + 1); }
  /// Whether a segment begins at one of the first `steps` steps.
  __device__ __forceinline__ bool any(int steps) const {
    return (bits >> history & ((1u << steps) - 1)) != 0;
  }
  /// Whether step v and the one `delay` before it are of one segment.
  __device__ __forceinline__ bool reaches(int v, int delay) const {
    return (bits >> (history + v + 1 - delay) & ((1u << delay) - 1)) == 0;
  }
};

template <typename R>
inline constexpr bool has_segments = requires(const R &recurrence) { recurrence.segments(); };

/// Whether a segment has initial states of its own.
template <typename R>
inline constexpr bool has_segment_starts =
    requires(const R &recurrence, typename R::states &to, const typename R::lane &at) {
      recurrence.begin_segment(to, at, 0, 0);
    };

/// Whether anything is written at the end of a segment.
template <typename R>
inline constexpr bool has_segment_ends =
    requires(const R &recurrence, const typename R::states &last, const typename R::lane &at) {
      recurrence.finish_segment(last, at, 0, 0);
    };

/// The states before step v of a tile: `last`, or where a segment begins its initial ones.
template <typename R>
static __device__ __forceinline__ typename R::states
states_before(const R &recurrence, const typename R::lane &at, const typename R::tile &in, int l,
              int v, const typename R::states &last) {
  typename R::states before = last;
  if constexpr (has_segments<R>)
    if (in.marks.begins(v)) {
      recurrence.initial(before, at, l);
      if constexpr (has_segment_starts<R>) {
        const auto list = recurrence.segments();
        const auto segment = list.last_begun(in.marks.segment, in.marks.first + v);
        if (segment >= 0)
          recurrence.begin_segment(before, at, l, list.number(segment));
      }
    }
  return before;
}

/// Writes the final states of the segment of which step v is the last one, if it is.
template <typename R>
static __device__ __forceinline__ void
end_segment(const R &recurrence, const typename R::lane &at, const typename R::tile &in, int l,
            int v, const typename R::states &now) {
  if constexpr (has_segment_ends<R>)
    if (in.marks.ends(v)) {
      const auto list = recurrence.segments();
      const auto segment = list.last_begun(in.marks.segment, in.marks.first + v);
      if (segment >= 0)
        recurrence.finish_segment(now, at, l, list.number(segment));
    }
}

/// Hands on the initial states of segments without steps: `from`, from + stride, …
template <typename R>
static __device__ __forceinline__ void
pass_empty_segments(const R &recurrence, const typename R::lane &at, long long from,
                    long long stride) {
  if constexpr (has_segment_ends<R>) {
    const auto list = recurrence.segments();
    for (long long i = from; i < list.count; i += stride) {
      const auto segment = static_cast<typename R::offset>(i);
      if (list.begin(segment) != list.begin(segment + 1))
        continue;
#pragma unroll
      for (int l = 0; l < R::shape.lanes; ++l) {
        typename R::states states;
        recurrence.initial(states, at, l);
        if constexpr (has_segment_starts<R>)
          recurrence.begin_segment(states, at, l, list.number(segment));
        recurrence.finish_segment(states, at, l, list.number(segment));
      }
    }
  }
}

} // namespace scanc::device::thread
