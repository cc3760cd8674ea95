//===- block/chunk_correction.cuh - Low-rank corrections of a chunk at once ---===//
//
//   called by      as named
//   result in      shared memory
//   shared memory  as named, given by the caller
//   barriers       as named
//
//   S[t] = a[t] (S[t-1] - b[t] key[t] key[t]' S[t-1]) + key[t] value[t]' is S[t] = a[t] S[t-1] + key[t] u[t]' with
//   inputs u that solve, over the steps of a chunk that S enters,
//
//     (1 + L) u = value - b 2^g key' S,   L[t, s] = b[t] 2^(g[t] - g[s]) key[t]' key[s] for s < t
//
//   where key'[t] is the reader's where that is another vector than the key.
//   (Yang et al. 2024, "Parallelizing Linear Transformers with the Delta Rule over Sequence Length", where it is
//   called the UT transform). The inverse of 1 + L is found by blocks of 16: of those on the diagonal by
//   substitution in f32, of the others by X[i, j] = -X[i, i] sum of L[i, k] X[k, j] in tf32.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_outputs.cuh"

namespace scanc::device::block {

/// By the 128 threads of a block, with a barrier of the block between any two calls.
template <typename R>
class chunk_inverter {
public:
  using element = typename R::element;

  struct storage {
    alignas(1024) element inverse[panel];         ///< of 1 + L, as right operand, but for the blocks above its diagonal
    float lower[chunk_steps][chunk_steps + 4]; ///< L, up to the diagonal; then the inverses of its diagonal blocks
  };

  /// Writes L of a chunk, given the products of its keys with each other: eight columns from 8 * n on of the warp's 16
  /// rows, none where all are above the diagonal.
  class lower_rows {
  public:
    __device__ __forceinline__ explicit lower_rows(const chunk_numbers &slot) : slot(slot) {
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        strength[i] = shared_load(slot.strength[row(i)]);
        since[i] = decays<R> ? shared_load(slot.decay[row(i)]) : 0.0f;
      }
    }

    __device__ __forceinline__ void put(storage &to, const warp::sum_tile &products, int n) const {
      if (n / 2 > warp_index())
        return;
      const int first = n * 8 + warp::sum_column(0);
      array<float, 2> decay = {};
      if constexpr (decays<R>)
        decay = shared_load(reinterpret_cast<const array<float, 2> &>(slot.decay[first]));
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        array<float, 2> pair;
#pragma unroll
        for (int c = 0; c < 2; ++c) {
          const float weight = decays<R> ? strength[i] * exp2_approximate(since[i] - decay[c]) : strength[i];
          pair[c] = first + c < row(i) ? weight * products.at[2 * i + c] : 0.0f;
        }
        shared_store(reinterpret_cast<array<float, 2> &>(to.lower[row(i)][first]), pair);
      }
    }

  private:
    static __device__ __forceinline__ int row(int i) { return warp_index() * 16 + warp::sum_row(2 * i); }

    const chunk_numbers &slot;
    float strength[2], since[2];
  };

  /// The inverse, when all rows of L are there. Three barriers of the block.
  static __device__ __forceinline__ void solve(storage &to) {
    block_barrier();
    invert_diagonal(to);
    block_barrier();
    invert(to);
    block_barrier();
  }

