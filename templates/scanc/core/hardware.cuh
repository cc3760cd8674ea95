//===- core/hardware.cuh - The device's own functions, and nothing else ---===//
//
//   called by      any thread; warp_barrier and the shuffles by all 32 lanes of a warp,
//                  group_barrier by 128 threads, block_barrier by every thread of the block
//   result in      the caller
//   shared memory  only what the caller names
//   barriers       as named
//
//   The only file with PTX, intrinsics and built-in variables: the CPU emulation
//   replaces it and runs the rest as it stands.
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
static __device__ __forceinline__ int lane_index() { return thread_index() % 32; }
static __device__ __forceinline__ int warp_index() { return thread_index() / 32; }

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

// sum += left * right on the tensor cores, for all 32 lanes of a warp: 16 x 16 times 16 x 8 elements
// of 16 bits, 16 x 8 times 8 x 8 of tf32. warp/matmul.cuh says which lane holds what.
static __device__ __forceinline__ void multiply_add_f16(float (&sum)[4], const uint32_t (&left)[4],
                                                        const uint32_t (&right)[2]) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(right[0]), "r"(right[1]));
}

static __device__ __forceinline__ void multiply_add_bf16(float (&sum)[4], const uint32_t (&left)[4],
                                                         const uint32_t (&right)[2]) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(right[0]), "r"(right[1]));
}

// The same by four warps, each 16 rows of 64: sum += left * right, 16 x 16 times 16 x 64 or 16 x 128
// elements of shared memory in rows of 128 bytes, swizzled as warp/matmul.cuh says. They begin at a
// multiple of 1024 bytes; columns from 64 on follow 16 KiB later. `transposed`: 64 or 128 rows follow
// each other, of which 16 columns are taken from a multiple of 32 bytes on. Between `begin` and
// `finish` sums and left tiles are the tensor cores', which are at work from `start` on.
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
inline constexpr bool has_group_products = true;
#else
inline constexpr bool has_group_products = false;
#endif

// By columns that lie beside each other, 8 rows in 1024 bytes, and pieces that are exchanged within 128.
#define SCANC_ROWS(matrix)                                                                         \
  ((__cvta_generic_to_shared(matrix) & 0x3ffff) >> 4 | uint64_t{1024} << 16 |                      \
   uint64_t{1024 >> 4} << 32 | uint64_t{1} << 62)
// `where` and what follows it are the operands behind the sums.
#define SCANC_TILE(n) "+f"(sum[n][0]), "+f"(sum[n][1]), "+f"(sum[n][2]), "+f"(sum[n][3])
#define SCANC_TILES(n) SCANC_TILE(n), SCANC_TILE(n + 1), SCANC_TILE(n + 2), SCANC_TILE(n + 3)
#define SCANC_NUMBERS                                                                              \
  "%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,%16,%17,%18,%19,%20,"                     \
  "%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31"
#define SCANC_MORE_NUMBERS "%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47,%48,"  \
  "%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,%61,%62,%63"
#define SCANC_MULTIPLY_GROUP(type, lies, columns, numbers, left0, left1, left2, left3, where, adds, \
                             ...)                                                                  \
  asm volatile("{\n.reg .pred adds;\nsetp.ne.b32 adds, %" adds ", 0;\n"                            \
               "wgmma.mma_async.sync.aligned.m64n" columns "k16.f32." type "." type " {" numbers   \
               "}, {%" left0 ", %" left1 ", %" left2 ", %" left3 "}, %" where                      \
               ", adds, 1, 1, " lies ";\n}"                                                        \
               : __VA_ARGS__                                                                       \
               : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]),                           \
                 "l"(SCANC_ROWS(right)),                                                           \
                 "r"(static_cast<uint32_t>(before)))
#define SCANC_MULTIPLY_GROUPS(name, type, lies)                                                    \
  static __device__ __forceinline__ void name(float (&sum)[8][4], const uint32_t (&left)[4],       \
                                              const void *right, bool before) {                    \
    SCANC_MULTIPLY_GROUP(type, lies, "64", SCANC_NUMBERS, "32", "33", "34", "35", "36", "37",      \
                         SCANC_TILES(0), SCANC_TILES(4));                                          \
  }                                                                                                \
  static __device__ __forceinline__ void name(float (&sum)[16][4], const uint32_t (&left)[4],      \
                                              const void *right, bool before) {                    \
    SCANC_MULTIPLY_GROUP(type, lies, "128", SCANC_NUMBERS "," SCANC_MORE_NUMBERS, "64", "65",      \
                         "66", "67", "68", "69", SCANC_TILES(0), SCANC_TILES(4), SCANC_TILES(8),   \
                         SCANC_TILES(12));                                                         \
  }

/// Without what is in the sum `before` it begins with 0.
SCANC_MULTIPLY_GROUPS(multiply_group_f16, "f16", "1")
SCANC_MULTIPLY_GROUPS(multiply_group_bf16, "bf16", "1")
SCANC_MULTIPLY_GROUPS(multiply_group_transposed_f16, "f16", "0")
SCANC_MULTIPLY_GROUPS(multiply_group_transposed_bf16, "bf16", "0")

