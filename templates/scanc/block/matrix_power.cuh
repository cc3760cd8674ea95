//===- block/matrix_power.cuh - A matrix times itself, again and again ----===//
//
//   called by      every thread of the block
//   result in      shared memory
//   shared memory  matrix_squares<width>, given by the caller
//   barriers       one per product, reached by every thread
//
//   f32 throughout: a product of so few numbers is over before those of one term would be split for the
//   tensor cores. A thread sums tiles of 4 x 8 numbers, so that 12 reads of 16 bytes are for 128 products;
//   half of the columns are in either half of the matrix, so that lanes side by side read different banks.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/array.cuh"
#include "scanc/core/hardware.cuh"
#include "scanc/thread/copy.cuh"

namespace scanc::device::block {

/// A matrix and its square, in turns. Rows are 16 bytes apart in their banks.
template <int width>
struct matrix_squares {
  static constexpr int pitch = width + 4;
  alignas(16) float matrices[2][width * pitch];

  __device__ __forceinline__ float *row_of(int which, int i) { return matrices[which] + i * pitch; }
};

/// Writes the square of matrix `from` to the other one.
template <int width, int threads>
static __device__ __forceinline__ void square(matrix_squares<width> &of, int from) {
  constexpr int rows = 4, columns = 8, across = width / columns, tiles = width / rows * across,
                half = width / 2;
  using four = row<float, 4>;
#pragma unroll 1
  for (int tile = thread_index(); tile < tiles; tile += threads) {
    const int first = tile / across * rows, column = tile % across * 4;
    float sums[rows][columns] = {};
#pragma unroll 1
    for (int k = 0; k < width; k += 4) {
      four left[rows];
#pragma unroll
      for (int i = 0; i < rows; ++i)
        left[i] = thread::take(*reinterpret_cast<const four *>(of.row_of(from, first + i) + k));
#pragma unroll
      for (int l = 0; l < 4; ++l) {
        const float *const right = of.row_of(from, k + l) + column;
        const four low = thread::take(*reinterpret_cast<const four *>(right)),
                   high = thread::take(*reinterpret_cast<const four *>(right + half));
#pragma unroll
        for (int i = 0; i < rows; ++i)
#pragma unroll
          for (int j = 0; j < columns; ++j)
            sums[i][j] += left[i][l] * (j < 4 ? low[j] : high[j - 4]);
      }
    }
#pragma unroll
    for (int i = 0; i < rows; ++i)
#pragma unroll
      for (int j = 0; j < columns; ++j)
        shared_store(of.row_of(1 - from, first + i)[column + j % 4 + j / 4 * half], sums[i][j]);
  }
  block_barrier();
}

} // namespace scanc::device::block
