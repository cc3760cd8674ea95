//===- kernel/cyclic_reduction.cuh - Blocks share a sequence of matrices --===//
//
//   called by      every thread of a grid of R::lanes() * max(1, ceildiv(steps, chunk)) blocks
//   result in      global memory; `flags` and `maps` are workspace, the first zero at launch
//   shared memory  cyclic_reduction_storage<R>, given by the caller
//   barriers       several per step, reached by every thread; waits for blocks that hold earlier
//                  chunks, which do not wait for this one
//
//   h[t] = A[t] h[t-1] + b[t] for states of 128 numbers at the most, reduced by two levels:
//
//     chunk     the maps of `chunk` steps become one: products on the tensor cores
//     group     the block that ends a group last makes one map of those of its `group` chunks
//     states    each block walks, from the last state that somebody has told, over the maps of
//               groups, then over those of the chunks of its own group: matrix times vector
//     steps     each block walks its own steps, whose matrices are read again
//
//   Who has told a state is a matter of time, what the state is is not: everybody computes it by
//   the same operations, so results are bitwise repeatable. A product is kept in `terms` elements of
//   the type of the matrices: the second has the bits that the first rounds away.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/matrix_chain.cuh"
#include "scanc/kernel/dense_sequential.cuh"
#include "scanc/thread/access.cuh"

namespace scanc::device::kernel {

/// A run of steps as one map, 2^exponent * matrix and bias, as blocks tell it to each other.
template <typename R>
struct told_map {
  static constexpr int width = block::dense_width<R>();
  alignas(128) typename R::element matrix[R::shape.terms * width * width]; ///< below each other
  float bias[width];
  int exponent[4]; ///< four times the same, as 16 bytes are copied
};

/// The workspace: counters and flags, and the maps and states that they speak of. Sequence after
/// sequence in each part.
template <typename R>
struct cyclic_workspace {
  static constexpr int width = block::dense_width<R>();
  unsigned char *flags, *maps;
  long long sequences, chunks, groups;

  __device__ __forceinline__ cyclic_workspace(const R &recurrence, unsigned char *flags,
                                              unsigned char *maps)
      : flags(flags), maps(maps), sequences(recurrence.lanes()),
        chunks((recurrence.steps() + R::shape.chunk - 1) / R::shape.chunk),
        groups((chunks + R::shape.group - 1) / R::shape.group) {}

  __device__ __forceinline__ uint32_t *ticket() const {
    return reinterpret_cast<uint32_t *>(flags);
  }
  /// Bit i: the map of chunk i of the group is there.
  __device__ __forceinline__ uint32_t *arrivals(long long sequence) const {
    return reinterpret_cast<uint32_t *>(flags + 128) + sequence * groups;
  }
  /// 1: the map of the group is there.
  __device__ __forceinline__ uint32_t *group_flags(long long sequence) const {
    return R::shape.group == 1 ? arrivals(sequence) : arrivals(sequence) + sequences * groups;
  }
  /// 1: the state that enters the group is there.
  __device__ __forceinline__ uint32_t *state_flags(long long sequence) const {
    return arrivals(sequence) + 2 * sequences * groups;
  }
  __device__ __forceinline__ told_map<R> *chunk_maps(long long sequence) const {
    return reinterpret_cast<told_map<R> *>(maps) + sequence * chunks;
  }
  __device__ __forceinline__ told_map<R> *group_maps(long long sequence) const {
    if constexpr (R::shape.group == 1)
      return chunk_maps(sequence);
    return chunk_maps(sequences) + sequence * groups;
  }
  __device__ __forceinline__ float *states(long long sequence) const {
    return reinterpret_cast<float *>(chunk_maps(sequences) + sequences * groups) +
           sequence * groups * width;
  }
};

/// The policy of a part of the kernel: what a ring holds differs, not who does what.
static constexpr dense_policy with_ring(dense_policy policy, int ring, int terms) {
  policy.ring = ring;
  policy.terms = terms;
  return policy;
}

/// The steps of one chunk of a sequence.
template <typename R>
struct chunk_steps {
  static constexpr dense_policy shape = with_ring(R::shape, R::shape.ring, 1);
  static constexpr int size = R::size, input_copies = R::input_copies;
  static constexpr bool copies = R::copies;
  using element = typename R::element;
  using lane = typename R::lane;
  using inputs = typename R::inputs;

