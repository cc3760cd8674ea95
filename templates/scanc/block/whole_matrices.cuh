//===- block/whole_matrices.cuh - Matrices that come in one copy each -------===//
//
//   called by      every thread of the block
//   result in      shared memory: panels of all rows, as block/dense_panel.cuh says
//   shared memory  storage_type, given by the caller, and the panels
//   barriers       none; one of the block stands between the constructor and the first order, and between
//                  the last use of a panel and the order that fills it again
//
//   Where the device copies matrices of 128 padded columns by itself and the recurrence says where their rows
//   lie, one thread orders all of one. Elsewhere, and where rows lie backwards in memory, matrices do not come
//   so, and the caller copies them piece by piece. How they lie is told to the device once for a run, which
//   takes 4 us where global memory is busy: a run that fills its ring a few times only is copied in pieces.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/dense_panel.cuh"
#include "scanc/core/tensor_copies.cuh"

namespace scanc::device::block {

template <typename S>
constexpr bool copies_whole =
    has_tensor_copies && S::copies && dense_width<S>() == 128 && S::shape.chunk >= 8 * S::shape.ring &&
    requires(const S &run, const typename S::lane &at) { run.row_at(at, 0, 0); };

template <typename S, bool = copies_whole<S>>
class whole_matrices {
public:
  struct storage_type {};

  template <typename Storage>
  __device__ __forceinline__ whole_matrices(const S &, const typename S::lane &, Storage &, void *) {}
  static constexpr bool come() { return false; }
  __device__ __forceinline__ void order(int, typename S::element *, int) {}
  __device__ __forceinline__ void await(int) {}
};

template <typename S>
class whole_matrices<S, true> {
public:
  static constexpr int width = dense_width<S>(), slots = S::shape.ring, columns = dense_block<S>();
  struct storage_type {
    matrix_map map;
    landing landed[slots];
  };

  /// `place` is 128 bytes of global memory, aligned to as many, that nobody else touches until all
  /// matrices are there.
  template <typename Storage>
  __device__ __forceinline__ whole_matrices(const S &run, const typename S::lane &at, Storage &storage,
                                            void *place)
      : landed(storage.whole.landed), map(static_cast<const matrix_map *>(place)) {
    const int matrices = static_cast<int>(run.steps()), second = matrices > 1 ? 1 : 0;
    constexpr long long bytes = sizeof(typename S::element);
    const auto *const first = run.row_at(at, 0, 0);
    const long long row = bytes * (run.row_at(at, 0, 1) - first),
                    step = bytes * (run.row_at(at, second, 0) - first);
    last = matrices - 1;
    order_in_memory = row <= 0 ? 0 : step > 0 ? 1 : step < 0 ? 2 : 3;
    forget(order_in_memory); // else made anew from strides at every matrix
    if (come() && warp_index() == 0) {
      make_matrix_map<width>(storage.whole.map, static_cast<matrix_map *>(place),
                             {step < 0 ? run.row_at(at, last, 0) : first, S::size, S::size,
                              step == 0 ? 1 : matrices, row,
                              step == 0 ? row : step < 0 ? -step : step});
      if (lane_index() == 0)
#pragma unroll 1
        for (int i = 0; i < slots; ++i)
          make_landing(landed[i]);
    }
  }

  __device__ __forceinline__ bool come() const { return order_in_memory != 0; }

  /// Orders the matrix of a step, for the slot of that number.
  __device__ __forceinline__ void order(int step, typename S::element *panel, int slot) {
    if (thread_index() != 0)
      return;
    expect_copies(landed[slot], width * width * static_cast<int>(sizeof(typename S::element)));
#pragma unroll
    for (int column = 0; column < width; column += columns)
      start_matrix_copy<width>(panel + panel_place<S, width>(0, column), map, 0, column,
                               order_in_memory == 1   ? step
                               : order_in_memory == 2 ? last - step
                                                      : 0,
                               landed[slot]);
  }

  /// Waits for the matrix of a slot; slots are taken in the order in which they are filled.
  __device__ __forceinline__ void await(int slot) {
    if (!come())
      return;
    await_landing(landed[slot], parity);
    if (++awaited == slots) {
      awaited = 0;
      parity ^= 1;
    }
  }

private:
  landing (&landed)[slots];
  const matrix_map *const map;
  /// Of matrices, rows being so: forwards 1, backwards 2, all the same 3. 0 where rows are not.
  int order_in_memory;
  int last, awaited = 0, parity = 0;
};

} // namespace scanc::device::block
