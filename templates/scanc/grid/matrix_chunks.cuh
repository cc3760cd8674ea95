//===- grid/matrix_chunks.cuh - Maps of chunks of time, between blocks ----===//
//
//   called by      every thread of a block of 2 * dense_width<R> threads, unless it says otherwise
//   result in      the workspace, whose flags are zero at launch and at its end, for blocks with
//                  later chunks
//   shared memory  chunk_storage<R>, given by the caller
//   barriers       several per step, reached by every thread; waits for blocks that hold earlier
//                  chunks, which do not wait for this one
//
//   h[t] = A[t] h[t-1] + b[t] of few long sequences, whose time blocks share in chunks of
//   R::shape.chunk steps. The map of a chunk is a product on the tensor cores; the block that ends a
//   group of R::shape.group chunks last multiplies those. A product is kept in `terms` elements of
//   the type of the matrices: the second has the bits that the first rounds away.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/matrix_chain.cuh"
#include "scanc/kernel/dense_sequential.cuh"
#include "scanc/thread/access.cuh"

namespace scanc::device::grid {


/// A run of steps as one map, 2^exponent * matrix and bias, as blocks tell it to each other.
template <typename R>
struct told_map {
  static constexpr int width = block::dense_width<R>();
  alignas(128) typename R::element matrix[R::shape.terms * width * width]; ///< below each other
  float bias[width];
  int exponent[4]; ///< four times the same, as 16 bytes are copied
};

/// The workspace: counters and flags, and the maps that they speak of. Sequence after sequence in
/// each part; what a kernel tells beside them follows at `others`.
template <typename R>
struct chunk_workspace {
  static constexpr int width = block::dense_width<R>();
  unsigned char *flags, *maps;
  long long sequences, chunks, groups;

  __device__ __forceinline__ chunk_workspace(const R &recurrence, unsigned char *flags,
                                              unsigned char *maps)
      : flags(flags), maps(maps), sequences(recurrence.lanes()),
        chunks((recurrence.steps() + R::shape.chunk - 1) / R::shape.chunk),
        groups((chunks + R::shape.group - 1) / R::shape.group) {}

