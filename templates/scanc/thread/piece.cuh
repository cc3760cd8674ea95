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

/// 16 bytes of elements of a row of `size`, `stride` from each other, from element `at` on, to as many aligned bytes: zeros
/// where there are none. Where `copies`, which has landed when copies have, they are adjacent and aligned to 16 bytes.
template <bool copies, typename T>
static __device__ __forceinline__ void fetch_piece(T *to, const T *row, long long stride, int at,
                                                   int size) {
  constexpr int count = 16 / sizeof(T);
  if constexpr (copies) {
    const int left = at < size ? size - at : 0;
    start_copy<16>(to, row + (left > 0 ? at : 0), left < count ? static_cast<int>(sizeof(T)) * left : 16);
  } else {
    array<T, count> piece;
#pragma unroll
    for (int e = 0; e < count; ++e)
      piece[e] = at + e < size ? read(row + (at + e) * stride) : T{};
    shared_store(reinterpret_cast<array<T, count> &>(*to), piece);
  }
}

/// Where columns of a result go: those of one group of sums, from one on.
struct column_target {
  void *first;           ///< in row 0
  long long row, column; ///< strides, in elements
  int at, left;          ///< number of the first column, and how many there are from it on
  int kind;              ///< what becomes of the sums
  int wide;              ///< whether four columns are one access
};

/// The columns from `at` on, of `count`, of a result whose row 0 begins at `data`.
template <typename T>
static __device__ __forceinline__ column_target target_at(T *data, long long row, long long column,
                                                          int at, int count, int kind) {
  T *const first = data + at * column;
  const bool aligned = reinterpret_cast<unsigned long long>(first) % (4 * sizeof(T)) == 0;
  return {first, row, column, at, count - at, kind, column == 1 && aligned && row % 4 == 0 && (count - at) % 4 == 0};
}

/// make(sums, columns) of four sums, two at a time, to columns `within`, a multiple of 4, and on of row `row`. A column
/// that does not exist is the last one to `make`. `wide` is what the target says.
template <bool wide, typename F>
static __device__ __forceinline__ void write_four(const column_target &to, long long row, int within,
                                                  const float (&sums)[4], F make) {
  using T = typename decltype(make({}, {}))::element;
  if (within >= to.left)
    return;
  T made[4];
#pragma unroll
  for (int e = 0; e < 4; e += 2) {
    const float two[2] = {sums[e], sums[e + 1]};
    const int last = to.left - 1 - within;
    const int columns[2] = {to.at + within + (e < last ? e : last),
                            to.at + within + (e + 1 < last ? e + 1 : last)};
    const auto both = make(two, columns);
    made[e] = both[0];
    made[e + 1] = both[1];
  }
  T *const begin = static_cast<T *>(to.first) + row * to.row;
  if constexpr (wide) {
    store<4>(begin + within, made);
  } else {
#pragma unroll
    for (int e = 0; e < 4; ++e)
      if (within + e < to.left)
        write(begin + (within + e) * to.column, made[e]);
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
