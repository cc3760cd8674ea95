//===- kernel/power_reduction.cuh - Blocks share time under one matrix ----===//
//
//   called by      every thread of a grid of R::lanes() * (1 + max(1, ceildiv(steps, chunk))) blocks of
//                  R::shape.threads threads
//   result in      global memory; `flags` and `scratch` are workspace, the first zero at launch and at
//                  its end
//   shared memory  power_reduction_storage<R>, given by the caller
//   barriers       several per step, reached by every thread; waits for blocks with smaller tickets,
//                  which do not wait for this one
//
//   h[t] = A h[t-1] + b[t] with one matrix A for all steps, of few long sequences, whose time blocks
//   share in chunks of C = R::shape.chunk steps, a power of two:
//
//     power     one block of a sequence squares A until it is A^C, while
//     ends      each block walks its chunk from nothing, and tells where that ends;
//     states    each block walks over the ends before its own, h[(c+1) C] = A^C h[c C] + end[c],
//     steps     and its own steps again, from the state that enters them.
//
//   Where A^C leaves the range of f32, blocks walk from the first step. Every sum has one order: results are
//   bitwise repeatable.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/matrix_power.cuh"
#include "scanc/kernel/dense_sequential.cuh"

namespace scanc::device::kernel {

/// Which part of a walk a block is at: what becomes of its states.
enum class walk_part { end, state, steps };

/// Some steps of a sequence.
template <typename R, walk_part part>
struct part_steps {
  static constexpr dense_policy shape = R::shape;
  static constexpr int size = R::size, input_copies = R::input_copies;
  static constexpr bool copies = false; ///< of the matrix, which threads keep
  using element = typename R::element;
  using lane = typename R::lane;
  using inputs = typename R::inputs;

  const R &whole;
  float *end;            ///< in global memory: the state after the last step
  float *entering;       ///< in shared memory: the state before the first step of a chunk
  long long first, count;
  bool last; ///< of its sequence

  __device__ __forceinline__ long long steps() const { return count; }
  __device__ __forceinline__ float initial(const lane &at, int i) const {
    if constexpr (part == walk_part::end)
      return 0.0f;
    else if constexpr (part == walk_part::state)
      return whole.initial(at, i);
    else
      return shared_load(entering[i]);
  }
  __device__ __forceinline__ float gain(const lane &at, int row, int column) const {
    return whole.gain(at, row, column);
  }
  __device__ __forceinline__ void fetch_inputs(inputs &to, const lane &at, long long step,
                                               int i) const {
    whole.fetch_inputs(to, at, first + step, i);
  }
  __device__ __forceinline__ float input(const inputs &from, const lane &at, long long step,
                                         int i) const {
    return whole.input(from, at, first + step, i);
  }
  __device__ __forceinline__ void store(const lane &at, long long step, int i, float h) const {
    if constexpr (part == walk_part::steps)
      whole.store(at, first + step, i, h);
  }
  __device__ __forceinline__ void finish(const lane &at, int i, float h) const {
    if constexpr (part == walk_part::end)
      thread::write(end + i, h);
    else if constexpr (part == walk_part::state)
      shared_store(entering[i], h);
    else if (last)
      whole.finish(at, i, h);
  }
};

/// The ends of the chunks before one, as steps.
template <typename R>
struct end_steps {
  static constexpr dense_policy shape = R::shape;
  static constexpr int size = R::size, width = block::dense_width<R>(), input_copies = width / 4;
  static constexpr bool copies = false;
  using element = typename R::element;
  using lane = typename R::lane;
  struct alignas(16) inputs {
    float end[width];
  };

  const R &whole;
  const float *power, *ends; ///< in global memory, rows of `width` numbers
  float *entering;           ///< in shared memory: what follows
  long long count;

