//===- core/complex.cuh - Complex numbers as elements ---------------------===//
//
//   called by      one thread
//   result in      the caller
//   shared memory  none
//   barriers       none
//
//   Quotients and magnitudes neither overflow nor vanish on the way where their results do not: the
//   smaller part over the larger one is at most 1 (Smith 1962), and a power of two brings a magnitude
//   near 1. Neither branches: what is rounded correctly would, for each of its divisions and roots.
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
static __device__ __forceinline__ c64 operator*(c64 x, float y) {
  return c64(x.re * y, x.im * y);
}
static __device__ __forceinline__ c64 operator/(c64 x, float y) {
  return c64(quotient(x.re, y), quotient(x.im, y));
}
static __device__ __forceinline__ c64 operator/(c64 x, c64 y) {
  const bool swap = abs(y.im) > abs(y.re);
  const float larger = swap ? y.im : y.re, smaller = swap ? y.re : y.im;
  const float ratio = quotient(smaller, larger), divisor = larger + smaller * ratio;
  const float u = swap ? x.im : x.re, v = swap ? x.re : x.im;
  const float cross = v - u * ratio;
  return c64(u + v * ratio, swap ? -cross : cross) / divisor;
}
static __device__ __forceinline__ c64 &operator+=(c64 &x, c64 y) { return x = x + y; }

static __device__ __forceinline__ c64 conj(c64 x) { return c64(x.re, -x.im); }

/// With u = 2^-24: the sum of squares is off by 3/2 u, its root by that half and 2 u. An infinity wins over
/// a NaN.
static __device__ __forceinline__ float abs(c64 x) {
  const float re = abs(x.re), im = abs(x.im);
  const float most = ::fmaxf(re, im); // the other one where one is a NaN
  // The exponent of `most`, where neither it nor its inverse leaves the normal numbers.
  uint32_t exponent = __builtin_bit_cast(uint32_t, most) & 0x7f800000u;
  exponent = exponent < 0x00800000u ? 0x00800000u : exponent > 0x7e000000u ? 0x7e000000u : exponent;
  const float back = __builtin_bit_cast(float, exponent);
  const float scale = __builtin_bit_cast(float, 0x7f000000u - exponent);
  const float u = re * scale, v = im * scale;
  return most == infinity<float>() ? most : root(u * u + v * v) * back;
}

/// Real where the argument is, also where e^re overflows.
static __device__ __forceinline__ c64 exp(c64 x) {
  const float scale = exp(x.re);
  float sine, cosine;
  ::sincosf(x.im, &sine, &cosine);
  return c64(scale * cosine, x.im == 0.0f ? x.im : scale * sine);
}

} // namespace scanc::device
