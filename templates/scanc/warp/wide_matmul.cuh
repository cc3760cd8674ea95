//===- warp/wide_matmul.cuh - Products of 64 rows and up to 256 columns ----===//
//
//   called by      128 threads, threads 128 g to 128 g + 127 of the block
//   result in      every thread: 16 rows of this warp
//   shared memory  panels that the caller owns, read only; whoever wrote them has passed a barrier
//   barriers       none
//
//   A panel is a swizzled matrix of 64 x 64 elements of 16 bits, from a multiple of 1024 bytes on, a slice one of
//   64 x 16.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/wide_products.cuh"
#include "scanc/warp/matmul.cuh"

namespace scanc::device::warp {

/// sum (+)= 16 columns of a left panel, from column `at` on, times as many rows of right panels,
/// which have 64 columns each (`across`), then of slices, which have 16; or times columns of right panels,
/// which have 64 columns of the sum as rows each. Without `adds` the sum begins with 0. Where
/// `has_group_products`, between `begin_group_products` and `finish_group_products`. Sums that are `tall` have 64 rows each, of left
/// panels that follow each other: what a warp reads of the right factor is read once for all of them.
template <bool across, typename T, int tiles, int tall>
static __device__ __forceinline__ void multiply_wide(sum_tile (&sum)[tall][tiles], const T *left,
                                                     const T *right, int at, bool adds) {
  constexpr int panel = 64 * 64;
  constexpr int in_panels = across ? tiles / 8 * 8 : tiles, in_slices = tiles - in_panels;
  const T *const slices = right + in_panels / 8 * panel;
  if constexpr (has_group_products) {
    constexpr bool half = is_same<T, f16>;
#pragma unroll
    for (int k = 0; k < tall; ++k) {
      const panels_operand rows = panels_at(left + k * panel, at * 2);
      if constexpr (in_panels > 0)
        device::multiply_wide<half, across>(reinterpret_cast<float(&)[in_panels][4]>(sum[k]), rows,
                                            panels_at(right, across ? at * 128 : at * 2), adds);
      if constexpr (in_slices > 0)
        device::multiply_wide<half, true>(reinterpret_cast<float(&)[in_slices][4]>(sum[k][in_panels]), rows,
                                          slices_at(slices, at * 32), adds);
    }
  } else {
    left_tile<T> rows[tall];
#pragma unroll
    for (int k = 0; k < tall; ++k)
      rows[k] = load_left<64>(left + k * panel, warp_index() % 4 * 16, at);
#pragma unroll
    for (int n = 0; n < tiles; n += 2) {
      right_tile<T> columns[2];
      if constexpr (!across)
        load_right_transposed<64>(columns, right, n * 8, at);
      else if (n < in_panels)
        load_right<64>(columns, right + n / 8 * panel, at, n % 8 * 8);
      else
        load_right<16>(columns, slices + (n - in_panels) / 2 * 1024, at, 0);
#pragma unroll
      for (int k = 0; k < tall; ++k)
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          if (!adds)
            clear(sum[k][n + half]);
          multiply_add(sum[k][n + half], rows[k], columns[half]);
        }
    }
  }
}

/// Of one left panel.
template <bool across, typename T, int tiles>
static __device__ __forceinline__ void multiply_wide(sum_tile (&sum)[tiles], const T *left,
                                                     const T *right, int at, bool adds) {
  multiply_wide<across>(reinterpret_cast<sum_tile(&)[1][tiles]>(sum), left, right, at, adds);
}

/// Exchanges numbers of row sum_row(2 i) of two tiles beside each other between neighbouring lanes, so that each
/// has four adjacent columns of the sixteen, from `gathered_column` on.
static __device__ __forceinline__ void gather_four(float (&four)[4], const sum_tile &low,
                                                   const sum_tile &high, int i) {
  const bool odd = lane_index() & 1;
#pragma unroll
  for (int c = 0; c < 2; ++c) {
    const float first = low.at[2 * i + c], second = high.at[2 * i + c];
    const float got = shuffle_xor(odd ? first : second, 1);
    four[c] = odd ? got : first;
    four[2 + c] = odd ? second : got;
  }
}
static __device__ __forceinline__ int gathered_column() {
  return lane_index() % 2 * 8 + lane_index() % 4 / 2 * 4;
}

/// Eight numbers of a row that this thread has in four tiles beside each other, make(0) to make(7), two in each: afterwards
/// eight adjacent columns, of the four neighbouring lanes each has those of one tile.
template <typename T, typename F>
static __device__ __forceinline__ void turn_row(T (&row)[8], F make) {
  struct both {
    T at[2];
  };
  struct words { // what is exchanged: halves of a word would be, one by one
    uint32_t at[sizeof(both) / 4];
  } pairs[4];
#pragma unroll
  for (int i = 0; i < 4; ++i)
    pairs[i] = __builtin_bit_cast(words, both{{make(2 * i), make(2 * i + 1)}});
  turn_quad(pairs);
#pragma unroll
  for (int e = 0; e < 8; ++e)
    row[e] = __builtin_bit_cast(both, pairs[e / 2]).at[e % 2];
}

} // namespace scanc::device::warp
