//===- block/matrix_chain.cuh - The product of a run of maps --------------===//
//
//   called by      every thread of a block of 2 * dense_width<S> threads
//   result in      registers: each warp has 16 rows of the product
//   shared memory  panel_ring<S>, given by the caller
//   barriers       one per map, reached by every thread
//
//   A run of maps h -> M h + b is one map. Products are made from the last map to the first,
//   R <- R M: a warp then needs its own rows of R and all of M, so that R stays in registers. R is
//   16 bits wide and scaled by a power of two per warp whenever its largest element leaves
//   [1/4, 4096]; the sum in front of each rounding is f32, so that neither large nor long products
//   leave the range. Errors are relative to the largest row.
//
//   S is a run of maps: a recurrence in the sense of templates/README.md whose `exponent` says by
//   which power of two the matrix of a step is to be multiplied.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/dense_panel.cuh"
#include "scanc/core/math.cuh"
#include "scanc/core/policy.cuh"

namespace scanc::device::block {

/// The exponent of a number: 2^exponent <= |x| < 2^(exponent + 1); -127 for 0.
static __device__ __forceinline__ int exponent_of(float x) {
  return static_cast<int>(__builtin_bit_cast(uint32_t, x) >> 23 & 0xff) - 127;
}

/// 16 rows of a product, 2^exponent * left, and of the bias of the map, spread over the lanes that
/// hold a row.
template <typename S>
struct chain_rows {
  using element = typename S::element;
  static constexpr int width = dense_width<S>(), tiles = width / 16;
  static_assert(sizeof(element) == 2, "products are of f16 or bf16");

  warp::left_tile<element> left[tiles];
  int exponent;
  float bias[2];

  static __device__ __forceinline__ int row_of(int i) {
    return warp_index() * 16 + warp::sum_row(2 * i);
  }

  /// The last map of a run.
  __device__ __forceinline__ void begin(const element *matrix, int matrix_exponent,
                                        const float *input) {
#pragma unroll
    for (int k = 0; k < tiles; ++k)
      left[k] = warp::load_left<width>(matrix, warp_index() * 16, k * 16);
    exponent = matrix_exponent;
#pragma unroll
    for (int i = 0; i < 2; ++i)
      bias[i] = lane_index() % 4 == 0 ? shared_load(input[row_of(i)]) : 0.0f;
  }

  /// The map before it.
  __device__ __forceinline__ void prepend(const element *matrix, int matrix_exponent,
                                          const float *input) {
    float dot[2][4] = {}; // chains of dependent sums, each for some of the columns
#pragma unroll
    for (int k = 0; k < tiles; ++k)
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const auto b = thread::take(reinterpret_cast<const row<float, 2> &>(
            input[k * 16 + half * 8 + warp::sum_column(0)]));
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          row<element, 2> pair;
          pair.pairs[0] = left[k].words[2 * half + i];
          dot[i][2 * half] += widen(pair[0]) * b[0];
          dot[i][2 * half + 1] += widen(pair[1]) * b[1];
        }
      }
    const scale factor = make_scale(exponent);
#pragma unroll
    for (int i = 0; i < 2; ++i)
      bias[i] += factor * ((dot[i][0] + dot[i][1]) + (dot[i][2] + dot[i][3]));

    warp::sum_tile sum[2 * tiles];
#pragma unroll
    for (int n = 0; n < 2 * tiles; ++n)
      clear(sum[n]);
#pragma unroll
    for (int k = 0; k < tiles; ++k)
#pragma unroll
      for (int n = 0; n < tiles; ++n) {
        warp::right_tile<element> right[2];
        warp::load_right<width>(right, matrix, k * 16, n * 16);
        warp::multiply_add(sum[2 * n], left[k], right[0]);
        warp::multiply_add(sum[2 * n + 1], left[k], right[1]);
      }
    exponent += matrix_exponent;
    float large[4] = {};
#pragma unroll
    for (int n = 0; n < 2 * tiles; ++n)
#pragma unroll
      for (int i = 0; i < 4; ++i)
        large[i] = ::fmaxf(large[i], ::fabsf(sum[n].at[i]));
    const float largest = ::fmaxf(::fmaxf(large[0], large[1]), ::fmaxf(large[2], large[3]));
    if (ballot(largest > 4096.0f) != 0 || ballot(largest >= 0.25f) == 0)
      rescale(sum, largest);
#pragma unroll
    for (int n = 0; n < tiles; ++n)
      left[n] = warp::as_left<element>(sum[2 * n], sum[2 * n + 1]);
  }

  /// Brings the rows of all warps to one exponent, the largest of those that have an element other
  /// than 0. `cells` has an entry per warp.
  __device__ __forceinline__ void agree(int *cells) {
    uint32_t any = 0;
#pragma unroll
    for (int k = 0; k < tiles; ++k)
#pragma unroll
      for (int i = 0; i < 4; ++i)
        any |= left[k].words[i] & 0x7fff7fffu;
    constexpr int lowest = -(1 << 24);
    const int own = ballot(any != 0) != 0 ? exponent : lowest;
    if (lane_index() == 0)
      shared_store(cells[warp_index()], own);
    block_barrier();
    int common = lowest;
#pragma unroll
    for (int w = 0; w < tiles; ++w) {
      const int other = shared_load(cells[w]);
      common = other > common ? other : common;
    }
    const float shrink = power_of_two(own - common);
    exponent = common;
#pragma unroll
    for (int k = 0; k < tiles; ++k)
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        row<element, 2> pair;
        pair.pairs[0] = left[k].words[i];
        left[k].words[i] = warp::pack<element>(shrink * widen(pair[0]), shrink * widen(pair[1]));
      }