private:

  /// Inverts the four blocks on the diagonal, in their place: half a warp each, a lane a column.
  static __device__ __forceinline__ void invert_diagonal(storage &to) {
    if (warp_index() > 1)
      return;
    const int first = warp_index() * 32 + lane_index() / 16 * 16;
    const int column = first + lane_index() % 16;
    float of_column[16];
#pragma unroll
    for (int i = 0; i < 16; ++i) {
      of_column[i] = first + i == column ? 1.0f : 0.0f;
#pragma unroll
      for (int k = 0; k < i; k += 4) {
        const auto four = shared_load(
            reinterpret_cast<const array<float, 4> &>(to.lower[first + i][first + k]));
#pragma unroll
        for (int e = 0; e < 4; ++e)
          if (k + e < i)
            of_column[i] -= four[e] * of_column[k + e];
      }
    }
    warp_barrier();
#pragma unroll
    for (int i = 0; i < 16; ++i)
      shared_store(to.lower[first + i][column], of_column[i]);
  }

  /// Writes the inverse: a warp for 16 columns, from the diagonal down. Blocks are transposed, so that the sums of
  /// one product are the left operand of the next, with the summed index in the order 0, 2, 4, 6, 1, 3, 5, 7: what is
  /// known of the inverse stays in registers.
  static __device__ __forceinline__ void invert(storage &to) {
    constexpr int blocks = chunk_steps / 16;
    const int j = warp_index();
    warp::sum_tile block[2];
#pragma unroll
    for (int h = 0; h < 2; ++h)
#pragma unroll
      for (int e = 0; e < 4; ++e)
        block[h].at[e] = shared_load(to.lower[j * 16 + h * 8 + warp::sum_column(e)][j * 16 + warp::sum_row(e)]);
    store(to, block, j, j);
    warp::left_tile<warp::tf32> known[blocks - 1][2]; // of block (j + d, j)
    known[0][0] = as_left<false>(block[0]);
    known[0][1] = as_left<false>(block[1]);
#pragma unroll
    for (int d = 1; d < blocks; ++d) {
      if (j + d >= blocks)
        return;
      clear(block[0]);
      clear(block[1]);
#pragma unroll
      for (int k = 0; k < d; ++k)
        multiply(block, known[k], to, j + d, j + k);
      const warp::left_tile<warp::tf32> sums[2] = {as_left<true>(block[0]), as_left<true>(block[1])};
      clear(block[0]);
      clear(block[1]);
      multiply(block, sums, to, j + d, j + d);
      store(to, block, j + d, j);
      if (d + 1 < blocks) {
        known[d][0] = as_left<false>(block[0]);
        known[d][1] = as_left<false>(block[1]);
      }
    }
  }

  template <bool negated>
  static __device__ __forceinline__ warp::left_tile<warp::tf32> as_left(const warp::sum_tile &sums) {
    warp::left_tile<warp::tf32> left;
#pragma unroll
    for (int e = 0; e < 4; ++e) {
      const float number = sums.at[e % 2 * 2 + e / 2];
      left.words[e] = warp::narrow_tf32(negated ? -number : number).bits;
    }
    return left;
  }

  /// Block (i, j) of the inverse, transposed, to its place: that of `swizzled`, in whose pieces the lowest bit of a row
  /// and the half of a block are apart from what a lane and j give, so that one address serves all.
  static __device__ __forceinline__ void store(storage &to, const warp::sum_tile (&block)[2], int i, int j) {
    constexpr int piece = warp::piece<element>;
    static_assert(piece == 8 && panel_columns == 64);
    const unsigned lane = thread_index() % 32u, four = lane % 4;
    element *const place = &to.inverse[four * 2 * panel_columns + (four ^ j) * 2 * piece + lane / 4];
#pragma unroll
    for (int h = 0; h < 2; ++h)
#pragma unroll
      for (int e = 0; e < 4; ++e)
        shared_store(place[(i * 16 + h * 8 + e % 2) * panel_columns + (e / 2 ^ e % 2) * piece],
                     narrow<element>(block[h].at[e]));
  }

  /// block += left * the transpose of block (i, k) of `lower`.
  static __device__ __forceinline__ void multiply(warp::sum_tile (&block)[2],
                                                  const warp::left_tile<warp::tf32> (&left)[2],
                                                  const storage &from, int i, int k) {
#pragma unroll
    for (int h = 0; h < 2; ++h)
#pragma unroll
      for (int n = 0; n < 2; ++n) {
        const auto pair = shared_load(reinterpret_cast<const array<float, 2> &>(
            from.lower[i * 16 + n * 8 + lane_index() / 4][k * 16 + h * 8 + lane_index() % 4 * 2]));
        const warp::right_tile<warp::tf32> right{
            {warp::narrow_tf32(pair[0]).bits, warp::narrow_tf32(pair[1]).bits}};
        warp::multiply_add(block[n], left[h], right);
      }
  }
};

