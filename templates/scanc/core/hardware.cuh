//===- core/hardware.cuh - The device's own functions, and nothing else ---===//
//
//   called by      any thread; warp_barrier and the shuffles by all 32 lanes of a warp,
//                  group_barrier by 128 threads, block_barrier by every thread of the block
//   result in      the caller
//   shared memory  only what the caller names
//   barriers       as named
//
//   The only file with PTX, intrinsics and built-in variables beside core/tensor_cores.cuh: the CPU
//   emulation replaces both and runs the rest as it stands.
//
//===----------------------------------------------------------------------===//
#pragma once

#ifdef __CUDACC_RTC__
using int64_t = long long;
using uint16_t = unsigned short;
using uint32_t = unsigned int;
using uint64_t = unsigned long long;
#else
#include <stdint.h>
#endif

namespace scanc::device {

static __device__ __forceinline__ int thread_index() { return static_cast<int>(threadIdx.x); }
static __device__ __forceinline__ int block_index() { return static_cast<int>(blockIdx.x); }
static __device__ __forceinline__ int block_count() { return static_cast<int>(gridDim.x); }
static __device__ __forceinline__ int lane_index() { return thread_index() % 32; }
static __device__ __forceinline__ int warp_index() { return thread_index() / 32; }

// Launches that begin before the one before them has ended.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
inline constexpr bool has_dependent_launches = true;
#else
inline constexpr bool has_dependent_launches = false;
#endif

/// Waits until the launch before this one has ended and what it wrote is seen; at once where that has. Every thread
/// calls it before it touches global memory: whoever waits for this launch then waits for all before it, too.
static __device__ __forceinline__ void await_launch_before() {
  if constexpr (has_dependent_launches)
    asm volatile("griddepcontrol.wait;" ::: "memory");
}

/// Lets the launch behind this one begin as soon as every block of this one has said so. Behind await_launch_before: whoever
/// begins then sees all that launches before this one wrote.
static __device__ __forceinline__ void let_next_launch_begin() {
  if constexpr (has_dependent_launches)
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
}

/// Of a launch that the one before it lets begin, reads nothing that this one writes, and awaits it when all else is done.
static __device__ __forceinline__ void run_beside_launch_before() {}

static __device__ __forceinline__ void block_barrier() { __syncthreads(); }
static __device__ __forceinline__ void warp_barrier() { __syncwarp(); }
/// Of 128 threads, threads 128 g to 128 g + 127 of the block; every such group of it reaches as many.
static __device__ __forceinline__ void group_barrier() {
  asm volatile("bar.sync %0, 128;" ::"r"(1 + thread_index() / 128) : "memory");
}

/// The value of lane `source`.
template <typename T>
static __device__ __forceinline__ T shuffle(T value, int source) {
  static_assert(sizeof(T) % 4 == 0);
  struct words {
    uint32_t at[sizeof(T) / 4];
  };
  words bits = __builtin_bit_cast(words, value);
#pragma unroll
  for (int i = 0; i < static_cast<int>(sizeof(T) / 4); ++i)
    bits.at[i] = __shfl_sync(0xffffffffu, bits.at[i], source);
  return __builtin_bit_cast(T, bits);
}

/// The value of the lane `reach` below; a lane that has none keeps its own.
template <typename T>
static __device__ __forceinline__ T shuffle_up(T value, int reach) {
  static_assert(sizeof(T) % 4 == 0);
  struct words {
    uint32_t at[sizeof(T) / 4];
  };
  words bits = __builtin_bit_cast(words, value);
#pragma unroll
  for (int i = 0; i < static_cast<int>(sizeof(T) / 4); ++i)
    bits.at[i] = __shfl_up_sync(0xffffffffu, bits.at[i], reach);
  return __builtin_bit_cast(T, bits);
}

template <typename T>
static __device__ __forceinline__ T shuffle_xor(T value, int mask) {
  return shuffle(value, lane_index() ^ mask);
}

/// `W` elements from `from`, which is aligned to min(16, W * sizeof(T)) bytes and is not written
/// while the kernel runs.
template <int W, typename T>
static __device__ __forceinline__ void load_global(T (&to)[W], const T *from) {
  constexpr int bytes = W * sizeof(T);
  if constexpr (bytes > 16) {
    constexpr int part = 16 / sizeof(T);
    static_assert(W % part == 0);
#pragma unroll
    for (int i = 0; i < W / part; ++i)
      load_global<part>(reinterpret_cast<T(&)[part]>(to[i * part]), from + i * part);
  } else if constexpr (bytes == 16) {
    const uint4 bits = __ldg(reinterpret_cast<const uint4 *>(from));
    memcpy(to, &bits, bytes);
  } else if constexpr (bytes == 8) {
    const uint2 bits = __ldg(reinterpret_cast<const uint2 *>(from));
    memcpy(to, &bits, bytes);
  } else if constexpr (bytes == 4) {
    const uint32_t bits = __ldg(reinterpret_cast<const uint32_t *>(from));
    memcpy(to, &bits, bytes);
  } else {
    static_assert(bytes == 2);
    const uint16_t bits = __ldg(reinterpret_cast<const uint16_t *>(from));
    memcpy(to, &bits, bytes);
  }
}

/// The same from where this thread alone writes, later: loads and stores keep the order of the text.
template <int W, typename T>
static __device__ __forceinline__ void load_owned(T (&to)[W], const T *from) {
  constexpr int bytes = W * sizeof(T);
  if constexpr (bytes > 16) {
    constexpr int part = 16 / sizeof(T);
    static_assert(W % part == 0);
#pragma unroll
    for (int i = 0; i < W / part; ++i)
      load_owned<part>(reinterpret_cast<T(&)[part]>(to[i * part]), from + i * part);
  } else if constexpr (bytes == 2) {
    uint16_t bits;
    asm volatile("ld.global.b16 %0, [%1];" : "=h"(bits) : "l"(from));
    to[0] = __builtin_bit_cast(T, bits);
  } else {
    uint32_t bits[bytes / 4];
    if constexpr (bytes == 16)
      asm volatile("ld.global.v4.b32 {%0, %1, %2, %3}, [%4];"
                   : "=r"(bits[0]), "=r"(bits[1]), "=r"(bits[2]), "=r"(bits[3])
                   : "l"(from));
    else if constexpr (bytes == 8)
      asm volatile("ld.global.v2.b32 {%0, %1}, [%2];" : "=r"(bits[0]), "=r"(bits[1]) : "l"(from));
    else
      asm volatile("ld.global.b32 %0, [%1];" : "=r"(bits[0]) : "l"(from));
    memcpy(to, bits, bytes);
  }
}

/// `W` elements to `to`, which is aligned to min(16, W * sizeof(T)) bytes. Written in PTX because
/// the compiler, given a copy, may store the parts that it has at hand one by one.
template <int W, typename T>
static __device__ __forceinline__ void store_global(T *to, const T (&from)[W]) {
  constexpr int bytes = W * sizeof(T);
  if constexpr (bytes > 16) {
    constexpr int part = 16 / sizeof(T);
    static_assert(W % part == 0);
#pragma unroll
    for (int i = 0; i < W / part; ++i)
      store_global<part>(to + i * part, reinterpret_cast<const T(&)[part]>(from[i * part]));
  } else if constexpr (bytes == 2) {
    const uint16_t bits = __builtin_bit_cast(uint16_t, from[0]);
    asm volatile("st.global.b16 [%0], %1;" ::"l"(to), "h"(bits));
  } else {
    uint32_t bits[bytes / 4];
    memcpy(bits, from, bytes);
    if constexpr (bytes == 16)
      asm volatile("st.global.v4.b32 [%0], {%1, %2, %3, %4};" ::"l"(to), "r"(bits[0]),
                   "r"(bits[1]), "r"(bits[2]), "r"(bits[3]));
    else if constexpr (bytes == 8)
      asm volatile("st.global.v2.b32 [%0], {%1, %2};" ::"l"(to), "r"(bits[0]), "r"(bits[1]));
    else
      asm volatile("st.global.b32 [%0], %1;" ::"l"(to), "r"(bits[0]));
  }
}

template <typename T>
static __device__ __forceinline__ T shared_load(const T &cell) {
  return cell;
}

template <typename T>
static __device__ __forceinline__ void shared_store(T &cell, T value) {
  cell = value;
}

/// Makes the compiler take `value` as new: what it has computed from it is not kept in registers for
/// later, but computed again.
template <typename T>
static __device__ __forceinline__ void forget(T &value) {
  if constexpr (sizeof(T) % 4 == 0) {
    struct words {
      uint32_t at[sizeof(T) / 4];
    };
    words bits = __builtin_bit_cast(words, value);
#pragma unroll
    for (int i = 0; i < static_cast<int>(sizeof(T) / 4); ++i)
      asm volatile("" : "+r"(bits.at[i]));
    value = __builtin_bit_cast(T, bits);
  }
}

/// What `value` is made of is computed before what follows: behind a wait for the tensor cores is where
/// the compiler would move it. Called by a whole warp.
static __device__ __forceinline__ void compute_here(float &value) {
  value = shuffle(value, lane_index());
}

/// The dynamic shared memory of the block, as one object. Every block has one at the most.
extern __shared__ __align__(128) unsigned char dynamic_shared[];
template <typename Storage>
static __device__ __forceinline__ Storage &block_storage() {
  return *reinterpret_cast<Storage *>(dynamic_shared);
}

/// The same object of shared memory, its address a value: as the name of an object the compiler makes
/// it anew, from the number of the block in its cluster, in every part of the code that uses it.
/// Not for every kernel: NVRTC 13.0 breaks off on look_back with it.
template <typename Storage>
static __device__ __forceinline__ Storage &keep_address(Storage &storage) {
  Storage *kept = &storage;
  asm("" : "+l"(kept));
  __builtin_assume(__isShared(kept));
  return *kept;
}

/// Starts a copy of `bytes` (4, 8 or 16, to which both addresses are aligned) from global to shared
/// memory. The global bytes are not written while the kernel runs.
template <int bytes>
static __device__ __forceinline__ void start_copy(void *to, const void *from) {
  const uint32_t cell = static_cast<uint32_t>(__cvta_generic_to_shared(to));
  if constexpr (bytes == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(cell), "l"(from) : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2;" ::"r"(cell), "l"(from), "n"(bytes)
                 : "memory");
}

/// The same of 16 bytes that another block has written in this launch and released.
static __device__ __forceinline__ void start_coherent_copy(void *to, const void *from) {
  start_copy<16>(to, from); // through the L2, which is where blocks meet
}

/// The same of the first `present` bytes, of which there may be none; the others of the cell become
/// 0.
template <int bytes>
static __device__ __forceinline__ void start_copy(void *to, const void *from, int present) {
  const uint32_t cell = static_cast<uint32_t>(__cvta_generic_to_shared(to));
  if constexpr (bytes == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(cell), "l"(from),
                 "r"(present)
                 : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(cell), "l"(from), "n"(bytes),
                 "r"(present)
                 : "memory");
}

/// Closes the group of the copies that this thread has started since the last call.
static __device__ __forceinline__ void close_copies() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}

