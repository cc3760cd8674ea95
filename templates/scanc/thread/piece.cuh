//===- thread/piece.cuh - Pieces of the rows of a product of matrices ------===//
//
//   called by      one thread
//   result in      shared memory; global memory
//   shared memory  what the caller names
//   barriers       none
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/thread/access.cuh"

namespace scanc::device::thread {

/// Eight elements of a row of `size`, `stride` from each other, from element `at` on, to 16 aligned bytes: zeros where
/// there are none. Where `copies`, which has landed when copies have, they are adjacent and aligned to 16 bytes.
template <bool copies, typename T>
static __device__ __forceinline__ void fetch_piece(T *to, const T *row, long long stride, int at,
                                                   int size) {
  if constexpr (copies) {
    const int left = at < size ? size - at : 0;
    start_copy<16>(to, row + (left > 0 ? at : 0), left < 8 ? 2 * left : 16);
  } else {
    array<T, 8> piece;
#pragma unroll
    for (int e = 0; e < 8; ++e)
      piece[e] = at + e < size ? read(row + (at + e) * stride) : T{};
    shared_store(reinterpret_cast<array<T, 8> &>(*to), piece);
  }
}

/// make(sums, columns) of two sums at a time, to the columns from `first` on of a row that has `count`, `stride` elements
/// from each other. A column that does not exist is the last one to `make`.
template <typename T, typename F>
static __device__ __forceinline__ void write_four(T *row, long long stride, int first, int count,
                                                  const float (&sums)[4], F make) {
  if (first >= count)
    return;
  T made[4];
#pragma unroll
  for (int e = 0; e < 4; e += 2) {
    const float two[2] = {sums[e], sums[e + 1]};
    const int last = count - 1, columns[2] = {first + e < last ? first + e : last,
                                              first + e + 1 < last ? first + e + 1 : last};
    const array<T, 2> both = make(two, columns);
    made[e] = both[0];
    made[e + 1] = both[1];
  }
  T *const to = row + first * stride;
  const bool aligned = reinterpret_cast<unsigned long long>(to) % (4 * sizeof(T)) == 0;
  if (stride == 1 && aligned && first + 4 <= count) {
    store<4>(to, made);
  } else {
#pragma unroll
    for (int e = 0; e < 4; ++e)
      if (first + e < count)
        write(to + e * stride, made[e]);
  }
}

/// Eight numbers to the columns from `first` on of such a row.
template <typename T>
static __device__ __forceinline__ void write_eight(T *row, long long stride, int first, int count,
                                                   const T (&made)[8]) {
  T *const to = row + first * stride;
  const bool aligned = reinterpret_cast<unsigned long long>(to) % 16 == 0;
  if (stride == 1 && aligned && first + 8 <= count) {
    store<8>(to, made);
  } else {
#pragma unroll
    for (int e = 0; e < 8; ++e)
      if (first + e < count)
        write(to + e * stride, made[e]);
  }
}

} // namespace scanc::device::thread
