//===- thread/access.cuh - Global memory to registers and back ------------===//
//
//   called by      one thread
//   result in      the caller
//   shared memory  none
//   barriers       none
//
//   W is the number of elements that one call moves; its address is aligned to
//   min(16, W * sizeof(T)) bytes.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/array.cuh"

namespace scanc::device::thread {

template <typename T>
static __device__ __forceinline__ T read(const T *from) {
  T to[1];
  load_global<1>(to, from);
  return to[0];
}

/// The same of what this thread writes later.
template <typename T>
static __device__ __forceinline__ T read_owned(const T *from) {
  T to[1];
  load_owned<1>(to, from);
  return to[0];
}

template <typename T>
static __device__ __forceinline__ void write(T *to, T value) {
  const T from[1] = {value};
  store_global<1>(to, from);
}

/// Zeros in elements [at, at + W) of a row.
template <int W, typename Row>
static __device__ __forceinline__ void clear(Row &to, int at) {
#pragma unroll
  for (int i = 0; i < W; ++i)
    to.set(at + i, typename Row::element{});
}

/// Elements [at, at + W) of a row.
template <int W, typename T, int N>
static __device__ __forceinline__ void load(row<T, N> &to, int at, const T *from) {
  if constexpr (row<T, N>::packed && W % 2 == 0) {
    uint32_t pairs[W / 2];
    load_global<W / 2>(pairs, reinterpret_cast<const uint32_t *>(from));
#pragma unroll
    for (int i = 0; i < W / 2; ++i)
      to.pairs[at / 2 + i] = pairs[i];
  } else {
    T values[W];
    load_global<W>(values, from);
#pragma unroll
    for (int i = 0; i < W; ++i)
      to.set(at + i, values[i]);
  }
}

/// How many of the `count` steps from `begin` on are among the first `active` of a tile of `steps`.
template <int steps, int count>
static __device__ __forceinline__ int steps_among(int active, int begin) {
  const int left = active - begin;
  return active == steps || left >= count ? count : left > 0 ? left : 0;
}

/// A whole row, of which only the first `active` elements exist; the others stay as they were.
template <int W, typename T>
static __device__ __forceinline__ void load(row<T, W> &to, const T *from, int active) {
  if (active == W) {
    load<W>(to, 0, from);
    return;
  }
#pragma unroll
  for (int i = 0; i < W; ++i)
    if (i < active)
      to.set(i, read(from + i));
}

/// The same where element i lies at from[W - 1 - i].
template <int W, typename T>
static __device__ __forceinline__ void load_reversed(row<T, W> &to, const T *from, int active) {
  if (active == W) {
    row<T, W> as_stored;
    load<W>(as_stored, 0, from);
#pragma unroll
    for (int i = 0; i < W; ++i)
      to.set(i, as_stored[W - 1 - i]);
    return;
  }
#pragma unroll
  for (int i = 0; i < W; ++i)
    if (i < active)
      to.set(i, read(from + (W - 1 - i)));
}

template <int W, typename T>
static __device__ __forceinline__ void store(T *to, const T *from) {
  T values[W];
#pragma unroll
  for (int i = 0; i < W; ++i)
    values[i] = from[i];
  store_global<W>(to, values);
}

/// The first `active` elements of W.
template <int W, typename T>
static __device__ __forceinline__ void store(T *to, const T *from, int active) {
  if (active == W) {
    store<W>(to, from);
    return;
  }
#pragma unroll
  for (int i = 0; i < W; ++i)
    if (i < active)
      write(to + i, from[i]);
}

/// The same where element i goes to to[W - 1 - i].
template <int W, typename T>
static __device__ __forceinline__ void store_reversed(T *to, const T *from, int active) {
  if (active == W) {
    T values[W];
#pragma unroll
    for (int i = 0; i < W; ++i)
      values[i] = from[W - 1 - i];
    store_global<W>(to, values);
    return;
  }
#pragma unroll
  for (int i = 0; i < W; ++i)
    if (i < active)
      write(to + (W - 1 - i), from[i]);
}

} // namespace scanc::device::thread
