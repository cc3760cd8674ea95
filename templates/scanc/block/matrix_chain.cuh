//===- block/matrix_chain.cuh - The product of a run of maps --------------===//
//
//   called by      every thread of a block of 2 * dense_width<S> threads
//   result in      registers: each warp has 16 rows of the product
//   shared memory  panel_ring<S>, given by the caller
//   barriers       one per map, reached by every thread
//
//   A run of maps h -> M h + b is one map. Products are made from the last map to the first,
//   R <- R M: a warp then needs its own rows of R and all of M, so that R stays in registers. R is
//   the sum of `terms` elements of 16 bits, and scaled by a power of two per warp whenever its
//   largest element leaves [2^-7, 2); the sum in front of each rounding is f32, so that neither
//   large nor long products leave the range. Errors are relative to the largest row.
//
//   S is a run of maps: a recurrence in the sense of templates/README.md whose `exponent` says by
//   which power of two the matrix of a step is to be multiplied.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/dense_panel.cuh"
#include "scanc/block/whole_matrices.cuh"
#include "scanc/core/math.cuh"
#include "scanc/core/policy.cuh"

namespace scanc::device::block {

/// The exponent of a number: 2^exponent <= |x| < 2^(exponent + 1); -127 for 0.
static __device__ __forceinline__ int exponent_of(float x) {
  return static_cast<int>(__builtin_bit_cast(uint32_t, x) >> 23 & 0xff) - 127;
}

/// 16 rows of a product, 2^exponent * left, and of the bias of the map, spread over the lanes that
/// hold a row. `transposed`: of the transpose of a product, to which later maps are added, without a
/// bias.
template <typename S, int terms, bool transposed = false>
struct chain_rows {
  using element = typename S::element;
  static constexpr int width = dense_width<S>(), tiles = width / 16, columns = dense_block<S>();
  /// Whether four warps multiply together: all columns by each of their rows.
  static constexpr bool grouped = has_group_products && columns == 64;
  /// Whether a bias is summed while the tensor cores are at work, from rounded rows; of two terms it
  /// is dearer to put a row together than to wait for the sum behind it.
  static constexpr bool early = terms == 1;
  /// Whether the tensor cores are at work for longer than that sum takes.
  static constexpr bool outlasts = early && grouped && width == 128;
  static_assert(sizeof(element) == 2, "products are of f16 or bf16");

  warp::left_tile<element> left[terms][tiles];
  int exponent;
  float bias[2];

  static __device__ __forceinline__ int row_of(int i) {
    return warp_index() * 16 + warp::sum_row(2 * i);
  }

  /// The last map of a run.
  template <typename F>
  __device__ __forceinline__ void begin(const element *matrix, int matrix_exponent, F input) {
    static_assert(S::shape.terms <= terms, "nothing is lost");
#pragma unroll
    for (int term = 0; term < terms; ++term)
#pragma unroll
      for (int k = 0; k < tiles; ++k)
        left[term][k] = term < S::shape.terms
                            ? warp::load_left<columns>(block_of(matrix, term, k * 16),
                                                       warp_index() * 16, k * 16 % columns)
                            : warp::left_tile<element>{};
    exponent = matrix_exponent;
#pragma unroll
    for (int i = 0; i < 2; ++i)
      bias[i] = lane_index() % 4 == 0 ? input(row_of(i)) : 0.0f;
  }

  /// The map before it. `input(i)` is its bias if `early`, else that of the map before that, if there
  /// are `more`: its own is in the sum already. Calls `meanwhile()` while the tensor cores are at work.
  template <typename F, typename G>
  __device__ __forceinline__ void prepend(const element *matrix, int matrix_exponent, bool more,
                                          F input, G meanwhile) {
    static_assert(!transposed, "rows of the product itself");
    warp::sum_tile sum[2 * tiles];
    multiply(sum, matrix, [&] {
      if constexpr (outlasts) {
        add_input(input);
        for (float &x : bias)
          compute_here(x);
      }
      meanwhile();
      if constexpr (early && !outlasts)
        add_input(input);
    });
    exponent += matrix_exponent;
    keep(sum);
    if (!early && more)
      add_inputs(sum, input);
  }

