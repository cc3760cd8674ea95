//===- block/chunk_row_decays.cuh - A decay of its own for each row of a matrix state ---===//
//
//   called by      every thread of a block
//   result in      shared memory and registers, as named
//   shared memory  chunk_slot<R> and row_factors<R>, given by the caller
//   barriers       none: the caller has one of the block between any two calls here
//
//   S[t, i] = a[t, i] S[t-1, i] + key[t, i] value[t]'. What step t reads of step s < t is weighted
//   by the sum over i of query[t, i] key[s, i] and all a[r, i] of s < r <= t. Any step m between
//   the two parts these decays:
//
//     (query[t, i] * product of a[r, i] over m <= r <= t) * (key[s, i] * product of a[r, i] over s
//     < r < m)
//
//   m is the middle of the smallest of the blocks of 2, 4, 8, 16, 32 and 64 steps, side by side,
//   that has both. So there are only products of decays that the recurrence itself has: none is
//   larger than 1 where no decay is, a decay of 0 is exact, nothing is divided and there are no
//   logarithms. Of a size of blocks a step is in the left half, and its key wanted, or in the right
//   one, and its query is: one matrix for each size.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_outputs.cuh"

namespace scanc::device::block {

/// Parts of a chunk, of as many steps as a product of a warp has rows.
inline constexpr int part_steps = 16, chunk_parts = chunk_steps / part_steps;
/// Sizes of blocks: those within a part, then 32 and 64 steps.
inline constexpr int sizes_within = 4, block_sizes = 6;

/// Decays of whole parts.
template <typename R>
using part_decays = float[chunk_parts][row_panels<R>() * panel_columns];

/// Queries and keys, weighted by decays, as operands of products.
template <typename R>
struct row_factors {
  using element = typename R::element;
  union {
    alignas(1024) element
        halves[block_sizes][row_panels<R>()][panel]; ///< keys of left halves, queries of right ones
    state_panels<R> state;                           ///< when there are scores
  };
  element query[row_panels<R>()][panel];                      ///< from the beginning of the chunk
  element key[row_panels<R>()][panel];                        ///< to its end
  element scores[panel];                                      ///< of a row's step with earlier ones
  part_decays<R> decays;
  chunk_numbers numbers[2];                                   ///< of this chunk and the next
};

/// A warp's work on the factors of a chunk: 64 rows of the state and a part, a lane two rows, one or more times.
template <typename R>
class part_rows {
public:
  using element = typename R::element;
  using decay_element = typename R::decay_element;

  /// The decays of parts, of a chunk of `count` steps; those of the first stay here.
  __device__ __forceinline__ void measure(const R &recurrence, part_decays<R> &to,
                                          const chunk_slot<R> &slot, int count) {
#pragma unroll 1
    for (int turn = turns - 1; turn >= 0; --turn) {
      if (!enter(turn))
        continue;
      take_decays(recurrence, slot, count);
      two all{1.0f, 1.0f};
#pragma unroll
      for (int r = 0; r < part_steps; ++r)
#pragma unroll
        for (int c = 0; c < 2; ++c)
          all[c] *= decay[r][c];
#pragma unroll
      for (int c = 0; c < 2; ++c)
        shared_store(to[part][p * panel_columns + column + c], all[c]);
    }
  }

  /// The factors, given the decays of all parts.
  __device__ __forceinline__ void split(const R &recurrence, row_factors<R> &to,
                                        const chunk_slot<R> &slot, const chunk_numbers &numbers,
                                        int count) {
#pragma unroll 1
    for (int turn = 0; turn < turns; ++turn) {
      if (!enter(turn))
        continue;
      if (turn > 0)
        take_decays(recurrence, slot, count);
      split_part(to, slot, numbers);
    }
  }

  /// Keys to the end of the chunk, in their place, given the decays of all parts.
  __device__ __forceinline__ void weigh_keys(const R &recurrence, chunk_slot<R> &slot,
                                             const part_decays<R> &decays, int count) {
#pragma unroll 1
    for (int turn = 0; turn < turns; ++turn) {
      if (!enter(turn))
        continue;
      if (turn > 0)
        take_decays(recurrence, slot, count);
      take_keys(slot, slot);
      put_keys(slot.key[p], part_steps, decays_of(decays, part + 1, chunk_parts));
    }
  }

private:
  using two = array<float, 2>;
  static constexpr int warps = 4 * R::shape.warpgroups, units = chunk_parts * row_panels<R>(),
                       turns = (units + warps - 1) / warps;

