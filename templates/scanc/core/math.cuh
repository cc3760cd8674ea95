//===- core/math.cuh - Functions of real numbers --------------------------===//
//
//   called by      one thread
//   result in      the caller
//   shared memory  none
//   barriers       none
//
//   The accurate versions of the device's library, at most 2 ulp in f32 (pow 4), unless `approximate`
//   is asked for.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/element.cuh"

namespace scanc::device {

static __device__ __forceinline__ float exp(float x) { return ::expf(x); }
static __device__ __forceinline__ double exp(double x) { return ::exp(x); }
static __device__ __forceinline__ float log(float x) { return ::logf(x); }
static __device__ __forceinline__ double log(double x) { return ::log(x); }
static __device__ __forceinline__ float log1p(float x) { return ::log1pf(x); }
static __device__ __forceinline__ double log1p(double x) { return ::log1p(x); }
static __device__ __forceinline__ float erfc(float x) { return ::erfcf(x); }
static __device__ __forceinline__ double erfc(double x) { return ::erfc(x); }
static __device__ __forceinline__ float sqrt(float x) { return ::sqrtf(x); }
static __device__ __forceinline__ double sqrt(double x) { return ::sqrt(x); }
static __device__ __forceinline__ float rsqrt(float x) { return reciprocal_root(x); }
static __device__ __forceinline__ double rsqrt(double x) { return 1.0 / ::sqrt(x); }
static __device__ __forceinline__ float abs(float x) { return ::fabsf(x); }
static __device__ __forceinline__ double abs(double x) { return ::fabs(x); }
static __device__ __forceinline__ float tanh(float x) { return ::tanhf(x); }
static __device__ __forceinline__ double tanh(double x) { return ::tanh(x); }
static __device__ __forceinline__ float sin(float x) { return ::sinf(x); }
static __device__ __forceinline__ double sin(double x) { return ::sin(x); }
static __device__ __forceinline__ float cos(float x) { return ::cosf(x); }
static __device__ __forceinline__ double cos(double x) { return ::cos(x); }
static __device__ __forceinline__ float pow(float x, float y) { return ::powf(x, y); }
static __device__ __forceinline__ double pow(double x, double y) { return ::pow(x, y); }

/// log(1 + x) for x in [0, 1], to 2 ulp: a polynomial of least relative error (2^-27.6) for
/// log(1 + x) / x. No special cases: a third of the library's instructions, and no branch.
static __device__ __forceinline__ float log1p_unit(float x) {
  const float coefficients[] = {-0.0032440251670777798f, 0.01985146291553974f,
                                -0.05695953592658043f,   0.10603655129671097f,
                                -0.15305592119693756f,   0.1967593878507614f,
                                -0.24954134225845337f,   0.3332996368408203f,
                                -0.4999990165233612f,    1.0f};
  float quotient = coefficients[0];
#pragma unroll
  for (int i = 1; i < 10; ++i)
    quotient = quotient * x + coefficients[i];
  return quotient * x;
}
static __device__ __forceinline__ double log1p_unit(double x) { return log1p(x); }

/// Which exponential a function is made of. `accurate`: as above.
struct accurate {
  template <typename T>
  static __device__ __forceinline__ T exp(T x) {
    return device::exp(x);
  }
};

/// The device's own: a quarter of the instructions, 2^-22 + |x| 2^-24 relative error in f32. e^x then
/// is off by less than 2^-24 of the largest e^x in sight where x <= 0, as in decays and sigmoids.
struct approximate {
  static __device__ __forceinline__ float exp(float x) {
    return exp2_approximate(x * 1.4426950408889634f);
  }
  static __device__ __forceinline__ double exp(double x) { return device::exp(x); }
  static __device__ __forceinline__ float exp2(float x) { return exp2_approximate(x); }
};

/// 1/x for x of at least 1, where no care for subnormal numbers is needed.
static __device__ __forceinline__ float inverse(float x) { return reciprocal(x); }
static __device__ __forceinline__ double inverse(double x) { return 1.0 / x; }

/// The larger, the smaller; a NaN wins over any number.
static __device__ __forceinline__ float maximum(float x, float y) { return larger(x, y); }
static __device__ __forceinline__ float minimum(float x, float y) { return smaller(x, y); }
static __device__ __forceinline__ double maximum(double x, double y) {
  return x != x ? x : y != y ? y : x < y ? y : x;
}
static __device__ __forceinline__ double minimum(double x, double y) {
  return x != x ? x : y != y ? y : y < x ? y : x;
}

/// log(e^x + e^y), from the larger; equal infinities are their own sum.
template <typename T>
static __device__ __forceinline__ T logaddexp(T x, T y) {
  const T apart = x == y ? T(0) : abs(x - y);
  return maximum(x, y) + log1p(exp(-apart));
}

template <typename T>
static __device__ __forceinline__ T infinity() {
  return static_cast<T>(__builtin_bit_cast(float, 0x7f800000u));
}
template <typename T>
static __device__ __forceinline__ T not_a_number() {
  return static_cast<T>(__builtin_bit_cast(float, 0x7fc00000u));
}

} // namespace scanc::device
