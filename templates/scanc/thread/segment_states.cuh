//===- thread/segment_states.cuh - States at both ends of a segment -------===//
//
//   called by      one thread
//   result in      the caller, and global memory
//   shared memory  none
//   barriers       none
//
//   Where no segment begins in the steps of a thread, each step costs a test of its marks and no more.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/thread/segments.cuh"

namespace scanc::device::thread {

/// The states of lanes [from, from + lanes) with which segment `i` begins, whatever `i` is.
template <typename R, int lanes>
static __device__ __forceinline__ void
load_starts(const R &recurrence, const typename R::lane &at, int from, typename R::offset i,
            typename R::states (&to)[lanes]) {
#pragma unroll
  for (int l = 0; l < lanes; ++l)
    recurrence.initial(to[l], at, from + l);
  if constexpr (has_segment_starts<R>) {
    const auto list = recurrence.segments();
    if (i >= 0 && i < list.count)
#pragma unroll
      for (int l = 0; l < lanes; ++l)
        recurrence.begin_segment(to[l], at, from + l, list.number(i));
  }
}

/// The states with which the first and the last segment begin of those that begin in the steps of a
/// thread: asked for together as soon as their numbers are known, long before they are needed. `last` is there
/// only where it is another than `first`: a copy would wait for memory.
template <typename R, bool exist = has_segment_starts<R>>
struct segment_starts {
  typename R::states first[R::shape.lanes], last[R::shape.lanes];

  /// Those of lane `l` with which the last segment begins that begins in `in`.
  __device__ __forceinline__ const typename R::states &last_of(const typename R::tile &in,
                                                               int l) const {
    const uint32_t begun = in.marks.among(0, R::shape.steps);
    return (begun & (begun - 1)) != 0 ? last[l] : first[l];
  }

  __device__ __forceinline__ void ask(const R &recurrence, const typename R::lane &at,
                                      const typename R::tile &in) {
    if (!in.marks.any(0, R::shape.steps))
      return;
    if (in.marks.begun != known)
      load_starts(recurrence, at, 0, in.marks.begun, first);
    known = in.marks.begun;
    uint32_t later = in.marks.among(0, R::shape.steps);
    later &= later - 1;
    if (later == 0)
      return;
#pragma unroll 1
    for (; later != 0; later &= later - 1)
      known = in.marks.next(recurrence.segments(), known);
    load_starts(recurrence, at, 0, known, last);
  }

  /// After the steps of `in`, where tiles follow one another: asks for what comes next, as segments
  /// without steps are rare.
  __device__ __forceinline__ void expect(const R &recurrence, const typename R::lane &at,
                                         const typename R::tile &in) {
    if (in.marks.any(0, R::shape.steps))
      load_starts(recurrence, at, 0, ++known, first);
  }

private:
  typename R::offset known = -1; ///< the last segment asked for
};
template <typename R>
struct segment_starts<R, false> {
  __device__ __forceinline__ void ask(const R &, const typename R::lane &,
                                      const typename R::tile &) {}
  __device__ __forceinline__ void expect(const R &, const typename R::lane &,
                                         const typename R::tile &) {}
};

/// A way through the steps of a thread in the order of time, for its lanes [from, from + lanes).
template <typename R, int lanes = R::shape.lanes, bool exists = has_segments<R>>
class segment_way {
public:
  __device__ __forceinline__ segment_way(const R &recurrence, const typename R::lane &at,
                                         const typename R::tile &in,
                                         const segment_starts<R> &starts, int from = 0)
      : recurrence(recurrence), at(at), in(in), starts(starts), from(from), now(in.marks.before),
        next(in.marks.begun) {
    if constexpr (has_segment_starts<R>)
#pragma unroll
      for (int l = 0; l < lanes; ++l)
        next_states[l] = starts.first[from + l];
    else
      load_starts(recurrence, at, from, next, next_states);
  }

  /// The states before step v, of which `last` are those after the step before it.
  __device__ __forceinline__ void enter(int v, typename R::states (&last)[lanes]) {
    if (!in.marks.begins(v))
      return;
#pragma unroll
    for (int l = 0; l < lanes; ++l)
      last[l] = next_states[l];
    if constexpr (has_segment_states<R>) {
      now = next;
      const uint32_t later = in.marks.among(v + 1, R::shape.steps);
      if (later != 0) {
        next = in.marks.next(recurrence.segments(), next);
        if constexpr (has_segment_starts<R>) {
#pragma unroll
          for (int l = 0; l < lanes; ++l)
            next_states[l] = starts.last[from + l];
          if ((later & (later - 1)) != 0)
            load_starts(recurrence, at, from, next, next_states);
        }
      }
    }
  }

  /// Writes the final states of the segment of which step v is the last one, if it is.
  __device__ __forceinline__ void leave(int v, const typename R::states (&states)[lanes]) const {
    if constexpr (has_segment_ends<R>)
      if (in.marks.ends(v)) {
        const auto list = recurrence.segments();
        if (now >= 0 && now < list.count)
#pragma unroll
          for (int l = 0; l < lanes; ++l)
            recurrence.finish_segment(states[l], at, from + l, list.number(now));
      }
  }

private:
  const R &recurrence;
  const typename R::lane &at;
  const typename R::tile &in;
  const segment_starts<R> &starts;
  const int from;
  typename R::offset now, next;           ///< segments: at hand, and the next to begin
  typename R::states next_states[lanes]; ///< with which that one begins
};
template <typename R, int lanes>
class segment_way<R, lanes, false> {
public:
  __device__ __forceinline__ segment_way(const R &, const typename R::lane &,
                                         const typename R::tile &, const segment_starts<R> &,
                                         int = 0) {}
  __device__ __forceinline__ void enter(int, typename R::states (&)[lanes]) const {}
  __device__ __forceinline__ void leave(int, const typename R::states (&)[lanes]) const {}
};

/// Hands on the initial states of segments without steps: `first`, first + stride, …
template <typename R>
static __device__ __forceinline__ void
pass_empty_segments(const R &recurrence, const typename R::lane &at, long long first,
                    long long stride) {
  if constexpr (has_segment_ends<R>) {
    constexpr int abreast = 8; // their offsets are read together
    const auto list = recurrence.segments();
#pragma unroll 1
    for (long long i = first; i < list.count; i += abreast * stride) {
      uint32_t empty = 0;
#pragma unroll
      for (int k = 0; k < abreast; ++k) {
        const auto segment = static_cast<typename R::offset>(i + k * stride);
        if (i + k * stride < list.count && list.begin(segment) == list.begin(segment + 1))
          empty |= 1u << k;
      }
#pragma unroll 1
      for (int k = 0; empty != 0; ++k, empty >>= 1)
        if ((empty & 1) != 0) {
          const auto segment = static_cast<typename R::offset>(i + k * stride);
          typename R::states states[R::shape.lanes];
          load_starts(recurrence, at, 0, segment, states);
#pragma unroll
          for (int l = 0; l < R::shape.lanes; ++l)
            recurrence.finish_segment(states[l], at, l, list.number(segment));
        }
    }
  }
}

} // namespace scanc::device::thread