  __device__ __forceinline__ long long steps() const { return count; }
  __device__ __forceinline__ float initial(const lane &at, int i) const {
    return whole.initial(at, i);
  }
  __device__ __forceinline__ float gain(const lane &, int row, int column) const {
    const auto pair = load_relaxed(
        reinterpret_cast<const device::row<float, 2> *>(power + row * width + column / 2 * 2));
    return column % 2 == 0 ? pair[0] : pair[1];
  }
  __device__ __forceinline__ void fetch_inputs(inputs &to, const lane &, long long step,
                                               int i) const {
    start_coherent_copy(to.end + 4 * i, ends + step * width + 4 * i);
  }
  __device__ __forceinline__ float input(const inputs &from, const lane &, long long, int i) const {
    return shared_load(from.end[i]);
  }
  __device__ __forceinline__ void store(const lane &, long long, int, float) const {}
  __device__ __forceinline__ void finish(const lane &, int i, float h) const {
    shared_store(entering[i], h);
  }
};

/// The workspace. Flags: a ticket and departures in a line, then for each sequence 1 + chunks words, the power's
/// first. Scratch: for each sequence the power and the ends of its chunks.
template <typename R>
struct power_workspace {
  static constexpr int width = block::dense_width<R>();
  /// What a power is: there, or there and beyond the range.
  static constexpr uint32_t in_range = 1, beyond = 2;
  unsigned char *flags, *scratch;
  long long sequences, chunks;

