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
  static constexpr int places = 1; ///< of a step

  const int *offsets; ///< count + 1 of them
  Offset stride;
  Offset count;
  int end; ///< of time

  __device__ __forceinline__ segment_list(const int *offsets, long long stride, long long count,
                                          long long steps)
      : offsets(offsets), stride(static_cast<Offset>(stride)), count(static_cast<Offset>(count)),
        end(clip(steps)) {}

  /// `step` where offsets can name it; what lies behind stays apart from `latest_step`. Where positions
  /// take 32 bits all steps do.
  static __device__ __forceinline__ int clip(long long step) {
    if constexpr (sizeof(Offset) == sizeof(int))
      return static_cast<int>(step);
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
    bool near = true; // none that is farther is known to begin later
#pragma unroll 1
    for (Offset reach = 1; reach > 0; reach = near ? reach * 2 : reach / 2)
      if (from + reach < count && begin(from + reach) <= step)
        from += reach;
      else
        near = false;
    return from;
  }
};

/// The same where each step of time has several places, which are walked as steps are.
template <typename Offset, bool reverse, int of_step>
struct segments_of_places {
  using offset = Offset;
  static constexpr int places = of_step;

  segment_list<Offset, reverse> list;
  Offset count;
  long long end;

  __device__ __forceinline__ segments_of_places(const int *offsets, long long stride, long long count, long long steps)
      : list(offsets, stride, count, steps), count(list.count), end(static_cast<long long>(places) * list.end) {}

  __device__ __forceinline__ long long begin(Offset i) const { return static_cast<long long>(places) * list.begin(i); }
  __device__ __forceinline__ Offset number(Offset i) const { return list.number(i); }
  __device__ __forceinline__ Offset last_begun(Offset from, long long place) const {
    return list.last_begun(from, static_cast<int>(place / places));
  }
};

/// What a thread knows of the segments of its steps, and of `history` steps before them.
template <typename Offset, int history>
struct segment_marks {
  /// Bit history + v: a segment begins at step v, be it the step after the last one or the end of time.
  /// `gaps`: of the thread's steps at which segments begin, one but the first has some without steps.
  uint32_t bits;
  Offset before; ///< the last that begins before step 0; -1: none
  Offset begun;  ///< the last that begins at the first of the thread's steps at which any does
  static constexpr uint32_t gaps = 1u << 31;

  __device__ __forceinline__ bool begins(int v) const { return bits >> (history + v) & 1; }
  __device__ __forceinline__ bool ends(int v) const { return begins(v + 1); }
  /// The steps [from, to) at which segments begin, a bit for each.
  __device__ __forceinline__ uint32_t among(int from, int to) const {
    return bits >> (history + from) & ((1u << (to - from)) - 1);
  }
  __device__ __forceinline__ bool any(int from, int to) const { return among(from, to) != 0; }
  /// Whether step v and the one `delay` before it are of one segment.
  __device__ __forceinline__ bool reaches(int v, int delay) const {
    return (bits >> (history + v + 1 - delay) & ((1u << delay) - 1)) == 0;
  }
  /// Of the segments that begin at the next of the thread's steps at which any does, the last one; `i`
  /// is that of the one before.
  template <typename List>
  __device__ __forceinline__ Offset next(const List &list, Offset i) const {
    ++i;
    return (bits & gaps) == 0 || i >= list.count ? i : list.last_begun(i, list.begin(i));
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

/// Whether segments have states of their own at one of their ends, so that their numbers matter.
template <typename R>
inline constexpr bool has_segment_states = has_segment_starts<R> || has_segment_ends<R>;

} // namespace scanc::device::thread
