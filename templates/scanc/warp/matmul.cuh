//===- warp/matmul.cuh - Products of small matrices on the tensor cores ---===//
//
//   called by      all 32 lanes, converged
//   result in      every lane: its part of a tile
//   shared memory  tiles that the caller owns, read only; whoever wrote them has passed a barrier
//   barriers       none
//
//   sum (16 x 8 of f32) += left (16 x depth) * right (depth x 8), depth 16 for f16 and bf16, 8 for
//   tf32. With g = lane / 4, q = lane % 4 and w = elements of a 4-byte word, lane has
//
//     left    word i: row g + 8 (i % 2), columns w q + [0, w) + depth / 2 * (i / 2)
//     right   word i: rows w q + [0, w) + depth / 2 * i, column g
//     sum     number i: row g + 8 (i / 2), column 2 q + i % 2
//
//   The products are exact, their sum is rounded in an order that is the device's own.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/element.cuh"
#include "scanc/core/tensor_cores.cuh"

namespace scanc::device::warp {

/// An f32 that the tensor cores read as 1 + 8 + 10 bits: narrow_tf32 rounds, else they cut.
struct tf32 {
  uint32_t bits;
};

static __device__ __forceinline__ tf32 narrow_tf32(float x) { return {f32_to_tf32(x)}; }
static __device__ __forceinline__ float widen(tf32 x) { return __builtin_bit_cast(float, x.bits); }

/// Elements of a word, columns of a left tile, and elements of 16 bytes.
template <typename T>
inline constexpr int word_elements = 4 / sizeof(T);
template <typename T>
inline constexpr int depth = 8 * word_elements<T>;
template <typename T>
inline constexpr int piece = 16 / sizeof(T);

template <typename T>
struct left_tile {
  uint32_t words[4];
};
template <typename T>
struct right_tile {
  uint32_t words[2];
};
struct sum_tile {
  float at[4];
};

/// Where number i of this lane's part of a sum lies.
static __device__ __forceinline__ int sum_row(int i) { return lane_index() / 4 + i / 2 * 8; }
static __device__ __forceinline__ int sum_column(int i) { return lane_index() % 4 * 2 + i % 2; }

static __device__ __forceinline__ void clear(sum_tile &sum) {
#pragma unroll
  for (int i = 0; i < 4; ++i)
    sum.at[i] = 0.0f;
}

template <typename T>
static __device__ __forceinline__ void multiply_add(sum_tile &sum, const left_tile<T> &left,
                                                    const right_tile<T> &right) {
  if constexpr (is_same<T, f16>)
    multiply_add_f16(sum.at, left.words, right.words);
  else if constexpr (is_same<T, bf16>)
    multiply_add_bf16(sum.at, left.words, right.words);
  else {
    static_assert(is_same<T, tf32>);
    multiply_add_tf32(sum.at, left.words, right.words);
  }
}

/// The same by four warps, where `has_group_products`: 8 or 16 tiles beside each other, of 16 rows of
/// a swizzled matrix of 64 columns, and of the 128-row one that follows it; or `transposed` of 16
/// columns of 64 or 128 rows. `words`: of a left tile, or of four with as many `right` after each other.
template <bool transposed, typename T, int count, typename Words>
static __device__ __forceinline__ void multiply_group(sum_tile (&sum)[count], const Words &words,
                                                      group_operand right, bool adds) {
  auto &numbers = reinterpret_cast<float(&)[count][4]>(sum);
  if constexpr (is_same<T, f16> && transposed)
    multiply_group_transposed_f16(numbers, words, right, adds);
  else if constexpr (is_same<T, f16>)
    multiply_group_f16(numbers, words, right, adds);
  else if constexpr (transposed)
    multiply_group_transposed_bf16(numbers, words, right, adds);
  else
    multiply_group_bf16(numbers, words, right, adds);
}

/// `at`: elements before the first of them. Without `adds` the sums begin with 0.
template <bool transposed, typename T, int count>
static __device__ __forceinline__ void multiply_group(sum_tile (&sum)[count],
                                                      const left_tile<T> &left, const T *matrix,
                                                      int at, bool adds) {
  multiply_group<transposed, T>(sum, left.words, group_rows(matrix, at * sizeof(T)), adds);
}

/// Two numbers as one word.
template <typename T>
static __device__ __forceinline__ uint32_t pack(float low, float high) {
  static_assert(is_same<T, f16> || is_same<T, bf16>);
  if constexpr (is_same<T, f16>)
    return f32_to_f16_pair(low, high);
  else
    return f32_to_bf16_pair(low, high);
}

/// 16 x 16 numbers, whose columns 8 to 15 are `high`, as the left operand of the next product.
template <typename T>
static __device__ __forceinline__ left_tile<T> as_left(const sum_tile &low, const sum_tile &high) {
  return {{pack<T>(low.at[0], low.at[1]), pack<T>(low.at[2], low.at[3]),
           pack<T>(high.at[0], high.at[1]), pack<T>(high.at[2], high.at[3])}};
}

/// Where element (row, column) lies in a row-major matrix of shared memory with `columns` columns,
/// aligned to 128 bytes: the pieces of 16 bytes of a row are exchanged so that 8 rows of one piece,
/// which are read at once, lie in different banks. Elements of a piece stay together.
template <typename T, int columns>
static __device__ __forceinline__ int swizzled(int row, int column) {
  constexpr int pieces = columns / piece<T>, period = pieces < 8 ? pieces : 8;
  constexpr int line = 8 / period; // rows that share 128 bytes
  static_assert(columns % piece<T> == 0 && pieces % period == 0 && 8 % period == 0,
                "a row has 16, 32, 64 or a multiple of 128 bytes");
  const int moved = column / piece<T> ^ (row / line % period);
  return row * columns + moved * piece<T> + column % piece<T>;
}

/// The 16 x depth part at (row, column) of a swizzled matrix. Rows are multiples of 8 here and
/// below, after which the exchange repeats itself: they are added outside of it, so that constants
/// stay constants.
template <int columns, typename T>
static __device__ __forceinline__ left_tile<T> load_left(const T *matrix, int row, int column) {
  const int lane = lane_index();
  left_tile<T> tile;
  load_matrices(tile.words, matrix + row * columns +
                                swizzled<T, columns>(lane % 16, column + lane / 16 * piece<T>));
  return tile;
}

/// The transpose of the 16 x 16 part at (row, column), of elements of 16 bits.
template <int columns, typename T>
static __device__ __forceinline__ left_tile<T> load_left_transposed(const T *matrix, int row,
                                                                    int column) {
  const int lane = lane_index();
  left_tile<T> tile;
  load_matrices_transposed(tile.words, matrix + row * columns +
                                           swizzled<T, columns>(lane / 16 * 8 + lane % 8,
                                                                column + lane / 8 % 2 * piece<T>));
  return tile;
}

/// Two right tiles beside each other: the depth x 16 part at (row, column) of a swizzled matrix.
template <int columns, typename T>
static __device__ __forceinline__ void load_right(right_tile<T> (&tiles)[2], const T *matrix,
                                                  int row, int column) {
  const int lane = lane_index();
  if constexpr (sizeof(T) == 2) {
    uint32_t words[4];
    load_matrices_transposed(
        words, matrix + row * columns +
                   swizzled<T, columns>(lane % 16, column + lane / 16 * piece<T>));
    tiles[0] = {{words[0], words[1]}};
    tiles[1] = {{words[2], words[3]}};
  } else {
#pragma unroll
    for (int i = 0; i < 4; ++i)
      tiles[i / 2].words[i % 2] = shared_load(
          matrix[row * columns +
                 swizzled<T, columns>(lane % 4 + i % 2 * 4, column + lane / 4 + i / 2 * 8)]
              .bits);
  }
}

/// The same of the transpose: columns of the two tiles are the rows [row, row + 16) of the matrix.
template <int columns, typename T>
static __device__ __forceinline__ void load_right_transposed(right_tile<T> (&tiles)[2],
                                                             const T *matrix, int row,
                                                             int column) {
  const int lane = lane_index();
  uint32_t words[4];
  load_matrices(words, matrix + row * columns +
                           swizzled<T, columns>(lane / 16 * 8 + lane % 8,
                                                column + lane / 8 % 2 * piece<T>));
  tiles[0] = {{words[0], words[1]}};
  tiles[1] = {{words[2], words[3]}};
}

/// The same of a tile of elements of 16 bits that is a left one too.
template <typename T>
static __device__ __forceinline__ void as_right_transposed(right_tile<T> (&tiles)[2], const left_tile<T> &left) {
  tiles[0] = {{left.words[0], left.words[2]}};
  tiles[1] = {{left.words[1], left.words[3]}};
}

/// 16 rows of 64 columns: sum += left * right, where `right` is 16 rows from row `at` on of a swizzled
/// matrix of 64 columns, or the transpose of 16 columns from column `at` on of one of 64 rows. The matrix
/// begins at a multiple of 1024 bytes. Without `adds` the sum begins with 0. By four warps at once where
/// `has_group_products`: between `begin_group_products` and `finish_group_products`.
template <bool transposed, typename T>
static __device__ __forceinline__ void multiply_panel(sum_tile (&sum)[8], const left_tile<T> &left,
                                                      const T *right, int at, bool adds) {
  if constexpr (has_group_products) {
    multiply_group<transposed>(sum, left, right, transposed ? at : at * 64, adds);
  } else {
#pragma unroll
    for (int n = 0; n < 8; n += 2) {
      right_tile<T> tiles[2];
      if constexpr (transposed)
        load_right_transposed<64>(tiles, right, n * 8, at);
      else
        load_right<64>(tiles, right, at, n * 8);
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        if (!adds)
          clear(sum[n + half]);
        multiply_add(sum[n + half], left, tiles[half]);
      }
    }
  }
}

