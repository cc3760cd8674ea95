//===- kernel/dense_columns.cuh - Warps walk columns that share a matrix ----===//
//
//   called by      every thread of a grid of R::sequences() * ceil(R::columns() / R::shape.columns)
//                  blocks of R::shape.threads() threads
//   result in      global memory
//   shared memory  dense_columns_storage<R>, given by the caller
//   barriers       one per `steps` steps, reached by every thread; one of a warp per step
//
//   S[t] = A[t] S[t-1] + B[t], S of R::size rows. A column is walked by `parts` threads of a warp, each
//   with every `parts`th row; they exchange them through shared memory. Matrices come through a ring,
//   `steps` at a time; inputs of `steps` steps wait in registers while those of the next are on their way.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/matrix_ring.cuh"
#include "scanc/core/complex.cuh"
// What recurrences call.
#include "scanc/thread/access.cuh"
#include "scanc/thread/activation.cuh"

namespace scanc::device::kernel {

/// Matrices on their way, and two states of the block's columns: one is read while the other is written.
template <typename R>
struct dense_columns_storage {
  static constexpr int rows = (R::size + R::shape.parts - 1) / R::shape.parts; ///< of a thread
  static constexpr int piece = warp::piece<typename R::element>;
  static constexpr int pieces = (R::size + piece - 1) / piece; ///< of a row
  /// Columns whose state passes through shared memory.
  static constexpr int held = R::shape.parts > 1 && rows > 1 ? R::shape.columns : 1;
  /// Rows of 8 lanes, and their columns, begin in different banks.
  static constexpr int pitch = pieces % 2 == 0 ? (pieces + 1) * piece : pieces * piece;
  static constexpr int height = pieces * piece + 4;
  block::matrix_slots<R, rows * R::shape.parts, pitch> matrices;
  alignas(16) float states[held > 1 ? 2 : 1][held][height];
};

/// Some rows of a column, from its first step to its last.
template <typename R>
class column_walk {
public:
  using storage_type = dense_columns_storage<R>;
  using element = typename R::element;
  static constexpr columns_policy shape = R::shape;
  static constexpr int rows = storage_type::rows, piece = storage_type::piece, pieces = storage_type::pieces;
  static constexpr int pitch = storage_type::pitch;
  static_assert(32 % shape.parts == 0, "a column lies in one warp");

  __device__ __forceinline__ column_walk(const R &recurrence, const typename R::lane &at, bool exists,
                                         storage_type &storage)
      : recurrence(recurrence), at(at), exists(exists), storage(storage) {
#pragma unroll
    for (int r = 0; r < rows; ++r)
      state[r] = has(r) ? recurrence.initial(at, row_of(r)) : 0.0f;
    if constexpr (exchanges) {
      for (int i = R::size + part(); i < storage.height; i += shape.parts)
#pragma unroll
        for (int half = 0; half < 2; ++half)
          shared_store(storage.states[half][column()][i], 0.0f);
      tell(0);
    }
  }

  static __device__ __forceinline__ int column() { return thread_index() / shape.parts; }

  /// The factors of this thread's rows, where they are few: they are taken a step ahead.
  static constexpr bool takes_ahead = rows * pieces * piece <= 32;
  struct factors {
    row<element, piece> of[takes_ahead ? rows : 1][takes_ahead ? pieces : 1];
  };
  __device__ __forceinline__ void take(factors &to, const element *matrix) const {
    if constexpr (takes_ahead)
#pragma unroll
      for (int r = 0; r < rows; ++r)
#pragma unroll
        for (int c = 0; c < pieces; ++c)
          to.of[r][c] = factor(matrix, r, c);
  }

