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

/// By the 128 threads of a group, of a chunk: each step's row that a state is read with, as its input is at the chunk's end.
/// Of (1 + L) u = value - b 2^g key' S they are what S has in u. All products have been finished then.
template <typename S>
static __device__ __forceinline__ void
make_reads(typename S::element (&to)[row_panels<S>()][panel], const chunk_slot<S> &slot,
           const typename S::element (&keys)[row_panels<S>()][panel]) {
  using element = typename S::element;
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
#pragma unroll
  for (int p = 0; p < row_panels<S>(); ++p) { // for the sums of two there are no registers
    warp::sum_tile reads[8];
    begin_group_products();
    warp::multiply_panel<false>(reads, inverse, keys[p], false);
    start_group_products();
    finish_group_products();
    warp::settle(reads);
    if constexpr (decays<S>) {
      const float last = decay_at<S>(slot, chunk_steps - 1);
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const float left = decay_since<S>(slot, last, first + warp::sum_row(2 * i));
#pragma unroll
        for (int n = 0; n < 8; ++n)
#pragma unroll
          for (int c = 0; c < 2; ++c)
            reads[n].at[2 * i + c] *= left;
      }
    }
    warp::store_panel(to[p], first, reads);
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
  warp::multiply_panel<true>(inputs, columns, slot.inverse, false);
  start_group_products();
}

} // namespace scanc::device::block