  const R &whole;
  const float *entering; ///< the state before the first step, in shared memory
  long long first;
  int count;
  bool last; ///< of its sequence

  __device__ __forceinline__ long long steps() const { return count; }
  __device__ __forceinline__ float initial(const lane &, int i) const {
    return shared_load(entering[i]);
  }
  __device__ __forceinline__ void fetch(element *to, const lane &at, long long step, int i,
                                        int j) const {
    whole.fetch(to, at, first + step, i, j);
  }
  __device__ __forceinline__ void fetch_inputs(inputs &to, const lane &at, long long step,
                                               int i) const {
    whole.fetch_inputs(to, at, first + step, i);
  }
  __device__ __forceinline__ float input(const inputs &from, const lane &at, long long step,
                                         int i) const {
    return whole.input(from, at, first + step, i);
  }
  static __device__ __forceinline__ int exponent(const inputs &) { return 0; }
  __device__ __forceinline__ void store(const lane &at, long long step, int i, float h) const {
    whole.store(at, first + step, i, h);
  }
  __device__ __forceinline__ void finish(const lane &at, int i, float h) const {
    if (last)
      whole.finish(at, i, h);
  }
};

/// Maps that other blocks have told, as steps: `near` many at `first_near`, after `far` many at
/// `first_far`.
template <typename R>
struct told_steps {
  static constexpr int slots = R::shape.ring / R::shape.terms;
  static constexpr dense_policy shape =
      with_ring(R::shape, slots < 3 ? 3 : slots, R::shape.terms);
  static constexpr int size = R::size, input_copies = block::dense_width<R>() / 4 + 1;
  static constexpr bool copies = true;
  using element = typename R::element;
  using lane = typename R::lane;
  struct alignas(16) inputs {
    float bias[block::dense_width<R>()];
    int exponent[4];
  };

  const R &whole;
  const told_map<R> *first_far, *first_near;
  int far, near;
  const float *told;  ///< the state before the first map; null before the first step
  float *entering;    ///< the state after the last one, in shared memory
  float *tell;        ///< the same in global memory, or null

