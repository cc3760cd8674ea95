//===- kernel/chunk_entries.cuh - States that enter the spans of a lane -------===//
//
//   called by      every thread of a grid of 4 * warpgroups blocks for each of lanes() * ceildiv(R::columns, 64 *
//                  warpgroups), of 128 threads for every 64 rows
//   result in      `scratch`: in place of what a span makes of a state of 0, the state that enters the next
//   shared memory  chunk_entries_storage<R>, given by the caller
//   barriers       one for each span but the last, reached by every thread
//
//   Columns of a state are corrected apart from each other: a block has 16, and applies one transition after the other
//   from the left. Of transition and state each number is a sum of two elements, and the product of the second ones left
//   out. See block/chunk_span.cuh.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_span.cuh"

namespace scanc::device::kernel {

/// A state as it enters a span, rounded, and the rest of it.
template <typename R>
struct chunk_entries_storage {
  static constexpr int columns = 16, rows = block::row_panels<R>() * block::panel_columns;
  alignas(1024) typename R::element high[2][rows * columns], low[2][rows * columns];
};

/// What a warp reads of a span: 16 rows of the transition, and as many of what is added.
template <typename R>
struct span_rows {
  using element = typename R::element;
  static constexpr int panels = block::row_panels<R>();

  __device__ __forceinline__ void load(const block::told_span<R> &from, int group, int tile) {
    const int m = warp_index() / 4, thread = thread_index() % 128;
#pragma unroll
    for (int p = 0; p < panels; ++p)
#pragma unroll
      for (int n = 0; n < 8; ++n)
        load_global<4>(transition[p][n].at, &from.states[R::shape.warpgroups + p][m][n][thread][0]);
#pragma unroll
    for (int h = 0; h < 2; ++h)
      load_global<4>(added[h].at, &from.states[group][m][tile + h][thread][0]);
  }

  warp::sum_tile transition[panels][8], added[2];
};

template <typename R>
static __device__ __forceinline__ void chunk_entries(const R &recurrence, void *scratch,
                                                     chunk_entries_storage<R> &storage) {
  using element = typename R::element;
  using pair_of_tiles = warp::sum_tile[2];
  constexpr int panels = block::row_panels<R>(), columns = 16, slices = 4 * R::shape.warpgroups;
  const block::chunk_scratch<R> left(recurrence, scratch);
  const block::span_place<R> place(block_index() / slices,
                                   thread::read(&left.spans(block::span_place<R>(0, 1))->spans));
  block::told_span<R> *const told = left.spans(place);
  const typename R::lane at = recurrence.enter(place.lane);
  const int group = block_index() % slices / 4, tile = block_index() % 4 * 2;
  const int m = warp_index() / 4, first = warp_index() * columns;
  pair_of_tiles state;
  constexpr int known = R::shape.apart ? 1 : 0; // the first span's walk has left the state that enters the next
#pragma unroll
  for (int h = 0; h < 2; ++h)
    if constexpr (known > 0) {
      load_global<4>(state[h].at, &told[0].states[group][m][tile + h][thread_index() % 128][0]);
    } else {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int row = first + warp::sum_row(i);
        const int column = place.column() + group * block::panel_columns + (tile + h) * 8 + warp::sum_column(i);
        state[h].at[i] = row < R::rows && column < R::columns ? recurrence.initial(at, row, column) : 0.0f;
      }
    }
  span_rows<R> rows;
  rows.load(told[known], group, tile);
#pragma unroll 1
  for (long long span = known; span + 1 < place.spans; ++span) {
    auto &high = storage.high[span % 2], &low = storage.low[span % 2];
#pragma unroll
    for (int h = 0; h < 2; ++h)
#pragma unroll
      for (int i = 0; i < 4; i += 2) {
        const int cell = warp::swizzled<element, columns>(first + warp::sum_row(i), h * 8 + warp::sum_column(0));
        const float low_of[2] = {block::without_rounded<element>(state[h].at[i]),
                                 block::without_rounded<element>(state[h].at[i + 1])};
        shared_store(reinterpret_cast<uint32_t &>(high[cell]),
                     warp::pack<element>(state[h].at[i], state[h].at[i + 1]));
        shared_store(reinterpret_cast<uint32_t &>(low[cell]), warp::pack<element>(low_of[0], low_of[1]));
      }
    warp::left_tile<element> rounded[panels][4], rest[panels][4];
#pragma unroll
    for (int p = 0; p < panels; ++p)
#pragma unroll
      for (int k = 0; k < 4; ++k) {
        auto &one = rows.transition[p][2 * k], &other = rows.transition[p][2 * k + 1];
        rounded[p][k] = warp::as_left<element>(one, other);
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          one.at[i] = block::without_rounded<element>(one.at[i]);
          other.at[i] = block::without_rounded<element>(other.at[i]);
        }
        rest[p][k] = warp::as_left<element>(one, other);
      }
#pragma unroll
    for (int h = 0; h < 2; ++h)
      state[h] = rows.added[h];
    if (span + 2 < place.spans)
      rows.load(told[span + 1], group, tile);
    block_barrier();
#pragma unroll
    for (int p = 0; p < panels; ++p)
#pragma unroll
      for (int k = 0; k < 4; ++k) {
        warp::right_tile<element> of_high[2], of_low[2];
        warp::load_right<columns>(of_high, high, p * block::panel_columns + k * 16, 0);
        warp::load_right<columns>(of_low, low, p * block::panel_columns + k * 16, 0);
#pragma unroll
        for (int h = 0; h < 2; ++h) {
          warp::multiply_add(state[h], rest[p][k], of_high[h]);
          warp::multiply_add(state[h], rounded[p][k], of_low[h]);
          warp::multiply_add(state[h], rounded[p][k], of_high[h]);
        }
      }
#pragma unroll
    for (int h = 0; h < 2; ++h)
      store_global<4>(&told[span].states[group][m][tile + h][thread_index() % 128][0], state[h].at);
  }
}

} // namespace scanc::device::kernel
