//===- core/affine.cuh - Affine maps and their composition ----------------===//
//
//   called by      one thread
//   result in      the caller
//   shared memory  none
//   barriers       none
//
//   `*` and `+` below are those of the ring. A zero that meets an infinite gain stays zero in the
//   map of several steps, which must not make a NaN that the steps one by one do not make.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/array.cuh"
#include "scanc/core/ring.cuh"

namespace scanc::device {

/// The affine map h -> gain * h + bias: one step, or any run of steps, of a recurrence.
template <typename T, typename Ring = ring::real>
struct affine {
  T gain;
  T bias;
};

/// What a map stands for: one step as the program writes it, or a run of any number.
enum class extent { step, run };

template <extent of, typename Ring, typename T>
static __device__ __forceinline__ T multiply(T gain, T x) {
  const T product = Ring::multiply(gain, x);
  if constexpr (of == extent::run && Ring::absorbs)
    return x == Ring::template zero<T>() ? x : product;
  else
    return product;
}

/// The map that changes nothing.
template <typename T, typename Ring>
static __device__ __forceinline__ void make_identity(affine<T, Ring> &map) {
  map = {Ring::template one<T>(), Ring::template zero<T>()};
}

/// The map that makes every state the same.
template <typename Ring, typename T>
static __device__ __forceinline__ affine<T, Ring> constant(T state) {
  return {Ring::template zero<T>(), state};
}

/// The map that applies `earlier`, then `later`. Associative; does not commute.
template <typename T, typename Ring>
static __device__ __forceinline__ affine<T, Ring> compose(affine<T, Ring> later,
                                                          affine<T, Ring> earlier) {
  return {multiply<extent::run, Ring>(later.gain, earlier.gain),
          Ring::add(multiply<extent::run, Ring>(later.gain, earlier.bias), later.bias)};
}

template <extent of = extent::run, typename T, typename Ring>
static __device__ __forceinline__ T apply(affine<T, Ring> map, T state) {
  return Ring::add(multiply<of, Ring>(map.gain, state), map.bias);
}

/// The same for the maps of all numbers of a state.
template <typename T, typename Ring, int N>
static __device__ __forceinline__ void make_identity(array<affine<T, Ring>, N> &maps) {
#pragma unroll
  for (int i = 0; i < N; ++i)
    make_identity(maps[i]);
}

template <typename T, typename Ring, int N>
static __device__ __forceinline__ array<affine<T, Ring>, N>
compose(const array<affine<T, Ring>, N> &later, const array<affine<T, Ring>, N> &earlier) {
  array<affine<T, Ring>, N> result;
#pragma unroll
  for (int i = 0; i < N; ++i)
    result[i] = compose(later[i], earlier[i]);
  return result;
}

/// `state` after `maps`: computed wide, rounded once to the state's own element type.
template <extent of = extent::run, typename E, typename T, typename Ring, int N>
static __device__ __forceinline__ array<E, N> apply(const array<affine<T, Ring>, N> &maps,
                                                    const array<E, N> &state) {
  array<E, N> result;
#pragma unroll
  for (int i = 0; i < N; ++i)
    result[i] = narrow<E>(apply<of>(maps[i], static_cast<T>(widen(state[i]))));
  return result;
}

} // namespace scanc::device
