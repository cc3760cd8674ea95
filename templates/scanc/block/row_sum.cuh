//===- block/row_sum.cuh - The sum of a row in a ring, in parts -----------===//
//
//   called by      one thread
//   result in      the caller
//   shared memory  none
//   barriers       none
//
//   Sums of parts of a row are merged, by threads that pass them on, before they are a number.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/ring.cuh"

namespace scanc::device::block {

template <typename Ring, typename T>
struct row_sum {
  T total;

  __device__ __forceinline__ void merge(const row_sum &other) {
    total = Ring::add(total, other.total);
  }
  __device__ __forceinline__ T value() const { return total; }
};

/// What is taken from exponents before they are raised: the largest of them, unless that is infinite
/// or no number.
template <typename T>
static __device__ __forceinline__ T shift_of(T largest) {
  return abs(largest) < infinity<T>() ? largest : T(0);
}

/// log of a sum of powers of e: total e^shift_of(largest). Where that is finite the total has a term of 1,
/// so that what the device's own exponential leaves out of small terms is below the rounding of the sum.
template <typename T>
struct row_sum<ring::log, T> {
  T largest;
  T total;

  __device__ __forceinline__ void merge(const row_sum &other) {
    const T most = maximum(largest, other.largest);
    const auto share = [&](const row_sum &of) {
      return of.largest == most ? of.total : of.total * approximate::exp(of.largest - most);
    };
    total = share(*this) + share(other);
    largest = most;
  }
  __device__ __forceinline__ T value() const { return shift_of(largest) + log(total); }
};

/// The sum of `count` products, of which `product(i)` gives number i.
template <typename Ring, int count, typename F>
static __device__ __forceinline__ auto sum_of_products(F product) {
  using number = decltype(product(0));
  constexpr int chains = 4; // of dependent sums
  number some[chains];
  if constexpr (is_same<Ring, ring::log>) {
#pragma unroll
    for (int i = 0; i < chains; ++i)
      some[i] = ring::max_plus::zero<number>();
#pragma unroll
    for (int i = 0; i < count; ++i)
      some[i % chains] = maximum(some[i % chains], product(i));
    const number largest = maximum(maximum(some[0], some[1]), maximum(some[2], some[3])),
                 shift = shift_of(largest);
#pragma unroll
    for (int i = 0; i < chains; ++i)
      some[i] = number(0);
#pragma unroll
    for (int i = 0; i < count; ++i)
      some[i % chains] += approximate::exp(product(i) - shift);
    return row_sum<Ring, number>{largest, (some[0] + some[1]) + (some[2] + some[3])};
  } else {
#pragma unroll
    for (int i = 0; i < chains; ++i)
      some[i] = Ring::template zero<number>();
#pragma unroll
    for (int i = 0; i < count; ++i)
      some[i % chains] = Ring::add(some[i % chains], product(i));
    return row_sum<Ring, number>{
        Ring::add(Ring::add(some[0], some[1]), Ring::add(some[2], some[3]))};
  }
}

} // namespace scanc::device::block
