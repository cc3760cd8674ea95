//===- warp/split_matmul.cuh - Products of f32, in tf32 on the tensor cores or exact ---===//
//
//   called by      128 threads, threads 128 g to 128 g + 127 of the block
//   result in      every thread: 16 rows of this warp, or of each 64
//   shared memory  panels that the caller owns, read only; whoever wrote them has passed a barrier
//   barriers       none
//
//   A left panel is a swizzled matrix of 64 rows of 32 terms. Right panels have 64 columns of the sum, slices 16:
//   as rows of 32 terms, or where `across` as columns of 32 rows.
//
//   A factor x is the nearest number of tf32, high, and where `split` 11 bits of the 12 that this leaves, low: then
//   |x - high - low| <= 2^-23 |x|, and low * low, which is left out, is at most 2^-22 of the product. A product is off by
//   2^-21 of its magnitude, which is 8 roundings of f32. The tensor cores cut where they should round, so they make
//   sums of 16 terms, which are added in f32.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/warp/matmul.cuh"

namespace scanc::device::warp {

inline constexpr int split_depth = 32; ///< terms of a panel

/// `words` of f32 become the nearest ones of tf32; what these leave goes to `low`, of which the tensor cores cut the last bit
/// of 12. Where `split`, a number that is not finite has a low part that is none, whatever its high one.
template <bool split, int count>
static __device__ __forceinline__ void split_words(uint32_t (&words)[count], uint32_t (&low)[count]) {
#pragma unroll
  for (int i = 0; i < count; ++i) {
    const float whole = __builtin_bit_cast(float, words[i]);
    if constexpr (split) {
      words[i] = (words[i] + 0x1000u) & 0xffffe000u;
      low[i] = __builtin_bit_cast(uint32_t, whole - __builtin_bit_cast(float, words[i]));
    } else {
      words[i] = narrow_tf32(whole).bits;
    }
  }
}

/// sum += left panel * right panels, then slices, of which there are as many as the sum has columns. Sums that are
/// `tall` have 64 rows each, of left panels that follow each other.
template <bool across, bool split, int tiles, int tall>
static __device__ __forceinline__ void multiply_split(sum_tile (&sum)[tall][tiles], const float *left,
                                                      const float *right) {
  constexpr int steps = 2, panel = 64 * split_depth, slice = 16 * split_depth; // of 8 terms, summed beside the sum
  constexpr int in_panels = across ? tiles / 8 * 8 : tiles;
  const auto *const rows = reinterpret_cast<const tf32 *>(left), *const columns = reinterpret_cast<const tf32 *>(right);
#pragma unroll 1
  for (int term = 0; term < split_depth; term += 8 * steps) {
    left_tile<tf32> high[tall][steps], low[tall][steps];
#pragma unroll
    for (int k = 0; k < tall; ++k)
#pragma unroll
      for (int s = 0; s < steps; ++s) {
        high[k][s] = load_left<split_depth>(rows + k * panel, warp_index() % 4 * 16, term + 8 * s);
        split_words<split>(high[k][s].words, low[k][s].words);
      }
#pragma unroll
    for (int n = 0; n < tiles; n += 2) {
      sum_tile part[tall][2];
#pragma unroll
      for (int k = 0; k < tall; ++k)
#pragma unroll
        for (int half = 0; half < 2; ++half)
          clear(part[k][half]);
#pragma unroll
      for (int s = 0; s < steps; ++s) {
        const int at = term + 8 * s;
        right_tile<tf32> whole[2], rest[2];
        if constexpr (!across)
          load_right_transposed<split_depth>(whole, columns, n * 8, at);
        else if (n < in_panels)
          load_right<64>(whole, columns + n / 8 * panel, at, n % 8 * 8);
        else
          load_right<16>(whole, columns + in_panels / 8 * panel + (n - in_panels) / 2 * slice, at, 0);
#pragma unroll
        for (int half = 0; half < 2; ++half)
          split_words<split>(whole[half].words, rest[half].words);
#pragma unroll
        for (int k = 0; k < tall; ++k)
#pragma unroll
          for (int half = 0; half < 2; ++half) {
            if constexpr (split) {
              multiply_add(part[k][half], low[k][s], whole[half]);
              multiply_add(part[k][half], high[k][s], rest[half]);
            }
            multiply_add(part[k][half], high[k][s], whole[half]);
          }
      }
#pragma unroll
      for (int k = 0; k < tall; ++k)
#pragma unroll
        for (int half = 0; half < 2; ++half)
#pragma unroll
          for (int i = 0; i < 4; ++i)
            sum[k][n + half].at[i] += part[k][half].at[i];
    }
  }
}

/// The same in f32, term by term.
template <bool across, int tiles, int tall>
static __device__ __forceinline__ void multiply_exact(sum_tile (&sum)[tall][tiles], const float *left,
                                                      const float *right) {
  constexpr int panel = 64 * split_depth, slice = 16 * split_depth;
  constexpr int in_panels = across ? tiles / 8 * 8 : tiles;
  const int first = warp_index() % 4 * 16;
#pragma unroll 1
  for (int term = 0; term < split_depth; ++term) {
    float rows[tall][2];
#pragma unroll
    for (int k = 0; k < tall; ++k)
#pragma unroll
      for (int i = 0; i < 2; ++i)
        rows[k][i] = shared_load(left[k * panel + swizzled<float, split_depth>(first + sum_row(2 * i), term)]);
#pragma unroll
    for (int n = 0; n < tiles; ++n)
#pragma unroll
      for (int c = 0; c < 2; ++c) {
        const int column = sum_column(c);
        const float *const from =
            !across         ? right + swizzled<float, split_depth>(n * 8 + column, term)
            : n < in_panels ? right + n / 8 * panel + swizzled<float, 64>(term, n % 8 * 8 + column)
                            : right + in_panels / 8 * panel + (n - in_panels) / 2 * slice +
                                  swizzled<float, 16>(term, n % 2 * 8 + column);
        const float factor = shared_load(*from);
#pragma unroll
        for (int k = 0; k < tall; ++k)
#pragma unroll
          for (int i = 0; i < 2; ++i)
            sum[k][n].at[2 * i + c] += rows[k][i] * factor;
      }
  }
}

} // namespace scanc::device::warp
