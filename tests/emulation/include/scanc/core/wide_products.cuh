//===- scanc/core/wide_products.cuh - Wide products of four warps, on the CPU ---===//
//
// Found before the file of the same name in templates/, as hardware.cuh beside it.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/tensor_cores.cuh"

namespace scanc::device {

struct panels_operand {
  group_operand rows;
  bool slices;
};

static __device__ __forceinline__ panels_operand panels_at(const void *panels, int from) {
  return {group_rows(panels, from), false};
}
static __device__ __forceinline__ panels_operand slices_at(const void *slices, int from) {
  return {group_rows(slices, from), true};
}

/// What one warp does of slices: rows of 32 bytes, 2 KiB from slice to slice.
template <int tiles, typename F>
static inline void multiply_slices(float (&sum)[tiles][4], group_operand right, bool adds, F multiply,
                                   Place place) {
  const int row = lane_index() % 16, piece = lane_index() / 16;
  for (int n = 0; n < tiles; n += 2) {
    uint32_t words[4];
    load_matrices_transposed(words, right.rows + n / 2 * 2048 + row * 32 + (piece ^ row / 4 % 2) * 16,
                             place);
    for (int half = 0; half < 2; ++half) {
      for (int i = 0; i < 4 && !adds; ++i)
        sum[n + half][i] = 0.0f;
      const uint32_t tile[2] = {words[2 * half], words[2 * half + 1]};
      multiply(sum[n + half], tile);
    }
  }
}

template <bool half, bool across, int tiles>
static __device__ __forceinline__ void multiply_wide(float (&sum)[tiles][4], panels_operand left,
                                                     panels_operand right, bool before,
                                                     Place place = Place::current()) {
  uint32_t words[4];
  load_group_left(words, left.rows, place);
  const auto multiply = [&](float(&of)[4], const uint32_t(&tile)[2]) {
    if constexpr (half)
      multiply_add_f16(of, words, tile, place);
    else
      multiply_add_bf16(of, words, tile, place);
  };
  if (right.slices)
    multiply_slices(sum, right.rows, before, multiply, place);
  else
    multiply_group_words<!across, 8192>(sum, right.rows, before, multiply, place);
}

template <int count>
static __device__ __forceinline__ void give_registers() {}
template <int count>
static __device__ __forceinline__ void take_registers() {}

} // namespace scanc::device
