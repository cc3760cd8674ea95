//===- core/array.cuh - Arrays in registers and views of tensors ----------===//
//
//   called by      one thread
//   result in      the caller
//   shared memory  none
//   barriers       none
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/element.cuh"

namespace scanc::device {

/// `N` numbers of one thread. Indices are known after unrolling, so they live in registers.
template <typename T, int N>
struct array {
  using element = T;
  T values[N];
  __device__ __forceinline__ T &operator[](int i) { return values[i]; }
  __device__ __forceinline__ const T &operator[](int i) const { return values[i]; }
};

/// `N` adjacent elements as they were loaded: 16-bit elements stay packed, two to a register,
/// until they are used.
template <typename T, int N>
struct row {
  using element = T;
  static constexpr bool packed = sizeof(T) == 2 && N % 2 == 0;
  static constexpr int words = packed ? N / 2 : 1;
  static constexpr int singles = packed ? 1 : N;
  union {
    uint32_t pairs[words];
    T values[singles];
  };

  __device__ __forceinline__ T operator[](int i) const {
    if constexpr (packed)
      return T{static_cast<uint16_t>(pairs[i / 2] >> (16 * (i % 2)))};
    else
      return values[i];
  }
  __device__ __forceinline__ void set(int i, T value) {
    if constexpr (packed) {
      const uint32_t bits = static_cast<uint32_t>(value.bits) << (16 * (i % 2));
      pairs[i / 2] = (pairs[i / 2] & (0xffff0000u >> (16 * (i % 2)))) | bits;
    } else {
      values[i] = value;
    }
  }
};

/// The same for elements that are loaded one by one. Those of 16 bits have a register each: two share one
/// only when both have arrived, and are waited for.
template <typename T, int N, bool narrow = sizeof(T) == 2>
struct loose {
  using element = T;
  T values[N];
  __device__ __forceinline__ T operator[](int i) const { return values[i]; }
  __device__ __forceinline__ void set(int i, T value) { values[i] = value; }
};
template <typename T, int N>
struct loose<T, N, true> {
  using element = T;
  uint32_t words[N];
  __device__ __forceinline__ T operator[](int i) const { return T{static_cast<uint16_t>(words[i])}; }
  __device__ __forceinline__ void set(int i, T value) { words[i] = value.bits; }
};

/// A tensor of the launch: its address, and a stride per dimension in elements.
template <typename T, int rank>
struct tensor {
  T *data;
  long long stride[rank];
};
template <typename T>
struct tensor<T, 0> {
  T *data;
};

} // namespace scanc::device
