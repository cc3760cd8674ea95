//===- core/resettable.cuh - Maps of runs in which a segment may begin ----===//
//
//   called by      one thread
//   result in      the caller
//   shared memory  none
//   barriers       none
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/affine.cuh"

namespace scanc::device {

namespace ring {

/// `Ring` for maps that can drop the state before, be it infinite or no number: such a map has `nothing`
/// for a gain, a NaN that no arithmetic makes, so that maps take no more room.
template <typename Ring>
struct resettable : Ring {};

template <typename T>
static __device__ __forceinline__ T nothing() {
  if constexpr (is_same<T, c64>)
    return c64(nothing<float>());
  else if constexpr (sizeof(T) == 4)
    return __builtin_bit_cast(T, uint32_t{0x7fa5e7edu});
  else
    return __builtin_bit_cast(T, uint64_t{0x7ff4a5e7ed5e7ed5u});
}

static __device__ __forceinline__ bool is_nothing(float x) {
  return __builtin_bit_cast(uint32_t, x) == __builtin_bit_cast(uint32_t, nothing<float>());
}
static __device__ __forceinline__ bool is_nothing(double x) {
  return __builtin_bit_cast(uint64_t, x) == __builtin_bit_cast(uint64_t, nothing<double>());
}
static __device__ __forceinline__ bool is_nothing(c64 x) { return is_nothing(x.re); }

} // namespace ring

/// The map of a run of steps, which drops the state before where a segment begins in it. A gain of
/// the caller's that looks like nothing is some other NaN from here on.
template <typename T, typename Ring>
static __device__ __forceinline__ affine<T, ring::resettable<Ring>>
make_resettable(affine<T, Ring> map, bool drops) {
  const T gain = ring::is_nothing(map.gain) ? map.gain + map.gain : map.gain;
  return {drops ? ring::nothing<T>() : gain, map.bias};
}

/// The map that applies `earlier`, then `later`: what is dropped is selected away.
template <typename T, typename Ring>
static __device__ __forceinline__ affine<T, ring::resettable<Ring>>
compose(affine<T, ring::resettable<Ring>> later, affine<T, ring::resettable<Ring>> earlier) {
  const bool drops = ring::is_nothing(later.gain);
  const auto both = compose(affine<T, Ring>{later.gain, later.bias},
                            affine<T, Ring>{earlier.gain, earlier.bias});
  return {drops || ring::is_nothing(earlier.gain) ? ring::nothing<T>() : both.gain,
          drops ? later.bias : both.bias};
}

/// The same where `later` drops nothing; the gain is any number where `earlier` drops.
template <typename T, typename Ring>
static __device__ __forceinline__ affine<T, ring::resettable<Ring>>
compose_kept(affine<T, ring::resettable<Ring>> later, affine<T, ring::resettable<Ring>> earlier) {
  const auto both = compose(affine<T, Ring>{later.gain, later.bias},
                            affine<T, Ring>{earlier.gain, earlier.bias});
  return {both.gain, both.bias};
}

template <typename T, typename Ring>
static __device__ __forceinline__ bool drops(affine<T, ring::resettable<Ring>> map) {
  return ring::is_nothing(map.gain);
}
template <typename T, typename Ring>
static __device__ __forceinline__ void drop(affine<T, ring::resettable<Ring>> &map) {
  map.gain = ring::nothing<T>();
}

/// The same for the maps of a thread, which drop the state before together: time has the same
/// segments for all of its numbers and lanes.
template <typename T, typename Ring, int N>
static __device__ __forceinline__ array<affine<T, ring::resettable<Ring>>, N>
compose_kept(const array<affine<T, ring::resettable<Ring>>, N> &later,
             const array<affine<T, ring::resettable<Ring>>, N> &earlier) {
  array<affine<T, ring::resettable<Ring>>, N> result;
#pragma unroll
  for (int i = 0; i < N; ++i)
    result[i] = compose_kept(later[i], earlier[i]);
  return result;
}
template <typename T, typename Ring, int N>
static __device__ __forceinline__ bool
drops(const array<affine<T, ring::resettable<Ring>>, N> &maps) {
  return drops(maps[0]);
}
template <typename T, typename Ring, int N>
static __device__ __forceinline__ void drop(array<affine<T, ring::resettable<Ring>>, N> &maps) {
#pragma unroll
  for (int i = 0; i < N; ++i)
    drop(maps[i]);
}

template <extent of = extent::run, typename T, typename Ring>
static __device__ __forceinline__ T apply(affine<T, ring::resettable<Ring>> map, T state) {
  const T made = apply<of>(affine<T, Ring>{map.gain, map.bias}, state);
  return ring::is_nothing(map.gain) ? map.bias : made;
}

} // namespace scanc::device