/// The same of four left tiles, whose 64 columns are as many rows of `right`, or columns of it.
template <bool transposed, typename T>
static __device__ __forceinline__ void multiply_panel(sum_tile (&sum)[8], const left_tile<T> (&left)[4], const T *right,
                                                      bool adds) {
  if constexpr (has_group_products)
    multiply_group<transposed, T>(sum, reinterpret_cast<const uint32_t(&)[4][4]>(left), group_rows(right, 0), adds);
  else
#pragma unroll
    for (int k = 0; k < 4; ++k)
      multiply_panel<transposed>(sum, left[k], right, k * 16, adds || k > 0);
}

/// The same with 64 rows of four warps, of a swizzled matrix of 64 columns, as `left`.
template <bool transposed, typename T>
static __device__ __forceinline__ void multiply_panels(sum_tile (&sum)[8], const T *left, const T *right, bool adds) {
  if constexpr (has_group_products) {
    auto &numbers = reinterpret_cast<float(&)[8][4]>(sum);
    const group_operand rows = group_rows(left, 0), what = group_rows(right, 0);
    if constexpr (is_same<T, f16> && transposed)
      multiply_group_shared_transposed_f16(numbers, rows, what, adds);
    else if constexpr (is_same<T, f16>)
      multiply_group_shared_f16(numbers, rows, what, adds);
    else if constexpr (transposed)
      multiply_group_shared_transposed_bf16(numbers, rows, what, adds);
    else
      multiply_group_shared_bf16(numbers, rows, what, adds);
  } else {
#pragma unroll
    for (int k = 0; k < 64; k += 16)
      multiply_panel<transposed>(sum, load_left<64>(left, warp_index() % 4 * 16, k), right, k, adds || k > 0);
  }
}

