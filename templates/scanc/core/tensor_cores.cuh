//===- core/tensor_cores.cuh - Products of matrices, by the device's own instructions ---===//
//
//   called by      all 32 lanes of a warp, converged; products of groups by 128 threads
//   result in      every lane: its part of a tile
//   shared memory  matrices that the caller owns
//   barriers       none
//
//   What core/hardware.cuh is for the other instructions: the CPU emulation replaces both.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/hardware.cuh"

namespace scanc::device {

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

/// Where rows of such a matrix begin that four warps multiply: the low half of what the instruction takes, the other
/// half of which is always the same. Columns lie beside each other, 8 rows in 1024 bytes, and pieces are exchanged
/// within 128.
struct group_operand {
  uint32_t low;
};
#define SCANC_HIGH_OF_OPERAND "0x40000040"

/// `from`: bytes from the matrix's beginning, added to what is computed of it once.
static __device__ __forceinline__ group_operand group_rows(const void *matrix, int from) {
  return {(static_cast<uint32_t>(__cvta_generic_to_shared(matrix)) >> 4 | 1024u << 16) + (from >> 4)};
}

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
  asm volatile("{\n.reg .pred adds;\n.reg .b64 right;\nsetp.ne.b32 adds, %" adds ", 0;\n"          \
               "mov.b64 right, {%" where ", " SCANC_HIGH_OF_OPERAND "};\n"                         \
               "wgmma.mma_async.sync.aligned.m64n" columns "k16.f32." type "." type " {" numbers   \
               "}, {%" left0 ", %" left1 ", %" left2 ", %" left3 "}, right"                        \
               ", adds, 1, 1, " lies ";\n}"                                                        \
               : __VA_ARGS__                                                                       \
               : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]),                           \
                 "r"(right.low), "r"(static_cast<uint32_t>(before)))
#define SCANC_MULTIPLY_GROUPS(name, type, lies)                                                    \
  static __device__ __forceinline__ void name(float (&sum)[8][4], const uint32_t (&left)[4],       \
                                              group_operand right, bool before) {                  \
    SCANC_MULTIPLY_GROUP(type, lies, "64", SCANC_NUMBERS, "32", "33", "34", "35", "36", "37",      \
                         SCANC_TILES(0), SCANC_TILES(4));                                          \
  }                                                                                                \
  static __device__ __forceinline__ void name(float (&sum)[16][4], const uint32_t (&left)[4],      \
                                              group_operand right, bool before) {                  \
    SCANC_MULTIPLY_GROUP(type, lies, "128", SCANC_NUMBERS "," SCANC_MORE_NUMBERS, "64", "65",      \
                         "66", "67", "68", "69", SCANC_TILES(0), SCANC_TILES(4), SCANC_TILES(8),   \
                         SCANC_TILES(12));                                                         \
  }

// Four after each other: as one text their sums are operands once, which is a sixth less to optimize. `step`: what is
// added to the low half of `right` from one to the next.
#define SCANC_LEFT_TILE(k) "r"(left[k][0]), "r"(left[k][1]), "r"(left[k][2]), "r"(left[k][3])
#define SCANC_MULTIPLY_TILE(type, lies, left0, left1, left2, left3, adds)                          \
  "mov.b64 right, {low, " SCANC_HIGH_OF_OPERAND "};\n"                                             \
  "wgmma.mma_async.sync.aligned.m64n64k16.f32." type "." type " {" SCANC_NUMBERS "}, {%" left0     \
  ", %" left1 ", %" left2 ", %" left3 "}, right, " adds ", 1, 1, " lies ";\n"
#define SCANC_MULTIPLY_NEXT(type, lies, left0, left1, left2, left3)                                \
  "add.u32 low, low, %50;\n" SCANC_MULTIPLY_TILE(type, lies, left0, left1, left2, left3, "always")
#define SCANC_MULTIPLY_FOUR(name, type, lies, step)                                                \
  static __device__ __forceinline__ void name(float (&sum)[8][4], const uint32_t (&left)[4][4],    \
                                              group_operand right, bool before) {                  \
    asm volatile("{\n.reg .pred adds, always;\n.reg .b32 low;\n.reg .b64 right;\n"                \
                 "setp.ne.b32 adds, %49, 0;\nsetp.eq.b32 always, 0, 0;\nmov.b32 low, %48;\n"       \
                 SCANC_MULTIPLY_TILE(type, lies, "32", "33", "34", "35", "adds")                   \
                 SCANC_MULTIPLY_NEXT(type, lies, "36", "37", "38", "39")                           \
                 SCANC_MULTIPLY_NEXT(type, lies, "40", "41", "42", "43")                           \
                 SCANC_MULTIPLY_NEXT(type, lies, "44", "45", "46", "47") "}"                       \
                 : SCANC_TILES(0), SCANC_TILES(4)                                                  \
                 : SCANC_LEFT_TILE(0), SCANC_LEFT_TILE(1), SCANC_LEFT_TILE(2), SCANC_LEFT_TILE(3), \
                   "r"(right.low), "r"(static_cast<uint32_t>(before)), "n"(step));                 \
  }
