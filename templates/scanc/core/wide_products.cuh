//===- core/wide_products.cuh - Products of four warps of up to 256 columns ---===//
//
//   called by      128 threads, threads 128 g to 128 g + 127 of the block
//   result in      every thread: its part of the sums
//   shared memory  panels that the caller owns: 64 rows of 128 bytes, swizzled as warp/matmul.cuh says, from
//                  a multiple of 1024 bytes on, 8 KiB after each other; slices of 64 rows of 32 bytes
//   barriers       none
//
//   What core/tensor_cores.cuh is for other products: the CPU emulation replaces both.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/tensor_cores.cuh"

namespace scanc::device {

#define SCANC_TILE(n) "+f"(sum[n][0]), "+f"(sum[n][1]), "+f"(sum[n][2]), "+f"(sum[n][3])
#define SCANC_TILE_PAIR(n) SCANC_TILE(n), SCANC_TILE(n + 1)
#define SCANC_TILES_2 SCANC_TILE_PAIR(0)
#define SCANC_TILES_4 SCANC_TILE_PAIR(0), SCANC_TILE_PAIR(2)
#define SCANC_TILES_6 SCANC_TILES_4, SCANC_TILE_PAIR(4)
#define SCANC_TILES_8 SCANC_TILES_6, SCANC_TILE_PAIR(6)
#define SCANC_TILES_10 SCANC_TILES_8, SCANC_TILE_PAIR(8)
#define SCANC_TILES_12 SCANC_TILES_10, SCANC_TILE_PAIR(10)
#define SCANC_TILES_14 SCANC_TILES_12, SCANC_TILE_PAIR(12)
#define SCANC_TILES_16 SCANC_TILES_14, SCANC_TILE_PAIR(14)
#define SCANC_TILES_18 SCANC_TILES_16, SCANC_TILE_PAIR(16)
#define SCANC_TILES_20 SCANC_TILES_18, SCANC_TILE_PAIR(18)
#define SCANC_TILES_22 SCANC_TILES_20, SCANC_TILE_PAIR(20)
#define SCANC_TILES_24 SCANC_TILES_22, SCANC_TILE_PAIR(22)
#define SCANC_TILES_26 SCANC_TILES_24, SCANC_TILE_PAIR(24)
#define SCANC_TILES_28 SCANC_TILES_26, SCANC_TILE_PAIR(26)
#define SCANC_TILES_30 SCANC_TILES_28, SCANC_TILE_PAIR(28)
#define SCANC_TILES_32 SCANC_TILES_30, SCANC_TILE_PAIR(30)
#define SCANC_NUMBERS_16 "%0,%1,%2,%3,%4,%5,%6,%7"
#define SCANC_NUMBERS_32 SCANC_NUMBERS_16 ",%8,%9,%10,%11,%12,%13,%14,%15"
#define SCANC_NUMBERS_48 SCANC_NUMBERS_32 ",%16,%17,%18,%19,%20,%21,%22,%23"
#define SCANC_NUMBERS_64 SCANC_NUMBERS_48 ",%24,%25,%26,%27,%28,%29,%30,%31"
#define SCANC_NUMBERS_80 SCANC_NUMBERS_64 ",%32,%33,%34,%35,%36,%37,%38,%39"
#define SCANC_NUMBERS_96 SCANC_NUMBERS_80 ",%40,%41,%42,%43,%44,%45,%46,%47"
#define SCANC_NUMBERS_112 SCANC_NUMBERS_96 ",%48,%49,%50,%51,%52,%53,%54,%55"
#define SCANC_NUMBERS_128 SCANC_NUMBERS_112 ",%56,%57,%58,%59,%60,%61,%62,%63"
#define SCANC_NUMBERS_144 SCANC_NUMBERS_128 ",%64,%65,%66,%67,%68,%69,%70,%71"
#define SCANC_NUMBERS_160 SCANC_NUMBERS_144 ",%72,%73,%74,%75,%76,%77,%78,%79"
#define SCANC_NUMBERS_176 SCANC_NUMBERS_160 ",%80,%81,%82,%83,%84,%85,%86,%87"
#define SCANC_NUMBERS_192 SCANC_NUMBERS_176 ",%88,%89,%90,%91,%92,%93,%94,%95"
#define SCANC_NUMBERS_208 SCANC_NUMBERS_192 ",%96,%97,%98,%99,%100,%101,%102,%103"
#define SCANC_NUMBERS_224 SCANC_NUMBERS_208 ",%104,%105,%106,%107,%108,%109,%110,%111"
#define SCANC_NUMBERS_240 SCANC_NUMBERS_224 ",%112,%113,%114,%115,%116,%117,%118,%119"
#define SCANC_NUMBERS_256 SCANC_NUMBERS_240 ",%120,%121,%122,%123,%124,%125,%126,%127"

/// Where rows or columns of such panels begin, `from` bytes after the first panel.
struct panels_operand {
  uint64_t bits;
};
static __device__ __forceinline__ panels_operand panels_at(const void *panels, int from) {
  const uint32_t first = static_cast<uint32_t>(__cvta_generic_to_shared(panels)) + from;
  // 8 KiB from panel to panel, 1024 bytes from eight rows to the next; pieces exchanged within 128.
  return {uint64_t{0x40000040} << 32 | 512u << 16 | first >> 4};
}

/// Where rows of slices begin that follow each other, `from` bytes after the first slice, a multiple of 256.
static __device__ __forceinline__ panels_operand slices_at(const void *slices, int from) {
  const uint32_t first = static_cast<uint32_t>(__cvta_generic_to_shared(slices)) + from;
  // 2 KiB from slice to slice, 256 bytes from eight rows to the next; pieces exchanged within 32.
  return {uint64_t{0xc0000010} << 32 | 128u << 16 | first >> 4};
}

/// sum (64 x columns) += left (64 x 16) * right (16 x columns): of `left` 16 columns of a panel from a multiple of 32
/// bytes on. `across`: `right` is 16 rows, which go on in the next panel after 64 columns, or slice after 16; else 16 columns of as many
/// rows as the sum has columns, whose panels follow each other. Without what is in the sum `before` it begins with
/// 0. As with other products of groups, sums are the tensor cores' from `begin_group_products` to `finish_group_products`.
template <bool half, bool across, int tiles>
static __device__ __forceinline__ void multiply_wide(float (&sum)[tiles][4], panels_operand left,
                                                     panels_operand right, bool before) {
  static_assert(tiles % 2 == 0 && tiles <= 32, "a multiple of 16 columns");
#define SCANC_MULTIPLY_WIDE(type, lies, tiles, columns, at_left, at_right, at_before)              \
  asm volatile("{\n.reg .pred adds;\nsetp.ne.b32 adds, %" at_before ", 0;\n"                       \
               "wgmma.mma_async.sync.aligned.m64n" #columns "k16.f32." type "." type               \
               " {" SCANC_NUMBERS_##columns "}, %" at_left ", %" at_right ", adds, 1, 1, 0, " lies \
               ";\n}"                                                                              \
               : SCANC_TILES_##tiles                                                               \
               : "l"(left.bits), "l"(right.bits), "r"(static_cast<uint32_t>(before)))
#define SCANC_MULTIPLY_OF(count, columns, at_left, at_right, at_before)                            \
  if constexpr (tiles == count) {                                                                  \
    if constexpr (half && across)                                                                  \
      SCANC_MULTIPLY_WIDE("f16", "1", count, columns, at_left, at_right, at_before);               \
    else if constexpr (half)                                                                       \
      SCANC_MULTIPLY_WIDE("f16", "0", count, columns, at_left, at_right, at_before);               \
    else if constexpr (across)                                                                     \
      SCANC_MULTIPLY_WIDE("bf16", "1", count, columns, at_left, at_right, at_before);              \
    else                                                                                           \
      SCANC_MULTIPLY_WIDE("bf16", "0", count, columns, at_left, at_right, at_before);              \
  }
  SCANC_MULTIPLY_OF(2, 16, "8", "9", "10")
  SCANC_MULTIPLY_OF(4, 32, "16", "17", "18")
  SCANC_MULTIPLY_OF(6, 48, "24", "25", "26")
  SCANC_MULTIPLY_OF(8, 64, "32", "33", "34")
  SCANC_MULTIPLY_OF(10, 80, "40", "41", "42")
  SCANC_MULTIPLY_OF(12, 96, "48", "49", "50")
  SCANC_MULTIPLY_OF(14, 112, "56", "57", "58")
  SCANC_MULTIPLY_OF(16, 128, "64", "65", "66")
  SCANC_MULTIPLY_OF(18, 144, "72", "73", "74")
  SCANC_MULTIPLY_OF(20, 160, "80", "81", "82")
  SCANC_MULTIPLY_OF(22, 176, "88", "89", "90")
  SCANC_MULTIPLY_OF(24, 192, "96", "97", "98")
  SCANC_MULTIPLY_OF(26, 208, "104", "105", "106")
  SCANC_MULTIPLY_OF(28, 224, "112", "113", "114")
  SCANC_MULTIPLY_OF(30, 240, "120", "121", "122")
  SCANC_MULTIPLY_OF(32, 256, "128", "129", "130")
}
#undef SCANC_MULTIPLY_OF
#undef SCANC_MULTIPLY_WIDE
#undef SCANC_NUMBERS_256
#undef SCANC_NUMBERS_240
#undef SCANC_NUMBERS_224
#undef SCANC_NUMBERS_208
#undef SCANC_NUMBERS_192
#undef SCANC_NUMBERS_176
#undef SCANC_NUMBERS_160
#undef SCANC_NUMBERS_144
#undef SCANC_NUMBERS_128
#undef SCANC_NUMBERS_112
#undef SCANC_NUMBERS_96
#undef SCANC_NUMBERS_80
#undef SCANC_NUMBERS_64
#undef SCANC_NUMBERS_48
#undef SCANC_NUMBERS_32
#undef SCANC_NUMBERS_16
#undef SCANC_TILES_32
#undef SCANC_TILES_30
#undef SCANC_TILES_28
#undef SCANC_TILES_26
#undef SCANC_TILES_24
#undef SCANC_TILES_22
#undef SCANC_TILES_20
#undef SCANC_TILES_18
#undef SCANC_TILES_16
#undef SCANC_TILES_14
#undef SCANC_TILES_12
#undef SCANC_TILES_10
#undef SCANC_TILES_8
#undef SCANC_TILES_6
#undef SCANC_TILES_4
#undef SCANC_TILES_2
#undef SCANC_TILE_PAIR
#undef SCANC_TILE

/// Of this thread's group: fewer registers for it, or as many as others have given away, from here on.
template <int count>
static __device__ __forceinline__ void give_registers() {
  if constexpr (has_group_products)
    asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(count));
}
template <int count>
static __device__ __forceinline__ void take_registers() {
  if constexpr (has_group_products)
    asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(count));
}

} // namespace scanc::device
