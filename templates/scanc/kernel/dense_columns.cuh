//===- kernel/dense_columns.cuh - A block walks columns that share a matrix ----===//
//
//   called by      every thread of a grid of R::sequences() * ceil(R::columns() / R::shape.columns)
//                  blocks of R::shape.threads() threads
//   result in      global memory
//   shared memory  dense_columns_storage<R>, given by the caller
//   barriers       one per step, reached by every thread
//
//   S[t] = A[t] S[t-1] + B[t], S of R::size rows. Matrices are on their way `ring - 1` steps ahead, and
//   are read by all columns of the block; inputs wait in registers, those of the next `steps` steps on
//   their way. A column is walked by `parts` threads, each with a run of its rows; they exchange them
//   through shared memory.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/dense_panel.cuh"
#include "scanc/core/complex.cuh"
#include "scanc/core/policy.cuh"
// What recurrences call.
#include "scanc/thread/access.cuh"
#include "scanc/thread/activation.cuh"

namespace scanc::device::kernel {

/// Matrices on their way, and two states of the block's columns: one is read while the other is written.
template <typename R>
struct dense_columns_storage {
  static constexpr int rows = (R::size + R::shape.parts - 1) / R::shape.parts; ///< of a thread
  static constexpr int width = block::dense_width<R>();
  static constexpr int height = width + 4; ///< so that 8 columns begin in different banks
  struct slot {
    alignas(128) typename R::element matrix[rows * R::shape.parts * width];
  };
  slot slots[R::shape.ring];
  alignas(16) float states[R::shape.parts > 1 ? 2 : 1][R::shape.parts > 1 ? R::shape.columns : 1]
                          [height];
};

/// Some rows of a column, from its first step to its last.
template <typename R>
class column_walk {
public:
  using storage_type = dense_columns_storage<R>;
  static constexpr columns_policy shape = R::shape;
  static constexpr int rows = storage_type::rows;
  static_assert(shape.ring >= 2, "a matrix is in use while the next one comes");
  static_assert(rows * shape.parts <= storage_type::width, "a column has room for all parts");

  __device__ __forceinline__ column_walk(const R &recurrence, const typename R::lane &at, bool exists,
                                         storage_type &storage)
      : recurrence(recurrence), at(at), exists(exists), storage(storage) {
#pragma unroll
    for (int r = 0; r < rows; ++r)
      state[r] = has(r) ? recurrence.initial(at, first() + r) : 0.0f;
    if constexpr (width != R::size || rows * shape.parts != R::size)
#pragma unroll 1
      for (int i = 0; i < shape.ring; ++i)
        clear(storage.slots[i].matrix);
    if constexpr (shape.parts > 1) {
      for (int i = R::size + part(); i < storage.height; i += shape.parts)
#pragma unroll
        for (int half = 0; half < 2; ++half)
          shared_store(storage.states[half][column()][i], 0.0f);
      tell();
    }
    block_barrier();
#pragma unroll 1
    for (int i = 0; i < shape.ring - 1; ++i)
      order(i, storage.slots[i].matrix);
  }

  /// The next step.
  __device__ __forceinline__ void advance(long long step, const float (&inputs)[rows]) {
    await_copies<shape.ring - 2>();
    block_barrier(); // the matrix has landed; everyone has told the state before, and left the step before
    order(step + shape.ring - 1, storage.slots[slot == 0 ? shape.ring - 1 : slot - 1].matrix);
    float sums[rows][apart] = {};
    multiply(sums, storage.slots[slot].matrix);
    slot = slot + 1 == shape.ring ? 0 : slot + 1;
#pragma unroll
    for (int r = 0; r < rows; ++r) {
      float sum = sums[r][0];
#pragma unroll
      for (int i = 1; i < apart; ++i)
        sum += sums[r][i];
      state[r] = has(r) ? sum + inputs[r] : 0.0f;
    }
    half ^= 1;
    if constexpr (shape.parts > 1)
      tell();
#pragma unroll
    for (int r = 0; r < rows; ++r)
      if (exists && has(r))
        recurrence.store(at, step, first() + r, state[r]);
  }

  /// What is added in `step`, where that exists.
  __device__ __forceinline__ void read(float (&inputs)[rows], long long step) const {
#pragma unroll
    for (int r = 0; r < rows; ++r)
      inputs[r] = step < recurrence.steps() && has(r) ? recurrence.input(at, step, first() + r) : 0.0f;
  }

  __device__ __forceinline__ void finish() const {
#pragma unroll
    for (int r = 0; r < rows; ++r)
      if (exists && has(r))
        recurrence.finish(at, first() + r, state[r]);
  }

private:
  using element = typename R::element;
  static constexpr int width = storage_type::width, piece = warp::piece<element>;
  /// Sums of a row that do not wait for each other, where a thread has few rows.
  static constexpr int apart = rows >= 4 ? 1 : 4 / rows;

