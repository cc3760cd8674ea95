//===- warp/columns.cuh - A step of columns that share a matrix -----------===//
//
//   called by      all 32 lanes, converged; `parts` neighbouring lanes have a column
//   result in      registers: the rows `row_of` of the column; results in global memory
//   shared memory  the walk's storage_type, given by the caller, and matrices that it has seen land
//   barriers       one of the warp per step, where rows pass through shared memory
//
//   column_walk multiplies and adds in f32, and passes rows on by shuffles where a thread has one, else
//   through shared memory. product_walk keeps the state in f64 and multiplies on the tensor cores, a
//   warp 8 columns: what a product leaves in a thread is the left factor of the next step, so that nothing
//   is passed on, and a matrix is read once for 8 columns.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/policy.cuh"
#include "scanc/core/tensor_cores.cuh"
#include "scanc/thread/copy.cuh"

namespace scanc::device::warp {

template <typename R>
class column_walk {
public:
  using element = typename R::element;
  static constexpr columns_policy shape = R::shape;
  static constexpr int rows = (R::size + shape.parts - 1) / shape.parts; ///< of a thread
  static constexpr int piece = 16 / sizeof(element);
  static constexpr int pieces = (R::size + piece - 1) / piece; ///< of a row
  /// Rows of 8 lanes, and their columns, begin in different banks.
  static constexpr int pitch = pieces % 2 == 0 ? (pieces + 1) * piece : pieces * piece;
  static_assert(32 % shape.parts == 0, "a column lies in one warp");

  /// Two states of the block's columns: one is read while the other is written.
  struct storage_type {
    static constexpr int held = shape.parts > 1 && rows > 1 ? shape.columns : 1;
    static constexpr int height = pieces * piece + 4;
    alignas(16) float states[held > 1 ? 2 : 1][held][height];
  };

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

  static __device__ __forceinline__ int row_of(int r) { return r * shape.parts + part(); }
  static __device__ __forceinline__ bool has(int r) {
    return rows * shape.parts == R::size || row_of(r) < R::size;
  }

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

  static __device__ __forceinline__ int column() { return thread_index() / shape.parts; }
  static __device__ __forceinline__ int part() { return thread_index() % shape.parts; }

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
      sums[i % apart] += device::widen(factors[i]) * before[i];
  }

  const R &recurrence;
  const typename R::lane &at;
  const bool exists;
  storage_type &storage;
  float state[rows];
};

/// The same by products of 8 columns with 4 x 8 numbers of a matrix, all in f64. Row 16 b + 4 p + c is
/// number 4 b + c of part p, and column 16 b + 4 p + c of a matrix is multiplied with it.
template <typename R>
class product_walk {
public:
  using element = typename R::element;
  static constexpr columns_policy shape = R::shape;
  static constexpr int blocks = (R::size + 15) / 16, rows = 4 * blocks, tiles = 2 * blocks;
  static constexpr int pitch = 16 * (blocks % 2 == 0 ? blocks + 1 : blocks); ///< neighbouring rows apart in banks
  static_assert(shape.parts == 4, "a column of a tile of products lies in 4 lanes");

  struct storage_type {};

  __device__ __forceinline__ product_walk(const R &recurrence, const typename R::lane &at, bool exists,
                                          storage_type &)
      : recurrence(recurrence), at(at), exists(exists) {
#pragma unroll
    for (int r = 0; r < rows; ++r)
      state[r] = has(r) ? recurrence.initial(at, row_of(r)) : 0.0f;
  }

  static __device__ __forceinline__ int row_of(int r) { return r / 4 * 16 + lane_index() % 4 * 4 + r % 4; }
  static __device__ __forceinline__ bool has(int r) { return rows * 4 == R::size || row_of(r) < R::size; }

  /// The factors of a step that this thread gives, where they are few: they are taken a step ahead.
  static constexpr bool takes_ahead = tiles * blocks <= 8;
  struct factors {
    array<double, 4> of[takes_ahead ? tiles : 1][takes_ahead ? blocks : 1];
  };
  __device__ __forceinline__ void take(factors &to, const element *matrix) const {
    if constexpr (takes_ahead)
#pragma unroll
      for (int tile = 0; tile < tiles; ++tile)
#pragma unroll
        for (int b = 0; b < blocks; ++b)
          to.of[tile][b] = factor(matrix, tile, b);
  }

  __device__ __forceinline__ void advance(long long step, int, factors &ahead, const element *matrix,
                                          const element *next_matrix, const float (&inputs)[rows]) {
    double sums[tiles][2];
#pragma unroll
    for (int r = 0; r < rows; ++r)
      sums[r / 2][r % 2] = inputs[r];
    const factors now = ahead;
    take(ahead, next_matrix);
#pragma unroll
    for (int b = 0; b < blocks; ++b) {
      array<double, 4> of[tiles];
#pragma unroll
      for (int tile = 0; tile < tiles; ++tile)
        of[tile] = takes_ahead ? now.of[takes_ahead ? tile : 0][takes_ahead ? b : 0] : factor(matrix, tile, b);
#pragma unroll
      for (int c = 0; c < 4; ++c)
#pragma unroll
        for (int tile = 0; tile < tiles; ++tile)
          multiply_add_f64(sums[tile], state[4 * b + c], of[tile][c]);
    }
#pragma unroll
    for (int r = 0; r < rows; ++r) {
      state[r] = has(r) ? sums[r / 2][r % 2] : 0.0;
      if (exists && has(r))
        recurrence.store(at, step, row_of(r), static_cast<float>(state[r]));
    }
  }

  __device__ __forceinline__ void finish() const {
#pragma unroll
    for (int r = 0; r < rows; ++r)
      if (exists && has(r))
        recurrence.finish(at, row_of(r), static_cast<float>(state[r]));
  }

private:
  static __device__ __forceinline__ array<double, 4> factor(const element *matrix, int tile, int b) {
    const int lane = lane_index();
    const int i = tile / 2 * 16 + lane / 8 * 4 + tile % 2 * 2 + lane / 4 % 2;
    const row<element, 4> read = thread::take(
        reinterpret_cast<const row<element, 4> &>(matrix[i * pitch + b * 16 + lane % 4 * 4]));
    array<double, 4> factors;
#pragma unroll
    for (int c = 0; c < 4; ++c)
      factors[c] = device::widen(read[c]);
    return factors;
  }

  const R &recurrence;
  const typename R::lane &at;
  const bool exists;
  double state[rows];
};

/// How the columns of a recurrence are walked.
template <typename R, bool products = R::shape.products>
struct walk_of {
  using type = column_walk<R>;
};
template <typename R>
struct walk_of<R, true> {
  using type = product_walk<R>;
};

} // namespace scanc::device::warp