  /// False where the warp has nothing to do.
  __device__ __forceinline__ bool enter(int turn) {
    int thread = thread_index();
    forget(thread); // addresses would stay in registers, which the state wants
    const int unit = turn * warps + thread / 32;
    part = unit % chunk_parts;
    first = part * part_steps;
    p = unit / chunk_parts;
    column = 2 * (thread % 32);
    return units % warps == 0 || unit < units;
  }

  __device__ __forceinline__ void split_part(row_factors<R> &to, const chunk_slot<R> &slot,
                                             const chunk_numbers &numbers) {
    constexpr int near = sizes_within, far = near + 1;
    take_keys(slot, numbers);
#pragma unroll
    for (int size = 0; size < sizes_within; ++size)
      put_keys(to.halves[size][p], 1 << size, {1.0f, 1.0f});
    if (part % 2 == 0)
      put_keys(to.halves[near][p], part_steps, {1.0f, 1.0f});
    if (part < 2)
      put_keys(to.halves[far][p], part_steps, decays_of(to.decays, part + 1, 2));
    put_keys(to.key[p], part_steps, decays_of(to.decays, part + 1, chunk_parts));
    take(slot.query[p]);
#pragma unroll
    for (int size = 0; size < sizes_within; ++size)
      put_queries(to.halves[size][p], 1 << size, {1.0f, 1.0f});
    if (part % 2 == 1)
      put_queries(to.halves[near][p], part_steps, {1.0f, 1.0f});
    if (part >= 2)
      put_queries(to.halves[far][p], part_steps, decays_of(to.decays, 2, part));
    put_queries(to.query[p], part_steps, decays_of(to.decays, 0, part));
  }

  __device__ __forceinline__ void take_decays(const R &recurrence, const chunk_slot<R> &slot,
                                              int count) {
    struct alignas(2 * sizeof(decay_element)) decay_pair {
      decay_element of[2];
    };
#pragma unroll
    for (int r = 0; r < part_steps; ++r) {
      const auto pair = shared_load(reinterpret_cast<const decay_pair &>(
          slot.row_decays[p][warp::swizzled<decay_element, panel_columns>(first + r, column)]));
      const bool exists = first + r < count;
#pragma unroll
      for (int c = 0; c < 2; ++c) {
        const bool inside =
            R::rows % panel_columns == 0 || p * panel_columns + column + c < R::rows;
        decay[r][c] = exists && inside ? recurrence.decay(pair.of[c]) : 1.0f;
      }
    }
  }

  __device__ __forceinline__ void take(const element (&from)[panel]) {
#pragma unroll
    for (int r = 0; r < part_steps; ++r) {
      row<element, 2> pair;
      pair.pairs[0] = shared_load(reinterpret_cast<const uint32_t &>(
          from[warp::swizzled<element, panel_columns>(first + r, column)]));
#pragma unroll
      for (int c = 0; c < 2; ++c)
        factor[r][c] = widen(pair[c]);
    }
  }

  /// With what scales them.
  __device__ __forceinline__ void take_keys(const chunk_slot<R> &slot, const chunk_numbers &numbers) {
    take(slot.key[p]);
    if constexpr (scales_input<R>)
#pragma unroll
      for (int r = 0; r < part_steps; ++r)
#pragma unroll
        for (int c = 0; c < 2; ++c)
          factor[r][c] *= shared_load(numbers.input_scale[first + r]);
  }

  __device__ __forceinline__ void put(element (&to)[panel], int r, const two &by) const {
    shared_store(
        reinterpret_cast<uint32_t &>(to[warp::swizzled<element, panel_columns>(first + r, column)]),
        warp::pack<element>(factor[r][0] * by[0], factor[r][1] * by[1]));
  }

  /// Of blocks of 2 * half steps, the keys of the left half to its end, times what decays `behind`
  /// it.
  __device__ __forceinline__ void put_keys(element (&to)[panel], int half, two behind) const {
    two by = behind;
#pragma unroll
    for (int r = part_steps - 1; r >= 0; --r) {
      if (r & half)
        continue;
#pragma unroll
      for (int c = 0; c < 2; ++c)
        by[c] = (r + 1) % half == 0 ? behind[c] : by[c] * decay[r + 1][c];
      put(to, r, by);
    }
  }

