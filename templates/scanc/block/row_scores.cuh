//===- block/row_scores.cuh - Scores of a chunk whose rows decay by themselves ---===//
//
//   called by      every thread of a block, a warp for each part of the chunk
//   result in      shared memory and registers, as named
//   shared memory  chunk_slot<R> and row_factors<R>, given by the caller
//   barriers       none: the caller has one of the block between any two calls here
//
//   Products of the factors of block/chunk_row_decays.cuh: steps of a part with each other, and with those of earlier parts.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_row_decays.cuh"

namespace scanc::device::block {

/// Products of a warp: 16 steps from step `row` on with as many from step `column` on, over all
/// rows of the state.
template <typename R>
class step_products {
public:
  using element = typename R::element;

  __device__ __forceinline__ step_products() {
    warp::clear(sums[0]);
    warp::clear(sums[1]);
  }

  /// 16 rows of the state, or 8 of tf32.
  template <typename T>
  __device__ __forceinline__ void add(const warp::left_tile<T> &left, const warp::right_tile<T> (&right)[2]) {
#pragma unroll
    for (int half = 0; half < 2; ++half)
      warp::multiply_add(sums[half], left, right[half]);
  }

  /// Rows from `at` on of panel `p`.
  __device__ __forceinline__ void add(const warp::left_tile<element> &left, const element (&right)[row_panels<R>()][panel],
                                      int column, int p, int at) {
    warp::right_tile<element> tiles[2];
    warp::load_right_transposed<panel_columns>(tiles, right[p], column, at);
    add(left, tiles);
  }

  __device__ __forceinline__ void store(score_tile<R> (&to)[2][32]) const {
    score_tile<R> nearest{warp::as_left<element>(sums[0], sums[1])}, left;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      row<element, 2> rounded;
      rounded.pairs[0] = nearest.of.words[i];
      const float(&sum)[4] = sums[i / 2].at;
      const int at = i % 2 * 2;
      left.of.words[i] = warp::pack<element>(sum[at] - widen(rounded[0]), sum[at + 1] - widen(rounded[1]));
    }
    shared_store(to[0][lane_index()], nearest);
    shared_store(to[1][lane_index()], left);
  }

  __device__ __forceinline__ void store(element (&to)[panel], int row, int column) const {
    const auto rounded = warp::as_left<element>(sums[0], sums[1]);
#pragma unroll
    for (int i = 0; i < 4; ++i)
      shared_store(reinterpret_cast<uint32_t &>(to[warp::swizzled<element, panel_columns>(
                       row + warp::sum_row(i % 2 * 2), column + i / 2 * 8 + warp::sum_column(0))]),
                   rounded.words[i]);
  }

  warp::sum_tile sums[2];
};

/// Queries times keys of the same steps, of the warp's part: where the lane has a sum of a step
/// with itself, those of the first eight steps and of the last. Reads what the chunk brought.
template <typename R>
static __device__ __forceinline__ void score_steps(float (&same)[2], const R &recurrence, const typename R::lane &at,
                                                   const chunk_slot<R> &slot, const chunk_numbers &numbers) {
  same[0] = same[1] = 0.0f;
  if constexpr (reads_before<R> && !has_bonus<R>)
    return;
  const int first = warp_of_group() * part_steps;
  step_products<R> products;
#pragma unroll
  for (int k = 0; k < 4 * row_panels<R>(); ++k) {
    auto queries = warp::load_left<panel_columns>(slot.query[k / 4], first, k % 4 * 16);
    if constexpr (has_bonus<R>)
      weigh_steps(queries, k, [&](int row) { // whose columns are rows of the state here
        return R::rows % panel_columns == 0 || row < R::rows ? recurrence.bonus(at, row) : 0.0f;
      });
    products.add(queries, slot.key, first, k / 4, k % 4 * 16);
  }
  const bool odd = warp::sum_row(0) % 2;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const auto &sum = products.sums[half];
    same[half] = odd ? sum.at[2 * half + 1] : sum.at[2 * half];
    same[half] *= input_scale<R>(numbers, first + warp::sum_row(2 * half));
  }
}