  /// Adds what the rows make of the bias of the map before: `input(i)`.
  template <typename F>
  __device__ __forceinline__ void add_input(F input) {
    warp::sum_tile numbers[2 * tiles];
#pragma unroll
    for (int n = 0; n < 2 * tiles; ++n)
#pragma unroll
      for (int i = 0; i < 4; ++i)
        numbers[n].at[i] = number(n, i);
    add_inputs(numbers, input);
  }

  /// The transpose of nothing: the unit matrix.
  __device__ __forceinline__ void begin_unit() {
    exponent = 0;
#pragma unroll
    for (int term = 0; term < terms; ++term)
#pragma unroll
      for (int k = 0; k < tiles; ++k)
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const int apart = k * 16 + i / 2 * 8 + warp::sum_column(0) - row_of(i % 2);
          left[term][k].words[i] = warp::pack<element>(term == 0 && apart == 0 ? 1.0f : 0.0f,
                                                       term == 0 && apart == -1 ? 1.0f : 0.0f);
        }
  }

  /// The transpose of 2^exponent * matrix, whose terms lie below each other.
  __device__ __forceinline__ void begin_transposed(const element *matrix, int matrix_exponent) {
    exponent = matrix_exponent;
#pragma unroll
    for (int term = 0; term < terms; ++term)
#pragma unroll
      for (int k = 0; k < tiles; ++k)
        left[term][k] = warp::load_left_transposed<columns>(
            block_of(matrix, term, warp_index() * 16), k * 16, warp_index() * 16 % columns);
  }

  /// The transpose of the product with the matrix of a later step on its left.
  __device__ __forceinline__ void append(const element *matrix) {
    static_assert(transposed && S::shape.terms == 1, "rows are columns of the product");
    warp::sum_tile sum[2 * tiles];
    multiply(sum, matrix, [] {});
    keep(sum);
  }

  /// Brings the rows of all warps to one exponent, the largest of those that have an element other
  /// than 0. `cells` has an entry per warp.
  __device__ __forceinline__ void agree(int *cells) {
    uint32_t any = 0;
#pragma unroll
    for (int k = 0; k < tiles; ++k)
#pragma unroll
      for (int i = 0; i < 4; ++i)
        any |= left[0][k].words[i] & 0x7fff7fffu;
    constexpr int lowest = -(1 << 24);
    const int own = ballot(any != 0) != 0 ? exponent : lowest;
    if (lane_index() == 0)
      shared_store(cells[warp_index()], own);
    block_barrier();
    int common = lowest;
#pragma unroll
    for (int w = 0; w < tiles; ++w) {
      const int other = shared_load(cells[w]);
      common = other > common ? other : common;
    }
    const float shrink = power_of_two(own - common);
    exponent = common;
    warp::sum_tile numbers[2 * tiles];
#pragma unroll
    for (int n = 0; n < 2 * tiles; ++n)
#pragma unroll
      for (int i = 0; i < 4; ++i)
        numbers[n].at[i] = shrink * number(n, i);
    keep_high(numbers);
    keep_low(numbers);
#pragma unroll
    for (int i = 0; i < 2; ++i)
#pragma unroll
      for (int reach = 1; reach < 4; reach *= 2)
        bias[i] += shuffle_xor(bias[i], reach);
  }

private:
  /// The columns of a term from `column` on, as far as they lie together.
  static __device__ __forceinline__ const element *block_of(const element *matrix, int term,
                                                            int column) {
    return matrix + (term * width + column / columns * columns) * width;
  }

  /// Rounds a sum to what is kept.
  __device__ __forceinline__ void keep(warp::sum_tile (&sum)[2 * tiles]) {
    if (keep_high(sum)) {
      rescale(sum);
      keep_high(sum);
    }
    keep_low(sum);
  }