/// Waits until all but the latest `open` groups of this thread have landed, for this thread to see.
template <int open>
static __device__ __forceinline__ void await_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(open) : "memory");
}

/// Makes all earlier writes of this thread visible to whoever acquires `value` from `address`.
static __device__ __forceinline__ void store_release(uint32_t *address, uint32_t value) {
  asm volatile("st.release.gpu.global.u32 [%0], %1;" ::"l"(address), "r"(value) : "memory");
}

static __device__ __forceinline__ uint32_t load_acquire(const uint32_t *address) {
  uint32_t value;
  asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(value) : "l"(address) : "memory");
  return value;
}

/// The value before; orders memory both ways.
static __device__ __forceinline__ uint32_t atomic_add(uint32_t *address, uint32_t value) {
  uint32_t old;
  asm volatile("atom.acq_rel.gpu.global.add.u32 %0, [%1], %2;"
               : "=r"(old)
               : "l"(address), "r"(value)
               : "memory");
  return old;
}

/// 1/x to 1 ulp without the slow path of a correctly rounded division; subnormal results are 0.
static __device__ __forceinline__ float reciprocal(float x) {
  float result;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}

/// 1/sqrt(x) to 2 ulp without the slow paths of a correctly rounded root and division.
static __device__ __forceinline__ float reciprocal_root(float x) { return ::rsqrtf(x); }