/// Scores of the steps of the warp's part with each other, 0 where the key is later. `same`: from
/// `score_steps`.
template <typename R>
static __device__ __forceinline__ void score_within(row_factors<R> &factors,
                                                    const float (&same)[2]) {
  using element = typename R::element;
  const int first = warp_of_group() * part_steps;
  step_products<R> products[sizes_within];
#pragma unroll 1 // registers
  for (int p = 0; p < row_panels<R>(); ++p)
#pragma unroll
    for (int at = 0; at < panel_columns; at += 16)
#pragma unroll
      for (int size = 0; size < sizes_within; ++size) {
        const auto queries = warp::load_left<panel_columns>(factors.halves[size][p], first, at);
        warp::right_tile<element> keys[2];
        warp::as_right_transposed(keys, queries); // what is multiplied lies in one matrix
        products[size].add(queries, keys);
      }
  step_products<R> scores;
#pragma unroll
  for (int n = 0; n < 2; ++n)
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int t = warp::sum_row(i), s = n * 8 + warp::sum_column(i);
      float score = same[n];
#pragma unroll
      for (int size = 0; size < sizes_within; ++size)
        score = (t ^ s) >= 1 << size ? products[size].sums[n].at[i] : score;
      scores.sums[n].at[i] = s <= t ? score : 0.0f;
    }
  const int part = warp_of_group();
  scores.store(factors.scores[score_place(part, part)]);
}

/// The part whose results a warp has: the same in all lanes, as the compiler must see. Behind branches that it thinks lanes of a
/// warp take, it makes the products of four warps wait for each other.
static __device__ __forceinline__ int part_of_warp() { return shuffle(warp_of_group(), 0); }

/// Scores of parts with earlier ones: two warps have what the last two parts read of one of the first two, the others what a
/// part reads of the one beside it.
template <typename R>
static __device__ __forceinline__ void score_across(row_factors<R> &factors, chunk_slot<R> &slot) {
  constexpr int depth = warp::depth<warp::tf32>, terms = tile_columns / depth, half = chunk_parts / 2;
  const int unit = part_of_warp();
  if (unit < half) {
    step_products<R> later[half];
#pragma unroll
    for (int k = 0; k < row_panels<R>() * panel_tiles * terms; ++k) {
      const int tile = k / terms, p = tile / panel_tiles, at = k % terms * depth;
      warp::right_tile<warp::tf32> keys[2];
      warp::load_right_transposed<tile_columns>(keys, factors.far_tile(slot, p, unit, tile % panel_tiles), 0, at);
#pragma unroll
      for (int n = 0; n < half; ++n)
        later[n].add(warp::load_left<tile_columns>(factors.far_tile(slot, p, half + n, tile % panel_tiles), 0, at), keys);
    }
#pragma unroll
    for (int n = 0; n < half; ++n)
      later[n].store(factors.scores[score_place(half + n, unit)]);
  } else {
    const int part = 2 * (unit - half);
    step_products<R> beside;
#pragma unroll
    for (int k = 0; k < row_panels<R>() * panel_tiles * terms; ++k) {
      const int tile = k / terms, p = tile / panel_tiles, at = k % terms * depth;
      warp::right_tile<warp::tf32> keys[2];
      warp::load_right_transposed<tile_columns>(keys, factors.near[p][part][tile % panel_tiles], 0, at);
      beside.add(warp::load_left<tile_columns>(factors.near[p][part + 1][tile % panel_tiles], 0, at), keys);
    }
    beside.store(factors.scores[score_place(part + 1, part)]);
  }
}

/// Zeros where all keys are later, once for all chunks.
template <typename R>
static __device__ __forceinline__ void clear_scores(row_factors<R> &factors) {
  if (thread_index() < 64)
    shared_store(factors.scores[score_tiles][thread_index() / 32][lane_index()], {});
}

/// The scores of the warp's part with all of the chunk, as the left operand of the product with the values: the nearest
/// elements, and what these leave.
template <typename R>
struct weighted_scores {
  warp::left_tile<typename R::element> of[2][chunk_parts];

  __device__ __forceinline__ explicit weighted_scores(const row_factors<R> &factors) {
    const int part = part_of_warp();
#pragma unroll
    for (int k = 0; k < chunk_parts; ++k)
#pragma unroll
      for (int i = 0; i < 2; ++i)
        of[i][k] = shared_load(factors.scores[k <= part ? score_place(part, k) : score_tiles][i][lane_index()]).of;
  }

  /// Adds the product. Starts it where four warps multiply together.
  __device__ __forceinline__ void add_product(warp::sum_tile (&outputs)[8],
                                              const typename R::element (&values)[panel]) const {
    begin_group_products();
#pragma unroll
    for (int i = 0; i < 2; ++i)
      warp::multiply_panel<false>(outputs, of[i], values, true);
    start_group_products();
  }
};

} // namespace scanc::device::block
