//===- warp/merge.cuh - Accumulators merged over neighbouring threads -----===//
//
//   called by      all 32 lanes of a warp, converged
//   result in      as named
//   shared memory  none
//   barriers       none
//
//   `threads` neighbouring threads, a power of two of at most 32, each have a share of N accumulators,
//   a power of two too. The order of merging is fixed.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/array.cuh"

namespace scanc::device::warp {

/// Accumulators that a thread has of N after merge_apart, and threads that have the same.
template <int threads, int N>
inline constexpr int held = N > threads ? N / threads : 1;
template <int threads, int N>
inline constexpr int alike = N < threads ? threads / N : 1;

/// Thread i of the `threads` gets the whole of `held` accumulators, from number i / alike * held on.
/// Every exchange halves what is left to merge, while there is more than one.
template <int threads, typename Values, int N>
static __device__ __forceinline__ array<Values, held<threads, N>>
merge_apart(array<Values, N> of) {
  static_assert((threads & (threads - 1)) == 0 && threads <= 32 && (N & (N - 1)) == 0);
  constexpr int reach = threads / 2;
  if constexpr (threads == 1) {
    return of;
  } else if constexpr (N == 1) {
    of[0].merge(shuffle_xor(of[0], reach));
    return merge_apart<reach>(of);
  } else {
    const bool upper = (lane_index() & reach) != 0;
    array<Values, N / 2> half;
#pragma unroll
    for (int i = 0; i < N / 2; ++i) {
      const Values given = upper ? of[i] : of[i + N / 2];
      half[i] = upper ? of[i + N / 2] : of[i];
      half[i].merge(shuffle_xor(given, reach));
    }
    return merge_apart<reach>(half);
  }
}

/// One accumulator, in all of the `threads` that have a share of it.
template <int threads, typename Values>
static __device__ __forceinline__ Values merged(const Values &share) {
  array<Values, 1> own;
  own[0] = share;
  return merge_apart<threads>(own)[0];
}

/// `number(0)` to `number(count - 1)` in one accumulator, spread over the threads of the warp; in every
/// thread.
template <typename Values, int count, typename F>
static __device__ __forceinline__ auto reduced(F number) {
  Values own;
#pragma unroll 4
  for (int i = lane_index(); i < count; i += 32)
    own.add(number(i));
  return merged<32>(own).value();
}

/// All N of them in every thread, from where merge_apart has left them.
template <int threads, int N, typename Values>
static __device__ __forceinline__ array<Values, N>
gather(const array<Values, held<threads, N>> &own) {
  const int first = lane_index() / threads * threads;
  array<Values, N> all;
#pragma unroll
  for (int i = 0; i < N; ++i)
    all[i] = shuffle(own[i % held<threads, N>], first + i / held<threads, N> * alike<threads, N>);
  return all;
}

} // namespace scanc::device::warp
