//===- warp/decay.cuh - A tile of a scan as a product with its decays -----===//
//
//   called by      all 32 lanes, converged
//   result in      every lane: the states of its steps
//   shared memory  none
//   barriers       none
//
//   With g = lane / 4 and q = lane % 4, a lane holds `steps` adjacent steps, those of run q, of the
//   columns of group g; all columns of the warp share their gains. The states that bias[s] leave are
//
//     state[t] = sum over s <= t of D[t, s] bias[s],   D[t, s] = gain[s+1] ... gain[t]
//
//   a product of the columns with a triangular matrix. D comes from running products: there is no
//   logarithm, gains of 0, of 1 and of either sign are exact, and nothing overflows that a state
//   would not.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/warp/matmul.cuh"

namespace scanc::device::warp {

/// How numbers of f32 become factors of products on the tensor cores: rounded once, or as the sum of
/// two parts, of whose four products the three largest are added ("x3").
enum class precision { tf32, tf32x3, bf16, bf16x3 };

template <precision P>
struct factor {
  using type = tf32;
};
template <>
struct factor<precision::bf16> {
  using type = bf16;
};
template <>
struct factor<precision::bf16x3> {
  using type = bf16;
};
template <precision P>
inline constexpr bool has_low_part = P == precision::tf32x3 || P == precision::bf16x3;

/// A word of factors: the nearest ones, and what they leave.
struct parts {
  uint32_t high;
  uint32_t low;
};

/// `doubt` becomes a NaN where a number or its factor is not finite.
template <precision P>
static __device__ __forceinline__ parts
split(const float (&x)[word_elements<typename factor<P>::type>], float &doubt) {
  if constexpr (is_same<typename factor<P>::type, tf32>) {
    const tf32 high = narrow_tf32(x[0]);
    doubt = doubt + 0.0f * widen(high);
    return {high.bits, has_low_part<P> ? narrow_tf32(x[0] - widen(high)).bits : 0u};
  } else {
    const uint32_t high = pack<bf16>(x[0], x[1]);
    const float first = bf16_to_f32(static_cast<uint16_t>(high)),
                second = bf16_to_f32(static_cast<uint16_t>(high >> 16));
    doubt = doubt + 0.0f * first + 0.0f * second;
    return {high, has_low_part<P> ? pack<bf16>(x[0] - first, x[1] - second) : 0u};
  }
}

/// The decays between the 4 * steps steps of a tile, as right operands: row k of product j is step
/// first_step(j, k) of a run, column n of sum u step 2 u + n % 2 of run n / 2.
template <precision P, int steps>
struct decays {
  static_assert(steps % 2 == 0 && steps >= 2);
  using element = typename factor<P>::type;
  static constexpr int width = word_elements<element>;
  static constexpr int products = (steps + 2 * width - 1) / (2 * width), sums = steps / 2;

  right_tile<element> high[products][sums];
  right_tile<element> low[products][sums];
  float since_begin[steps]; ///< from before the tile to after each of this lane's steps
  float whole;              ///< over the whole tile
  float doubt;              ///< a NaN where one of them is no factor

