//===- core/affine.cuh - Affine maps and their composition ----------------===//
//
//   called by      one thread
//   result in      the caller
//   shared memory  none
//   barriers       none
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/array.cuh"

namespace scanc::device {

/// The affine map h -> gain * h + bias: one step, or any run of steps, of a recurrence.
template <typename T>
struct affine {
  T gain;
  T bias;
};

/// The map that changes nothing, for every number of a state.
template <typename T, int N>
static __device__ __forceinline__ void make_identity(array<affine<T>, N> &maps) {
#pragma unroll
  for (int i = 0; i < N; ++i)
    maps[i] = {T(1), T(0)};
}

/// The map that applies `earlier`, then `later`. Associative; does not commute.
template <typename T>
static __device__ __forceinline__ affine<T> compose(affine<T> later, affine<T> earlier) {
  return {later.gain * earlier.gain, later.gain * earlier.bias + later.bias};
}

template <typename T>
static __device__ __forceinline__ T apply(affine<T> map, T state) {
  return map.gain * state + map.bias;
}

/// The same for the maps of all numbers of a state.
template <typename T, int N>
static __device__ __forceinline__ array<affine<T>, N> compose(const array<affine<T>, N> &later,
                                                              const array<affine<T>, N> &earlier) {
  array<affine<T>, N> result;
#pragma unroll
  for (int i = 0; i < N; ++i)
    result[i] = compose(later[i], earlier[i]);
  return result;
}

/// `state` after `maps`: computed wide, rounded once to the state's own element type.
template <typename E, typename T, int N>
static __device__ __forceinline__ array<E, N> apply(const array<affine<T>, N> &maps,
                                                    const array<E, N> &state) {
  array<E, N> result;
#pragma unroll
  for (int i = 0; i < N; ++i)
    result[i] = narrow<E>(apply(maps[i], static_cast<T>(widen(state[i]))));
  return result;
}

} // namespace scanc::device
