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
#include "scanc/thread/reduction.cuh"

namespace scanc::device::block {

template <typename Ring, typename T>
struct row_sum {
  T total;

  __device__ __forceinline__ void merge(const row_sum &other) {
    total = Ring::add(total, other.total);
  }
  __device__ __forceinline__ T value() const { return total; }
};

template <typename T>
struct row_sum<ring::log, T> : thread::logsumexp<T> {};

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
                 shift = thread::shift_of(largest);
#pragma unroll
    for (int i = 0; i < chains; ++i)
      some[i] = number(0);
#pragma unroll
    for (int i = 0; i < count; ++i)
      some[i % chains] += approximate::exp(product(i) - shift);
    return row_sum<Ring, number>{{largest, (some[0] + some[1]) + (some[2] + some[3])}};
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