  static __device__ __forceinline__ int column() { return thread_index() % shape.columns; }
  static __device__ __forceinline__ int part() { return thread_index() / shape.columns; }
  static __device__ __forceinline__ int first() { return part() * rows; }
  static __device__ __forceinline__ bool has(int r) {
    return rows * shape.parts == R::size || first() + r < R::size;
  }

  /// Leaves this thread's rows of the state for the others of its column.
  __device__ __forceinline__ void tell() {
    float *to = storage.states[half][column()] + first();
    if constexpr (rows % 4 == 0) {
      struct alignas(16) words {
        float at[4];
      };
#pragma unroll
      for (int i = 0; i < rows / 4; ++i)
        shared_store(reinterpret_cast<words *>(to)[i],
                     words{{state[4 * i], state[4 * i + 1], state[4 * i + 2], state[4 * i + 3]}});
    } else {
#pragma unroll
      for (int r = 0; r < rows; ++r)
        if (has(r))
          shared_store(to[r], state[r]);
    }
  }

  __device__ __forceinline__ void multiply(float (&sums)[rows][apart], const element *matrix) const {
    constexpr int pieces = (R::size + piece - 1) / piece;
    // A state that one thread holds has no index at run time.
    constexpr int unrolled = shape.parts == 1 || rows * R::size <= 512 ? pieces : 4;
#pragma unroll unrolled
    for (int c = 0; c < pieces; ++c) {
      float before[piece];
#pragma unroll
      for (int i = 0; i < piece; ++i)
        before[i] = 0.0f;
      if constexpr (shape.parts > 1) {
#pragma unroll
        for (int i = 0; i < piece / 4; ++i) {
          const row<float, 4> some = thread::take(reinterpret_cast<const row<float, 4> *>(
              storage.states[half][column()] + c * piece)[i]);
#pragma unroll
          for (int k = 0; k < 4; ++k)
            before[4 * i + k] = some[k];
        }
      } else {
#pragma unroll
        for (int i = 0; i < piece; ++i)
          if (c * piece + i < R::size)
            before[i] = state[c * piece + i];
      }
#pragma unroll
      for (int r = 0; r < rows; ++r) {
        const row<element, piece> factors =
            thread::take(reinterpret_cast<const row<element, piece> &>(
                matrix[(first() + r) * width + c * piece]));
#pragma unroll
        for (int i = 0; i < piece; ++i)
          sums[r][i % apart] += widen(factors[i]) * before[i];
      }
    }
  }

  __device__ __forceinline__ void order(long long step, element *matrix) const {
    if (step < recurrence.steps())
      // Numbers that are read one by one would all be on their way at once, in registers.
      block::each_piece<R, R::size, shape.threads(), block::pieces_at_once<R::copies>>([&](int row, int column) {
        if (R::size == width || column < R::size)
          recurrence.fetch(matrix + row * width + column, at, step, row, column);
      });
    close_copies(); // an empty group keeps the count
  }

  static __device__ __forceinline__ void clear(element *matrix) {
    block::each_piece<R, rows * shape.parts, shape.threads()>([&](int i, int column) {
      thread::put_zeros<piece>(reinterpret_cast<row<element, piece> &>(matrix[i * width + column]), 0);
    });
  }

  const R &recurrence;
  const typename R::lane &at;
  const bool exists;
  storage_type &storage;
  float state[rows];
  int half = 0, slot = 0; ///< which of the two states is the last; where the next matrix lies
};

/// Streams time through the columns of a block. Threads past the last column repeat its work and store
/// nothing.
template <typename R>
static __device__ __forceinline__ void dense_columns(const R &recurrence,
                                                     dense_columns_storage<R> &storage) {
  constexpr int columns = R::shape.columns, steps = R::shape.steps;
  const long long chunks = (recurrence.columns() + columns - 1) / columns;
  const long long sequence = block_index() / chunks;
  const long long column = block_index() % chunks * columns + thread_index() % columns;
  const bool exists = column < recurrence.columns();
  const typename R::lane at = recurrence.enter(sequence * recurrence.columns() +
                                               (exists ? column : recurrence.columns() - 1));
  column_walk<R> walk(recurrence, at, exists, keep_address(storage));
  float inputs[steps][dense_columns_storage<R>::rows];
#pragma unroll
  for (int k = 0; k < steps; ++k)
    walk.read(inputs[k], k);
  // All inputs of a group of steps are asked for at once: a wait for the oldest of several loads is a
  // wait for all of them.
#pragma unroll 1
  for (long long first = 0; first < recurrence.steps(); first += steps) {
    float next[steps][dense_columns_storage<R>::rows];
#pragma unroll
    for (int k = 0; k < steps; ++k)
      walk.read(next[k], first + steps + k);
#pragma unroll
    for (int k = 0; k < steps; ++k)
      if (first + k < recurrence.steps())
        walk.advance(first + k, inputs[k]);
#pragma unroll
    for (int k = 0; k < steps; ++k)
#pragma unroll
      for (int r = 0; r < dense_columns_storage<R>::rows; ++r)
        inputs[k][r] = next[k][r];
  }
  walk.finish();
}

} // namespace scanc::device::kernel