  __device__ __forceinline__ uint32_t *ticket() const {
    return reinterpret_cast<uint32_t *>(flags);
  }
  /// How many blocks ask for nothing any more.
  __device__ __forceinline__ uint32_t *departures() const { return ticket() + 1; }
  /// Bit i: the map of chunk i of the group is there.
  __device__ __forceinline__ uint32_t *arrivals(long long sequence) const {
    return reinterpret_cast<uint32_t *>(flags + 128) + sequence * groups;
  }
  /// 1: the map of the group is there.
  __device__ __forceinline__ uint32_t *group_flags(long long sequence) const {
    return R::shape.group == 1 ? arrivals(sequence) : arrivals(sequence) + sequences * groups;
  }
  /// 1: what enters the group is there.
  __device__ __forceinline__ uint32_t *entering_flags(long long sequence) const {
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
  __device__ __forceinline__ unsigned char *others() const {
    return reinterpret_cast<unsigned char *>(chunk_maps(sequences) + sequences * groups);
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
  __device__ __forceinline__ auto row_at(const lane &at, long long step, int i) const
    requires requires { whole.row_at(at, step, i); }
  {
    return whole.row_at(at, first + step, i);
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
  static constexpr int shared = R::shape.ring / R::shape.terms,
                       slots = R::shape.told > 0 ? R::shape.told : shared < 3 ? 3 : shared;
  static constexpr dense_policy shape = with_ring(R::shape, slots, R::shape.terms);
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
    const auto *first = step < far ? first_far : first_near - far;
    return first[step];
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

/// Beside each other, or one after the other.
template <typename R, bool beside>
struct two_rings {
  block::panel_ring<chunk_steps<R>> own;
  block::panel_ring<told_steps<R>> told;
};
template <typename R>
struct two_rings<R, false> {
  union {
    block::panel_ring<chunk_steps<R>> own;
    block::panel_ring<told_steps<R>> told;
  };
};

template <typename R>
struct chunk_storage {
  static constexpr int width = block::dense_width<R>();
  two_rings<R, (R::shape.told > 0)> rings;
  float entering[width];
  int exponents[width / 16];
  int far; ///< groups whose maps a block applies
  uint32_t ticket;
  bool ends_group;
  bool has_set_flags; ///< the first thread's own
  typename block::whole_matrices<chunk_steps<R>>::storage_type whole;
};

/// Says that what this block has written is there. Called by the first thread.
template <typename R>
static __device__ __forceinline__ void set_flag(uint32_t *flag, chunk_storage<R> &storage) {
  store_release(flag, 1);
  shared_store(storage.has_set_flags, true);
}

/// The product of a run of maps, told to other blocks in `to` after the next release.
template <typename S, typename R>
static __device__ __forceinline__ void tell_product(const S &run, const typename R::lane &at,
                                                    block::panel_ring<S> &ring,
                                                    chunk_storage<R> &storage, told_map<R> &to) {
  constexpr int terms = R::shape.terms;
  using rows_type = block::chain_rows<S, terms>;
  rows_type rows;
  block::matrix_chain(run, at, ring, block::whole_matrices<S>(run, at, storage, to.matrix), rows);
  rows.agree(storage.exponents);
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

/// The chunk that a block takes. Chunks are taken in the order in which blocks begin, those that are
/// waited for first.
template <typename R>
struct chunk_place {
  long long sequence, chunk, group;
  int place; ///< in its group
  bool last; ///< of its sequence

  __device__ __forceinline__ chunk_place(const chunk_workspace<R> &space,
                                         chunk_storage<R> &storage) {
    if (thread_index() == 0) {
      shared_store(storage.ticket, add_relaxed(space.ticket(), 1));
      shared_store(storage.has_set_flags, false);
    }
    block_barrier();
    const long long ticket = shared_load(storage.ticket);
    chunk = ticket / space.sequences;
    sequence = ticket % space.sequences;
    group = chunk / R::shape.group;
    place = static_cast<int>(chunk % R::shape.group);
    last = chunk + 1 >= space.chunks;
  }

  __device__ __forceinline__ chunk_steps<R> steps(const R &recurrence,
                                                  const float *entering) const {
    const long long first = chunk * R::shape.chunk, left = recurrence.steps() - first;
    return {recurrence, entering, first,
            left < R::shape.chunk ? static_cast<int>(left) : R::shape.chunk, last};
  }
};

/// Tells the map of a chunk, unless it is the last one, and by the block that ends a group the map of
/// the group.
template <typename R>
static __device__ __forceinline__ void
tell_maps(const R &recurrence, const typename R::lane &at, const chunk_steps<R> &own,
          const chunk_place<R> &mine, const chunk_workspace<R> &space, chunk_storage<R> &storage) {
  constexpr int members = R::shape.group;
  static_assert(members <= 31, "a word has a bit for each chunk of a group");
  if (mine.last)
    return;
  tell_product(own, at, storage.rings.own, storage,
               space.chunk_maps(mine.sequence)[mine.chunk]);
  if (thread_index() == 0) {
    const uint32_t bit = 1u << mine.place;
    const uint32_t others = atomic_add(space.arrivals(mine.sequence) + mine.group, bit);
    shared_store(storage.ends_group, (others | bit) == (2u << (members - 1)) - 1);
  }
  block_barrier();
  if (members > 1 && shared_load(storage.ends_group)) {
    const told_map<R> *const first = space.chunk_maps(mine.sequence) + mine.group * members;
    const told_steps<R> all{recurrence, nullptr, first, 0, members, nullptr, nullptr, nullptr};
    tell_product(all, at, storage.rings.told, storage,
                 space.group_maps(mine.sequence)[mine.group]);
    if (thread_index() == 0)
      set_flag(space.group_flags(mine.sequence) + mine.group, storage);
  }
}

/// Waits for the maps of the chunks before a block's own in its group. Called by a whole warp.
template <typename R>
static __device__ __forceinline__ void await_nearer(const chunk_place<R> &mine,
                                                    const chunk_workspace<R> &space) {
  const uint32_t nearer = (1u << mine.place) - 1;
  if (nearer != 0)
    while ((load_acquire(space.arrivals(mine.sequence) + mine.group) & nearer) != nearer) {
    }
}

/// Says that a block asks for nothing that others tell any more, and tells nothing: how many blocks
/// have said so before, in the first thread. The others' asking has ended by then; that this block's
/// flags have come before whoever clears them, a release says.
template <typename R>
static __device__ __forceinline__ uint32_t depart(const chunk_workspace<R> &space,
                                                  const chunk_storage<R> &storage) {
  if (thread_index() != 0)
    return 0;
  return shared_load(storage.has_set_flags) ? atomic_add(space.departures(), 1)
                                            : add_relaxed(space.departures(), 1);
}

/// The last block to depart leaves the flags as the launch has found them.
template <typename R>
static __device__ __forceinline__ void restore_flags(const chunk_workspace<R> &space,
                                                     uint32_t departed) {
  if (warp_index() != 0)
    return;
  const long long chunks = space.chunks > 0 ? space.chunks : 1;
  if (shuffle(departed, 0) + 1 != space.sequences * chunks)
    return;
  for (long long i = lane_index(); i < 3 * space.sequences * space.groups; i += 32)
    store_relaxed(space.arrivals(0) + i, 0u);
  if (lane_index() < 2)
    store_relaxed(space.ticket() + lane_index(), 0u); // and the departures
}

/// Walks a block's own steps behind `enter`, which leaves the state before them in `storage.entering`:
/// they are on their way meanwhile where shared memory has room for them beside the maps of others.
/// `also` is called with each matrix. Flags are not asked behind `enter`.
template <typename R, typename E, typename F>
static __device__ __forceinline__ void
walk_chunk(const typename R::lane &at, const chunk_steps<R> &own, const chunk_workspace<R> &space,
           chunk_storage<R> &storage, E enter, F &also) {
  uint32_t departed;
  if constexpr (R::shape.told > 0) {
    kernel::dense_walk<chunk_steps<R>> walk(own, at, storage.rings.own);
    enter();
    departed = depart(space, storage);
    walk.run(also);
  } else {
    enter();
    departed = depart(space, storage);
    kernel::dense_walk<chunk_steps<R>>(own, at, storage.rings.own).run(also);
  }
  restore_flags(space, departed);
}

} // namespace scanc::device::grid
