//===- block/chunk_state.cuh - A matrix state in the registers of a block ---===//
//
//   called by      every thread of a block
//   result in      registers: each four warps have 64 columns, each of these 16 rows of every 64
//   shared memory  state_panels<R>, given by the caller
//   barriers       none
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_ring.cuh"

namespace scanc::device::block {

/// The state as right operand of products, rounded.
template <typename R>
struct state_panels {
  alignas(1024) typename R::element of[R::shape.warpgroups][row_panels<R>()][panel];
};

/// Four warps that multiply together: which of the block's, and which of its own four this warp is.
static __device__ __forceinline__ int group_index() { return warp_index() / 4; }
static __device__ __forceinline__ int warp_of_group() { return warp_index() % 4; }

/// Two elements times a number each.
template <typename T>
static __device__ __forceinline__ uint32_t scaled_pair(uint32_t pair, float low, float high) {
  row<T, 2> numbers;
  numbers.pairs[0] = pair;
  return warp::pack<T>(widen(numbers[0]) * low, widen(numbers[1]) * high);
}

/// Where the columns of a left operand are steps: that of number `i` of this lane's first row in tile `k`.
static __device__ __forceinline__ int step_of_left(int k, int i) { return k * 16 + i / 2 * 8 + warp::sum_column(i); }

/// `weight(step)` of this lane's columns of tile `k`, and a left tile times these.
template <typename F>
static __device__ __forceinline__ void weights_of_steps(float (&weights)[4], int k, F weight) {
#pragma unroll
  for (int i = 0; i < 4; ++i)
    weights[i] = weight(step_of_left(k, i));
}
template <typename T>
static __device__ __forceinline__ void weigh_steps(warp::left_tile<T> &tile, const float (&weights)[4]) {
#pragma unroll
  for (int i = 0; i < 4; ++i)
    tile.words[i] = scaled_pair<T>(tile.words[i], weights[i / 2 * 2], weights[i / 2 * 2 + 1]);
}
template <typename T, typename F>
static __device__ __forceinline__ void weigh_steps(warp::left_tile<T> &tile, int k, F weight) {
  float weights[4];
  weights_of_steps(weights, k, weight);
  weigh_steps(tile, weights);
}

/// Whether the state has this row and column. Where the panels of all blocks are full nothing is compared: what reads and
/// writes 64 numbers a thread at the ends of a walk is a quarter of the instructions that are compiled.
template <typename R>
static __device__ __forceinline__ bool is_of_state(int row, int column) {
  constexpr bool fills_rows = R::rows % panel_columns == 0, fills_columns = R::columns % (panel_columns * R::shape.warpgroups) == 0;
  return (fills_rows || row < R::rows) && (fills_columns || column < R::columns);
}

/// All panels of a state.
template <int panels>
static __device__ __forceinline__ void settle_panels(warp::sum_tile (&sums)[panels][8]) {
#pragma unroll
  for (int m = 0; m < panels; ++m)
    warp::settle(sums[m]);
}
template <int panels>
static __device__ __forceinline__ void scale_panels(warp::sum_tile (&sums)[panels][8], float by) {
#pragma unroll
  for (int m = 0; m < panels; ++m)
#pragma unroll
    for (int n = 0; n < 8; ++n)
#pragma unroll
      for (int i = 0; i < 4; ++i)
        sums[m][n].at[i] *= by;
}

/// Numbers of a panel as they lie in the registers of four warps, and what writes and adds them.
using told_panel = float[8][128][4];
static __device__ __forceinline__ void tell_panel(told_panel &to, const warp::sum_tile (&sums)[8]) {
#pragma unroll
  for (int n = 0; n < 8; ++n) {
    warp::sum_tile left = sums[n];
#pragma unroll
    for (float &number : left.at)
      forget(number); // else a walk copies its sums at every chunk to where they are written from
    store_global<4>(&to[n][thread_index() % 128][0], left.at);
  }
}
static __device__ __forceinline__ void add_told(warp::sum_tile (&sums)[8], const told_panel &from) {
#pragma unroll
  for (int n = 0; n < 8; ++n) {
    float four[4];
    load_global<4>(four, &from[n][thread_index() % 128][0]);
#pragma unroll
    for (int i = 0; i < 4; ++i)
      sums[n].at[i] += four[i];
  }
}

/// What is left of a number without its own element.
template <typename T>
static __device__ __forceinline__ float without_rounded(float x) {
  return x - widen(narrow<T>(x));
}

template <typename R>
class chunk_state {
public:
  using element = typename R::element;
  static constexpr int panels = row_panels<R>();

  /// `segment`: its place in memory, where there are some.
  template <typename... Segment>
  __device__ __forceinline__ void begin(const R &recurrence, const typename R::lane &at, int column,
                                        Segment... segment) {
    each(column, [&](float &number, int i, int j, bool exists) {
      number = exists ? recurrence.initial(at, i, j, segment...) : 0.0f;
    });
  }

