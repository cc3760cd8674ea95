//===- core/ring.cuh - The semirings that recurrences are affine in -------===//
//
//   called by      one thread
//   result in      the caller
//   shared memory  none
//   barriers       none
//
//   `add` and `multiply` are what a program writes. Where `absorbs` is set, zero is an infinity, and
//   its product with the opposite infinity, a NaN to `multiply`, is zero to a semiring.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/complex.cuh"

namespace scanc::device::ring {

struct real {
  static constexpr bool absorbs = false;
  template <typename T>
  static __device__ __forceinline__ T zero() {
    return T(0);
  }
  template <typename T>
  static __device__ __forceinline__ T one() {
    return T(1);
  }
  template <typename T>
  static __device__ __forceinline__ T add(T x, T y) {
    return x + y;
  }
  template <typename T>
  static __device__ __forceinline__ T multiply(T x, T y) {
    return x * y;
  }
};

/// Rings whose product is the sum of numbers.
struct tropical {
  static constexpr bool absorbs = true;
  template <typename T>
  static __device__ __forceinline__ T one() {
    return T(0);
  }
  template <typename T>
  static __device__ __forceinline__ T multiply(T x, T y) {
    return x + y;
  }
};

struct max_plus : tropical {
  template <typename T>
  static __device__ __forceinline__ T zero() {
    return -infinity<T>();
  }
  template <typename T>
  static __device__ __forceinline__ T add(T x, T y) {
    return maximum(x, y);
  }
};

struct min_plus : tropical {
  template <typename T>
  static __device__ __forceinline__ T zero() {
    return infinity<T>();
  }
  template <typename T>
  static __device__ __forceinline__ T add(T x, T y) {
    return minimum(x, y);
  }
};

struct log : tropical {
  template <typename T>
  static __device__ __forceinline__ T zero() {
    return -infinity<T>();
  }
  template <typename T>
  static __device__ __forceinline__ T add(T x, T y) {
    return logaddexp(x, y);
  }
};

} // namespace scanc::device::ring