#define SCANC_MULTIPLY_GROUPS_AND_FOUR(name, type, lies, step)                                     \
  SCANC_MULTIPLY_GROUPS(name, type, lies)                                                          \
  SCANC_MULTIPLY_FOUR(name, type, lies, step)

/// Without what is in the sum `before` it begins with 0. Of four left tiles, those of 64 columns, `right` are 64 rows.
SCANC_MULTIPLY_GROUPS_AND_FOUR(multiply_group_f16, "f16", "1", 2048 >> 4)
SCANC_MULTIPLY_GROUPS_AND_FOUR(multiply_group_bf16, "bf16", "1", 2048 >> 4)
SCANC_MULTIPLY_GROUPS_AND_FOUR(multiply_group_transposed_f16, "f16", "0", 32 >> 4)
SCANC_MULTIPLY_GROUPS_AND_FOUR(multiply_group_transposed_bf16, "bf16", "0", 32 >> 4)

/// 64 x 64 times 64 x 64, where 64 rows of `left` lie in shared memory as those of a transposed `right` do, or the
/// transpose of `left` as a `right` that is not, or both. Steps are those from 16 columns of `left` to the next.
#define SCANC_MULTIPLY_SHARED_TILE(type, stands, lies, adds)                                       \
  "mov.b64 left, {low, " SCANC_HIGH_OF_OPERAND "};\nmov.b64 right, {low_of_right, "                \
  SCANC_HIGH_OF_OPERAND "};\nwgmma.mma_async.sync.aligned.m64n64k16.f32." type "." type " {"        \
  SCANC_NUMBERS "}, left, right, " adds ", 1, 1, " stands ", " lies ";\n"
#define SCANC_MULTIPLY_SHARED_NEXT(type, stands, lies)                                             \
  "add.u32 low, low, %35;\nadd.u32 low_of_right, low_of_right, %36;\n"                             \
  SCANC_MULTIPLY_SHARED_TILE(type, stands, lies, "always")
#define SCANC_MULTIPLY_GROUP_SHARED(name, type, stands, lies, left_step, right_step)               \
  static __device__ __forceinline__ void name(float (&sum)[8][4], group_operand left,              \
                                              group_operand right, bool before) {                  \
    asm volatile("{\n.reg .pred adds, always;\n.reg .b32 low, low_of_right;\n"                     \
                 ".reg .b64 left, right;\nsetp.ne.b32 adds, %34, 0;\nsetp.eq.b32 always, 0, 0;\n"  \
                 "mov.b32 low, %32;\nmov.b32 low_of_right, %33;\n"                                 \
                 SCANC_MULTIPLY_SHARED_TILE(type, stands, lies, "adds")                            \
                 SCANC_MULTIPLY_SHARED_NEXT(type, stands, lies)                                    \
                 SCANC_MULTIPLY_SHARED_NEXT(type, stands, lies)                                    \
                 SCANC_MULTIPLY_SHARED_NEXT(type, stands, lies) "}"                                \
                 : SCANC_TILES(0), SCANC_TILES(4)                                                  \
                 : "r"(left.low), "r"(right.low), "r"(static_cast<uint32_t>(before)),              \
                   "n"(left_step), "n"(right_step));                                               \
  }
SCANC_MULTIPLY_GROUP_SHARED(multiply_group_shared_f16, "f16", "0", "1", 32 >> 4, 2048 >> 4)
SCANC_MULTIPLY_GROUP_SHARED(multiply_group_shared_bf16, "bf16", "0", "1", 32 >> 4, 2048 >> 4)
SCANC_MULTIPLY_GROUP_SHARED(multiply_group_shared_transposed_f16, "f16", "0", "0", 32 >> 4, 32 >> 4)
SCANC_MULTIPLY_GROUP_SHARED(multiply_group_shared_transposed_bf16, "bf16", "0", "0", 32 >> 4, 32 >> 4)
SCANC_MULTIPLY_GROUP_SHARED(multiply_group_of_transposed_f16, "f16", "1", "1", 2048 >> 4, 2048 >> 4)
SCANC_MULTIPLY_GROUP_SHARED(multiply_group_of_transposed_bf16, "bf16", "1", "1", 2048 >> 4, 2048 >> 4)
SCANC_MULTIPLY_GROUP_SHARED(multiply_group_both_transposed_f16, "f16", "1", "0", 2048 >> 4, 32 >> 4)
SCANC_MULTIPLY_GROUP_SHARED(multiply_group_both_transposed_bf16, "bf16", "1", "0", 2048 >> 4, 32 >> 4)
#undef SCANC_MULTIPLY_SHARED_NEXT
#undef SCANC_MULTIPLY_SHARED_TILE
#undef SCANC_MULTIPLY_GROUP_SHARED
#undef SCANC_MULTIPLY_GROUPS_AND_FOUR
#undef SCANC_MULTIPLY_FOUR
#undef SCANC_MULTIPLY_NEXT
#undef SCANC_MULTIPLY_TILE
#undef SCANC_LEFT_TILE
#undef SCANC_MULTIPLY_GROUPS
#undef SCANC_MULTIPLY_GROUP
#undef SCANC_MORE_NUMBERS
#undef SCANC_NUMBERS
#undef SCANC_TILES
#undef SCANC_HIGH_OF_OPERAND
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

} // namespace scanc::device
