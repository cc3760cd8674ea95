//===- core/complex.cuh - Complex numbers as elements ---------------------===//
//
//   called by      one thread
//   result in      the caller
//   shared memory  none
//   barriers       none
//
//   Quotients and magnitudes neither overflow nor vanish on the way where their results do not: the
//   smaller part over the larger one is at most 1 (Smith 1962).
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/math.cuh"

namespace scanc::device {

/// Two f32, as they lie in memory.
struct alignas(8) c64 {
  float re, im;
  c64() = default;
  __device__ __forceinline__ constexpr explicit c64(float re, float im = 0.0f) : re(re), im(im) {}
};

static __device__ __forceinline__ c64 widen(c64 x) { return x; }

static __device__ __forceinline__ bool operator==(c64 x, c64 y) {
  return x.re == y.re && x.im == y.im;
}
static __device__ __forceinline__ c64 operator-(c64 x) { return c64(-x.re, -x.im); }
static __device__ __forceinline__ c64 operator+(c64 x, c64 y) {
  return c64(x.re + y.re, x.im + y.im);
}
static __device__ __forceinline__ c64 operator-(c64 x, c64 y) {
  return c64(x.re - y.re, x.im - y.im);
}
static __device__ __forceinline__ c64 operator*(c64 x, c64 y) {
  return c64(x.re * y.re - x.im * y.im, x.re * y.im + x.im * y.re);
}
static __device__ __forceinline__ c64 operator/(c64 x, float y) {
  return c64(x.re / y, x.im / y);
}
static __device__ __forceinline__ c64 operator/(c64 x, c64 y) {
  const bool swap = abs(y.im) > abs(y.re);
  const float larger = swap ? y.im : y.re, smaller = swap ? y.re : y.im;
  const float ratio = smaller / larger, divisor = larger + smaller * ratio;
  const float u = swap ? x.im : x.re, v = swap ? x.re : x.im;
  const float cross = v - u * ratio;
  return c64(u + v * ratio, swap ? -cross : cross) / divisor;
}
static __device__ __forceinline__ c64 &operator+=(c64 &x, c64 y) { return x = x + y; }

static __device__ __forceinline__ c64 conj(c64 x) { return c64(x.re, -x.im); }

static __device__ __forceinline__ float abs(c64 x) {
  const float re = abs(x.re), im = abs(x.im);
  const bool swap = im > re;
  const float larger = swap ? im : re, smaller = swap ? re : im;
  const float ratio = smaller / larger;
  return larger == 0.0f || larger == infinity<float>() ? larger
                                                       : larger * sqrt(1.0f + ratio * ratio);
}

/// Real where the argument is, also where e^re overflows.
static __device__ __forceinline__ c64 exp(c64 x) {
  const float scale = exp(x.re);
  return c64(scale * cos(x.im), x.im == 0.0f ? x.im : scale * sin(x.im));
}

} // namespace scanc::device
