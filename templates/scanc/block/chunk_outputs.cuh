//===- block/chunk_outputs.cuh - What is read out of a chunk ---------------===//
//
//   called by      every thread of a block
//   result in      registers, 16 steps of this warp and 64 columns of its group; global memory
//   shared memory  slots of a chunk_ring, given by the caller
//   barriers       none
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_state.cuh"
#include "scanc/thread/reduction.cuh"

namespace scanc::device::block {

/// The products of what a chunk has for each step with something. Starts them where four warps multiply
/// together.
template <bool transposed, typename R>
static __device__ __forceinline__ void
start_products(warp::sum_tile (&sums)[8], const typename R::element (&left)[row_panels<R>()][panel],
               const typename R::element (&right)[row_panels<R>()][panel]) {
  begin_group_products();
#pragma unroll
  for (int p = 0; p < row_panels<R>(); ++p)
    warp::multiply_panels<transposed>(sums, left[p], right[p], p > 0);
  start_group_products();
}

/// Queries times keys, weighted by the decay from step to step, 0 where the key is later, or of the step itself where results read
/// the state before: the left operand of the product with the values.
template <typename R>
static __device__ __forceinline__ void
weigh_scores(warp::left_tile<typename R::element> (&weighted)[4], warp::sum_tile (&scores)[8],
             const chunk_numbers &slot) {
  const int first = warp_of_group() * 16;
  float at_row[2];
#pragma unroll
  for (int i = 0; i < 2; ++i)
    at_row[i] = decay_read<R>(slot, first + warp::sum_row(2 * i));
#pragma unroll
  for (int n = 0; n < 8; ++n)
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int step = n * 8 + warp::sum_column(i);
      scores[n].at[i] *= decay_since<R>(slot, at_row[i / 2], step) * input_scale<R>(slot, step);
    }
  warp::narrow_left(weighted, scores);
  // Two columns of a row at once: what masks them is the same in every chunk.
  const int diagonal = first + warp::sum_row(0) - warp::sum_column(0) - (reads_before<R> ? 1 : 0);
#pragma unroll
  for (int k = 0; k < 4; ++k)
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int behind = diagonal + i % 2 * 8 - (k * 16 + i / 2 * 8); // of two columns the first
      weighted[k].words[i] &= behind > 0 ? 0xffffffffu : behind == 0 ? 0xffffu : 0u;
    }
}

/// Adds the product of scores in shared memory and values. Starts it where four warps multiply together.
template <typename T>
static __device__ __forceinline__ void
add_products(warp::sum_tile (&outputs)[8], const T (&scores)[panel], const T (&values)[panel]) {
  begin_group_products();
  warp::multiply_panels<false>(outputs, scores, values, true);
  start_group_products();
}

/// Adds the product of weighted scores and values to that of the queries with the state, which has not decayed
/// yet. Starts it where four warps multiply together. `transposed`: values lie as a row for each column.
template <typename R, bool transposed = false>
static __device__ __forceinline__ void
add_scores(warp::sum_tile (&outputs)[8], const warp::left_tile<typename R::element> (&weighted)[4],
           const chunk_numbers &slot, const typename R::element (&values)[panel]) {
  if constexpr (decays<R>)
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      const float since =
          exp2_approximate(decay_read<R>(slot, warp_of_group() * 16 + warp::sum_row(2 * i)));
#pragma unroll
      for (int n = 0; n < 8; ++n)
#pragma unroll
        for (int c = 0; c < 2; ++c)
          outputs[n].at[2 * i + c] *= since;
    }
  begin_group_products();
  warp::multiply_panel<transposed>(outputs, weighted, values, true);
  start_group_products();
}

/// Calls `then(i, a, step, j)` for what this lane has of the results of a chunk and of 64 columns from `first` on: of row `i`
/// of two, the eight columns from `j` on, of half `a`.
template <typename R, typename F>
static __device__ __forceinline__ void each_piece(chunk_extent extent, int first, F then) {
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const int row = warp_of_group() * 16 + warp::sum_row(2 * i);
#pragma unroll
    for (int a = 0; a < 2; ++a) {
      const int j = first + a * 32 + lane_index() % 4 * 8;
      if (row < extent.count && j < R::columns)
        then(i, a, step_at<R>(extent, row), j);
    }
  }
}

/// What the results of this lane are computed from beside their sums, by row and by columns: one wait for memory, in place
/// of one for each, and it is over before the sums are there.
template <typename R>
struct results_beside {
  typename R::beside of[2][2];

  __device__ __forceinline__ results_beside(const R &recurrence, const typename R::lane &at, chunk_extent extent,
                                            int first) {
    each_piece<R>(extent, first, [&](int i, int a, auto step, int j) {
      of[i][a] = recurrence.read_beside(at, step, j);
    });
  }
};

/// What multiplies the sums of this lane's two rows.
template <typename R>
struct results_scale {
  float of[2];

  __device__ __forceinline__ explicit results_scale(const chunk_numbers &slot) {
    if constexpr (scales_query<R>)
#pragma unroll
      for (int i = 0; i < 2; ++i)
        of[i] = shared_load(slot.query_scale[warp_of_group() * 16 + warp::sum_row(2 * i)]);
  }
};

/// Sums over the columns of a row that results are made of, each of all columns.
template <typename R>
inline constexpr int reductions = [] {
  if constexpr (requires { R::reductions; })
    return R::reductions;
  else
    return 0;
}();