  /// The product with a matrix, or its transpose. What two low terms make is left out.
  template <typename G>
  __device__ __forceinline__ void multiply(warp::sum_tile (&sum)[2 * tiles], const element *matrix,
                                           G meanwhile) const {
    if constexpr (grouped) {
      begin_group_products();
#pragma unroll
      for (int term = 0; term < S::shape.terms; ++term)
#pragma unroll
        for (int l = 0; l < terms - term; ++l)
#pragma unroll
          for (int k = 0; k < tiles; ++k)
            warp::multiply_group<transposed>(
                sum, left[l][k], block_of(matrix, term, transposed ? k * 16 : 0),
                transposed ? k * 16 % columns : k * 16 * columns, term + l + k > 0);
      start_group_products();
      meanwhile();
      finish_group_products();
    } else {
      meanwhile();
#pragma unroll
      for (int n = 0; n < 2 * tiles; ++n)
        clear(sum[n]);
#pragma unroll
      for (int k = 0; k < tiles; ++k)
#pragma unroll
        for (int n = 0; n < tiles; ++n)
#pragma unroll
          for (int term = 0; term < S::shape.terms; ++term) {
            warp::right_tile<element> right[2];
            if constexpr (transposed)
              warp::load_right_transposed<columns>(right, block_of(matrix, term, k * 16), n * 16,
                                                   k * 16 % columns);
            else
              warp::load_right<columns>(right, block_of(matrix, term, n * 16), k * 16,
                                        n * 16 % columns);
#pragma unroll
            for (int l = 0; l < terms - term; ++l) {
              warp::multiply_add(sum[2 * n], left[l][k], right[0]);
              warp::multiply_add(sum[2 * n + 1], left[l][k], right[1]);
            }
          }
    }
  }

  /// Number i of tile n of a sum, as it is kept.
  __device__ __forceinline__ float number(int n, int i) const {
    float whole = widen(pair_of(0, n, i / 2)[i % 2]); // to begin with 0 would be an addition
#pragma unroll
    for (int term = 1; term < terms; ++term)
      whole += widen(pair_of(term, n, i / 2)[i % 2]);
    return whole;
  }
  __device__ __forceinline__ row<element, 2> pair_of(int term, int n, int half) const {
    row<element, 2> pair;
    pair.pairs[0] = left[term][n / 2].words[n % 2 * 2 + half];
    return pair;
  }

  /// Rounds a sum to the first term. Whether its largest element left the range.
  __device__ __forceinline__ bool keep_high(const warp::sum_tile (&sum)[2 * tiles]) {
    uint32_t any = 0; // no smaller than the largest number, and of the same power of two
#pragma unroll
    for (int n = 0; n < tiles; ++n) {
      left[0][n] = warp::as_left<element>(sum[2 * n], sum[2 * n + 1]);
#pragma unroll
      for (int i = 0; i < 4; ++i)
        any |= left[0][n].words[i];
    }
    // The upper two bits of an exponent: the first is set from 2 on, one of them from 2^-7 on, or
    // 2^-63 in bf16.
    return ballot((any & 0x40004000u) != 0) != 0 || ballot((any & 0x60006000u) != 0) == 0;
  }

  /// Rounds what the first term leaves of a sum to the other one.
  __device__ __forceinline__ void keep_low(const warp::sum_tile (&sum)[2 * tiles]) {
    if constexpr (terms > 1) {
#pragma unroll
      for (int n = 0; n < tiles; ++n) {
        warp::sum_tile rest[2];
#pragma unroll
        for (int i = 0; i < 8; ++i)
          rest[i / 4].at[i % 4] =
              sum[2 * n + i / 4].at[i % 4] - widen(pair_of(0, 2 * n + i / 4, i % 4 / 2)[i % 2]);
        left[1][n] = warp::as_left<element>(rest[0], rest[1]);
      }
    }
  }

  /// Adds what the rows, as numbers, make of a bias.
  template <typename F>
  __device__ __forceinline__ void add_inputs(const warp::sum_tile (&rows)[2 * tiles], F input) {
    float dot[2][2] = {}; // chains of dependent sums, each for some of the columns
#pragma unroll
    for (int n = 0; n < 2 * tiles; ++n)
#pragma unroll
      for (int column = 0; column < 2; ++column) {
        const float b = input(n * 8 + warp::sum_column(column));
        dot[0][column] += rows[n].at[column] * b;
        dot[1][column] += rows[n].at[2 + column] * b;
      }
    const scale factor = make_scale(exponent);
#pragma unroll
    for (int i = 0; i < 2; ++i)
      bias[i] += factor * (dot[i][0] + dot[i][1]);
  }

