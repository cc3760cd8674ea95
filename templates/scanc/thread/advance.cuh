//===- thread/advance.cuh - One step of one lane --------------------------===//
//
//   called by      one thread
//   result in      the caller
//   shared memory  none
//   barriers       none
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/affine.cuh"

namespace scanc::device::thread {

/// Advances the states of lane `l` by step `v` of a tile, those of the stages before `upto`, one by
/// one: a later stage may read what an earlier one has just become. `now` enters equal to `before`.
template <int upto, int stage = 0, typename R>
static __device__ __forceinline__ void advance(const R &recurrence, const typename R::lane &at,
                                               const typename R::tile &in, int l, int v,
                                               typename R::states &now,
                                               const typename R::states &before) {
  if constexpr (stage < upto) {
    const auto maps = recurrence.template prologue<stage>(at, in, l, v, now, before);
    R::template state<stage>(now) = apply<extent::step>(maps, R::template state<stage>(before));
    advance<upto, stage + 1>(recurrence, at, in, l, v, now, before);
  }
}

} // namespace scanc::device::thread