#pragma unroll
    for (int i = 0; i < 2; ++i)
#pragma unroll
      for (int reach = 1; reach < 4; reach *= 2)
        bias[i] += shuffle_xor(bias[i], reach);
  }

private:
  /// Brings the largest element of the warp into [1, 2). A product of 0 keeps its exponent.
  __device__ __forceinline__ void rescale(warp::sum_tile (&sum)[2 * tiles], float largest) {
#pragma unroll
    for (int reach = 1; reach < 32; reach *= 2)
      largest = ::fmaxf(largest, shuffle_xor(largest, reach));
    if (largest == 0.0f)
      return;
    const int shift = exponent_of(largest);
    const float back = power_of_two(-shift);
    exponent += shift;
#pragma unroll
    for (int n = 0; n < 2 * tiles; ++n)
#pragma unroll
      for (int i = 0; i < 4; ++i)
        sum[n].at[i] *= back;
  }
};

/// The product of all maps of `run`, of which there is one at least.
template <typename S>
static __device__ __forceinline__ void matrix_chain(const S &run, const typename S::lane &at,
                                                    panel_ring<S> &ring, chain_rows<S> &rows) {
  constexpr int slots = S::shape.ring, width = dense_width<S>(), threads = 2 * width;
  static_assert(S::shape.threads == threads && S::shape.panel() == width, "a warp has 16 rows");
  static_assert(slots >= 3, "a map is in use, and the next one's inputs are");
#pragma unroll 1
  for (int i = 0; i < slots; ++i)
    clear_panel<S, width, threads>(ring.slots[i].matrix);
  block_barrier();

  const int maps = static_cast<int>(run.steps());
  const auto before = [](int slot) { return slot == 0 ? slots - 1 : slot - 1; };
  int ordered = maps - 1, filling = ordered % slots, taking = filling;
  const auto order = [&] {
    if (ordered >= 0) {
      fetch_panel<width, threads>(run, at, ordered, 0, ring.slots[filling].matrix);
      fetch_inputs<threads>(run, at, ordered, ring.slots[filling].inputs);
    }
    close_copies(); // an empty group keeps the count
    --ordered;
    filling = before(filling);
  };
  // b of a step for all threads, one map before it is used.
  const auto publish_input = [&](int step, int slot, int half) {
    const int i = thread_index();
    if (i < width)
      shared_store(ring.vectors[half][i],
                   i < S::size ? bias_of(run.input(ring.slots[slot].inputs, at, step, i)) : 0.0f);
  };
#pragma unroll 1
  for (int i = 0; i < slots - 1; ++i)
    order();
  await_copies<slots - 2>();
  block_barrier();
  publish_input(maps - 1, taking, 0);

#pragma unroll 1
  for (int step = maps - 1, half = 0; step >= 0; --step, half ^= 1) {
    // The map before this one has landed, too; every thread is done with the one after it.
    await_copies<slots - 3>();
    block_barrier();
    order();
    const auto &slot = ring.slots[taking];
    taking = before(taking);
    if (step > 0)
      publish_input(step - 1, taking, half ^ 1);
    const int exponent = run.exponent(slot.inputs);
    if (step == maps - 1)
      rows.begin(slot.matrix, exponent, ring.vectors[half]);
    else
      rows.prepend(slot.matrix, exponent, ring.vectors[half]);
  }
}

} // namespace scanc::device::block
