//===- kernel/dense_columns.cuh - Warps walk columns that share a matrix ----===//
//
//   called by      every thread of a grid of R::sequences() * ceil(R::columns() / R::shape.columns)
//                  blocks of R::shape.threads() threads
//   result in      global memory
//   shared memory  dense_columns_storage<R>, given by the caller
//   barriers       one per `steps` steps, reached by every thread; one of a warp per step
//
//   S[t] = A[t] S[t-1] + B[t], S of R::size rows. A column is walked by `parts` threads of a warp, which
//   share its rows. Matrices come through a ring, `steps` at a time; inputs of `steps` steps wait in
//   registers while those of the next are on their way, or come through the ring where they are `staged`.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/matrix_ring.cuh"
#include "scanc/core/complex.cuh"
#include "scanc/warp/columns.cuh"
// What recurrences call.
#include "scanc/thread/access.cuh"
#include "scanc/thread/activation.cuh"

namespace scanc::device::kernel {

/// Matrices on their way, inputs where they are staged, and what columns tell each other.
template <typename R>
struct dense_columns_storage {
  using walk_type = typename warp::walk_of<R>::type;
  static constexpr int rows = walk_type::rows; ///< of a thread
  block::matrix_slots<R, rows * R::shape.parts, walk_type::pitch> matrices;
  typename walk_type::storage_type columns;
  static constexpr bool staged = R::shape.staged;
  float inputs[staged ? R::shape.ring : 1][staged ? rows : 1][staged ? R::shape.threads() : 1];
};

/// Streams time through the columns of a block. Threads past the last column repeat its work and store
/// nothing.
template <typename R>
static __device__ __forceinline__ void dense_columns(const R &recurrence,
                                                     dense_columns_storage<R> &given) {
  using walk_type = typename warp::walk_of<R>::type;
  constexpr int columns = R::shape.columns, steps = R::shape.steps, rows = walk_type::rows;
  constexpr bool staged = R::shape.staged;
  dense_columns_storage<R> &storage = keep_address(given);
  const long long chunks = (recurrence.columns() + columns - 1) / columns;
  const long long sequence = block_index() / chunks;
  const long long column = block_index() % chunks * columns + thread_index() / R::shape.parts;
  const bool exists = recurrence.columns() % columns == 0 || column < recurrence.columns();
  const typename R::lane at = recurrence.enter(sequence * recurrence.columns() +
                                               (exists ? column : recurrence.columns() - 1));
  // What is added in a step, by way of registers or of cells that each thread copies for itself.
  auto read = [&](float (&inputs)[rows], long long step) {
#pragma unroll
    for (int r = 0; r < rows; ++r)
      inputs[r] = walk_type::has(r) ? recurrence.input(at, step, walk_type::row_of(r)) : 0.0f;
  };
  auto stage = [&](long long step, int slot) {
    if constexpr (staged)
#pragma unroll
      for (int r = 0; r < rows; ++r)
        if (walk_type::has(r))
          recurrence.fetch_input(&storage.inputs[slot][r][thread_index()], at, step, walk_type::row_of(r));
  };
  auto read_staged = [&](float (&inputs)[rows], int slot) {
#pragma unroll
    for (int r = 0; r < rows; ++r)
      inputs[r] = walk_type::has(r) ? shared_load(storage.inputs[slot][r][thread_index()]) : 0.0f;
  };
  // Not known to the compiler: the branches on it keep loads before the steps during which they come.
  long long end = recurrence.steps();
  forget(end);
  auto read_group = [&](float (&inputs)[steps][rows], long long first) {
    if (first + steps <= end) {
#pragma unroll
      for (int k = 0; k < steps; ++k)
        read(inputs[k], first + k);
    } else {
#pragma unroll
      for (int k = 0; k < steps; ++k)
        if (first + k < end)
          read(inputs[k], first + k);
    }
  };
  walk_type walk(recurrence, at, exists, storage.columns);
  block::matrix_ring<R, rows * R::shape.parts, walk_type::pitch, decltype(stage)> ring(
      recurrence, at, storage.matrices, stage);
  float inputs[steps][rows] = {};
  if constexpr (!staged)
    read_group(inputs, 0);
  // All inputs of a group of steps are asked for at once: a wait for the oldest of several loads is a
  // wait for all of them.
#pragma unroll 1
  for (long long first = 0; first < end; first += steps) {
    const int slot = ring.take(first);
    const auto *matrices = &storage.matrices.at[slot];
    float next[steps][rows] = {};
    if constexpr (!staged)
      read_group(next, first + steps);
    typename walk_type::factors ahead;
    walk.take(ahead, matrices[0]);
    const int before = steps % 2 == 0 ? 0 : static_cast<int>(first / steps % 2);
    auto advance = [&](int k, bool last, const float (&input)[rows]) {
      walk.advance(first + k, before ^ (k % 2), ahead, matrices[k], matrices[last ? k : k + 1], input);
    };
    if (first + steps <= end) {
#pragma unroll
      for (int k = 0; k < steps; ++k) {
        if constexpr (staged)
          read_staged(inputs[k], slot + k);
        advance(k, k + 1 == steps, inputs[k]);
      }
    } else { // in little text, what is added read again: the registers of a step have no index
#pragma unroll 1
      for (int k = 0; first + k < end; ++k) {
        float input[rows];
        if constexpr (staged)
          read_staged(input, slot + k);
        else
          read(input, first + k);
        advance(k, first + k + 1 == end, input);
      }
    }
    if constexpr (!staged)
#pragma unroll
      for (int k = 0; k < steps; ++k)
#pragma unroll
        for (int r = 0; r < rows; ++r)
          inputs[k][r] = next[k][r];
  }
  walk.finish();
}

} // namespace scanc::device::kernel
