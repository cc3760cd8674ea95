//===- kernel/dense_blelloch.cuh - Prefixes of a sequence of matrices -----===//
//
//   called by      every thread of a grid of R::lanes() * max(1, ceildiv(steps, chunk)) blocks
//   result in      global memory; `flags` and `maps` are workspace, the first zero at launch and at
//                  its end
//   shared memory  dense_blelloch_storage<R>, given by the caller
//   barriers       several per step, reached by every thread; waits for blocks that hold earlier
//                  chunks, which do not wait for this one
//
//   h[t] = A[t] h[t-1] + b[t] for states of 128 numbers at the most, as a work-efficient scan of the
//   maps of all steps, products of matrices at every level but the last:
//
//     up        the maps of chunks and of groups of them, as grid/matrix_chunks.cuh says
//     across    the block with the first chunk of a group makes the map of all time before the group,
//               from that of a group at most `span` before it and the maps of the groups between
//     down      each block makes the map of all time before its chunk
//     steps     each block applies it to the initial state and walks its own steps. With `prefixes`
//               it multiplies the matrices of its steps, too, and the map of all time up to each step
//               is left in the workspace: its matrix, as the state is its bias
//
//   Which maps are multiplied, in which order, is fixed, so results are bitwise repeatable.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/grid/matrix_chunks.cuh"

namespace scanc::device::kernel {

template <typename R>
using dense_blelloch_storage = grid::chunk_storage<R>;

/// 2^exponent * the matrix of all steps up to one, as the threads of a block hold the rows of its
/// transpose.
template <typename R>
struct step_prefix {
  static constexpr int width = block::dense_width<R>();
  alignas(128) row<uint32_t, 4> tiles[R::shape.terms][width / 16][2 * width];
  int exponents[width / 16]; ///< of each warp
};

/// Follows a walk, and leaves the prefix of each of its steps.
template <typename R>
struct prefix_chain {
  using rows_type = block::chain_rows<grid::chunk_steps<R>, R::shape.terms, true>;
  static constexpr bool watches = true, multiplies = rows_type::grouped;

  step_prefix<R> *to; ///< of the first step
  rows_type rows;

  __device__ __forceinline__ void operator()(long long step, const typename R::element *matrix) {
    rows.append(matrix);
#pragma unroll
    for (int term = 0; term < R::shape.terms; ++term)
#pragma unroll
      for (int k = 0; k < rows_type::tiles; ++k)
        store_global<4>(to[step].tiles[term][k][thread_index()].values, rows.left[term][k].words);
    if (lane_index() == 0)
      thread::write(to[step].exponents + warp_index(), rows.exponent);
  }
};

/// Makes the map of all time before a chunk, of which there is some, in `entering`: the maps of its
/// sequence's chunks.
template <typename R>
static __device__ __forceinline__ void
tell_entering(const R &recurrence, const typename R::lane &at, const grid::chunk_place<R> &mine,
              const grid::chunk_workspace<R> &space, grid::told_map<R> *entering,
              grid::chunk_storage<R> &storage) {
  constexpr long long members = R::shape.group, span = 16;
  uint32_t *const told = space.entering_flags(mine.sequence);
  // The map of all time before group `from`, then those of `count` groups, or of chunks of one.
  const bool leads = mine.place == 0;
  const long long from = leads ? (mine.group - 1) / span * span : mine.group;
  const int count = leads ? static_cast<int>(mine.group - from) : mine.place;
  if (warp_index() == 0) {
    const uint32_t *const flags = space.group_flags(mine.sequence) + from;
    if (leads)
      while (ballot(lane_index() >= count || load_acquire(flags + lane_index()) != 0) != ~0u) {
      }
    else
      grid::await_nearer(mine, space);
    if (from > 0)
      while (load_acquire(told + from) == 0) {
      }
  }
  block_barrier();
  const grid::told_map<R> *const maps = leads
                                            ? space.group_maps(mine.sequence) + from
                                            : space.chunk_maps(mine.sequence) + from * members;
  const grid::told_steps<R> before{recurrence, entering + from * members, maps, from > 0, count,
                                   nullptr,    nullptr,                   nullptr};
  grid::tell_product(before, at, storage.rings.told, storage, entering[mine.chunk]);
  if (leads && thread_index() == 0)
    grid::set_flag(told + mine.group, storage);
}

template <typename R>
static __device__ __forceinline__ void dense_blelloch(const R &recurrence, unsigned char *flags,
                                                      unsigned char *maps,
                                                      dense_blelloch_storage<R> &given) {
  dense_blelloch_storage<R> &storage = keep_address(given);
  const grid::chunk_workspace<R> space(recurrence, flags, maps);
  const grid::chunk_place<R> mine(space, storage);
  const typename R::lane at = recurrence.enter(mine.sequence);
  const grid::chunk_steps<R> own = mine.steps(recurrence, storage.entering);
  auto *const all = reinterpret_cast<grid::told_map<R> *>(space.others());
  auto *const entering = all + mine.sequence * space.chunks;
  grid::tell_maps(recurrence, at, own, mine, space, storage);
  unwatched nothing;
  const auto enter = [&] {
    if (mine.chunk > 0)
      tell_entering(recurrence, at, mine, space, entering, storage);
    const grid::told_steps<R> before{recurrence,      entering + mine.chunk, nullptr, mine.chunk > 0,
                                     0,               nullptr,               storage.entering,
                                     nullptr};
    dense_walk<grid::told_steps<R>>(before, at, storage.rings.told).run(nothing);
  };
  if constexpr (R::shape.prefixes) {
    prefix_chain<R> chain;
    chain.to = reinterpret_cast<step_prefix<R> *>(all + space.sequences * space.chunks) +
               mine.sequence * recurrence.steps() + mine.chunk * R::shape.chunk;
    const auto begin = [&] {
      enter();
      const auto &ring = storage.rings.told; // the map is in its first slot still
      if (mine.chunk > 0)
        chain.rows.begin_transposed(ring.matrices[0],
                                    grid::told_steps<R>::exponent(ring.inputs[0]));
      else
        chain.rows.begin_unit();
      block_barrier();
    };
    grid::walk_chunk<R>(at, own, space, storage, begin, chain);
  } else {
    grid::walk_chunk<R>(at, own, space, storage, enter, nothing);
  }
}

} // namespace scanc::device::kernel
