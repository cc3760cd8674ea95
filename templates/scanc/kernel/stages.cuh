//===- kernel/stages.cuh - Types of the maps of a stage -------------------===//
//
//   called by      kernels that compose maps, at compile time
//   result in      a type
//   shared memory  none
//   barriers       none
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/affine.cuh"

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

/// The maps of one stage for `lanes` lanes of a thread, lane by lane.
template <typename R, int stage, int lanes = R::shape.lanes>
using lane_maps = array<typename stage_numbers<R, stage>::map,
                        stage_numbers<R, stage>::count * lanes>;

} // namespace scanc::device::kernel