  __device__ __forceinline__ power_workspace(const R &recurrence, unsigned char *flags,
                                             unsigned char *scratch)
      : flags(flags), scratch(scratch), sequences(recurrence.lanes()),
        chunks((recurrence.steps() + R::shape.chunk - 1) / R::shape.chunk) {
    if (chunks == 0)
      chunks = 1;
  }
  __device__ __forceinline__ uint32_t *ticket() const {
    return reinterpret_cast<uint32_t *>(flags);
  }
  __device__ __forceinline__ uint32_t *departures() const { return ticket() + 1; }
  __device__ __forceinline__ uint32_t *flag_of_power(long long sequence) const {
    return reinterpret_cast<uint32_t *>(flags + 128) + sequence * (1 + chunks);
  }
  __device__ __forceinline__ uint32_t *flags_of_ends(long long sequence) const {
    return flag_of_power(sequence) + 1;
  }
  __device__ __forceinline__ float *power(long long sequence) const {
    return reinterpret_cast<float *>(scratch) + sequence * (width + chunks) * width;
  }
  __device__ __forceinline__ float *ends(long long sequence) const {
    return power(sequence) + width * width;
  }
};

template <typename R>
struct power_reduction_storage {
  static constexpr int width = block::dense_width<R>();
  union {
    block::matrix_squares<width> squares;
    block::panel_ring<part_steps<R, walk_part::end>> to_end;
    block::panel_ring<part_steps<R, walk_part::state>> to_state;
    block::panel_ring<end_steps<R>> over_ends;
    block::panel_ring<part_steps<R, walk_part::steps>> own;
  };
  alignas(16) float entering[width];
  uint32_t ticket, power; ///< the power as its flag says
  uint32_t beyond[R::shape.threads / 32]; ///< which threads of a warp met what is beyond the range
};

/// Tells the power of the matrix of a sequence.
template <typename R>
static __device__ __forceinline__ void tell_power(const R &recurrence, const typename R::lane &at,
                                                  long long sequence,
                                                  const power_workspace<R> &space,
                                                  power_reduction_storage<R> &storage) {
  constexpr int width = block::dense_width<R>(), threads = R::shape.threads;
  for (int i = thread_index(); i < width * width; i += threads) {
    const int row = i / width, column = i % width;
    shared_store(storage.squares.row_of(0, row)[column],
                 row < R::size && column < R::size ? recurrence.gain(at, row, column) : 0.0f);
  }
  block_barrier();
  int which = 0;
#pragma unroll 1
  for (int chunk = 1; chunk < R::shape.chunk; chunk *= 2) {
    block::square<width, threads>(storage.squares, which);
    which ^= 1;
  }
  bool beyond = false;
  for (int i = thread_index(); i < width * width; i += threads) {
    const float x = shared_load(storage.squares.row_of(which, i / width)[i % width]);
    thread::write(space.power(sequence) + i, x);
    beyond |= x - x != 0.0f; // infinite, or no number
  }
  const uint32_t met = ballot(beyond);
  if (lane_index() == 0)
    shared_store(storage.beyond[warp_index()], met);
  block_barrier();
  if (thread_index() == 0) {
    uint32_t any = 0;
#pragma unroll
    for (int warp = 0; warp < threads / 32; ++warp)
      any |= shared_load(storage.beyond[warp]);
    store_release(space.flag_of_power(sequence), any != 0 ? space.beyond : space.in_range);
  }
}

/// Waits for the power and for the ends before a chunk.
template <typename R>
static __device__ __forceinline__ void await_ends(long long sequence, long long chunk,
                                                  const power_workspace<R> &space,
                                                  power_reduction_storage<R> &storage) {
  if (warp_index() == 0) {
    const uint32_t *const flags = space.flag_of_power(sequence);
    for (long long i = lane_index(); i <= chunk; i += 32) {
      uint32_t flag;
      while ((flag = load_acquire(flags + i)) == 0) {
      }
      if (i == 0)
        shared_store(storage.power, flag);
    }
  }
  block_barrier();
}

/// The last block to depart leaves the flags as the launch has found them.
template <typename R>
static __device__ __forceinline__ void depart(const power_workspace<R> &space,
                                              power_reduction_storage<R> &storage) {
  block_barrier();
  if (thread_index() == 0)
    shared_store(storage.ticket, atomic_add(space.departures(), 1));
  block_barrier();
  const long long flags = space.sequences * (1 + space.chunks);
  if (shared_load(storage.ticket) + 1 != flags)
    return;
  for (long long i = thread_index(); i < flags; i += R::shape.threads)
    store_relaxed(space.flag_of_power(0) + i, 0u);
  if (thread_index() < 2)
    store_relaxed(space.ticket() + thread_index(), 0u);
}

template <typename R>
static __device__ __forceinline__ void power_reduction(const R &recurrence, unsigned char *flags,
                                                       unsigned char *scratch,
                                                       power_reduction_storage<R> &given) {
  static_assert(block::dense_rows_in<R>() == block::rows_in::kept_registers, "of all steps");
  power_reduction_storage<R> &storage = keep_address(given);
  const power_workspace<R> space(recurrence, flags, scratch);
  if (thread_index() == 0)
    shared_store(storage.ticket, add_relaxed(space.ticket(), 1));
  block_barrier();
  const long long ticket = shared_load(storage.ticket);
  const long long sequence = ticket % space.sequences, chunk = ticket / space.sequences - 1;
  const typename R::lane at = recurrence.enter(sequence);
  unwatched nothing;
  if (chunk < 0) {
    tell_power(recurrence, at, sequence, space, storage);
    depart(space, storage);
    return;
  }
  const long long first = chunk * R::shape.chunk, left = recurrence.steps() - first;
  const long long count = left < R::shape.chunk ? left : R::shape.chunk;
  const bool last = chunk + 1 == space.chunks;
  float *const end = space.ends(sequence) + chunk * space.width, *const entering = storage.entering;
  if (!last) {
    const part_steps<R, walk_part::end> steps{recurrence, end, nullptr, first, count, false};
    dense_walk<part_steps<R, walk_part::end>>(steps, at, storage.to_end).run(nothing);
    for (int i = R::size + thread_index(); i < space.width; i += R::shape.threads)
      thread::write(end + i, 0.0f); // copied with the others
    block_barrier();
    if (thread_index() == 0)
      store_release(space.flags_of_ends(sequence) + chunk, 1);
  }
  await_ends(sequence, chunk, space, storage);
  if (shared_load(storage.power) == space.in_range) {
    const end_steps<R> ends{recurrence, space.power(sequence), space.ends(sequence), entering, chunk};
    dense_walk<end_steps<R>>(ends, at, storage.over_ends).run(nothing);
  } else {
    const part_steps<R, walk_part::state> before{recurrence, nullptr, entering, 0, first, false};
    dense_walk<part_steps<R, walk_part::state>>(before, at, storage.to_state).run(nothing);
  }
  depart(space, storage);
  const part_steps<R, walk_part::steps> own{recurrence, nullptr, entering, first, count, last};
  dense_walk<part_steps<R, walk_part::steps>>(own, at, storage.own).run(nothing);
}

} // namespace scanc::device::kernel