/// x/y to 2 ulp over the whole range, without the slow path of a correctly rounded division.
static __device__ __forceinline__ float quotient(float x, float y) {
  float result;
  asm("div.full.f32 %0, %1, %2;" : "=f"(result) : "f"(x), "f"(y));
  return result;
}

/// The square root to 1 ulp, without the slow path of a correctly rounded one.
static __device__ __forceinline__ float root(float x) {
  float result;
  asm("sqrt.approx.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}

/// 2^x to 2 ulp; subnormal numbers count as 0.
static __device__ __forceinline__ float exp2_approximate(float x) {
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}

/// The larger, the smaller; a NaN wins over any number.
static __device__ __forceinline__ float larger(float x, float y) {
  float result;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(result) : "f"(x), "f"(y));
  return result;
}

static __device__ __forceinline__ float smaller(float x, float y) {
  float result;
  asm("min.NaN.f32 %0, %1, %2;" : "=f"(result) : "f"(x), "f"(y));
  return result;
}

// Conversions between f32 and the bits of the 16-bit formats, to nearest even.
static __device__ __forceinline__ uint16_t f32_to_bf16(float value) {
  uint16_t bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
}

static __device__ __forceinline__ float bf16_to_f32(uint16_t bits) {
  return __uint_as_float(static_cast<uint32_t>(bits) << 16);
}

static __device__ __forceinline__ uint16_t f32_to_f16(float value) {
  uint16_t bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
}

static __device__ __forceinline__ float f16_to_f32(uint16_t bits) {
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
  return value;
}

/// Two numbers as f16 or bf16 in one register, `low` in its low half, to nearest even.
static __device__ __forceinline__ uint32_t f32_to_f16_pair(float low, float high) {
  uint32_t bits;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
  return bits;
}

static __device__ __forceinline__ uint32_t f32_to_bf16_pair(float low, float high) {
  uint32_t bits;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
  return bits;
}

/// An f32 of which the last 13 bits are 0, to nearest, ties away from 0.
static __device__ __forceinline__ uint32_t f32_to_tf32(float value) {
  uint32_t bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(value));
  return bits;
}

