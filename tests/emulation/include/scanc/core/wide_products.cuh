//===- scanc/core/wide_products.cuh - Wide products of four warps, on the CPU ---===//
//
// Found before the file of the same name in templates/, as hardware.cuh beside it.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/tensor_cores.cuh"

namespace scanc::device {

using panels_operand = group_operand;

static __device__ __forceinline__ panels_operand panels_at(const void *panels, int from) {
  return group_rows(panels, from);
}

template <bool half, bool across, int tiles>
static __device__ __forceinline__ void multiply_wide(float (&sum)[tiles][4], panels_operand left,
                                                     panels_operand right, bool before,
                                                     Place place = Place::current()) {
  uint32_t words[4];
  load_group_left(words, left, place);
  multiply_group_words<!across, 8192>(
      sum, right, before,
      [&](float(&of)[4], const uint32_t(&tile)[2]) {
        if constexpr (half)
          multiply_add_f16(of, words, tile, place);
        else
          multiply_add_bf16(of, words, tile, place);
      },
      place);
}

template <int count>
static __device__ __forceinline__ void give_registers() {}
template <int count>
static __device__ __forceinline__ void take_registers() {}

} // namespace scanc::device
