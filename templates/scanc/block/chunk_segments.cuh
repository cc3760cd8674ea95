//===- block/chunk_segments.cuh - Chunks of packed sequences -------------===//
//
//   called by      every thread of a block
//   result in      shared memory: which steps each chunk has, some chunks ahead
//   shared memory  segment_places<R>, given by the caller
//   barriers       three, where chunks are begun; then the caller has one of the block for each chunk
//
//   Chunks begin anew with each segment, so none has steps of two: what is multiplied knows of no segments, and
//   the last chunk of each is short as the last of all time is. Segments are those of thread/segments.cuh, in
//   the order of the walk; each is walked by one block, and whatever the offsets are, in time.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_ring.cuh"
#include "scanc/thread/segments.cuh"
#include "scanc/warp/find_first.cuh"

namespace scanc::device::block {

/// Where a segment begins: in 64 bits where steps have several places.
template <typename R>
using segment_position = decltype(static_cast<const R *>(nullptr)->segments().begin(0));

/// A chunk of segment `segment`: it has the first of the steps [first, end), none where there is no chunk any more.
template <typename R>
struct alignas(8) segment_chunk {
  segment_position<R> first, end;
  long long segment;
  long long begins; ///< whether it is the first of its segment
};

/// The chunks that a block knows, and how long runs of segments are.
template <typename R, bool exist = thread::has_segments<R>>
struct segment_places {
  static constexpr int kept = 8, most_runs = 128;
  alignas(1024) segment_chunk<R> chunks[kept];
  int steps[most_runs]; ///< of time, of each run
  int run;              ///< the block's
  int beyond[R::shape.threads() / 32]; ///< of each warp, whether a segment's last state was not finite
};
template <typename R>
struct segment_places<R, false> {};

/// Whether final states of segments are written.
template <typename R>
inline constexpr bool finishes_segments =
    requires(const R &recurrence, const typename R::lane &at, float last) {
      recurrence.finish(at, 0, 0, last, typename R::offset{});
    };

/// Chunks of all of time, of one lane.
template <typename R>
static __device__ __forceinline__ long long count_chunks(const R &recurrence) {
  const long long of_time = (recurrence.steps() + chunk_steps - 1) / chunk_steps;
  if constexpr (thread::has_segments<R>)
    return of_time + recurrence.segments().count; // at most: each segment may begin one
  else
    return of_time;
}

/// The chunks that a block walks, counted from 0 on.
template <typename R, bool exist = thread::has_segments<R>>
struct chunk_order : chunk_range {
  __device__ __forceinline__ bool has(long long chunk) const { return begin + chunk * chunk_steps < end; }
  __device__ __forceinline__ long long number(long long chunk) const { return chunk; }
  __device__ __forceinline__ void extend(long long) const {}
};

/// Those of one of `runs` runs of equally many segments: the run `rank`, counted from the longest down, so that blocks
/// in their order share the work. `extend` is called once for each chunk: then `ahead` more are known.
template <typename R>
class chunk_order<R, true> {
public:
  using offset = typename R::offset;
  static constexpr int ahead = R::shape.ring > 3 ? R::shape.ring - 1 : 2;

  __device__ __forceinline__ chunk_order(const R &recurrence, segment_places<R> &places, int rank, int runs)
      : recurrence(recurrence), places(places) {
    if (lane_index() == 0)
      shared_store(places.beyond[warp_index()], 0);
    find_run(rank, runs);
    const int run = shared_load(places.run);
    first = first_of(run, runs);
    end = first_of(run + 1, runs);
    if (thread_index() == 0) {
      segment_chunk<R> chunk = begun_at(recurrence.segments().begin(first), first);
      for (int n = 0; n <= ahead; ++n) {
        shared_store(places.chunks[n], chunk);
        chunk = after(chunk);
      }
    }
    block_barrier();
  }

  __device__ __forceinline__ bool has(long long chunk) const {
    const segment_chunk<R> place = at(chunk);
    return place.first < place.end;
  }
  __device__ __forceinline__ segment_chunk<R> at(long long chunk) const {
    return shared_load(places.chunks[chunk % places.kept]);
  }
  __device__ __forceinline__ chunk_extent of(long long chunk) const {
    const segment_chunk<R> place = at(chunk);
    const auto left = place.end - place.first;
    return {place.first, left < chunk_steps ? static_cast<int>(left) : chunk_steps, place.begins != 0};
  }
  /// Among those that count_chunks counts: ascending.
  __device__ __forceinline__ long long number(long long chunk) const {
    const segment_chunk<R> place = at(chunk);
    return place.first / chunk_steps + place.segment;
  }
  __device__ __forceinline__ void extend(long long chunk) const {
    static_assert(ahead + 2 <= segment_places<R>::kept);
    if (thread_index() == 0)
      shared_store(places.chunks[(chunk + ahead + 1) % places.kept], after(at(chunk + ahead)));
  }