/// What the groups of a block add to them, of a chunk and of the one before, which some still read.
template <typename R, bool exists = (reductions<R> > 0 && R::shape.warpgroups > 1)>
struct total_cells {
  alignas(1024) float totals[2][R::shape.warpgroups][reductions<R>][chunk_steps];
};
template <typename R>
struct total_cells<R, false> {};

/// The same of columns that this warp has, by row.
template <typename R>
struct row_totals {
  thread::sum<float> of[2][reductions<R>];

  __device__ __forceinline__ void merge() {
#pragma unroll
    for (int i = 0; i < 2; ++i)
#pragma unroll
      for (int r = 0; r < reductions<R>; ++r)
        for (int apart = 1; apart < 4; apart *= 2) // the lanes of a row
          of[i][r].add(shuffle_xor(of[i][r].value(), apart));
  }
  /// Adds what other groups have. Reached by every thread of the block, once for each chunk.
  __device__ __forceinline__ void exchange(total_cells<R> &cells, int group, int turn) {
    if constexpr (R::shape.warpgroups > 1) {
      auto &all = cells.totals[turn];
      const int first = warp_of_group() * 16;
      if (lane_index() % 4 == 0)
#pragma unroll
        for (int i = 0; i < 2; ++i)
#pragma unroll
          for (int r = 0; r < reductions<R>; ++r)
            shared_store(all[group][r][first + warp::sum_row(2 * i)], of[i][r].value());
      block_barrier();
#pragma unroll
      for (int i = 0; i < 2; ++i)
#pragma unroll
        for (int r = 0; r < reductions<R>; ++r) {
          of[i][r] = {};
          for (int g = 0; g < R::shape.warpgroups; ++g)
            of[i][r].add(shared_load(all[g][r][first + warp::sum_row(2 * i)]));
        }
    }
  }
};

/// Eight columns at a time of the sums of a chunk, as results read them: of half `a` those of row `i`.
template <typename R>
struct result_sums {
  float of[2][2][8];

  __device__ __forceinline__ void take(const warp::sum_tile (&outputs)[8], const results_scale<R> &scale) {
    warp::gather_eights(of, outputs);
    if constexpr (scales_query<R>)
#pragma unroll
      for (int i = 0; i < 2; ++i)
#pragma unroll
        for (int a = 0; a < 2; ++a)
#pragma unroll
          for (int e = 0; e < 8; ++e)
            of[a][i][e] *= scale.of[i];
  }
};

/// Whether results are their sums, rounded.
template <typename R>
concept writes_sums = requires { typename R::result; };

/// `result_sums` rounded: half of what lanes would exchange.
template <typename R>
struct rounded_sums {
  row<typename R::result, 8> of[2][2];

  __device__ __forceinline__ rounded_sums(const warp::sum_tile (&outputs)[8], const results_scale<R> &scale) {
#pragma unroll
    for (int a = 0; a < 2; ++a)
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        auto &words = of[a][i].pairs;
        const float by = scales_query<R> ? scale.of[i] : 1.0f;
#pragma unroll
        for (int n = 0; n < 4; ++n) {
          const auto &two = outputs[4 * a + n].at;
          words[n] = warp::pack<typename R::result>(two[2 * i] * by, two[2 * i + 1] * by);
        }
        warp::turn_quad(words);
      }
  }
};

/// Hands the sums of a chunk, of 64 columns from `first` on, to the recurrence, eight columns at a time.
template <typename R>
static __device__ __forceinline__ void
write_outputs(const R &recurrence, const typename R::lane &at, chunk_extent extent, int first,
              const results_scale<R> &scale, const warp::sum_tile (&outputs)[8], const results_beside<R> &beside) {
  if constexpr (writes_sums<R>) {
    const rounded_sums<R> sums(outputs, scale);
    each_piece<R>(extent, first, [&](int i, int a, auto step, int j) { recurrence.write_rounded(at, step, j, sums.of[a][i]); });
  } else {
    result_sums<R> sums;
    sums.take(outputs, scale);
    each_piece<R>(extent, first, [&](int i, int a, auto step, int j) {
      recurrence.write(at, step, j, sums.of[a][i], beside.of[i][a]);
    });
  }
}

/// The same where results are made of sums over all columns of a row, too; a warp has `panels` times 64. `beside_of` gives what
/// a piece is computed from beside its sums, `exchange` adds what others have to totals.
template <typename R, int panels, typename B, typename F>
static __device__ __forceinline__ void
write_reduced(const R &recurrence, const typename R::lane &at, chunk_extent extent, int first, const result_sums<R> (&sums)[panels],
              B beside_of, F exchange) {
  row_totals<R> totals;
#pragma unroll
  for (int p = 0; p < panels; ++p)
    each_piece<R>(extent, first + p * panel_columns, [&](int i, int a, auto step, int j) {
      recurrence.reduce(at, step, j, sums[p].of[a][i], beside_of(i, a, step, j), totals.of[i]);
    });
  totals.merge();
  exchange(totals);
#pragma unroll
  for (int p = 0; p < panels; ++p)
    each_piece<R>(extent, first + p * panel_columns, [&](int i, int a, auto step, int j) {
      recurrence.write(at, step, j, sums[p].of[a][i], beside_of(i, a, step, j), totals.of[i]);
    });
}

} // namespace scanc::device::block
