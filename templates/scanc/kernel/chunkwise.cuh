//===- kernel/chunkwise.cuh - Matrix states read out, by products of chunks ---===//
//
//   called by      every thread of a grid of lanes() * ceildiv(R::columns, 64 * warpgroups) blocks
//   result in      global memory
//   shared memory  chunkwise_storage<R>, given by the caller
//   barriers       one per chunk, and one of each 128 threads, reached by every thread
//
//   S[t] = a[t] S[t-1] + key[t] value[t]', o[t] = query[t]' S[t]. With g[t] = log2 of the product of the
//   decays of a chunk up to t, and S as it enters:
//
//     o[t]  = 2^g[t] query[t]' S + sum of 2^(g[t] - g[s]) (query[t]' key[s]) value[s] over s <= t
//     S'    = 2^g[last] S + sum of 2^(g[last] - g[s]) key[s] value[s]'
//
//   (Yang et al. 2023, "Gated Linear Attention Transformers with Hardware-Efficient Training"; Dao and Gu
//   2024, "Transformers are SSMs"). No exponent is above 0 where no decay is above 1. The state stays in
//   registers, in f32, for all of time; products are of R::element, their sums f32.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_state.cuh"
#include "scanc/core/math.cuh"

namespace scanc::device::kernel {

template <typename R>
struct chunkwise_storage {
  block::chunk_slot<R> slots[R::shape.ring];
  block::state_panels<R> state;
};

/// The products of queries with something: 16 rows of this warp, the steps of a chunk.
template <typename R>
struct chunk_products {
  using element = typename R::element;
  warp::sum_tile sums[8];

