//===- block/state_columns.cuh - A matrix state whose columns are rows of products ---===//
//
//   called by      every thread of a group of four warps
//   result in      registers: 64 columns, of which each warp has 16; shared memory as named
//   shared memory  as named, given by the caller
//   barriers       none
//
//   The state of block/chunk_state.cuh, transposed: it is the left operand of the products that read it, and what
//   becomes of these that of the products that are added to it. Neither goes through shared memory.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_state.cuh"
#include "scanc/thread/access.cuh"

namespace scanc::device::block {

/// Sums whose columns are steps, or rows of a state, times `by(step)`.
template <typename F>
static __device__ __forceinline__ void scale_steps(warp::sum_tile (&sums)[8], F by) {
#pragma unroll
  for (int n = 0; n < 8; ++n)
#pragma unroll
    for (int c = 0; c < 2; ++c) {
      const float of_step = by(n * 8 + warp::sum_column(c));
#pragma unroll
      for (int i = c; i < 4; i += 2)
        sums[n].at[i] *= of_step;
    }
}

/// The same rounded, as left operands.
template <typename T, typename F>
static __device__ __forceinline__ void round_weighted(warp::left_tile<T> (&to)[4], const warp::sum_tile (&sums)[8], F by) {
#pragma unroll
  for (int k = 0; k < 4; ++k)
#pragma unroll
    for (int h = 0; h < 2; ++h) {
      const warp::sum_tile &sum = sums[2 * k + h];
      const float low = by((2 * k + h) * 8 + warp::sum_column(0)), high = by((2 * k + h) * 8 + warp::sum_column(1));
#pragma unroll
      for (int i = 0; i < 2; ++i)
        to[k].words[2 * h + i] = warp::pack<T>(sum.at[2 * i] * low, sum.at[2 * i + 1] * high);
    }
}

/// The values of a chunk's steps as columns of left operands, those of step s times `weight(s)`.
template <typename T, typename F>
static __device__ __forceinline__ void take_values(warp::left_tile<T> (&columns)[chunk_steps / 16], const T (&values)[panel],
                                                   F weight) {
#pragma unroll
  for (int k = 0; k < chunk_steps / 16; ++k) {
    columns[k] = warp::load_left_transposed<panel_columns>(values, k * 16, warp_of_group() * 16);
    weigh_steps(columns[k], k, weight);
  }
}

template <typename R>
class state_columns {
public:
  using element = typename R::element;
  using told_type = typename chunk_state<R>::told_type;
  static constexpr int panels = row_panels<R>();

  __device__ __forceinline__ void clear() {
    each([](float &number, int, int) { number = 0.0f; });
  }
  /// The columns from `first` on, before the first step and after the last one.
  __device__ __forceinline__ void begin(const R &recurrence, const typename R::lane &at, int first) {
    each_existing(first, [&](float &number, int row, int column, bool exists) {
      number = exists ? recurrence.initial(at, row, column) : 0.0f;
    });
  }
  __device__ __forceinline__ void finish(const R &recurrence, const typename R::lane &at, int first) {
    each_existing(first, [&](float number, int row, int column, bool exists) {
      if (exists)
        recurrence.finish(at, row, column, number);
    });
  }

  /// The columns of the identity from `first` on.
  __device__ __forceinline__ void begin_identity(int first) {
    const int behind = first + warp_of_group() * 16 + warp::sum_row(0) - warp::sum_column(0); // compared with constants alone
#pragma unroll
    for (int m = 0; m < panels; ++m)
#pragma unroll
      for (int n = 0; n < 8; ++n)
#pragma unroll
        for (int i = 0; i < 4; ++i)
          sums[m][n].at[i] = behind == m * panel_columns + n * 8 + i % 2 - i / 2 * 8 ? 1.0f : 0.0f;
  }

  /// Writes its numbers as they lie in the registers of a chunk_state, and takes what was written so.
  __device__ __forceinline__ void tell(told_type &to) const {
    each_told(to, [&](float *told, int m, int n, int i) { thread::write(told, sums[m][n].at[i]); });
  }
  __device__ __forceinline__ void take(const told_type &from) {
    each_told(from, [&](const float *told, int m, int n, int i) { sums[m][n].at[i] = thread::read(told); });
  }

  /// The same as they lie here, and what adds them: for states that are columns wherever they are read.
  __device__ __forceinline__ void tell_columns(told_type &to) const {
#pragma unroll
    for (int m = 0; m < panels; ++m)
      tell_panel(to[m], sums[m]);
  }
  __device__ __forceinline__ void add_columns(const told_type &from) {
#pragma unroll
    for (int m = 0; m < panels; ++m)
      add_told(sums[m], from[m]);
  }