  offset first, end; ///< segments of the block: [first, end)

private:
  __device__ __forceinline__ offset first_of(int run, int runs) const {
    return static_cast<offset>(static_cast<long long>(recurrence.segments().count) * run / runs);
  }
  __device__ __forceinline__ void find_run(int rank, int runs) const {
    const auto list = recurrence.segments();
    const int mine = thread_index();
    int steps = 0;
    if (mine < runs) {
      const offset from = first_of(mine, runs), to = first_of(mine + 1, runs);
      // The last chunk of each takes as long as any: half a chunk more.
      steps = static_cast<int>((list.begin(to) - list.begin(from)) / list.places) + static_cast<int>(to - from) * (chunk_steps / 2);
      shared_store(places.steps[mine], steps);
    }
    block_barrier();
    if (mine < runs) {
      int longer = 0;
      for (int run = 0; run < runs; ++run) {
        const int other = shared_load(places.steps[run]);
        longer += other > steps || (other == steps && run < mine);
      }
      if (longer == rank)
        shared_store(places.run, mine);
    }
    block_barrier();
  }

  __device__ __forceinline__ segment_chunk<R> after(const segment_chunk<R> &last) const {
    const auto next = last.first + chunk_steps;
    if (next < last.end)
      return {next, last.end, last.segment, false};
    return begun_at(last.end, last.segment + 1);
  }
  /// Of the segments from `segment` on that begin at `step`, the one that has steps: its first chunk.
  __device__ __forceinline__ segment_chunk<R> begun_at(segment_position<R> step, long long segment) const {
    const auto list = recurrence.segments();
    if (segment >= end || step >= list.end)
      return {step, step, end, false};
    const offset last = list.last_begun(static_cast<offset>(segment), step);
    if (last >= end)
      return {step, step, end, false};
    return {step, list.begin(last + 1), last, true};
  }

  const R &recurrence;
  segment_places<R> &places;
};

/// Chunk `number` of those that count_chunks counts, without steps where there is none: by a whole warp.
template <typename R>
static __device__ __forceinline__ chunk_extent chunk_numbered(const R &recurrence, long long number) {
  if constexpr (thread::has_segments<R>) {
    using offset = typename R::offset;
    const auto list = recurrence.segments();
    const offset after = warp::find_first(offset{0}, list.count, 0, [&](offset i) {
      return list.begin(i) / chunk_steps + static_cast<long long>(i) <= number;
    });
    const offset segment = after > 0 ? after - 1 : 0;
    const auto begin = list.begin(segment), end = segment < list.count ? list.begin(segment + 1) : begin;
    const long long first = begin + (number - begin / chunk_steps - segment) * chunk_steps, left = end - first;
    return {first, first < begin ? 0 : static_cast<int>(left < chunk_steps ? left : chunk_steps), first == begin};
  } else {
    return chunk_range{0, recurrence.steps()}.of(number);
  }
}

/// The lane and the chunk of a block where each has one of those.
template <typename R>
struct chunk_place {
  typename R::lane at;
  chunk_extent extent; ///< without steps: of a segment that begins fewer chunks than it may

  __device__ __forceinline__ explicit chunk_place(const R &recurrence) {
    const long long chunks = count_chunks(recurrence);
    extent = chunk_numbered(recurrence, block_index() % chunks);
    at = recurrence.enter(block_index() / chunks);
  }
};

/// Hands on the initial states of segments [first, end) that have no steps, and `columns` of the state from `column` on.
template <int columns, typename R>
static __device__ __forceinline__ void pass_empty_segments(const R &recurrence, const typename R::lane &at, int column,
                                                           typename R::offset first, typename R::offset end) {
  if constexpr (finishes_segments<R>) {
    const auto list = recurrence.segments();
#pragma unroll 1
    for (typename R::offset from = first; from < end; from += 32) {
      const auto mine = from + lane_index();
      uint32_t empty = ballot(mine < end && list.begin(mine) == list.begin(mine + 1));
#pragma unroll 1
      for (auto i = from; empty != 0; ++i, empty >>= 1)
        if ((empty & 1) != 0)
#pragma unroll 1
          for (int n = thread_index(); n < R::rows * columns; n += R::shape.threads()) {
            const int row = n / columns, j = column + n % columns;
            if (const auto segment = list.number(i); j < R::columns)
              recurrence.finish(at, row, j, recurrence.initial(at, row, j, segment), segment);
          }
    }
  }
}

} // namespace scanc::device::block
