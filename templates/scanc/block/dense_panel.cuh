//===- block/dense_panel.cuh - Rows of a matrix in shared memory ----------===//
//
//   called by      every thread of the block
//   result in      shared memory after await_copies and a barrier; the caller
//   shared memory  a panel of `rows` rows of `dense_width<R>` elements, given by the caller, aligned
//                  to 128 bytes; swizzled as warp/matmul.cuh says
//   barriers       none
//
//   A state of R::size numbers is padded to dense_width<R>: `clear_panel` writes zeros once where
//   `fetch_panel` never writes.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/thread/copy.cuh"
#include "scanc/warp/matmul.cuh"

namespace scanc::device::block {

/// Elements of a padded row: of 32, 64 or a multiple of 128 bytes.
template <typename R>
constexpr int dense_width() {
  constexpr int line = 128 / sizeof(typename R::element);
  if constexpr (R::size > line / 2)
    return (R::size + line - 1) / line * line;
  else
    return R::size > line / 4 ? line / 2 : line / 4;
}

/// Calls `of(row, column)` for each chunk of a panel, spread over the threads of the block.
template <typename R, int rows, int threads, typename F>
static __device__ __forceinline__ void each_chunk(F of) {
  constexpr int chunks = dense_width<R>() / warp::chunk<typename R::element>;
#pragma unroll
  for (int i = 0; i < (rows * chunks + threads - 1) / threads; ++i) {
    const int at = i * threads + thread_index();
    if (rows * chunks % threads == 0 || at < rows * chunks)
      of(at / chunks, at % chunks * warp::chunk<typename R::element>);
  }
}

/// Orders rows [first, first + rows) of the matrix of a step.
template <int rows, int threads, typename R>
static __device__ __forceinline__ void fetch_panel(const R &recurrence, const typename R::lane &at,
                                                   long long step, int first,
                                                   typename R::element *panel) {
  each_chunk<R, rows, threads>([&](int row, int column) {
    if ((R::size % rows == 0 || first + row < R::size) &&
        (R::size == dense_width<R>() || column < R::size))
      recurrence.fetch(panel + warp::swizzled<typename R::element, dense_width<R>()>(row, column),
                       at, step, first + row, column);
  });
}

/// Orders what a step reads beside its matrix.
template <int threads, typename R>
static __device__ __forceinline__ void fetch_inputs(const R &recurrence, const typename R::lane &at,
                                                    long long step, typename R::inputs &to) {
#pragma unroll
  for (int i = 0; i < R::input_copies; i += threads)
    if (i + threads <= R::input_copies || i + thread_index() < R::input_copies)
      recurrence.fetch_inputs(to, at, step, i + thread_index());
}

template <typename R, int rows, int threads>
static __device__ __forceinline__ void clear_panel(typename R::element *panel) {
  using element = typename R::element;
  if constexpr (R::size % rows != 0 || R::size != dense_width<R>())
    each_chunk<R, rows, threads>([&](int i, int column) {
      using cell = row<element, warp::chunk<element>>;
      thread::put_zeros<warp::chunk<element>>(
          reinterpret_cast<cell &>(panel[warp::swizzled<element, dense_width<R>()>(i, column)]), 0);
    });
}

} // namespace scanc::device::block