/// sum += the transpose of 64 rows of a swizzled matrix of 64 columns, times as many of another: 64 rows of four
/// warps, of which this warp has 16.
template <typename T>
static __device__ __forceinline__ void multiply_transposed_panels(sum_tile (&sum)[8], const T *left, const T *right) {
  if constexpr (has_group_products) {
    auto &numbers = reinterpret_cast<float(&)[8][4]>(sum);
    const group_operand columns = group_rows(left, 0), rows = group_rows(right, 0);
    if constexpr (is_same<T, f16>)
      multiply_group_of_transposed_f16(numbers, columns, rows, true);
    else
      multiply_group_of_transposed_bf16(numbers, columns, rows, true);
  } else {
#pragma unroll
    for (int k = 0; k < 64; k += 16)
      multiply_panel<false>(sum, load_left_transposed<64>(left, k, warp_index() % 4 * 16), right, k, true);
  }
}

/// The same where `right` is transposed: 64 columns of 64 rows. The sum begins with 0.
template <typename T>
static __device__ __forceinline__ void multiply_both_transposed(sum_tile (&sum)[8], const T *left, const T *right) {
  if constexpr (has_group_products) {
    auto &numbers = reinterpret_cast<float(&)[8][4]>(sum);
    const group_operand columns = group_rows(left, 0), rows = group_rows(right, 0);
    if constexpr (is_same<T, f16>)
      multiply_group_both_transposed_f16(numbers, columns, rows, false);
    else
      multiply_group_both_transposed_bf16(numbers, columns, rows, false);
  } else {
#pragma unroll
    for (int k = 0; k < 64; k += 16)
      multiply_panel<true>(sum, load_left_transposed<64>(left, k, warp_index() % 4 * 16), right, k, k > 0);
  }
}