  /// With the keys of the same chunk. Starts them where four warps multiply together.
  __device__ __forceinline__ void with_keys(const block::chunk_slot<R> &slot) {
    start<true>(slot, slot.key);
  }
  /// With the state.
  __device__ __forceinline__ void with_state(const block::chunk_slot<R> &slot,
                                             const block::state_panels<R> &state) {
    start<false>(slot, state.of[block::group_index()]);
  }

private:
  template <bool transposed>
  __device__ __forceinline__ void
  start(const block::chunk_slot<R> &slot,
        const element (&right)[block::row_panels<R>()][block::panel]) {
    begin_group_products();
#pragma unroll
    for (int k = 0; k < 4 * block::row_panels<R>(); ++k)
      warp::multiply_panels<transposed>(sums, slot.query[k / 4], k % 4 * 16, right[k / 4],
                                        k % 4 * 16, k > 0);
    start_group_products();
  }
};

/// A number of a step of a chunk, 1 where there is none; of its decay the exponent.
template <bool exists>
static __device__ __forceinline__ float of_step(const float (&numbers)[block::chunk_steps], int step,
                                                float neutral) {
  return exists ? shared_load(numbers[step]) : neutral;
}

template <typename R>
static __device__ __forceinline__ void chunkwise(const R &recurrence,
                                                 chunkwise_storage<R> &storage) {
  using element = typename R::element;
  constexpr int columns = block::panel_columns * R::shape.warpgroups, ring = R::shape.ring;
  constexpr int blocks = (R::columns + columns - 1) / columns;
  constexpr bool early = ring >= 3; // scores of a chunk begin in the one before
  constexpr bool decays = block::decays<R>, scales = block::scales_input<R>;
  const int column = block_index() % blocks * columns;
  const typename R::lane at = recurrence.enter(block_index() / blocks);
  const long long chunks = (recurrence.steps() + block::chunk_steps - 1) / block::chunk_steps;

  block::chunk_state<R> state;
  state.begin(recurrence, at, column);
  block::chunk_ring<R> stream(recurrence, at, column, storage.slots);
  chunk_products<R> scores, outputs;
  if (chunks == 0) {
    state.finish(recurrence, at, column);
    return;
  }
  stream.ask(0);
  for (int c = 0; c < ring - 1; ++c)
    stream.start(c);
  stream.tell(0);
  stream.ask(1);
  if constexpr (early) {
    await_copies<ring - 2>();
    show_to_group_products();
    block_barrier();
    scores.with_keys(stream.of(0));
    finish_group_products();
    warp::settle(scores.sums);
  }
  for (long long chunk = 0; chunk < chunks; ++chunk) {
    const block::chunk_slot<R> &slot = stream.of(chunk);
    await_copies<early ? ring - 3 : 0>();
    show_to_group_products();
    block_barrier(); // the next chunk is there, or this one; nobody reads the one before, or the state
    stream.start(chunk + ring - 1);
    state.show(storage.state);
    show_to_group_products();
    group_barrier();
    if constexpr (!early)
      scores.with_keys(slot);
    outputs.with_state(slot, storage.state);

    const auto decay = [&](int step) { return of_step<decays>(slot.decay, step, 0.0f); };
    const auto scale = [&](int step) { return of_step<scales>(slot.input_scale, step, 1.0f); };
    const float last = decay(block::chunk_steps - 1);
    if constexpr (decays)
      state.scale(exp2_approximate(last));
    const auto &values = slot.value[block::group_index()];
    state.add(slot, values, [&](int step) {
      return (decays ? exp2_approximate(last - decay(step)) : 1.0f) * scale(step);
    });

    stream.tell(chunk + 1);
    stream.ask(chunk + 2);

    if constexpr (!early) {
      finish_group_products<2>();
      warp::settle(scores.sums);
    }
    const int first = block::warp_of_group() * 16;
    float since[2]; // the chunk's beginning
#pragma unroll
    for (int i = 0; i < 2; ++i)
      since[i] = decay(first + warp::sum_row(2 * i));
#pragma unroll
    for (int n = 0; n < 8; ++n)
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int step = n * 8 + warp::sum_column(i);
        const float weight =
            (decays ? exp2_approximate(since[i / 2] - decay(step)) : 1.0f) * scale(step);
        scores.sums[n].at[i] =
            step <= first + warp::sum_row(i) ? scores.sums[n].at[i] * weight : 0.0f;
      }
    warp::left_tile<element> weighted[4];
    warp::narrow_left(weighted, scores.sums);
    finish_group_products<1>();
    warp::settle(outputs.sums);
    if constexpr (decays)
#pragma unroll
      for (int n = 0; n < 8; ++n)
#pragma unroll
        for (int i = 0; i < 4; ++i)
          outputs.sums[n].at[i] *= exp2_approximate(since[i / 2]);
    begin_group_products();
#pragma unroll
    for (int k = 0; k < 4; ++k)
      warp::multiply_panel<false>(outputs.sums, weighted[k], values, k * 16, true);
    start_group_products();
    if constexpr (early) { // of the last chunk again, behind it: not used
      scores.with_keys(stream.of(chunk + 1 < chunks ? chunk + 1 : chunk));
      finish_group_products<1>();
    } else {
      finish_group_products();
    }
    warp::settle(outputs.sums);

    float eights[2][2][8];
    warp::gather_eights(eights, outputs.sums);
#pragma unroll
    for (int a = 0; a < 2; ++a)
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const int row = first + warp::sum_row(2 * i);
        const long long step = chunk * block::chunk_steps + row;
        const int j = column + block::group_index() * block::panel_columns + a * 32 +
                      lane_index() % 4 * 8;
        const float by = of_step<block::scales_query<R>>(slot.query_scale, row, 1.0f);
#pragma unroll
        for (int e = 0; e < 8; ++e)
          eights[a][i][e] *= by;
        if (step < recurrence.steps() && j < R::columns)
          recurrence.write(at, step, j, eights[a][i]);
      }
    finish_group_products();
    warp::settle(scores.sums);
    state.settle();
  }
  await_copies<0>();
  state.finish(recurrence, at, column);
}

} // namespace scanc::device::kernel
