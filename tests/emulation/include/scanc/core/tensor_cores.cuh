//===- scanc/core/tensor_cores.cuh - Products of matrices, on the CPU ------===//
//
// Found before the file of the same name in templates/, as hardware.cuh beside it.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/hardware.cuh"

namespace scanc::device {

/// The products of a warp: the definition, element by element. `width` elements lie in a word, and
/// each element of the sum is rounded once; the device rounds more often and less well.
template <int width, typename Widen>
static inline void multiply_add_words(float (&sum)[4], const uint32_t (&left)[4],
                                      const uint32_t (&right)[2], Widen widen, Place place) {
  struct operands {
    uint32_t left[4], right[2];
  } own = {{left[0], left[1], left[2], left[3]}, {right[0], right[1]}}, all[32];
  emulation::hooks->gather(&own, all, sizeof own, place);
  const int group = lane_index() / 4, quad = lane_index() % 4;
  for (int e = 0; e < 4; ++e) {
    double exact = sum[e];
    for (int k = 0; k < 8 * width; ++k) {
      const int part = k % width, half = k / (4 * width), holder = k / width % 4;
      const uint32_t a = all[4 * group + holder].left[2 * half + e / 2];
      const uint32_t b = all[4 * (2 * quad + e % 2) + holder].right[half];
      exact += static_cast<double>(widen(a, part)) * static_cast<double>(widen(b, part));
    }
    sum[e] = static_cast<float>(exact);
  }
}

static __device__ __forceinline__ void multiply_add_f16(float (&sum)[4], const uint32_t (&left)[4],
                                                        const uint32_t (&right)[2],
                                                        Place place = Place::current()) {
  multiply_add_words<2>(
      sum, left, right,
      [](uint32_t word, int part) { return f16_to_f32(static_cast<uint16_t>(word >> 16 * part)); },
      place);
}

static __device__ __forceinline__ void multiply_add_bf16(float (&sum)[4], const uint32_t (&left)[4],
                                                         const uint32_t (&right)[2],
                                                         Place place = Place::current()) {
  multiply_add_words<2>(
      sum, left, right,
      [](uint32_t word, int part) { return bf16_to_f32(static_cast<uint16_t>(word >> 16 * part)); },
      place);
}

static __device__ __forceinline__ void multiply_add_tf32(float (&sum)[4], const uint32_t (&left)[4],
                                                         const uint32_t (&right)[2],
                                                         Place place = Place::current()) {
  multiply_add_words<1>(
      sum, left, right,
      [](uint32_t word, int) { return __builtin_bit_cast(float, word & 0xffffe000u); }, place);
}

static __device__ __forceinline__ void multiply_add_f64(double (&sum)[2], double left, double right,
                                                        Place place = Place::current()) {
  struct operands {
    double left, right;
  } own = {left, right}, all[32];
  emulation::hooks->gather(&own, all, sizeof own, place);
  const int row = lane_index() / 4, quad = lane_index() % 4;
  for (int e = 0; e < 2; ++e)
    for (int k = 0; k < 4; ++k)
      sum[e] += all[4 * row + k].left * all[4 * (2 * quad + e) + k].right;
}

static __device__ __forceinline__ void load_matrices(uint32_t (&to)[4], const void *row,
                                                     Place place = Place::current()) {
  uint32_t all[32][4];
  emulation::hooks->gather(emulation::hooks->sharedLoad(row, 16, 16, place), all, 16, place);
  for (int m = 0; m < 4; ++m)
    to[m] = all[8 * m + lane_index() / 4][lane_index() % 4];
}

static __device__ __forceinline__ void load_matrices_transposed(uint32_t (&to)[4], const void *row,
                                                                Place place = Place::current()) {
  uint16_t all[32][8];
  emulation::hooks->gather(emulation::hooks->sharedLoad(row, 16, 16, place), all, 16, place);
  const int column = lane_index() / 4, pair = lane_index() % 4 * 2;
  for (int m = 0; m < 4; ++m)
    to[m] = all[8 * m + pair][column] | static_cast<uint32_t>(all[8 * m + pair + 1][column]) << 16;
}

inline constexpr bool stores_matrices = true;

static __device__ __forceinline__ void store_matrices(void *row, const uint32_t (&from)[4],
                                                      Place place = Place::current()) {
  uint32_t all[32][4];
  emulation::hooks->gather(from, all, 16, place);
  uint32_t words[4];
  for (int i = 0; i < 4; ++i)
    words[i] = all[lane_index() % 8 * 4 + i][lane_index() / 8];
  __builtin_memcpy(emulation::hooks->sharedStore(row, 16, 16, place), words, 16);
}

inline constexpr bool has_group_products = true;

struct group_operand {
  const char *rows;
};

static __device__ __forceinline__ group_operand group_rows(const void *matrix, int from) {
  return {static_cast<const char *>(matrix) + from};
}

/// What one warp does of it, with a matrix that lies as the device has it, 64 columns `panel` bytes after the
/// 64 before.
template <bool transposed, int panel = 16384, int tiles, typename F>
static inline void multiply_group_words(float (&sum)[tiles][4], group_operand right, bool adds,
                                        F multiply, Place place) {
  const int lane = lane_index();
  for (int n = 0; n < tiles; n += 2) {
    uint32_t words[4];
    if (transposed) {
      const int row = n * 8 + lane / 16 * 8 + lane % 8;
      const auto within = reinterpret_cast<uintptr_t>(right.rows) % 128;
      const int piece = static_cast<int>(within / 16) + lane / 8 % 2;
      load_matrices(words,
                    right.rows - within + row * 128 + (piece ^ row % 8) * 16,
                    place);
    } else {
      const int row = lane % 16, piece = n % 8 + lane / 16;
      load_matrices_transposed(words,
                               right.rows + n / 8 * panel + row * 128 +
                                   (piece ^ row % 8) * 16,
                               place);
    }
    for (int half = 0; half < 2; ++half) {
      for (int i = 0; i < 4 && !adds; ++i)
        sum[n + half][i] = 0.0f;
      const uint32_t tile[2] = {words[2 * half], words[2 * half + 1]};
      multiply(sum[n + half], tile);
    }
  }
}

#define SCANC_MULTIPLY_GROUP(name, transposed, of)                                                 \
  template <int tiles>                                                                             \
  static __device__ __forceinline__ void name(float (&sum)[tiles][4], const uint32_t (&left)[4],   \
                                              group_operand right, bool adds,                      \
                                              Place place = Place::current()) {                    \
    multiply_group_words<transposed>(                                                              \
        sum, right, adds,                                                                          \
        [&](float (&each)[4], const uint32_t (&tile)[2]) { of(each, left, tile, place); }, place); \
  }                                                                                                \
  static __device__ __forceinline__ void name(float (&sum)[8][4], const uint32_t (&left)[4][4],    \
                                              group_operand right, bool adds,                      \
                                              Place place = Place::current()) {                    \
    for (int k = 0; k < 4; ++k)                                                                    \
      name(sum, left[k], group_operand{right.rows + k * (transposed ? 32 : 2048)}, adds || k > 0,  \
           place);                                                                                 \
  }
SCANC_MULTIPLY_GROUP(multiply_group_f16, false, multiply_add_f16)
SCANC_MULTIPLY_GROUP(multiply_group_bf16, false, multiply_add_bf16)
SCANC_MULTIPLY_GROUP(multiply_group_transposed_f16, true, multiply_add_f16)
SCANC_MULTIPLY_GROUP(multiply_group_transposed_bf16, true, multiply_add_bf16)
#undef SCANC_MULTIPLY_GROUP

/// The 16 rows of this warp, of 64 that lie in shared memory.
static inline void load_group_left(uint32_t (&to)[4], group_operand left, Place place) {
  const int lane = lane_index(), row = warp_index() % 4 * 16 + lane % 16;
  const auto within = reinterpret_cast<uintptr_t>(left.rows) % 128;
  const int piece = static_cast<int>(within / 16) + lane / 16;
  load_matrices(to, left.rows - within + row * 128 + (piece ^ row % 8) * 16,
                place);
}

/// The 16 columns of this warp, of 64 of 16 rows in shared memory, as rows.
static inline void load_group_left_transposed(uint32_t (&to)[4], group_operand left, Place place) {
  const int lane = lane_index(), row = lane / 16 * 8 + lane % 8;
  const int piece = warp_index() % 4 * 2 + lane / 8 % 2;
  load_matrices_transposed(to, left.rows + row * 128 + (piece ^ row % 8) * 16,
                           place);
}

#define SCANC_MULTIPLY_GROUP_SHARED(name, load, of, left_step, right_step)                         \
  static __device__ __forceinline__ void name(float (&sum)[8][4], group_operand left,                \
                                              group_operand right, bool adds,                        \
                                              Place place = Place::current()) {                      \
    for (int k = 0; k < 4; ++k) {                                                                  \
      uint32_t words[4];                                                                           \
      load(words, group_operand{left.rows + k * left_step}, place);                                \
      of(sum, words, group_operand{right.rows + k * right_step}, adds || k > 0, place);            \
    }                                                                                              \
  }
SCANC_MULTIPLY_GROUP_SHARED(multiply_group_shared_f16, load_group_left, multiply_group_f16, 32, 2048)
SCANC_MULTIPLY_GROUP_SHARED(multiply_group_shared_bf16, load_group_left, multiply_group_bf16, 32, 2048)
SCANC_MULTIPLY_GROUP_SHARED(multiply_group_shared_transposed_f16, load_group_left, multiply_group_transposed_f16, 32, 32)
SCANC_MULTIPLY_GROUP_SHARED(multiply_group_shared_transposed_bf16, load_group_left, multiply_group_transposed_bf16, 32, 32)
SCANC_MULTIPLY_GROUP_SHARED(multiply_group_of_transposed_f16, load_group_left_transposed, multiply_group_f16, 2048, 2048)
SCANC_MULTIPLY_GROUP_SHARED(multiply_group_of_transposed_bf16, load_group_left_transposed, multiply_group_bf16, 2048, 2048)
SCANC_MULTIPLY_GROUP_SHARED(multiply_group_both_transposed_f16, load_group_left_transposed, multiply_group_transposed_f16, 2048, 32)
SCANC_MULTIPLY_GROUP_SHARED(multiply_group_both_transposed_bf16, load_group_left_transposed, multiply_group_transposed_bf16, 2048, 32)
#undef SCANC_MULTIPLY_GROUP_SHARED

static __device__ __forceinline__ void begin_group_products() {}
static __device__ __forceinline__ void start_group_products() {}
template <int open = 0>
static __device__ __forceinline__ void finish_group_products() {}
static __device__ __forceinline__ void settle(float &) {}
static __device__ __forceinline__ void show_to_group_products() {}

} // namespace scanc::device
