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
//   that has both. Where results read the state before, decays of s < r < t stand in their place, a query has those up to the
//   one before it, and a score of a step with itself is 0 or what a bonus makes it. So there are only products of decays that the recurrence itself has: none is
//   larger than 1 where no decay is, a decay of 0 is exact, nothing is divided and there are no
//   logarithms. Of a size of blocks a step is in the left half, and its key wanted, or in the right
//   one, and its query is: one matrix for each size.
//
//   What is rounded: factors within a part to an element, those across parts to tf32; queries and keys that meet the
//   state, and the state, to an element. Scores are two elements each, the nearest one and what that leaves.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_outputs.cuh"

namespace scanc::device::block {

/// Parts of a chunk, of as many steps as a product of a warp has rows.
inline constexpr int part_steps = 16, chunk_parts = chunk_steps / part_steps;
/// Sizes of blocks within a part; the others have 32 and 64 steps.
inline constexpr int sizes_within = 4;
/// Columns of a tile of factors across parts, which has the steps of one.
inline constexpr int tile_columns = 32, factor_tile = part_steps * tile_columns, panel_tiles = panel_columns / tile_columns;

/// Decays of whole parts.
template <typename R>
using part_decays = float[chunk_parts][row_panels<R>() * panel_columns];

/// What scales a factor of tf32, whose last bits the tensor cores cut: by as much as a cut takes on average, which is half of
/// the last bit that stays, 2^-11, times the average of 1 / x where log2 x is anywhere from 0 to 1.
inline constexpr float before_cut = 1.0f + 0x1p-11f * 0.72134752f;

/// Factors of blocks of 64 steps, of the second tiles of panels where what decays are computed from has 16 bits.
template <typename R, bool narrow = sizeof(typename R::decay_element) == 2>
struct far_tiles {
  alignas(1024) warp::tf32 far[row_panels<R>()][chunk_parts][factor_tile];
};
template <typename R>
struct far_tiles<R, false> {};

/// Whether weighted queries are where the chunk's were, and those of the next come when they have been multiplied: so two blocks fit
/// a multiprocessor.
template <typename R>
inline constexpr bool queries_stay = row_panels<R>() == 1 && R::shape.warpgroups == 1;
/// From the beginning of the chunk.
template <typename R, bool stay = queries_stay<R>>
struct weighted_queries {
  alignas(1024) typename R::element query[row_panels<R>()][panel];
};
template <typename R>
struct weighted_queries<R, true> {};

/// Scores of a part's steps with those of another, or its own, as lanes have them in the left operand of a product.
template <typename R>
struct alignas(16) score_tile {
  warp::left_tile<typename R::element> of;
};
inline constexpr int score_tiles = chunk_parts * (chunk_parts + 1) / 2;
/// Where those of a part with an earlier one, or its own, are.
static __device__ __forceinline__ int score_place(int part, int of) { return part * (part + 1) / 2 + of; }

/// Queries and keys, weighted by decays, as operands of products.
template <typename R>
struct row_factors : far_tiles<R>, weighted_queries<R> {
  using element = typename R::element;
  union {
    alignas(1024) element
        halves[sizes_within][row_panels<R>()][panel]; ///< keys of left halves, queries of right ones
    state_panels<R> state;                            ///< when there are scores
  };
  element key[row_panels<R>()][panel]; ///< to the end of the chunk
  alignas(1024) warp::tf32 near[row_panels<R>()][chunk_parts][panel_tiles][factor_tile]; ///< of blocks of 32 steps
  score_tile<R> scores[score_tiles + 1][2][32]; ///< nearest and what is left; the last are 0
  part_decays<R> decays;
  chunk_numbers numbers[2]; ///< of this chunk and the next

  template <typename Slot>
  static __device__ __forceinline__ auto &queries(row_factors &factors, Slot &slot) {
    if constexpr (queries_stay<R>)
      return slot.query;
    else
      return factors.query;
  }

  /// Of blocks of 64 steps: where the decays of the same rows and steps were, which only the warp has read that writes here.
  __device__ __forceinline__ warp::tf32 *far_tile(chunk_slot<R> &slot, int p, int part, int tile) {
    auto *const place = reinterpret_cast<warp::tf32 *>(slot.row_decays[p] + part * part_steps * panel_columns);
    if constexpr (requires { this->far; })
      return tile > 0 ? this->far[p][part] : place;
    else
      return place + tile * factor_tile;
  }
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

