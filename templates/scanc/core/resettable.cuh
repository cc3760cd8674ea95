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

/// `Ring` with one more element, `nothing`: a factor that makes every product nothing, a summand that
/// changes no bit. As the gain of a map it drops the state before, be it infinite or no number. It is
/// a NaN that no arithmetic makes, so that a map takes no more room.
template <typename Ring>
struct resettable : Ring {
  static constexpr bool absorbs = false; // products below do it, where nothing is not among the factors

  template <typename T>
  static __device__ __forceinline__ T nothing() {
    if constexpr (sizeof(T) == 4)
      return __builtin_bit_cast(T, uint32_t{0x7fa5e7edu});
    else
      return __builtin_bit_cast(T, uint64_t{0x7ff4a5e7ed5e7ed5u});
  }
  template <typename T>
  static __device__ __forceinline__ bool is_nothing(T x) {
    if constexpr (sizeof(T) == 4)
      return __builtin_bit_cast(uint32_t, x) == __builtin_bit_cast(uint32_t, nothing<T>());
    else
      return __builtin_bit_cast(uint64_t, x) == __builtin_bit_cast(uint64_t, nothing<T>());
  }

  template <typename T>
  static __device__ __forceinline__ T multiply(T x, T y) {
    return is_nothing(x) || is_nothing(y) ? nothing<T>()
                                          : device::multiply<extent::run, Ring>(x, y);
  }
  template <typename T>
  static __device__ __forceinline__ T add(T x, T y) {
    return is_nothing(x) ? y : Ring::add(x, y);
  }
};

} // namespace ring

/// The map of a run, which drops the state before where a segment begins in it. A number of the
/// caller's that looks like nothing is some other NaN from here on.
template <typename T, typename Ring>
static __device__ __forceinline__ affine<T, ring::resettable<Ring>>
make_resettable(affine<T, Ring> map, bool drops) {
  using wide = ring::resettable<Ring>;
  const auto number = [](T x) { return wide::is_nothing(x) ? x + x : x; };
  return {drops ? wide::template nothing<T>() : number(map.gain), number(map.bias)};
}

} // namespace scanc::device