/// The 32 bits from bit `by`, modulo 32, of two words on.
static __device__ __forceinline__ uint32_t shift_words(uint32_t low, uint32_t high, int by) {
  return __funnelshift_r(low, high, by);
}

static __device__ __forceinline__ int count_bits(uint32_t bits) { return __popc(bits); }

/// Bit i: what lane i of the warp says.
static __device__ __forceinline__ uint32_t ballot(bool says) {
  return __ballot_sync(0xffffffffu, says);
}

/// Stores 4, 8 or 16 bytes in one piece: whoever looks sees all of them or none. `to` is aligned to
/// their number. Tells nothing about other memory.
template <typename T>
static __device__ __forceinline__ void store_relaxed(T *to, T value) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8 || sizeof(T) == 16);
  if constexpr (sizeof(T) == 4) {
    asm volatile("st.relaxed.gpu.global.b32 [%0], %1;" ::"l"(to),
                 "r"(__builtin_bit_cast(uint32_t, value))
                 : "memory");
  } else if constexpr (sizeof(T) == 8) {
    asm volatile("st.relaxed.gpu.global.b64 [%0], %1;" ::"l"(to),
                 "l"(__builtin_bit_cast(uint64_t, value))
                 : "memory");
  } else {
    struct halves {
      uint64_t low, high;
    };
    const halves bits = __builtin_bit_cast(halves, value);
    asm volatile("{\n\t.reg .b128 whole;\n\t"
                 "mov.b128 whole, {%1, %2};\n\t"
                 "st.relaxed.gpu.global.b128 [%0], whole;\n\t}" ::"l"(to),
                 "l"(bits.low), "l"(bits.high)
                 : "memory");
  }
}

/// Loads 8 or 16 bytes in one piece, as another thread stored them or as they were before. Tells
/// nothing about other memory.
template <typename T>
static __device__ __forceinline__ T load_relaxed(const T *from) {
  static_assert(sizeof(T) == 8 || sizeof(T) == 16);
  if constexpr (sizeof(T) == 8) {
    uint64_t bits;
    asm volatile("ld.relaxed.gpu.global.b64 %0, [%1];" : "=l"(bits) : "l"(from) : "memory");
    return __builtin_bit_cast(T, bits);
  } else {
    struct halves {
      uint64_t low, high;
    } bits;
    asm volatile("{\n\t.reg .b128 whole;\n\t"
                 "ld.relaxed.gpu.global.b128 whole, [%2];\n\t"
                 "mov.b128 {%0, %1}, whole;\n\t}"
                 : "=l"(bits.low), "=l"(bits.high)
                 : "l"(from)
                 : "memory");
    return __builtin_bit_cast(T, bits);
  }
}

/// The value before. Tells nothing about other memory.
static __device__ __forceinline__ uint32_t add_relaxed(uint32_t *address, uint32_t value) {
  uint32_t old;
  asm volatile("atom.relaxed.gpu.global.add.u32 %0, [%1], %2;"
               : "=r"(old)
               : "l"(address), "r"(value)
               : "memory");
  return old;
}

} // namespace scanc::device
