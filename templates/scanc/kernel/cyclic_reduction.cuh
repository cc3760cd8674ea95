//===- kernel/cyclic_reduction.cuh - Blocks share a sequence of matrices --===//
//
//   called by      every thread of a grid of R::lanes() * max(1, ceildiv(steps, chunk)) blocks
//   result in      global memory; `flags` and `maps` are workspace, the first zero at launch and at
//                  its end
//   shared memory  grid::chunk_storage<R>, given by the caller
//   barriers       several per step, reached by every thread; waits for blocks that hold earlier
//                  chunks, which do not wait for this one
//
//   h[t] = A[t] h[t-1] + b[t] for states of 128 numbers at the most, reduced by two levels:
//
//     chunk     the maps of `chunk` steps become one: products on the tensor cores
//     group     the block that ends a group last makes one map of those of its `group` chunks
//     states    each block walks, from the last state that somebody has told, over the maps of
//               groups, then over those of the chunks of its own group: matrix times vector
//     steps     each block walks its own steps, whose matrices are read again: while it waits for
//               a state, where shared memory has room for them beside the maps of others (`told`)
//
//   Who has told a state is a matter of time, what the state is is not: everybody computes it by
//   the same operations, so results are bitwise repeatable.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/grid/matrix_chunks.cuh"

namespace scanc::device::kernel {

template <typename R>
using cyclic_reduction_storage = grid::chunk_storage<R>;

/// How many groups before `group` lie between it and the nearest one whose entering state is known;
/// their maps are there. Called by a whole warp.
static __device__ __forceinline__ int find_state(long long group, const uint32_t *state_flags,
                                                 const uint32_t *group_flags) {
  const long long mine = group - lane_index();
  while (true) {
    const bool known = mine == 0 || (mine > 0 && load_acquire(state_flags + mine) != 0);
    const bool ready =
        lane_index() == 0 || (mine >= 0 && load_acquire(group_flags + mine) != 0);
    const uint32_t known_by = ballot(known), ready_by = ballot(ready);
    int far = 0;
    while (far < 31 && !(known_by >> far & 1))
      ++far;
    const uint32_t needed = (2u << far) - 1;
    if ((known_by >> far & 1) && (ready_by & needed) == needed)
      return far;
  }
}

/// Walks to the state that enters a chunk: from the nearest one that somebody has told over the maps of
/// groups, then over those of the chunks before it in its own group. Left in `storage.entering`.
template <typename R>
static __device__ __forceinline__ void
walk_to_chunk(const R &recurrence, const typename R::lane &at, const grid::chunk_place<R> &mine,
              const grid::chunk_workspace<R> &space, grid::chunk_storage<R> &storage) {
  constexpr int width = block::dense_width<R>();
  uint32_t *const flags = space.entering_flags(mine.sequence);
  if (warp_index() == 0) {
    grid::await_nearer(mine, space);
    const int far = find_state(mine.group, flags, space.group_flags(mine.sequence));
    if (lane_index() == 0)
      shared_store(storage.far, far);
  }
  block_barrier();
  const int far = shared_load(storage.far);
  const long long from = mine.group - far;
  float *const states =
      reinterpret_cast<float *>(space.others()) + mine.sequence * space.groups * width;
  const bool tells = mine.place == 0 && far > 0;
  const grid::told_steps<R> before{recurrence,
                                   space.group_maps(mine.sequence) + from,
                                   space.chunk_maps(mine.sequence) + mine.group * R::shape.group,
                                   far,
                                   mine.place,
                                   from > 0 ? states + from * width : nullptr,
                                   storage.entering,
                                   tells ? states + mine.group * width : nullptr};
  unwatched nothing;
  dense_walk<grid::told_steps<R>>(before, at, storage.rings.told).run(nothing);
  block_barrier();
  if (tells && thread_index() == 0)
    grid::set_flag(flags + mine.group, storage);
}

template <typename R>
static __device__ __forceinline__ void cyclic_reduction(const R &recurrence,
                                                        unsigned char *flags, unsigned char *maps,
                                                        cyclic_reduction_storage<R> &given) {
  cyclic_reduction_storage<R> &storage = keep_address(given);
  const grid::chunk_workspace<R> space(recurrence, flags, maps);
  const grid::chunk_place<R> mine(space, storage);
  const typename R::lane at = recurrence.enter(mine.sequence);
  const grid::chunk_steps<R> own = mine.steps(recurrence, storage.entering);
  grid::tell_maps(recurrence, at, own, mine, space, storage);
  unwatched nothing;
  grid::walk_chunk<R>(
      at, own, space, storage, [&] { walk_to_chunk(recurrence, at, mine, space, storage); }, nothing);
}

} // namespace scanc::device::kernel