  __device__ __forceinline__ long long steps() const { return far + near; }
  __device__ __forceinline__ const told_map<R> &map(long long step) const {
    return step < far ? first_far[step] : first_near[step - far];
  }
  __device__ __forceinline__ float initial(const lane &at, int i) const {
    if (!told)
      return whole.initial(at, i);
    const auto pair = load_relaxed(reinterpret_cast<const row<float, 2> *>(told) + i / 2);
    return i % 2 ? pair[1] : pair[0];
  }
  __device__ __forceinline__ void fetch(element *to, const lane &, long long step, int i,
                                        int j) const {
    start_coherent_copy(to, map(step).matrix + i * block::dense_width<R>() + j);
  }
  __device__ __forceinline__ void fetch_inputs(inputs &to, const lane &, long long step,
                                               int i) const {
    start_coherent_copy(to.bias + 4 * i, map(step).bias + 4 * i);
  }
  static __device__ __forceinline__ int exponent(const inputs &from) {
    return shared_load(from.exponent[0]);
  }
  __device__ __forceinline__ block::scaled_bias input(const inputs &from, const lane &, long long,
                                               int i) const {
    return {block::make_scale(exponent(from)), shared_load(from.bias[i])};
  }
  __device__ __forceinline__ void store(const lane &, long long, int, float) const {}
  __device__ __forceinline__ void finish(const lane &, int i, float h) const {
    shared_store(entering[i], h);
    if (!tell)
      return;
    thread::write(tell + i, h);
    if (R::size % 2 != 0 && i + 1 == R::size) // states are read in pairs
      thread::write(tell + i + 1, 0.0f);
  }
};

template <typename R>
struct cyclic_reduction_storage {
  static constexpr int width = block::dense_width<R>();
  union { // one after the other
    block::panel_ring<chunk_steps<R>> own;
    block::panel_ring<told_steps<R>> told;
  } rings;
  float entering[width];
  int exponents[width / 16];
  int far; ///< groups whose maps a block applies
  uint32_t ticket;
  bool ends_group;
};

/// The product of a run of maps, told to other blocks in `to` after the next release.
template <typename S, typename R>
static __device__ __forceinline__ void tell_product(const S &run, const typename R::lane &at,
                                                    block::panel_ring<S> &ring, int *exponents,
                                                    told_map<R> &to) {
  constexpr int terms = R::shape.terms;
  using rows_type = block::chain_rows<S, terms>;
  rows_type rows;
  block::matrix_chain(run, at, ring, rows);
  rows.agree(exponents);
#pragma unroll
  for (int term = 0; term < terms; ++term)
#pragma unroll
    for (int k = 0; k < rows_type::tiles; ++k)
#pragma unroll
      for (int i = 0; i < 4; ++i)
        store_global<1>(reinterpret_cast<uint32_t *>(
                            to.matrix +
                            (term * rows_type::width + rows.row_of(i % 2)) * rows_type::width +
                            k * 16 + i / 2 * 8 + warp::sum_column(0)),
                        {rows.left[term][k].words[i]});
  if (lane_index() % 4 == 0)
#pragma unroll
    for (int i = 0; i < 2; ++i)
      thread::write(to.bias + rows.row_of(i), rows.bias[i]);
  if (thread_index() < 4)
    thread::write(to.exponent + thread_index(), rows.exponent);
  block_barrier();
}

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

template <typename R>
static __device__ __forceinline__ void cyclic_reduction(const R &recurrence,
                                                        unsigned char *flags, unsigned char *maps,
                                                        cyclic_reduction_storage<R> &given) {
  static_assert(R::shape.group <= 31, "a word has a bit for each chunk of a group");
  constexpr int members = R::shape.group, width = cyclic_reduction_storage<R>::width;
  cyclic_reduction_storage<R> &storage = keep_address(given);
  const cyclic_workspace<R> space(recurrence, flags, maps);
  // Chunks are taken in the order in which blocks begin, those that are waited for first.
  if (thread_index() == 0)
    shared_store(storage.ticket, add_relaxed(space.ticket(), 1));
  block_barrier();
  const long long ticket = shared_load(storage.ticket);
  const long long chunk = ticket / space.sequences, sequence = ticket % space.sequences;
  const long long group = chunk / members;
  const int place = static_cast<int>(chunk % members);
  const long long first = chunk * R::shape.chunk, left = recurrence.steps() - first;
  const bool last = chunk + 1 >= space.chunks;
  const typename R::lane at = recurrence.enter(sequence);
  const chunk_steps<R> own{recurrence, storage.entering, first,
                             left < R::shape.chunk ? static_cast<int>(left) : R::shape.chunk,
                             last};

  const told_map<R> *const members_maps = space.chunk_maps(sequence) + group * members;
  if (!last) {
    tell_product(own, at, storage.rings.own, storage.exponents,
                 space.chunk_maps(sequence)[chunk]);
    if (thread_index() == 0) {
      const uint32_t others = atomic_add(space.arrivals(sequence) + group, 1u << place);
      shared_store(storage.ends_group, (others | 1u << place) == (2u << (members - 1)) - 1);
    }
    block_barrier();
    if (members > 1 && shared_load(storage.ends_group)) {
      const told_steps<R> all{recurrence, nullptr, members_maps, 0,      members,
                              nullptr,    nullptr, nullptr};
      tell_product(all, at, storage.rings.told, storage.exponents,
                   space.group_maps(sequence)[group]);
      if (thread_index() == 0)
        store_release(space.group_flags(sequence) + group, 1);
    }
  }

  if (warp_index() == 0) {
    const uint32_t nearer = (1u << place) - 1;
    if (nearer != 0)
      while ((load_acquire(space.arrivals(sequence) + group) & nearer) != nearer) {
      }
    const int far =
        find_state(group, space.state_flags(sequence), space.group_flags(sequence));
    if (lane_index() == 0)
      shared_store(storage.far, far);
  }
  block_barrier();
  const int far = shared_load(storage.far);
  const long long from = group - far;
  float *const states = space.states(sequence);
  const bool tells = place == 0 && far > 0;
  const told_steps<R> before{recurrence,
                             space.group_maps(sequence) + from,
                             members_maps,
                             far,
                             place,
                             from > 0 ? states + from * width : nullptr,
                             storage.entering,
                             tells ? states + group * width : nullptr};
  walk_steps<false>(before, at, storage.rings.told);
  block_barrier();
  if (tells && thread_index() == 0)
    store_release(space.state_flags(sequence) + group, 1);
  walk_steps<true>(own, at, storage.rings.own);
}

} // namespace scanc::device::kernel
