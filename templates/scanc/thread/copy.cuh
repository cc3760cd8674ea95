//===- thread/copy.cuh - Rows on their way through shared memory ----------===//
//
//   called by      one thread
//   result in      a cell of shared memory that only this thread touches, then the caller
//   shared memory  cells, given by the caller: as large as the row, aligned to min(16, its size)
//   barriers       none; await_copies stands between `fetch` and `take`
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/thread/access.cuh"

namespace scanc::device::thread {

/// Starts the copy of elements [at, at + W) of a row, of 4 bytes at least; the address is aligned to
/// min(16, W * sizeof(T)) bytes.
template <int W, typename T, int N>
static __device__ __forceinline__ void fetch(row<T, N> &cell, int at, const T *from) {
  constexpr int bytes = W * sizeof(T), part = bytes < 16 ? bytes : 16;
  static_assert(bytes >= 4 && bytes % part == 0);
#pragma unroll
  for (int i = 0; i < bytes / part; ++i)
    start_copy<part>(reinterpret_cast<char *>(&cell) + at * sizeof(T) + i * part,
                     reinterpret_cast<const char *>(from) + i * part);
}

/// A value in the widest words that its size allows.
template <typename Value>
struct in_words {
  static constexpr int bytes = sizeof(Value), part = bytes % 16 == 0 ? 16 : bytes % 8 == 0 ? 8 : 4;
  static_assert(bytes % part == 0);
  struct alignas(part) word {
    uint32_t at[part / 4];
  };
  word words[bytes / part];
};

/// A cell's content.
template <typename Value>
static __device__ __forceinline__ Value take(const Value &cell) {
  using words = in_words<Value>;
  words content;
#pragma unroll
  for (int i = 0; i < words::bytes / words::part; ++i)
    content.words[i] = shared_load(reinterpret_cast<const typename words::word *>(&cell)[i]);
  return __builtin_bit_cast(Value, content);
}

/// The other way.
template <typename Value>
static __device__ __forceinline__ void put(Value &cell, const Value &value) {
  using words = in_words<Value>;
  const words content = __builtin_bit_cast(words, value);
#pragma unroll
  for (int i = 0; i < words::bytes / words::part; ++i)
    shared_store(reinterpret_cast<typename words::word *>(&cell)[i], content.words[i]);
}

/// The same for a row that lies in memory from its last element to its first.
template <typename T, int N>
static __device__ __forceinline__ row<T, N> take_reversed(const row<T, N> &cell) {
  const row<T, N> as_stored = take(cell);
  row<T, N> result;
#pragma unroll
  for (int i = 0; i < N; ++i)
    result.set(i, as_stored[N - 1 - i]);
  return result;
}

/// Zeros in elements [at, at + W), for `take` to find.
template <int W, typename T, int N>
static __device__ __forceinline__ void put_zeros(row<T, N> &cell, int at) {
  constexpr int words = W * sizeof(T) / 4;
  static_assert(W * sizeof(T) % 4 == 0);
  uint32_t *to = reinterpret_cast<uint32_t *>(reinterpret_cast<char *>(&cell) + at * sizeof(T));
#pragma unroll
  for (int i = 0; i < words; ++i)
    shared_store(to[i], 0u);
}

/// A whole row, of which only the first `active` elements exist; the others become 0.
template <int W, typename T>
static __device__ __forceinline__ void fetch(row<T, W> &cell, const T *from, int active) {
  constexpr int bytes = W * sizeof(T), part = bytes < 16 ? bytes : 16;
  const int present = active * static_cast<int>(sizeof(T));
#pragma unroll
  for (int i = 0; i < bytes; i += part)
    start_copy<part>(reinterpret_cast<char *>(&cell) + i, reinterpret_cast<const char *>(from) + i,
                     present <= i          ? 0
                     : present >= i + part ? part
                                           : present - i);
}

/// The same for a row that lies in memory from its last element to its first. Where its last
/// elements do not exist it has landed when this returns: an aligned copy would read what lies
/// before.
template <int W, typename T>
static __device__ __forceinline__ void fetch_reversed(row<T, W> &cell, const T *from, int active) {
  if (active == W) {
    fetch<W>(cell, 0, from);
    return;
  }
  put_zeros<W>(cell, 0);
  // Once a lane: short text matters more than speed.
#pragma unroll 1
  for (int i = W - active; i < W; ++i)
    shared_store(reinterpret_cast<T *>(&cell)[i], read(from + i));
}

} // namespace scanc::device::thread
