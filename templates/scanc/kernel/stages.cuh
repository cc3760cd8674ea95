//===- kernel/stages.cuh - The maps of a stage ----------------------------===//
//
//   called by      one thread of a kernel that composes maps
//   result in      the caller
//   shared memory  none
//   barriers       none
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/resettable.cuh"
#include "scanc/thread/segment_states.cuh"

namespace scanc::device::kernel {

/// The maps of one stage of recurrence R for one lane.
template <typename R, int stage>
using stage_maps = decltype(static_cast<const R *>(nullptr)->template prologue<stage>(
    *static_cast<const typename R::lane *>(nullptr),
    *static_cast<const typename R::tile *>(nullptr), 0, 0,
    *static_cast<const typename R::states *>(nullptr),
    *static_cast<const typename R::states *>(nullptr)));

template <typename Maps>
struct numbers_of;
template <typename T, typename Ring, int N>
struct numbers_of<array<affine<T, Ring>, N>> {
  using type = T;
  using map = affine<T, Ring>;
  static constexpr int count = N;
};

/// The numbers of one stage of one lane: their type, that of their maps, and their count.
template <typename R, int stage>
using stage_numbers = numbers_of<stage_maps<R, stage>>;

template <typename Map, bool segments>
struct run_of {
  using map = Map;
};
template <typename T, typename Ring>
struct run_of<affine<T, Ring>, true> {
  using map = affine<T, ring::resettable<Ring>>;
};
/// The map of a run of steps: one that can drop the state before where time has segments.
template <typename R, int stage>
using run_map =
    typename run_of<typename stage_numbers<R, stage>::map, thread::has_segments<R>>::map;

/// The maps of one stage for `lanes` lanes of a thread, lane by lane: of runs, and of steps that are
/// composed to one.
template <typename R, int stage, int lanes = R::shape.lanes>
using lane_maps = array<run_map<R, stage>, stage_numbers<R, stage>::count * lanes>;
template <typename R, int stage, int lanes = R::shape.lanes>
using step_maps = array<typename stage_numbers<R, stage>::map,
                        stage_numbers<R, stage>::count * lanes>;

/// Whether a run is composed as if the last segment that begins in it went on from the state before:
/// with which it begins is waited for when the run is closed. A later stage reads what those are.
template <typename R, int stage>
inline constexpr bool starts_when_closed = stage == 0 && thread::has_segment_starts<R>;

/// Composes the maps of step v of lane `l` onto `whole`, where those of its lane begin at `from`. Where
/// a segment begins, `whole` first makes the initial states, which `before` holds.
template <int stage, typename R, int N>
static __device__ __forceinline__ void
append_step(const R &recurrence, const typename R::lane &at, const typename R::tile &in, int l,
            int v, const typename R::states &now, const typename R::states &before,
            array<typename stage_numbers<R, stage>::map, N> &whole, int from) {
  const auto maps = recurrence.template prologue<stage>(at, in, l, v, now, before);
#pragma unroll
  for (int n = 0; n < stage_numbers<R, stage>::count; ++n) {
    if constexpr (thread::has_segments<R>)
      if (in.marks.begins(v)) {
        if constexpr (starts_when_closed<R, stage>)
          make_identity(whole[from + n]);
        else
          whole[from + n].bias = R::template state<stage>(before)[n];
      }
    whole[from + n] = compose(maps[n], whole[from + n]);
  }
}

/// The maps of a run of `active` steps of a tile, of which `whole` are the composed steps, for lanes
/// from `first_lane` on.
template <typename R, int stage, int lanes>
static __device__ __forceinline__ lane_maps<R, stage, lanes>
close_run(const typename R::tile &in, int active, const thread::segment_starts<R> &starts,
          int first_lane, const step_maps<R, stage, lanes> &whole) {
  if constexpr (thread::has_segments<R>) {
    constexpr int numbers = stage_numbers<R, stage>::count;
    lane_maps<R, stage, lanes> run;
    const bool drops = in.marks.any(0, active);
#pragma unroll
    for (int i = 0; i < numbers * lanes; ++i) {
      auto map = whole[i];
      if constexpr (starts_when_closed<R, stage>)
        if (drops)
          map.bias = apply(map, R::template state<stage>(
                                    starts.last_of(in, first_lane + i / numbers))[i % numbers]);
      run[i] = make_resettable(map, drops);
    }
    return run;
  } else {
    return whole;
  }
}

} // namespace scanc::device::kernel