  /// The next step, which reads the state told in `half` and tells its own in the other. `ahead` is of
  /// `matrix`, and becomes that of `next_matrix`.
  __device__ __forceinline__ void advance(long long step, int half, factors &ahead, const element *matrix,
                                          const element *next_matrix, const float (&inputs)[rows]) {
    float sums[rows][apart];
#pragma unroll
    for (int r = 0; r < rows; ++r)
#pragma unroll
      for (int i = 0; i < apart; ++i)
        sums[r][i] = i == 0 ? inputs[r] : 0.0f;
    multiply(sums, half, ahead, matrix, next_matrix);
#pragma unroll
    for (int r = 0; r < rows; ++r) {
#pragma unroll
      for (int reach = apart / 2; reach > 0; reach /= 2)
#pragma unroll
        for (int i = 0; i < reach; ++i)
          sums[r][i] += sums[r][i + reach];
      state[r] = has(r) ? sums[r][0] : 0.0f;
    }
    if constexpr (exchanges)
      tell(half ^ 1);
#pragma unroll
    for (int r = 0; r < rows; ++r)
      if (exists && has(r))
        recurrence.store(at, step, row_of(r), state[r]);
  }

  /// What is added in the steps from `first` on, where they are before `end`.
  __device__ __forceinline__ void read(float (&inputs)[shape.steps][rows], long long first, long long end) const {
    if (first + shape.steps <= end) {
#pragma unroll
      for (int k = 0; k < shape.steps; ++k)
        read(inputs[k], first + k);
    } else {
#pragma unroll
      for (int k = 0; k < shape.steps; ++k)
        if (first + k < end)
          read(inputs[k], first + k);
    }
  }

  __device__ __forceinline__ void read(float (&inputs)[rows], long long step) const {
#pragma unroll
    for (int r = 0; r < rows; ++r)
      inputs[r] = has(r) ? recurrence.input(at, step, row_of(r)) : 0.0f;
  }

  __device__ __forceinline__ void finish() const {
#pragma unroll
    for (int r = 0; r < rows; ++r)
      if (exists && has(r))
        recurrence.finish(at, row_of(r), state[r]);
  }

private:

  /// Sums of a row that do not wait for each other, where a thread has few rows.
  static constexpr int apart = rows >= 4 ? 1 : rows == 1 ? 4 : 2;
  /// One number of each thread goes by shuffles; several through shared memory.
  static constexpr bool exchanges = storage_type::held > 1, shuffles = shape.parts > 1 && rows == 1;

  static __device__ __forceinline__ int part() { return thread_index() % shape.parts; }
  static __device__ __forceinline__ int row_of(int r) { return r * shape.parts + part(); }
  static __device__ __forceinline__ bool has(int r) {
    return rows * shape.parts == R::size || row_of(r) < R::size;
  }

  /// Leaves this thread's rows of the state for the others of its column.
  __device__ __forceinline__ void tell(int half) {
#pragma unroll
    for (int r = 0; r < rows; ++r)
      if (has(r))
        shared_store(storage.states[half][column()][row_of(r)], state[r]);
    warp_barrier();
  }

  static __device__ __forceinline__ row<element, piece> factor(const element *matrix, int r, int c) {
    return thread::take(
        reinterpret_cast<const row<element, piece> &>(matrix[row_of(r) * pitch + c * piece]));
  }

  /// Rows [piece c, piece (c + 1)) of the state in `half`.
  __device__ __forceinline__ void recall(float (&before)[piece], int half, int c) const {
#pragma unroll
    for (int i = 0; i < piece; ++i)
      before[i] = 0.0f;
    if constexpr (exchanges) {
#pragma unroll
      for (int i = 0; i < piece / 4; ++i) {
        const row<float, 4> some = thread::take(
            reinterpret_cast<const row<float, 4> *>(storage.states[half][column()] + c * piece)[i]);
#pragma unroll
        for (int k = 0; k < 4; ++k)
          before[4 * i + k] = some[k];
      }
    } else {
#pragma unroll
      for (int i = 0; i < piece; ++i)
        if (c * piece + i < R::size)
          before[i] = shuffles ? shuffle(state[0], lane_index() - part() + c * piece + i)
                               : state[shuffles ? 0 : c * piece + i];
    }
  }