  __device__ __forceinline__ explicit decays(const float (&gain)[steps]);
};

template <precision P, int steps>
__device__ __forceinline__ decays<P, steps>::decays(const float (&gain)[steps]) {
  constexpr int runs = 4;
  const int group = lane_index() / runs, run = lane_index() % runs;
  const int to_run = group / 2; // of the columns of D that this lane holds
  const bool odd = group % 2 == 1;

  float upto[steps]; // from before this lane's run
  upto[0] = gain[0];
#pragma unroll
  for (int v = 1; v < steps; ++v)
    upto[v] = upto[v - 1] * gain[v];

  // Runs of the same columns, by their distance: lanes of one group are neighbours.
  float before = 1.0f, between = 1.0f;
#pragma unroll
  for (int i = 0; i < runs; ++i) {
    const float of_run = shuffle(upto[steps - 1], group * runs + i);
    whole = i == 0 ? of_run : whole * of_run;
    before *= i < run ? of_run : 1.0f;
    between *= i > run && i < to_run ? of_run : 1.0f;
  }
#pragma unroll
  for (int v = 0; v < steps; ++v)
    since_begin[v] = before * upto[v];

  doubt = 0.0f;
#pragma unroll
  for (int u = 0; u < sums; ++u) {
    const float head = shuffle(odd ? upto[2 * u + 1] : upto[2 * u], group * runs + to_run) * between;
    // gain[from + 1] ... up to the even step, to the odd one, and to the last one of the run.
    float column[products * 2 * width], to_even = 0.0f, to_odd = 0.0f, to_last = 1.0f;
#pragma unroll
    for (int from = products * 2 * width - 1; from >= 0; --from) {
      const float next = from + 1 < steps ? gain[from + 1 < steps ? from + 1 : 0] : 1.0f;
      to_even = from > 2 * u ? 0.0f : from == 2 * u ? 1.0f : to_even * next;
      to_odd = from > 2 * u + 1 ? 0.0f : from == 2 * u + 1 ? 1.0f : to_odd * next;
      to_last *= next;
      const float same = odd ? to_odd : to_even;
      column[from] = from >= steps || to_run < run ? 0.0f : to_run == run ? same : to_last * head;
    }
#pragma unroll
    for (int j = 0; j < products; ++j)
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        float word[width];
#pragma unroll
        for (int e = 0; e < width; ++e)
          word[e] = column[(2 * j + i) * width + e];
        const parts split_word = split<P>(word, doubt);
        high[j][u].words[i] = split_word.high;
        low[j][u].words[i] = split_word.low;
      }
  }
}

/// The same in the order of time, one run after another, for numbers that are no factors: an infinity
/// times a decay of 0 would be a NaN before its time.
template <int steps>
static __device__ __forceinline__ void walk_tile(const float (&gain)[steps],
                                                 const float (&bias)[steps],
                                                 float (&state)[steps]) {
  constexpr int runs = 4;
  const int first = lane_index() / runs * runs;
  float entering = 0.0f;
#pragma unroll
  for (int run = 0; run < runs; ++run) {
    if (run == 0 || lane_index() - first == run) {
      float now = entering;
#pragma unroll
      for (int v = 0; v < steps; ++v)
        state[v] = now = gain[v] * now + bias[v];
    }
    entering = shuffle(state[steps - 1], first + run);
  }
}

/// The states of `columns` columns, an even number, that enter the tile as 0.
template <precision P, int columns, int steps>
static __device__ __forceinline__ void scan_tile(const decays<P, steps> &tile,
                                                 const float (&gain)[steps],
                                                 const float (&bias)[columns][steps],
                                                 float (&state)[columns][steps]) {
  using element = typename factor<P>::type;
  constexpr int width = decays<P, steps>::width, products = decays<P, steps>::products,
                sums = decays<P, steps>::sums;
  static_assert(columns % 2 == 0);
  float doubt = tile.doubt;
#pragma unroll
  for (int c = 0; c < columns; c += 2) {
    sum_tile sum[sums];
#pragma unroll
    for (int u = 0; u < sums; ++u)
      clear(sum[u]);
#pragma unroll
    for (int j = 0; j < products; ++j) {
      left_tile<element> high, low;
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        float word[width];
#pragma unroll
        for (int e = 0; e < width; ++e) {
          const int from = (2 * j + i / 2) * width + e;
          word[e] = from < steps ? bias[c + i % 2][from < steps ? from : 0] : 0.0f;
        }
        const parts split_word = split<P>(word, doubt);
        high.words[i] = split_word.high;
        low.words[i] = split_word.low;
      }
#pragma unroll
      for (int u = 0; u < sums; ++u) {
        if constexpr (has_low_part<P>) {
          multiply_add(sum[u], low, tile.high[j][u]);
          multiply_add(sum[u], high, tile.low[j][u]);
        }
        multiply_add(sum[u], high, tile.high[j][u]);
      }
    }
#pragma unroll
    for (int u = 0; u < sums; ++u)
#pragma unroll
      for (int i = 0; i < 4; ++i)
        state[c + i / 2][2 * u + i % 2] = sum[u].at[i];
  }
  if (ballot(doubt != doubt) != 0)
#pragma unroll
    for (int c = 0; c < columns; ++c)
      walk_tile(gain, bias[c], state[c]);
}

} // namespace scanc::device::warp
