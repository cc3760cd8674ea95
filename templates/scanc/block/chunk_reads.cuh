//===- block/chunk_reads.cuh - What a chunk reads of a state, made before the state is known ---===//
//
//   called by      every thread of a group of four warps
//   result in      shared memory, registers
//   shared memory  as named, given by the caller
//   barriers       none
//
//   The inputs u of a chunk of block/chunk_correction.cuh are (1 + L)^-1 value, which does not depend on the state,
//   and reads S with reads = -(1 + L)^-1 b 2^g key'. So a state waits for two products in a row, not three.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_state.cuh"

namespace scanc::device::block {

/// By the 128 threads of a group, of a chunk: each step's row that a state is read with. Of (1 + L) u = value - b 2^g key' S
/// they are what S has in u.
template <typename S>
static __device__ __forceinline__ void
make_reads(typename S::element (&to)[row_panels<S>()][panel], const chunk_slot<S> &slot,
           const typename S::element (&keys)[row_panels<S>()][panel]) {
  using element = typename S::element;
  constexpr int panels = row_panels<S>();
  const int first = warp_of_group() * 16;
  warp::left_tile<element> inverse[chunk_steps / 16];
#pragma unroll
  for (int k = 0; k < chunk_steps / 16; ++k) {
    inverse[k] = warp::load_left<panel_columns>(slot.inverse, first, k * 16);
    weigh_steps(inverse[k], k, [&](int step) {
      return -shared_load(slot.strength[step]) *
             (decays<S> ? exp2_approximate(shared_load(slot.decay[step])) : 1.0f);
    });
  }
  warp::sum_tile reads[panels][8];
#pragma unroll
  for (int p = 0; p < panels; ++p) {
    begin_group_products();
#pragma unroll
    for (int k = 0; k < chunk_steps / 16; ++k)
      warp::multiply_panel<false>(reads[p], inverse[k], keys[p], k * 16, k > 0);
    start_group_products();
  }
  finish_group_products();
#pragma unroll
  for (int p = 0; p < panels; ++p) {
    warp::settle(reads[p]);
    warp::store_panel(to[p], first, reads[p]);
  }
}

/// By the same: what the inputs of a chunk's steps have of the values alone. Starts it where four warps multiply together.
template <typename S>
static __device__ __forceinline__ void start_values(warp::sum_tile (&inputs)[8], const chunk_slot<S> &slot,
                                                    const typename S::element (&values)[panel]) {
  using element = typename S::element;
  warp::left_tile<element> columns[chunk_steps / 16];
#pragma unroll
  for (int k = 0; k < chunk_steps / 16; ++k) {
    columns[k] = warp::load_left_transposed<panel_columns>(values, k * 16, warp_of_group() * 16);
    if constexpr (scales_input<S>)
      weigh_steps(columns[k], k, [&](int step) { return shared_load(slot.input_scale[step]); });
  }
  begin_group_products();
#pragma unroll
  for (int k = 0; k < chunk_steps / 16; ++k)
    warp::multiply_panel<true>(inputs, columns[k], slot.inverse, k * 16, k > 0);
  start_group_products();
}

} // namespace scanc::device::block
