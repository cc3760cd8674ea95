//===- kernel/chunk_entries.cuh - States that enter the spans of a lane -------===//
//
//   called by      every thread of a grid of 4 blocks for each 64 columns of a block's states, of 128 threads for every 64
//                  rows, for each of lanes() * ceildiv(R::columns, 64 * warpgroups); without a correction 8 of 128 threads
//                  for each 64 rows of these columns
//   result in      `scratch`: in the places of what parts of spans make of a state of 0, the states that enter the second
//                  span, the third, and so on
//   shared memory  chunk_entries_storage<R>, given by the caller
//   barriers       with a correction one for each span but the last, reached by every thread
//
//   Columns of a state are corrected apart from each other: a block has 16, and applies one transition after the other
//   from the left. Of transition and state each number is a sum of two elements, and the product of the second ones left
//   out. Without a correction a thread has four numbers, which decay by themselves. See block/chunk_span.cuh.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_span.cuh"

namespace scanc::device::kernel {

/// Where the state is corrected, as it enters a span, rounded, and the rest of it.
template <typename R, bool corrects = block::corrects<R>>
struct chunk_entries_storage {};
template <typename R>
struct chunk_entries_storage<R, true> {
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

/// What is left of the kernels before, and the lane whose states a block passes on: one of `blocks` beside each other.
template <typename R>
struct entries_place : block::span_place<R> {
  __device__ __forceinline__ entries_place(const R &recurrence, void *scratch, int blocks)
      : entries_place(block::chunk_scratch<R>(recurrence, scratch), blocks) {}
  __device__ __forceinline__ entries_place(const block::chunk_scratch<R> &left, int blocks)
      : block::span_place<R>(block_index() / blocks, thread::read(&left.of_all().parts)),
        told(left.told(*this, this->spans)), slice(block_index() % blocks) {}

  block::told_span<R> *const told; ///< of the lane; `spans` are parts
  const int slice;                 ///< of a state, that the block has
};

/// Without a correction.
template <typename R>
static __device__ __forceinline__ void pass_numbers(const R &recurrence, void *scratch) {
  constexpr int panels = block::row_panels<R>(), tiles = 8, parts = block::span_parts<R>();
  static_assert(block::tells_columns<R>);
  const entries_place<R> place(recurrence, scratch, tiles * panels * R::shape.warpgroups);
  const typename R::lane at = recurrence.enter(place.lane);
  const int n = place.slice % tiles, m = place.slice / tiles % panels, group = place.slice / tiles / panels;
  const auto row_of = [&](int i) { return m * block::panel_columns + n * 8 + warp::sum_column(i); };
  const auto column_of = [&](int i) {
    return place.column() + group * block::panel_columns + warp_index() * 16 + warp::sum_row(i);
  };
  const auto numbers_of = [&](long long part) { return &place.told[part].states[group][m][n][thread_index()][0]; };
  float state[4];
#pragma unroll
  for (int i = 0; i < 4; ++i)
    state[i] = row_of(i) < R::rows && column_of(i) < R::columns ? recurrence.initial(at, row_of(i), column_of(i)) : 0.0f;
  constexpr int ahead = 8; // parts that are read at once
  for (long long first = 0; first < place.spans - parts; first += ahead) {
    float added[ahead][4], decays[ahead];
#pragma unroll
    for (int k = 0; k < ahead; ++k)
      if (first + k < place.spans - parts) {
        load_global<4>(added[k], numbers_of(first + k));
        decays[k] = block::decays<R> ? thread::read(&place.told[first + k].decays[0]) : 1.0f;
      }
#pragma unroll
    for (int k = 0; k < ahead; ++k)
      if (first + k < place.spans - parts) {
#pragma unroll
        for (int i = 0; i < 4; ++i)
          state[i] = state[i] * decays[k] + added[k][i];
        if ((first + k + 1) % parts == 0)
          store_global<4>(numbers_of((first + k) / parts), state);
      }
  }
}

/// With one.
template <typename R>
static __device__ __forceinline__ void pass_transitions(const R &recurrence, void *scratch,
                                                        chunk_entries_storage<R> &storage) {
  using element = typename R::element;
  using pair_of_tiles = warp::sum_tile[2];
  constexpr int panels = block::row_panels<R>(), columns = 16, slices = 4 * R::shape.warpgroups;
  const entries_place<R> place(recurrence, scratch, slices);
  block::told_span<R> *const told = place.told;
  const typename R::lane at = recurrence.enter(place.lane);
  const int group = place.slice / 4, tile = place.slice % 4 * 2;
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

template <typename R>
static __device__ __forceinline__ void chunk_entries(const R &recurrence, void *scratch,
                                                     chunk_entries_storage<R> &storage) {
  if constexpr (block::corrects<R>)
    pass_transitions(recurrence, scratch, storage);
  else
    pass_numbers(recurrence, scratch);
}

} // namespace scanc::device::kernel
