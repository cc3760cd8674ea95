//===- thread/reduction.cuh - Accumulators over register dimensions -------===//
//
//   called by      one thread
//   result in      the caller
//   shared memory  none
//   barriers       none
//
//   Values are added in order; `value` may be asked for at any time. `merge` adds what another
//   accumulator has seen.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/thread/activation.cuh"

namespace scanc::device::thread {

template <typename T>
struct sum {
  T total = T(0);
  __device__ __forceinline__ void add(T x) { total += x; }
  __device__ __forceinline__ void merge(const sum &other) { total += other.total; }
  __device__ __forceinline__ T value() const { return total; }
};

template <typename T>
struct maximum {
  T largest = -infinity<T>();
  __device__ __forceinline__ void add(T x) { largest = device::maximum(largest, x); }
  __device__ __forceinline__ void merge(const maximum &other) { add(other.largest); }
  __device__ __forceinline__ T value() const { return largest; }
};

template <typename T>
struct minimum {
  T smallest = infinity<T>();
  __device__ __forceinline__ void add(T x) { smallest = device::minimum(smallest, x); }
  __device__ __forceinline__ void merge(const minimum &other) { add(other.smallest); }
  __device__ __forceinline__ T value() const { return smallest; }
};

/// What is taken from exponents before they are raised: the largest of them, unless that is infinite
/// or no number.
template <typename T>
static __device__ __forceinline__ T shift_of(T largest) {
  return abs(largest) < infinity<T>() ? largest : T(0);
}

/// log of total e^shift_of(largest). Where that is finite the total has a term of 1, so that what the
/// device's own exponential leaves out of small terms is below the rounding of the sum.
template <typename T>
struct logsumexp {
  T largest = -infinity<T>();
  T total = T(0);
  __device__ __forceinline__ void add(T x) {
    merge({x, abs(x) < infinity<T>() ? T(1) : approximate::exp(x)});
  }
  __device__ __forceinline__ void merge(const logsumexp &other) {
    const T most = device::maximum(largest, other.largest);
    const auto share = [&](const logsumexp &of) {
      return of.largest == most ? of.total : of.total * approximate::exp(of.largest - most);
    };
    total = share(*this) + share(other);
    largest = most;
  }
  __device__ __forceinline__ T value() const { return shift_of(largest) + log(total); }
};

} // namespace scanc::device::thread