/// After `finish_group_products`: what follows reads the sum that is there now, not the one before.
template <int tiles>
static __device__ __forceinline__ void settle(sum_tile (&sum)[tiles]) {
#pragma unroll
  for (int n = 0; n < tiles; ++n)
#pragma unroll
    for (int i = 0; i < 4; ++i)
      device::settle(sum[n].at[i]);
}

/// Rounds a sum to a left operand for each 16 of its columns.
template <typename T>
static __device__ __forceinline__ void narrow_left(left_tile<T> (&left)[4],
                                                   const sum_tile (&sum)[8]) {
#pragma unroll
  for (int k = 0; k < 4; ++k)
    left[k] = as_left<T>(sum[2 * k], sum[2 * k + 1]);
}

/// Writes what is rounded, 16 rows from row `row` on, to a swizzled matrix of 64 columns. Where `stores_matrices`.
template <typename T>
static __device__ __forceinline__ void store_left(T *matrix, int row, const left_tile<T> (&tiles)[4]) {
#pragma unroll
  for (int k = 0; k < 4; ++k)
    store_matrices(&matrix[row * 64 + swizzled<T, 64>(lane_index() % 16, k * 16 + lane_index() / 16 * piece<T>)],
                   tiles[k].words);
}

/// Writes 16 rows of 64 columns, from row `row` on, to a swizzled matrix of shared memory.
template <typename T>
static __device__ __forceinline__ void store_panel(T *matrix, int row, const sum_tile (&sum)[8]) {
#pragma unroll
  for (int n = 0; n < 8; n += 2) {
    const left_tile<T> rounded = as_left<T>(sum[n], sum[n + 1]);
    if constexpr (stores_matrices)
      store_matrices(&matrix[row * 64 + swizzled<T, 64>(lane_index() % 16,
                                                        n * 8 + lane_index() / 16 * piece<T>)],
                     rounded.words);
    else
#pragma unroll
      for (int i = 0; i < 4; ++i)
        shared_store(reinterpret_cast<uint32_t &>(
                         matrix[row * 64 + swizzled<T, 64>(sum_row(i % 2 * 2),
                                                           (n + i / 2) * 8 + sum_column(0))]),
                     rounded.words[i]);
  }
}

/// Exchanges numbers of four tiles beside each other among the four lanes of a row, so that each has eight
/// adjacent columns: `eights[i]` is row sum_row(2 i), columns 8 (lane % 4) and following.
static __device__ __forceinline__ void gather_eights(float (&eights)[2][8], const sum_tile *four) {
  const int q = lane_index() % 4;
  const bool low = q & 1, high = q & 2;
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    float half[2][2][2]; // tile of two, from lane q with bit 1 clear or set, number of a pair
#pragma unroll
    for (int n = 0; n < 2; ++n)
#pragma unroll
      for (int c = 0; c < 2; ++c) {
        const float first = four[n].at[2 * i + c], second = four[n + 2].at[2 * i + c];
        const float kept = high ? second : first;
        const float got = shuffle_xor(high ? first : second, 2);
        half[n][0][c] = high ? got : kept;
        half[n][1][c] = high ? kept : got;
      }
#pragma unroll
    for (int from = 0; from < 2; ++from)
#pragma unroll
      for (int c = 0; c < 2; ++c) {
        const float kept = low ? half[1][from][c] : half[0][from][c];
        const float got = shuffle_xor(low ? half[0][from][c] : half[1][from][c], 1);
        eights[i][4 * from + c] = low ? got : kept;
        eights[i][4 * from + 2 + c] = low ? kept : got;
      }
  }
}

/// The same of 64 columns: `eights[a]` are those from column 32 a on.
static __device__ __forceinline__ void gather_eights(float (&eights)[2][2][8],
                                                     const sum_tile (&sum)[8]) {
#pragma unroll
  for (int a = 0; a < 2; ++a)
    gather_eights(eights[a], sum + 4 * a);
}

/// Of four neighbouring lanes lane p has four values: afterwards lane q has value q of each, that of lane p at p.
template <typename T>
static __device__ __forceinline__ void turn_quad(T (&values)[4]) {
#pragma unroll
  for (int reach = 1; reach < 4; reach *= 2) {
    const bool upper = lane_index() & reach;
#pragma unroll
    for (int i = 0; i < 4; ++i)
      if ((i & reach) == 0) {
        const T got = shuffle_xor(upper ? values[i] : values[i + reach], reach);
        values[i] = upper ? got : values[i];
        values[i + reach] = upper ? values[i + reach] : got;
      }
  }
}

} // namespace scanc::device::warp
