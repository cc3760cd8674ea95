//===- warp/segment_cursor.cuh - The segments that begin in a warp's steps -===//
//
//   called by      all 32 lanes, converged, with steps in the order of the lanes
//   result in      every lane
//   shared memory  none
//   barriers       none
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/thread/segments.cuh"
#include "scanc/warp/compose_scan.cuh"
#include "scanc/warp/find_first.cuh"

namespace scanc::device::warp {

/// A warp on its way through the segments of recurrence R: lane i knows where segment `next + i`
/// begins, so that a tile in which none begins costs no load. From tile to tile time goes on.
template <typename R>
class segment_cursor {
public:
  using offset = typename R::offset;
  using marks = thread::segment_marks<offset, R::history>;
  static_assert(R::history + R::shape.steps < 31, "a bit for each step, the one after them, and gaps");

  /// `first` is the first step that will be asked for.
  __device__ __forceinline__ segment_cursor(const R &recurrence, long long first)
      : list(recurrence.segments()) {
    move(find(0, shuffle(list.clip(first), 0) - R::history, lanes));
  }

  /// The marks of this lane's steps [first, first + active).
  __device__ __forceinline__ marks mark(long long first, int active) {
    marks found{0, current, current};
    const int begin = list.clip(first), after = list.clip(first + active);
    const bool quiet = begin - R::history > latest && after < upcoming;
    // Where a warp holds one tile of time, its lanes agree.
    if (R::shape.time_threads == 1 ? !quiet : ballot(!quiet) != 0)
      search(found, begin, after);
    return found;
  }

private:
  /// Finds what begins from the first lane's history to the end of the last lane's steps.
  __device__ __forceinline__ void search(marks &found, int begin, int after) {
    const int low = shuffle(begin, 0) - R::history, last = shuffle(after, lanes - 1);
    pass(low);
    found.before = last_before(next);
    segment_cursor window = *this;
#pragma unroll 1
    for (int n = lanes; n == lanes;) {
      n = count_bits(ballot(window.begins <= last));
      const int earlier = count_bits(ballot(window.begins < low));
      if (earlier > 0) {
        latest = shuffle(window.begins, earlier - 1);
        found.before = last_before(window.next + earlier);
      }
#pragma unroll 1
      for (int i = earlier; i < n; ++i) {
        latest = shuffle(window.begins, i);
        enter(found, begin, after, window.next + i);
      }
      if (n == lanes) {
        // Many without steps are passed at once.
        const bool alike = shuffle(window.begins, 0) == latest;
        window.move(alike ? find(window.next + lanes, latest + 1, 0) : window.next + lanes);
        if (alike)
          enter(found, begin, after, window.next - 1);
      } else {
        upcoming = shuffle(window.begins, n);
        current = last_before(window.next + n);
      }
    }
  }

  /// The last segment seen, `i`, begins at `latest`.
  __device__ __forceinline__ void enter(marks &found, int begin, int after, offset i) const {
    if (latest < begin) {
      found.before = last_before(i + 1);
    } else if (latest < after) {
      if (!found.any(0, latest - begin))
        found.begun = i;
      else if (found.begins(latest - begin))
        found.bits |= marks::gaps;
    }
    if (latest >= begin - R::history && latest <= after)
      found.bits |= 1u << (latest - begin + R::history);
  }

  __device__ __forceinline__ offset last_before(offset i) const {
    return (i < list.count ? i : list.count) - 1;
  }

  __device__ __forceinline__ void move(offset to) {
    next = to;
    begins = list.begin(next + lane_index());
  }

  /// Leaves segments behind that begin before `step`, when they are all that the lanes know.
  __device__ __forceinline__ void pass(int step) {
    if (ballot(begins >= step) != 0)
      return;
    move(next + lanes);
    if (ballot(begins >= step) == 0)
      move(find(next + lanes, step, lanes));
  }

  /// The first segment from `from` on that begins at `step` or after it, their number where none does, or
  /// one of the `most` segments before it.
  __device__ __forceinline__ offset find(offset from, int step, int most) const {
    return find_first(from, list.count, most, [&](offset i) { return list.begin(i) < step; });
  }

  decltype(static_cast<const R *>(nullptr)->segments()) list;
  offset next;
  int begins;
  int latest = -thread::latest_step, upcoming = 0; ///< none begins between these
  offset current = -1;                             ///< the last segment before `upcoming`
};

/// Marks the tiles of a recurrence that has segments, and does nothing for others.
template <typename R, bool exists = thread::has_segments<R>>
struct segment_marker {
  segment_cursor<R> cursor;
  __device__ __forceinline__ segment_marker(const R &recurrence, long long first)
      : cursor(recurrence, first) {}
  /// `in` as the tile of this lane's steps [first, first + active).
  __device__ __forceinline__ void mark(typename R::tile &in, long long first, int active) {
    in.marks = cursor.mark(first, active);
  }
  /// The same for tiles `stride` steps apart, one after the other: the search stands in the text once.
  template <int runs, typename Active>
  __device__ __forceinline__ void mark(typename R::tile (&in)[runs], long long first,
                                       long long stride, const Active &active) {
#pragma unroll 1
    for (int v = 0; v < runs; ++v) {
      const auto marks = cursor.mark(first + v * stride, active(v));
#pragma unroll
      for (int i = 0; i < runs; ++i)
        if (i == v)
          in[i].marks = marks;
    }
  }
};
template <typename R>
struct segment_marker<R, false> {
  __device__ __forceinline__ segment_marker(const R &, long long) {}
  __device__ __forceinline__ void mark(typename R::tile &, long long, int) {}
  template <int runs, typename Active>
  __device__ __forceinline__ void mark(typename R::tile (&)[runs], long long, long long,
                                       const Active &) {}
};

} // namespace scanc::device::warp