  template <typename... Segment>
  __device__ __forceinline__ void finish(const R &recurrence, const typename R::lane &at, int column,
                                         Segment... segment) {
    each(column, [&](float number, int i, int j, bool exists) {
      if (exists)
        recurrence.finish(at, i, j, number, segment...);
    });
  }

  __device__ __forceinline__ void clear() {
    each(0, [&](float &number, int, int, bool) { number = 0.0f; });
  }

  /// Writes its numbers as they lie in registers, and adds what was written so.
  using told_type = told_panel[panels]; ///< of a group
  __device__ __forceinline__ void tell(told_type &to) const {
#pragma unroll
    for (int m = 0; m < panels; ++m)
      tell_panel(to[m], sums[m]);
  }
  __device__ __forceinline__ void add(const told_type &from) {
#pragma unroll
    for (int m = 0; m < panels; ++m)
      add_told(sums[m], from[m]);
  }

  /// Writes it to shared memory, for products of its own four warps.
  __device__ __forceinline__ void show(state_panels<R> &to) const {
#pragma unroll
    for (int m = 0; m < panels; ++m)
      warp::store_panel(to.of[group_index()][m], warp_of_group() * 16, sums[m]);
  }

  /// Whether this thread of the block has a number of the first row that is not finite.
  __device__ __forceinline__ bool is_beyond(int thread) const {
    float none = 0.0f;
#pragma unroll
    for (int n = 0; n < 8; ++n)
#pragma unroll
      for (int i = 0; i < 2; ++i)
        none += sums[0][n].at[i] - sums[0][n].at[i];
    return thread % 128 < 4 && none != 0.0f; // four lanes have it
  }

  /// After the products that `add` started have been finished.
  __device__ __forceinline__ void settle() { settle_panels(sums); }

  __device__ __forceinline__ void scale(float by) { scale_panels(sums, by); }

  /// Each row by `by(row)`.
  template <typename F>
  __device__ __forceinline__ void scale_rows(F by) {
    float all[panels][2];
#pragma unroll
    for (int m = 0; m < panels; ++m)
#pragma unroll
      for (int i = 0; i < 2; ++i)
        all[m][i] = by(m * panel_columns + warp_of_group() * 16 + warp::sum_row(2 * i));
#pragma unroll
    for (int m = 0; m < panels; ++m)
#pragma unroll
      for (int n = 0; n < 8; ++n)
#pragma unroll
        for (int i = 0; i < 4; ++i)
          sums[m][n].at[i] *= all[m][i / 2];
  }

  /// Adds the product of a chunk's keys, transposed, and values: keys of step s times `weight(s)`.
  /// Starts it where four warps multiply together.
  template <typename F>
  __device__ __forceinline__ void add(const chunk_slot<R> &slot, const element (&values)[panel],
                                      F weight) {
    warp::left_tile<element> keys[panels][chunk_steps / 16];
#pragma unroll
    for (int k = 0; k < chunk_steps / 16; ++k) {
      float weights[4]; // of the steps whose keys this lane has
      weights_of_steps(weights, k, weight);
#pragma unroll
      for (int m = 0; m < panels; ++m) {
        keys[m][k] = warp::load_left_transposed<panel_columns>(slot.key[m], k * 16,
                                                               warp_of_group() * 16);
        weigh_steps(keys[m][k], weights);
      }
    }
    begin_group_products();
#pragma unroll
    for (int m = 0; m < panels; ++m)
      warp::multiply_panel<false>(sums[m], keys[m], values, true);
    start_group_products();
  }

  /// The same of keys as they are.
  __device__ __forceinline__ void add(const element (&keys)[panels][panel], const element (&values)[panel]) {
    begin_group_products();
#pragma unroll
    for (int m = 0; m < panels; ++m)
      warp::multiply_transposed_panels(sums[m], keys[m], values);
    start_group_products();
  }

private:
  /// Calls `visit(number, row, column, exists)` for what this lane has, of its group's columns from `column` on.
  template <typename F>
  __device__ __forceinline__ void each(int column, F visit) {
    int row = warp_of_group() * 16 + warp::sum_row(0);
    column += group_index() * panel_columns + warp::sum_column(0);
    forget(row); // addresses would stay in registers where a walk begins and ends several states
    forget(column);
#pragma unroll
    for (int m = 0; m < panels; ++m)
#pragma unroll
      for (int n = 0; n < 8; ++n)
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const int at_row = row + m * panel_columns + i / 2 * 8, at_column = column + n * 8 + i % 2;
          visit(sums[m][n].at[i], at_row, at_column, is_of_state<R>(at_row, at_column));
        }
  }

  warp::sum_tile sums[panels][8];
};

} // namespace scanc::device::block