  __device__ __forceinline__ void multiply(float (&sums)[rows][apart], int half, factors &ahead,
                                           const element *matrix, const element *next_matrix) const {
    if constexpr (takes_ahead) {
      float before[pieces][piece];
#pragma unroll
      for (int c = 0; c < pieces; ++c)
        recall(before[c], half, c);
      const factors now = ahead;
      take(ahead, next_matrix); // behind the state, for which the step waits
#pragma unroll
      for (int c = 0; c < pieces; ++c)
#pragma unroll
        for (int r = 0; r < rows; ++r)
          add(sums[r], now.of[r][c], before[c]);
    } else {
      // A state that one thread holds has no index at run time.
      constexpr int unrolled = shape.parts == 1 || rows * R::size <= 512 ? pieces : 4;
#pragma unroll unrolled
      for (int c = 0; c < pieces; ++c) {
        float before[piece];
        recall(before, half, c);
#pragma unroll
        for (int r = 0; r < rows; ++r)
          add(sums[r], factor(matrix, r, c), before);
      }
    }
  }

  static __device__ __forceinline__ void add(float (&sums)[apart], const row<element, piece> &factors,
                                             const float (&before)[piece]) {
#pragma unroll
    for (int i = 0; i < piece; ++i)
      sums[i % apart] += widen(factors[i]) * before[i];
  }

  const R &recurrence;
  const typename R::lane &at;
  const bool exists;
  storage_type &storage;
  float state[rows];
};

/// Streams time through the columns of a block. Threads past the last column repeat its work and store
/// nothing.
template <typename R>
static __device__ __forceinline__ void dense_columns(const R &recurrence,
                                                     dense_columns_storage<R> &given) {
  using walk_type = column_walk<R>;
  constexpr int columns = R::shape.columns, steps = R::shape.steps, rows = walk_type::rows;
  dense_columns_storage<R> &storage = keep_address(given);
  const long long chunks = (recurrence.columns() + columns - 1) / columns;
  const long long sequence = block_index() / chunks;
  const long long column = block_index() % chunks * columns + walk_type::column();
  const bool exists = recurrence.columns() % columns == 0 || column < recurrence.columns();
  const typename R::lane at = recurrence.enter(sequence * recurrence.columns() +
                                               (exists ? column : recurrence.columns() - 1));
  block::matrix_ring<R, rows * R::shape.parts, walk_type::pitch> ring(recurrence, at, storage.matrices);
  walk_type walk(recurrence, at, exists, storage);
  // Not known to the compiler: the branches on it keep loads before the steps during which they come.
  long long end = recurrence.steps();
  forget(end);
  float inputs[steps][rows] = {};
  walk.read(inputs, 0, end);
  // All inputs of a group of steps are asked for at once: a wait for the oldest of several loads is a
  // wait for all of them.
#pragma unroll 1
  for (long long first = 0; first < end; first += steps) {
    const auto *matrices = ring.take(first);
    float next[steps][rows] = {};
    walk.read(next, first + steps, end);
    typename walk_type::factors ahead;
    walk.take(ahead, matrices[0]);
    const int before = steps % 2 == 0 ? 0 : static_cast<int>(first / steps % 2);
    auto advance = [&](int k, bool last, const float (&input)[rows]) {
      walk.advance(first + k, before ^ (k % 2), ahead, matrices[k], matrices[last ? k : k + 1], input);
    };
    if (first + steps <= end) {
#pragma unroll
      for (int k = 0; k < steps; ++k)
        advance(k, k + 1 == steps, inputs[k]);
    } else { // in little text, what is added read again: the registers of a step have no index
#pragma unroll 1
      for (int k = 0; first + k < end; ++k) {
        float input[rows];
        walk.read(input, first + k);
        advance(k, first + k + 1 == end, input);
      }
    }
#pragma unroll
    for (int k = 0; k < steps; ++k)
#pragma unroll
      for (int r = 0; r < rows; ++r)
        inputs[k][r] = next[k][r];
  }
  walk.finish();
}

} // namespace scanc::device::kernel