  /// The queries of the right half from its beginning, times what decays `before` it; of all steps
  /// where the part is the half.
  __device__ __forceinline__ void put_queries(element (&to)[panel], int half, two before) const {
    two by = before;
#pragma unroll
    for (int r = 0; r < part_steps; ++r) {
      if (half < part_steps && !(r & half))
        continue;
#pragma unroll
      for (int c = 0; c < 2; ++c)
        by[c] = (r % half == 0 ? before[c] : by[c]) * decay[r][c];
      put(to, r, by);
    }
  }

  /// The decay of the parts [begin, end).
  __device__ __forceinline__ two decays_of(const part_decays<R> &decays, int begin,
                                           int end) const {
    two all{1.0f, 1.0f};
#pragma unroll
    for (int of = 0; of < chunk_parts; ++of)
      if (of >= begin && of < end)
#pragma unroll
        for (int c = 0; c < 2; ++c)
          all[c] *= shared_load(decays[of][p * panel_columns + column + c]);
    return all;
  }

  int part, first, p, column; ///< column: the lane's first row, of those of the panel
  float decay[part_steps][2], factor[part_steps][2];
};

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

  /// 16 rows of the state.
  __device__ __forceinline__ void add(const warp::left_tile<element> &left,
                                      const warp::right_tile<element> (&right)[2]) {
#pragma unroll
    for (int half = 0; half < 2; ++half)
      warp::multiply_add(sums[half], left, right[half]);
  }

  /// Rows from `at` on of panel `p`.
  __device__ __forceinline__ void add(const element (&left)[row_panels<R>()][panel],
                                      const element (&right)[row_panels<R>()][panel], int row,
                                      int column, int p, int at) {
    const auto tile = warp::load_left<panel_columns>(left[p], row, at);
    warp::right_tile<element> tiles[2];
    warp::load_right_transposed<panel_columns>(tiles, right[p], column, at);
    add(tile, tiles);
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
static __device__ __forceinline__ void score_steps(float (&same)[2], const chunk_slot<R> &slot,
                                                   const chunk_numbers &numbers) {
  const int first = warp_of_group() * part_steps;
  step_products<R> products;
#pragma unroll
  for (int k = 0; k < 4 * row_panels<R>(); ++k)
    products.add(slot.query, slot.key, first, first, k / 4, k % 4 * 16);
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
  const int first = warp_of_group() * part_steps;
  step_products<R> products[sizes_within];
#pragma unroll 1 // registers
  for (int p = 0; p < row_panels<R>(); ++p)
#pragma unroll
    for (int at = 0; at < panel_columns; at += 16)
#pragma unroll
      for (int size = 0; size < sizes_within; ++size)
        products[size].add(factors.halves[size], factors.halves[size], first, first, p, at);
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
  scores.store(factors.scores, first, first);
}

/// Scores of the steps of the warp's part with those of earlier parts.
template <typename R>
static __device__ __forceinline__ void score_across(row_factors<R> &factors) {
  constexpr int near = sizes_within, far = near + 1;
  // The same in all lanes, as the compiler must see: behind branches that it thinks lanes of a warp take, it makes the
  // products of four warps wait for each other.
  const int part = shuffle(warp_of_group(), 0), first = part * part_steps;
  if (part % 2 == 1) {
    step_products<R> beside;
#pragma unroll
    for (int k = 0; k < 4 * row_panels<R>(); ++k)
      beside.add(factors.halves[near], factors.halves[near], first, first - part_steps, k / 4, k % 4 * 16);
    beside.store(factors.scores, first, first - part_steps);
  }
  if (part >= 2) {
    step_products<R> before[2];
#pragma unroll
    for (int k = 0; k < 4 * row_panels<R>(); ++k)
#pragma unroll
      for (int of = 0; of < 2; ++of)
        before[of].add(factors.halves[far], factors.halves[far], first, of * part_steps, k / 4, k % 4 * 16);
#pragma unroll
    for (int of = 0; of < 2; ++of)
      before[of].store(factors.scores, first, of * part_steps);
  }
}

/// Zeros where the key is later, once for all chunks.
template <typename R>
static __device__ __forceinline__ void clear_scores(row_factors<R> &factors) {
  for (int n = thread_index(); n < panel / 2; n += R::shape.threads())
    shared_store(reinterpret_cast<uint32_t &>(factors.scores[2 * n]), uint32_t{0});
}

/// What a row of the state decays by in a chunk.
template <typename R>
static __device__ __forceinline__ float whole_decay(const part_decays<R> &decays, int row) {
  float all = 1.0f;
#pragma unroll
  for (int part = 0; part < chunk_parts; ++part)
    all *= shared_load(decays[part][row]);
  return all;
}

} // namespace scanc::device::block