/// The same where 64 rows of `left` lie in shared memory as those of a transposed `right` do.
#define SCANC_MULTIPLY_GROUP_SHARED(name, type, lies)                                              \
  static __device__ __forceinline__ void name(float (&sum)[8][4], const void *left,                \
                                              const void *right, bool before) {                    \
    asm volatile("{\n.reg .pred adds;\nsetp.ne.b32 adds, %34, 0;\n"                                \
                 "wgmma.mma_async.sync.aligned.m64n64k16.f32." type "." type " {" SCANC_NUMBERS    \
                 "}, %32, %33, adds, 1, 1, 0, " lies ";\n}"                                        \
                 : SCANC_TILES(0), SCANC_TILES(4)                                                  \
                 : "l"(SCANC_ROWS(left)), "l"(SCANC_ROWS(right)),                                  \
                   "r"(static_cast<uint32_t>(before)));                                            \
  }
SCANC_MULTIPLY_GROUP_SHARED(multiply_group_shared_f16, "f16", "1")
SCANC_MULTIPLY_GROUP_SHARED(multiply_group_shared_bf16, "bf16", "1")
SCANC_MULTIPLY_GROUP_SHARED(multiply_group_shared_transposed_f16, "f16", "0")
SCANC_MULTIPLY_GROUP_SHARED(multiply_group_shared_transposed_bf16, "bf16", "0")
#undef SCANC_MULTIPLY_GROUP_SHARED
#undef SCANC_ROWS
#undef SCANC_MULTIPLY_GROUPS
#undef SCANC_MULTIPLY_GROUP
#undef SCANC_MORE_NUMBERS
#undef SCANC_NUMBERS
#undef SCANC_TILES
#undef SCANC_TILE

static __device__ __forceinline__ void begin_group_products() {
  if constexpr (has_group_products)
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}

static __device__ __forceinline__ void start_group_products() {
  if constexpr (has_group_products)
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}

/// All that were started, but for the `open` last starts.
template <int open = 0>
static __device__ __forceinline__ void finish_group_products() {
  if constexpr (has_group_products)
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(open) : "memory");
}

/// After `finish_group_products`: no earlier read of a number that it has finished.
static __device__ __forceinline__ void settle(float &number) { asm volatile("" : "+f"(number)); }

/// What this thread has brought to shared memory is there for products after the next barrier.
static __device__ __forceinline__ void show_to_group_products() {
  if constexpr (has_group_products)
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

static __device__ __forceinline__ void multiply_add_tf32(float (&sum)[4], const uint32_t (&left)[4],
                                                         const uint32_t (&right)[2]) {
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(right[0]), "r"(right[1]));
}

/// sum (8 x 8) += left (8 x 4) * right (4 x 8) in f64. Lane l has row l / 4 of left and its column l % 4, column
/// l / 4 of right and its row l % 4, and of row l / 4 of the sum the columns 2 (l % 4) and the next.
static __device__ __forceinline__ void multiply_add_f64(double (&sum)[2], double left, double right) {
  asm("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0, %1}, {%2}, {%3}, {%0, %1};"
      : "+d"(sum[0]), "+d"(sum[1])
      : "d"(left), "d"(right));
}

/// Four matrices of 8 rows of 16 bytes from shared memory, by all 32 lanes: lane 8 m + r gives the
/// address, aligned to 16 bytes, of row r of matrix m; lane 4 r + c gets word c of row r of each.
static __device__ __forceinline__ void load_matrices(uint32_t (&to)[4], const void *row) {
  const uint32_t cell = static_cast<uint32_t>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(cell)
               : "memory");
}

/// The same of 8 x 8 elements of 16 bits, transposed: lane 4 c + r gets elements (2 r, c) and
/// (2 r + 1, c) of each.
static __device__ __forceinline__ void load_matrices_transposed(uint32_t (&to)[4],
                                                                const void *row) {
  const uint32_t cell = static_cast<uint32_t>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(cell)
               : "memory");
}

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
inline constexpr bool stores_matrices = true;
#else
inline constexpr bool stores_matrices = false;
#endif

/// Writes four 8 x 8 matrices of 16 bits, of which lane 4 r + c has elements (r, 2 c) and (r, 2 c + 1), to rows of
/// 16 bytes of shared memory: those of matrix m where lanes 8 m to 8 m + 7 say. Where `stores_matrices`.
static __device__ __forceinline__ void store_matrices(void *row, const uint32_t (&from)[4]) {
  const uint32_t cell = static_cast<uint32_t>(__cvta_generic_to_shared(row));
  asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(cell),
               "r"(from[0]), "r"(from[1]), "r"(from[2]), "r"(from[3])
               : "memory");
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

/// Stores 8 or 16 bytes in one piece: whoever looks sees all of them or none. `to` is aligned to
/// their number. Tells nothing about other memory.
template <typename T>
static __device__ __forceinline__ void store_relaxed(T *to, T value) {
  static_assert(sizeof(T) == 8 || sizeof(T) == 16);
  if constexpr (sizeof(T) == 8) {
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
