//===- block/dense_panel.cuh - Rows of a matrix in shared memory ----------===//
//
//   called by      every thread of the block
//   result in      shared memory after await_copies and a barrier; the caller
//   shared memory  a panel of `rows` rows of `dense_width<R>` elements, given by the caller, in
//                  blocks of columns, rows of 128 bytes at the most, swizzled as warp/matmul.cuh
//                  says; aligned to 8 of their rows
//   barriers       none
//
//   A state of R::size numbers is padded to dense_width<R>: `clear_panel` writes zeros once where
//   `fetch_panel` never writes.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/policy.cuh"
#include "scanc/core/ring.cuh"
#include "scanc/thread/copy.cuh"
#include "scanc/warp/matmul.cuh"

namespace scanc::device::block {

/// 2^exponent, as far as f32 reaches.
static __device__ __forceinline__ float power_of_two(int exponent) {
  const int biased = exponent + 127;
  const int clamped = biased < 0 ? 0 : biased > 254 ? 254 : biased;
  return __builtin_bit_cast(float, static_cast<uint32_t>(clamped) << 23);
}

/// 2^exponent as two factors: a product may have an exponent beyond f32's where the state that it is
/// applied to brings it back.
struct scale {
  float some, rest;
  __device__ __forceinline__ float operator*(float x) const { return x * some * rest; }
};
static __device__ __forceinline__ scale make_scale(int exponent) {
  return {power_of_two(exponent / 2), power_of_two(exponent - exponent / 2)};
}

/// What a step adds to a product, and by how much the product is to be multiplied.
struct scaled_bias {
  scale factor;
  float bias;
};

/// What makes a number of the state of a row's sum, in a ring: scale * sum + diagonal * before + bias.
/// Terms that a step lacks are not looked at.
template <typename T, bool has_scale, bool has_diagonal, bool has_bias>
struct row_terms {
  T scale, diagonal, bias;
};

/// The number of the state at t of a row's sum; `before` is where its number at t-1 is.
template <typename Ring, typename T>
static __device__ __forceinline__ T add_input(T sum, const T &, T bias) {
  return Ring::add(sum, bias);
}
template <typename Ring>
static __device__ __forceinline__ float add_input(float sum, const float &, scaled_bias input) {
  return input.factor * sum + input.bias;
}
template <typename Ring, typename T, bool has_scale, bool has_diagonal, bool has_bias>
static __device__ __forceinline__ T
add_input(T sum, const T &before, row_terms<T, has_scale, has_diagonal, has_bias> input) {
  if constexpr (has_scale)
    sum = Ring::multiply(input.scale, sum);
  if constexpr (has_diagonal)
    sum = Ring::add(sum, Ring::multiply(input.diagonal, shared_load(before)));
  if constexpr (has_bias)
    sum = Ring::add(sum, input.bias);
  return sum;
}
static __device__ __forceinline__ float bias_of(float bias) { return bias; }
static __device__ __forceinline__ float bias_of(scaled_bias input) { return input.bias; }

/// The ring of a recurrence: that of numbers, unless it names another.
template <typename R>
struct ring_of {
  using type = ring::real;
};
template <typename R>
  requires requires { typename R::semiring; }
struct ring_of<R> {
  using type = typename R::semiring;
};

/// What the numbers of a state are computed in.
template <typename R>
using number_of = decltype(static_cast<const R *>(nullptr)->initial(
    *static_cast<const typename R::lane *>(nullptr), 0));

/// Elements of a padded row: of 32, 64 or a multiple of 128 bytes.
template <typename R>
constexpr int dense_width() {
  constexpr int line = 128 / sizeof(typename R::element);
  if constexpr (R::size > line / 2)
    return (R::size + line - 1) / line * line;
  else
    return R::size > line / 4 ? line / 2 : line / 4;
}

/// Columns of a block.
template <typename R>
constexpr int dense_block() {
  constexpr int line = 128 / sizeof(typename R::element), width = dense_width<R>();
  return width < line ? width : line;
}

/// Where element (row, column) of a panel of `rows` rows lies.
template <typename R, int rows>
static __device__ __forceinline__ int panel_place(int row, int column) {
  constexpr int block = dense_block<R>();
  return column / block * (rows * block) +
         warp::swizzled<typename R::element, block>(row, column % block);
}

/// Whether all steps have one matrix, of which threads read their rows once: `gain`.
template <typename R>
constexpr bool is_resident = requires(const R &r, const typename R::lane &at) { r.gain(at, 0, 0); };

/// Whether results are made of more than a number of the state: `read_out`.
template <typename R>
constexpr bool reads_out =
    requires(const R &r, const typename R::inputs &from, const typename R::lane &at,
             const number_of<R> *state) { r.read_out(from, at, 0LL, state); };

/// Where the rows of a matrix are when they are multiplied: in registers, to which they move ahead; in the
/// slot in which they landed; kept in registers; kept in shared memory.
enum class rows_in { registers, slot, kept_registers, kept_slot };
template <typename R>
constexpr rows_in dense_rows_in() {
  constexpr int number = sizeof(number_of<R>), element = sizeof(typename R::element),
                of_row = dense_width<R>() / R::shape.parts;
  if constexpr (is_resident<R>)
    return R::shape.rows * of_row * number / 4 <= 64 ? rows_in::kept_registers : rows_in::kept_slot;
  else
    return dense_width<R>() * element <= 768 ? rows_in::registers : rows_in::slot;
}

/// Panels of a matrix in shared memory.
template <typename R, int slots>
struct panel_slots {
  static constexpr int alignment = 8 * dense_block<R>() * sizeof(typename R::element);
  alignas(alignment) typename R::element
      matrices[slots][R::shape.terms * R::shape.panel() * dense_width<R>()];
};
template <typename R>
struct panel_slots<R, 0> {};
template <typename R>
constexpr int panel_slots_of = dense_rows_in<R>() == rows_in::kept_registers ? 0
                               : is_resident<R>                             ? 1
                                                                            : R::shape.ring;

/// Panels of steps on their way with what else their steps read, and two vectors: one is read while the
/// other is written. What is read out of a state needs the inputs of its step two panels longer.
template <typename R>
struct panel_ring : panel_slots<R, panel_slots_of<R>> {
  static constexpr int width = dense_width<R>(),
                       input_slots = R::shape.ring + (reads_out<R> ? 2 : 0);
  typename R::inputs inputs[input_slots];
  alignas(16) number_of<R> vectors[2][width + R::shape.threads];
};

/// Calls `of(row, column)` for each piece of a panel, spread over the threads of the block; the text of
/// `at_once` of a thread's calls stands side by side.
template <typename R, int rows, int threads, int at_once = 256, typename F>
static __device__ __forceinline__ void each_piece(F of) {
  constexpr int pieces = dense_width<R>() / warp::piece<typename R::element>;
#pragma unroll at_once
  for (int i = 0; i < (rows * pieces + threads - 1) / threads; ++i) {
    const int at = i * threads + thread_index();
    if (rows * pieces % threads == 0 || at < rows * pieces)
      of(at / pieces, at % pieces * warp::piece<typename R::element>);
  }
}

/// Pieces at once: what goes through registers meets a product, its factor and their sum there in a
/// chunk.
template <bool copies>
constexpr int pieces_at_once = copies ? 256 : 4;

/// Orders rows [first, first + rows) of the matrix of a step. Terms lie below each other, both there
/// and here, each padded.
template <int rows, int threads, typename R>
static __device__ __forceinline__ void fetch_panel(const R &recurrence, const typename R::lane &at,
                                                   long long step, int first,
                                                   typename R::element *panel) {
  constexpr int width = dense_width<R>();
#pragma unroll
  for (int term = 0; term < R::shape.terms; ++term)
    each_piece<R, rows, threads, pieces_at_once<R::copies || R::shape.chunk == 0>>([&](int row, int column) {
      if ((R::size % rows == 0 || first + row < R::size) && (R::size == width || column < R::size))
        recurrence.fetch(panel + term * rows * width + panel_place<R, rows>(row, column), at, step,
                         term * width + first + row, column);
    });
}

/// Orders what a step reads beside its matrix.
template <int threads, typename R>
static __device__ __forceinline__ void fetch_inputs(const R &recurrence, const typename R::lane &at,
                                                    long long step, typename R::inputs &to) {
#pragma unroll
  for (int i = 0; i < R::input_copies; i += threads)
    if (i + threads <= R::input_copies || i + thread_index() < R::input_copies)
      recurrence.fetch_inputs(to, at, step, i + thread_index());
}

/// Fills a ring by `count` calls of `order(exists)`, where `exists()` says whether there is such a panel.
/// Of a chunk, which is short, some stand side by side where all exist. In the walk of a whole sequence
/// the compiler would then not keep running addresses.
template <typename R, typename F, typename G>
static __device__ __forceinline__ void order_first(int count, bool all_exist, F order, G exists) {
  if constexpr (R::shape.chunk > 0)
    if (R::copies && all_exist) {
#pragma unroll 4
      for (int i = 0; i < count; ++i)
        order(true);
      return;
    }
#pragma unroll 1
  for (int i = 0; i < count; ++i)
    order(exists());
}

template <typename R, int rows, int threads>
static __device__ __forceinline__ void clear_panel(typename R::element *panel) {
  using element = typename R::element;
  constexpr int width = dense_width<R>();
  if constexpr (R::size % rows != 0 || R::size != width)
#pragma unroll
    for (int term = 0; term < R::shape.terms; ++term)
      each_piece<R, rows, threads, pieces_at_once<R::copies || R::shape.chunk == 0>>([&](int i, int column) {
        using cell = row<element, warp::piece<element>>;
        thread::put_zeros<warp::piece<element>>(
            reinterpret_cast<cell &>(panel[term * rows * width + panel_place<R, rows>(i, column)]),
            0);
      });
}

} // namespace scanc::device::block
