//===- thread/activation.cuh - Activations that neither overflow nor cancel ---===//
//
//   called by      one thread
//   result in      the caller
//   shared memory  none
//   barriers       none
//
//   F gives the exponential: `accurate` or `approximate`.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/math.cuh"

namespace scanc::device::thread {

/// 1 / (1 + e^-x). For large negative x, e^-x is inf and the result 0.
template <typename F = accurate, typename T>
static __device__ __forceinline__ T sigmoid(T x) {
  return inverse(T(1) + F::exp(-x));
}

/// The same of two numbers, by one reciprocal, which takes as long as eight multiplications. Below -43, where it is
/// less than 2^-62, as at -43; so where it is a NaN.
template <typename F = accurate>
static __device__ __forceinline__ void shares_of_both(float (&shares)[2], const float (&x)[2]) {
  const float first = 1.0f + F::exp(-::fmaxf(x[0], -43.0f)), second = 1.0f + F::exp(-::fmaxf(x[1], -43.0f));
  const float both = inverse(first * second);
  shares[0] = both * second;
  shares[1] = both * first;
}
template <typename F = accurate>
static __device__ __forceinline__ void sigmoid_both(float (&x)[2]) {
  float shares[2];
  shares_of_both<F>(shares, x);
#pragma unroll
  for (int i = 0; i < 2; ++i)
    x[i] = x[i] == x[i] ? shares[i] : x[i];
}

// Limits that would be inf times 0 are selected after the computation, not branched around: a branch
// for each call keeps the calls of neighbouring steps from running at once.

/// x sigmoid(x); 0, not NaN, at -inf.
template <typename F = accurate, typename T>
static __device__ __forceinline__ T silu(T x) {
  const T share = sigmoid<F>(x);
  return share == T(0) ? T(0) : x * share;
}

/// x sigmoid(x) of two numbers, by one reciprocal; below -43, where it is above -2^-56, as at -43.
template <typename F = accurate>
static __device__ __forceinline__ void silu_both(float (&x)[2]) {
  float shares[2];
  shares_of_both<F>(shares, x);
#pragma unroll
  for (int i = 0; i < 2; ++i)
    x[i] = device::maximum(x[i], -43.0f) * shares[i];
}

/// x/2 (1 + erf(x / sqrt 2)), with 1 + erf(u) as erfc(-u), which keeps its digits where erf(u) is
/// near -1; 0, not NaN, at -inf.
template <typename F = accurate, typename T>
static __device__ __forceinline__ T gelu(T x) {
  const T share = erfc(x * T(-0.70710678118654752440));
  return share == T(0) ? T(0) : T(0.5) * x * share;
}

template <typename F = accurate, typename T>
static __device__ __forceinline__ T relu(T x) {
  return device::maximum(x, T(0));
}

/// log(1 + e^x), as max(x, 0) + log1p(e^-|x|).
template <typename F = accurate, typename T>
static __device__ __forceinline__ T softplus(T x) {
  return device::maximum(x, T(0)) + log1p_unit(F::exp(-abs(x)));
}

/// log(sigmoid(x)).
template <typename F = accurate, typename T>
static __device__ __forceinline__ T logsigmoid(T x) {
  return -softplus<F>(-x);
}

} // namespace scanc::device::thread