/// By the 128 threads of a block, without a barrier: the numbers of a chunk, and a matrix of it, to its record.
template <typename R>
static __device__ __forceinline__ void keep_numbers(chunk_numbers &to, chunk_numbers &from) {
  constexpr int floats = 4;
  if (const int number = thread_index() * floats;
      number < 4 * chunk_steps && has_number<R>(number / chunk_steps)) {
    const auto four = shared_load(reinterpret_cast<const array<float, floats> &>(*from.number(number)));
    store_global<floats>(to.number(number), four.values);
  }
}
/// `lower`: with zeros for its blocks of 16 above the diagonal.
template <bool lower = false, typename T>
static __device__ __forceinline__ void keep_panel(T (&to)[panel], const T (&from)[panel]) {
  constexpr int piece = warp::piece<T>, threads = 128;
  static_assert(threads * piece == 16 * panel_columns, "the threads have the rows of one block");
  const unsigned thread = thread_index();
  const unsigned column = thread % 8 ^ thread / 8 % 8; // of eight, where `swizzled` has moved it
#pragma unroll
  for (unsigned n = 0; n < chunk_steps / 16; ++n) {
    const unsigned place = (thread + n * threads) * piece;
    array<T, piece> eight = {};
    if (!lower || column / 2 <= n)
      eight = shared_load(reinterpret_cast<const array<T, piece> &>(from[place]));
    store_global<piece>(&to[place], eight.values);
  }
}

/// By every thread of a block of groups of four warps, without a barrier: turns the values of a chunk, of this warp's
/// steps and its group's columns, into what 1 + L is to be solved for. `products` are those of the keys with the
/// state; what rounding takes from the values is there afterwards, for the sums of the product with the inverse, which has 1
/// on its diagonal.
template <typename R>
static __device__ __forceinline__ void subtract_products(chunk_slot<R> &slot,
                                                         warp::sum_tile (&products)[8]) {
  using element = typename R::element;
  element(&values)[panel] = slot.value[group_index()];
  const int first = warp_of_group() * 16;
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const int at = first + warp::sum_row(2 * i);
    const float scale = scales_input<R> ? shared_load(slot.input_scale[at]) : 1.0f;
    const float strength = shared_load(slot.strength[at]) *
                           (decays<R> ? exp2_approximate(shared_load(slot.decay[at])) : 1.0f);
#pragma unroll
    for (int n = 0; n < 8; ++n) {
      row<element, 2> pair;
      pair.pairs[0] = shared_load(reinterpret_cast<const uint32_t &>(
          values[warp::swizzled<element, panel_columns>(at, n * 8 + warp::sum_column(0))]));
#pragma unroll
      for (int c = 0; c < 2; ++c)
        products[n].at[2 * i + c] = scale * widen(pair[c]) - strength * products[n].at[2 * i + c];
    }
  }
  warp_barrier(); // all lanes have read
  warp::store_panel(values, first, products);
#pragma unroll
  for (int n = 0; n < 8; ++n)
#pragma unroll
    for (int i = 0; i < 4; i += 2) {
      row<element, 2> rounded;
      rounded.pairs[0] = warp::pack<element>(products[n].at[i], products[n].at[i + 1]);
#pragma unroll
      for (int c = 0; c < 2; ++c)
        products[n].at[i + c] -= widen(rounded[c]);
    }
}

/// By the same, with a barrier before: the product of a chunk's inverse with what `subtract_products` has left, which
/// is the inputs of this warp's steps. Starts it where four warps multiply together.
template <typename R>
static __device__ __forceinline__ void start_inputs(warp::sum_tile (&products)[8], const chunk_slot<R> &slot,
                                                    const typename R::element (&values)[panel]) {
  begin_group_products();
  warp::multiply_panels<false>(products, slot.inverse, values, true);
  start_group_products();
}

/// Decays rows of this warp's steps to the end of the chunk.
template <typename R>
static __device__ __forceinline__ void decay_to_end(const chunk_numbers &slot, warp::sum_tile (&rows)[8]) {
  const float last = decay_at<R>(slot, chunk_steps - 1);
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const float by = decay_since<R>(slot, last, warp_of_group() * 16 + warp::sum_row(2 * i));
#pragma unroll
    for (int n = 0; n < 8; ++n)
#pragma unroll
      for (int c = 0; c < 2; ++c)
        rows[n].at[2 * i + c] *= by;
  }
}

} // namespace scanc::device::block