  /// The factors, given the decays of all parts. What those of rows are computed from is lost.
  __device__ __forceinline__ void split(const R &recurrence, row_factors<R> &to, chunk_slot<R> &slot,
                                        const chunk_numbers &numbers, int count) {
#pragma unroll 1
    for (int turn = 0; turn < turns; ++turn) {
      if (!enter(turn))
        continue;
      if (turn > 0)
        take_decays(recurrence, slot, count);
      warp_barrier();
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
      two by = decays_of(decays, part + 1, chunk_parts);
#pragma unroll
      for (int r = part_steps - 1; r >= 0; --r) {
        put(slot.key[p], r, by);
#pragma unroll
        for (int c = 0; c < 2; ++c)
          by[c] *= decay[r][c];
      }
    }
  }

private:
  using two = array<float, 2>;
  struct alignas(8) tf32_pair {
    float of[2];
  };
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

  __device__ __forceinline__ void split_part(row_factors<R> &to, chunk_slot<R> &slot, const chunk_numbers &numbers) {
    const int tile = column / tile_columns;
    warp::tf32 *const near = to.near[p][part][tile], *const far = to.far_tile(slot, p, part, tile);
    take_keys(slot, numbers);
    put_within<true>(to);
    if (part % 2 == 0)
      put_all(near, {before_cut, before_cut});
    if (part < 2)
      put_all(far, decays_of(to.decays, part + 1, 2, before_cut));
    put_all(to.key[p], decays_of(to.decays, part + 1, chunk_parts));
    take(slot.query[p]);
    put_within<false>(to);
    if (part % 2 == 1)
      put_all(near, {before_cut, before_cut});
    if (part >= 2)
      put_all(far, decays_of(to.decays, 2, part, before_cut));
    put_all(row_factors<R>::queries(to, slot)[p], decays_of(to.decays, 0, part));
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
  /// To a tile of the part.
  __device__ __forceinline__ void put(warp::tf32 *to, int r, const two &by) const {
    shared_store(reinterpret_cast<tf32_pair &>(to[warp::swizzled<warp::tf32, tile_columns>(r, column % tile_columns)]),
                 {factor[r][0] * by[0], factor[r][1] * by[1]});
  }

  template <typename To>
  __device__ __forceinline__ void put_all(To &to, two by) const {
#pragma unroll
    for (int r = 0; r < part_steps; ++r)
      put(to, r, by);
  }

  /// Of blocks of 2 * half steps, the keys of the left half to its end, or the queries of the right half from its beginning,
  /// and then to the end of the block, or from its beginning: up to the part.
  template <bool of_keys>
  __device__ __forceinline__ void put_within(row_factors<R> &to) {
    float all[part_steps][2]; // of a block, at its first step
#pragma unroll
    for (int r = 0; r < part_steps; ++r)
#pragma unroll
      for (int c = 0; c < 2; ++c) {
        all[r][c] = decay[r][c];
        factor[r][c] *= of_keys || reads_before<R> ? 1.0f : decay[r][c];
      }
#pragma unroll
    for (int size = 0; size < sizes_within; ++size) {
      const int half = 1 << size;
#pragma unroll
      for (int r = 0; r < part_steps; ++r) {
        const int block = r & -2 * half;
        if ((r & half) == (of_keys ? half : 0))
          continue;
        put(to.halves[size][p], r, {1.0f, 1.0f});
#pragma unroll
        for (int c = 0; c < 2; ++c)
          factor[r][c] *= all[of_keys ? block + half : block][c];
      }
#pragma unroll
      for (int block = 0; block < part_steps; block += 2 * half)
#pragma unroll
        for (int c = 0; c < 2; ++c)
          all[block][c] *= all[block + half][c];
    }
  }

  /// The decay of the parts [begin, end), times `scale`.
  __device__ __forceinline__ two decays_of(const part_decays<R> &decays, int begin, int end, float scale = 1.0f) const {
    two all{scale, scale};
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
