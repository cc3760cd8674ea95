//===- core/element.cuh - Element types and the types they compute in -----===//
//
//   called by      one thread
//   result in      the caller
//   shared memory  none
//   barriers       none
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/hardware.cuh"

namespace scanc::device {

/// The 16-bit formats as they lie in memory. Ours, so that NVRTC needs no header of the toolkit.
struct bf16 {
  uint16_t bits;
};
struct f16 {
  uint16_t bits;
};

/// An element as a number to compute with: f32 for the 16-bit formats, else itself.
static __device__ __forceinline__ float widen(bf16 x) { return bf16_to_f32(x.bits); }
static __device__ __forceinline__ float widen(f16 x) { return f16_to_f32(x.bits); }
static __device__ __forceinline__ float widen(float x) { return x; }
static __device__ __forceinline__ double widen(double x) { return x; }
static __device__ __forceinline__ int widen(int x) { return x; }

template <typename A, typename B>
inline constexpr bool is_same = false;
template <typename A>
inline constexpr bool is_same<A, A> = true;

/// A number as an element, rounded to nearest even.
template <typename E, typename C>
static __device__ __forceinline__ E narrow(C x) {
  if constexpr (is_same<E, bf16>)
    return bf16{f32_to_bf16(static_cast<float>(x))};
  else if constexpr (is_same<E, f16>)
    return f16{f32_to_f16(static_cast<float>(x))};
  else
    return static_cast<E>(x);
}

} // namespace scanc::device