  /// Brings the largest element of the warp into [1, 2). A product of 0 keeps its exponent.
  __device__ __forceinline__ void rescale(warp::sum_tile (&sum)[2 * tiles]) {
    float largest = 0.0f;
#pragma unroll
    for (int n = 0; n < 2 * tiles; ++n)
#pragma unroll
      for (int i = 0; i < 4; ++i)
        largest = ::fmaxf(largest, ::fabsf(sum[n].at[i]));
#pragma unroll
    for (int reach = 1; reach < 32; reach *= 2)
      largest = ::fmaxf(largest, shuffle_xor(largest, reach));
    if (largest == 0.0f)
      return;
    const int shift = exponent_of(largest);
    const float back = power_of_two(-shift);
    exponent += shift;
#pragma unroll
    for (int n = 0; n < 2 * tiles; ++n)
#pragma unroll
      for (int i = 0; i < 4; ++i)
        sum[n].at[i] *= back;
  }
};

/// The product of all maps of `run`, of which there is one at least.
template <typename S, int terms>
static __device__ __forceinline__ void matrix_chain(const S &run, const typename S::lane &at,
                                                    panel_ring<S> &ring, whole_matrices<S> whole,
                                                    chain_rows<S, terms> &rows) {
  constexpr int slots = S::shape.ring, width = dense_width<S>(), threads = 2 * width;
  static_assert(S::shape.threads == threads && S::shape.panel() == width, "a warp has 16 rows");
  static_assert(slots >= 3, "a map is in use, and the next one's bias");
  if (!whole.come())
#pragma unroll 1
    for (int i = 0; i < slots; ++i)
      clear_panel<S, width, threads>(ring.matrices[i]);
  block_barrier();

  int maps = static_cast<int>(run.steps());
  forget(maps); // else it is made anew between two products, which wait for that
  const auto before = [](int slot) { return slot == 0 ? slots - 1 : slot - 1; };
  int ordered = maps - 1, filling = ordered % slots, taking = filling;
  const auto order_map = [&](bool exists) {
    if (exists) {
      if (whole.come())
        whole.order(ordered, ring.matrices[filling], filling);
      else
        fetch_panel<width, threads>(run, at, ordered, 0, ring.matrices[filling]);
      fetch_inputs<threads>(run, at, ordered, ring.inputs[filling]);
    }
    close_copies(); // an empty group keeps the count
    --ordered;
    filling = before(filling);
  };
  const auto exists = [&] { return ordered >= 0; };
  order_first<S>(slots - 1, maps >= slots - 1, order_map, exists);
  const auto meet = [&] {
    if constexpr (chain_rows<S, terms>::grouped)
      if (!whole.come())
        show_to_group_products();
    block_barrier();
  };
  await_copies<slots - 2>();
  meet();
  // While the tensor cores are at work, so that they need not wait for it between two maps.
  const auto prepare = [&] {
    await_copies<slots - 3>();
    meet(); // the map before this one has landed; every thread is done with the one after it
    order_map(exists());
  };

  const auto take = [&] {
    const int slot = taking;
    whole.await(slot);
    taking = before(slot);
    return slot;
  };
  const auto bias_at = [&](int slot, int step) {
    const typename S::inputs &inputs = ring.inputs[slot];
    return [&run, &at, &inputs, step](int i) {
      return i < S::size ? bias_of(run.input(inputs, at, step, i)) : 0.0f;
    };
  };

  const int first = take();
  rows.begin(ring.matrices[first], run.exponent(ring.inputs[first]), bias_at(first, maps - 1));
  prepare();
  if (!rows.early && maps > 1)
    rows.add_input(bias_at(taking, maps - 2));
#pragma unroll 1
  for (int step = maps - 2; step >= 0; --step) {
    const int slot = take();
    const int exponent = run.exponent(ring.inputs[slot]);
    if constexpr (chain_rows<S, terms>::early)
      rows.prepend(ring.matrices[slot], exponent, step > 0, bias_at(slot, step), prepare);
    else
      rows.prepend(ring.matrices[slot], exponent, step > 0, bias_at(taking, step - 1), prepare);
  }
}

} // namespace scanc::device::block