  /// Writes it to shared memory, its columns as rows of 64 of its own rows.
  __device__ __forceinline__ void show(element (&to)[panels][panel]) const {
#pragma unroll
    for (int m = 0; m < panels; ++m)
      warp::store_panel(to[m], warp_of_group() * 16, sums[m]);
  }

  __device__ __forceinline__ void scale(float by) { scale_panels(sums, by); }

  /// Panel `m` as left operand.
  __device__ __forceinline__ void round(warp::left_tile<element> (&to)[4], int m) const { warp::narrow_left(to, sums[m]); }

  /// Each row by `by(row)`.
  template <typename F>
  __device__ __forceinline__ void scale_rows(F by) {
#pragma unroll
    for (int m = 0; m < panels; ++m)
      scale_steps(sums[m], [&](int row) { return by(m * panel_columns + row); });
  }

  /// The products of 64 rows, panel `m`, of the columns with each step's row of `rows`, added to what is there where
  /// `adds`. Starts it where four warps multiply together.
  __device__ __forceinline__ void start_read(warp::sum_tile (&products)[8], int m, const element (&rows)[panel],
                                             bool adds) {
    warp::settle(sums[m]); // not rounded before what is started before has finished
    warp::left_tile<element> rounded[4];
    warp::narrow_left(rounded, sums[m]);
    begin_group_products();
    warp::multiply_panel<true>(products, rounded, rows, adds);
    start_group_products();
  }

  /// Adds the products of each step's inputs, which are the columns of `inputs`, with its row of `rows`. Starts it where
  /// four warps multiply together.
  __device__ __forceinline__ void add(const warp::left_tile<element> (&inputs)[4], const element (&rows)[panels][panel]) {
    begin_group_products();
#pragma unroll
    for (int m = 0; m < panels; ++m)
      warp::multiply_panel<false>(sums[m], inputs, rows[m], true);
    start_group_products();
  }

  /// Whether this lane has a number of the first row that is not finite.
  __device__ __forceinline__ bool is_beyond() const {
    int thread = thread_index();
    forget(thread); // as in `each_existing`
    float none = 0.0f;
#pragma unroll
    for (int i = 0; i < 4; i += 2)
      none += sums[0][0].at[i] - sums[0][0].at[i];
    return thread % 4 == 0 && none != 0.0f;
  }

  /// After the products that `add` started have been finished.
  __device__ __forceinline__ void settle() { settle_panels(sums); }

private:
  /// `visit(its place, m, n, i)` of numbers that lie as a chunk_state's: all of this thread apart from one number.
  template <typename T, typename F>
  static __device__ __forceinline__ void each_told(T &to, F visit) {
    constexpr int of_panel = 8 * 128 * 4, of_tile = 128 * 4, of_warp = 32 * 4, of_row = 4 * 4;
    int thread = thread_index();
    forget(thread); // as in `each_existing`
    const int among = thread % 32 / 4; // eight columns
    auto *const first = &to[0][thread / 32 % 4 * 2][thread % 4 * 8 + among / 2][among % 2];
#pragma unroll
    for (int m = 0; m < panels; ++m)
#pragma unroll
      for (int n = 0; n < 8; ++n)
#pragma unroll
        for (int i = 0; i < 4; ++i)
          visit(first + m * of_panel + i / 2 * of_tile + n / 2 * of_warp + i % 2 * of_row + n % 2 * 2, m, n, i);
  }

  /// `visit(number, row, column, exists)` in memory.
  template <typename F>
  __device__ __forceinline__ void each_existing(int first, F visit) {
    int below = 0;
    forget(below); // addresses would stay in registers for all of a walk
    forget(first);
    each([&](float &number, int row, int column) {
      row += below;
      column += first;
      visit(number, row, column, is_of_state<R>(row, column));
    });
  }

  /// `visit(number, row, column)`.
  template <typename F>
  __device__ __forceinline__ void each(F visit) {
    const int row = warp::sum_column(0), column = warp_of_group() * 16 + warp::sum_row(0);
#pragma unroll
    for (int m = 0; m < panels; ++m)
#pragma unroll
      for (int n = 0; n < 8; ++n)
#pragma unroll
        for (int i = 0; i < 4; ++i)
          visit(sums[m][n].at[i], m * panel_columns + n * 8 + row + i % 2, column + i / 2 * 8);
  }

  warp::sum_tile sums[panels][8];
};

} // namespace scanc::device::block
