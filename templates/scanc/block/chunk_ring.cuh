//===- block/chunk_ring.cuh - Chunks of time on their way to shared memory ---===//
//
//   called by      every thread of a block
//   result in      shared memory: what 64 steps bring, as operands of products
//   shared memory  chunk_slot<R>[R::shape.ring], given by the caller
//   barriers       none: the caller has one between any two calls here
//
//   R is a recurrence in the sense of templates/README.md whose state is a matrix that is read out.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/array.cuh"
#include "scanc/core/policy.cuh"
#include "scanc/warp/matmul.cuh"

namespace scanc::device::block {

/// Steps of a chunk, and columns of a panel: a swizzled matrix whose rows have 128 bytes.
inline constexpr int chunk_steps = 64, panel_columns = 64, panel = chunk_steps * panel_columns;

/// Panels beside each other that have all rows of the state.
template <typename R>
constexpr int row_panels() {
  return (R::rows + panel_columns - 1) / panel_columns;
}

template <typename R>
concept decays = requires(const R &r, const typename R::numbers &of) { r.log_decay(of); };
template <typename R>
concept scales_query = requires(const R &r, const typename R::numbers &of) { r.query_scale(of); };
template <typename R>
concept scales_input = requires(const R &r, const typename R::numbers &of) { r.input_scale(of); };
/// Whether the transition is 1 - strength key key', times the decay.
template <typename R>
concept corrects = requires(const R &r, const typename R::numbers &of) { r.strength(of); };

/// Whether each row of the state has a decay of its own at each step.
template <typename R>
concept decays_rows = requires(const R &r, typename R::decay_element of) { r.decay(of); };

/// What a chunk brings beside its rows, a number for each step. Past the end of time nothing decays or is added.
struct chunk_numbers {
  alignas(1024) float decay[chunk_steps]; ///< log2, of all steps of the chunk up to this one
  float query_scale[chunk_steps];
  float input_scale[chunk_steps];
  float strength[chunk_steps]; ///< of a low-rank correction

  /// Number `i` of them all.
  __device__ __forceinline__ float *number(int i) { return reinterpret_cast<float *>(this) + i; }
};

/// Whether the first, second, … number of a step is one of those of R, in the order of `chunk_numbers`.
template <typename R>
static __device__ __forceinline__ bool has_number(int which) {
  return which == 0 ? decays<R> : which == 1 ? scales_query<R> : which == 2 ? scales_input<R> : corrects<R>;
}

/// Bytes of a chunk as kernel/chunk_inverses.cuh leaves them: its numbers, then the inverse.
template <typename R>
constexpr int inverse_bytes = sizeof(chunk_numbers) + panel * sizeof(typename R::element);

/// 2^(g[t] - g[s]), where g is the sum of the logarithms of a chunk's decays up to a step.
template <typename R>
static __device__ __forceinline__ float decay_since(const chunk_numbers &slot, float at_t, int s) {
  return decays<R> ? exp2_approximate(at_t - shared_load(slot.decay[s])) : 1.0f;
}
template <typename R>
static __device__ __forceinline__ float decay_at(const chunk_numbers &slot, int step) {
  return decays<R> ? shared_load(slot.decay[step]) : 0.0f;
}
/// What multiplies the product of key and value of a step; 1 where a correction has made the value.
template <typename R>
static __device__ __forceinline__ float input_scale(const chunk_numbers &slot, int step) {
  return scales_input<R> && !corrects<R> ? shared_load(slot.input_scale[step]) : 1.0f;
}

/// The inverse that a low-rank correction wants: block/chunk_correction.cuh.
template <typename R, bool exists = corrects<R>>
struct chunk_inverse {
  alignas(1024) typename R::element inverse[panel];
};
template <typename R>
struct chunk_inverse<R, false> {};

/// What the decays of rows are computed from.
template <typename R, bool exists = decays_rows<R>>
struct chunk_decays {
  alignas(1024) typename R::decay_element row_decays[row_panels<R>()][panel];
};
template <typename R>
struct chunk_decays<R, false> {};

/// What a chunk brings: a row for each step, 0 past the end of time.
template <typename R>
struct chunk_slot : chunk_numbers, chunk_inverse<R>, chunk_decays<R> {
  alignas(1024) typename R::element key[row_panels<R>()][panel];
  typename R::element query[row_panels<R>()][panel];
  typename R::element value[R::shape.warpgroups][panel];
};

/// Starts copies of 64 columns of a chunk's steps by `threads` threads: `fetch(cell, step, column, exists)`
/// of eight each.
template <int threads, typename T, typename F>
static __device__ __forceinline__ void copy_panel(T (&to)[panel], long long steps, long long chunk,
                                                  F fetch) {
  constexpr int pieces = panel_columns / warp::piece<T>;
  unsigned thread = thread_index();
  forget(thread); // addresses of all copies would stay in registers, which the state wants
#pragma unroll
  for (int n = 0; n < chunk_steps * pieces / threads; ++n) {
    const int row = static_cast<int>(thread / pieces) + n * (threads / pieces);
    const int column = static_cast<int>(thread % pieces) * warp::piece<T>;
    const long long step = chunk * chunk_steps + row;
    const bool exists = step < steps;
    fetch(&to[warp::swizzled<T, panel_columns>(row, column)], exists ? step : steps - 1, column,
          exists);
  }
}

/// The numbers of chunks, by way of registers of the first warp, two steps a lane.
template <typename R>
class number_stream {
public:
  __device__ __forceinline__ number_stream(const R &recurrence, const typename R::lane &at)
      : recurrence(recurrence), at(at) {}

  /// Reads those of a chunk.
  __device__ __forceinline__ void ask(long long chunk) {
    if (warp_index() == 0)
#pragma unroll
      for (int k = 0; k < 2; ++k) {
        const long long step = chunk * chunk_steps + 2 * lane_index() + k;
        exists[k] = step < recurrence.steps();
        if (exists[k])
          asked[k] = recurrence.read(at, step);
      }
  }

  /// Writes what was asked for last. What is read is computed with here, when it has come.
  __device__ __forceinline__ void tell(chunk_numbers &to) {
    if (warp_index() != 0)
      return;
    if constexpr (decays<R>) {
      // A decay below 2^-128 is none: larger numbers would cost the other steps their last bits.
      constexpr float lowest = -256.0f;
      float decay[2];
#pragma unroll
      for (int k = 0; k < 2; ++k)
        decay[k] = exists[k] ? larger(recurrence.log_decay(asked[k]), lowest) : 0.0f;
      float sum = decay[0] + decay[1];
#pragma unroll
      for (int reach = 1; reach < 32; reach *= 2) {
        const float below = shuffle_up(sum, reach);
        sum += lane_index() >= reach ? below : 0.0f;
      }
      shared_store(to.decay[2 * lane_index()], sum - decay[1]);
      shared_store(to.decay[2 * lane_index() + 1], sum);
    }
#pragma unroll
    for (int k = 0; k < 2; ++k) {
      if constexpr (scales_query<R>)
        shared_store(to.query_scale[2 * lane_index() + k],
                     exists[k] ? recurrence.query_scale(asked[k]) : 1.0f);
      if constexpr (scales_input<R>)
        shared_store(to.input_scale[2 * lane_index() + k],
                     exists[k] ? recurrence.input_scale(asked[k]) : 1.0f);
      if constexpr (corrects<R>)
        shared_store(to.strength[2 * lane_index() + k],
                     exists[k] ? recurrence.strength(asked[k]) : 0.0f);
    }
  }

private:
  const R &recurrence;
  const typename R::lane at;
  typename R::numbers asked[2];
  bool exists[2];
};

template <typename R>
class chunk_ring {
public:
  using element = typename R::element;
  using lane = typename R::lane;
  using slot = chunk_slot<R>;

  /// `column`: the block's first.
  __device__ __forceinline__ chunk_ring(const R &recurrence, const lane &at, int column,
                                        slot (&slots)[R::shape.ring])
      : recurrence(recurrence), at(at), column(column), slots(slots) {}

  __device__ __forceinline__ slot &of(long long chunk) const {
    return slots[chunk % R::shape.ring];
  }

  /// Starts the copies of a chunk that has steps, as one group; of one that has none, an empty group.
  /// `inverses`: where those of the lane begin, with a correction.
  __device__ __forceinline__ void start(long long chunk, const char *inverses = nullptr) const {
    if (chunk * chunk_steps < recurrence.steps()) {
      slot &to = of(chunk);
      copy_rows(to, chunk);
      copy_values(to, chunk);
      if constexpr (corrects<R>) {
        constexpr int pieces = panel / warp::piece<element>, numbers = chunk_steps / 4; // of 16 bytes
        const char *const from = inverses + chunk * inverse_bytes<R>;
        int thread = thread_index();
        forget(thread);
        if (thread < 4 * numbers && has_number<R>(thread / numbers))
          start_copy<16>(to.number(thread * 4), from + thread * 16);
#pragma unroll
        for (int n = 0; n < pieces / threads; ++n) {
          const int place = thread + n * threads;
          start_copy<16>(&to.inverse[place * warp::piece<element>],
                         from + sizeof(chunk_numbers) + place * 16);
        }
      }
    }
    close_copies();
  }

  /// The same of what rows of the state are multiplied with alone, and of the values alone.
  __device__ __forceinline__ void start_rows(long long chunk) const {
    if (chunk * chunk_steps < recurrence.steps())
      copy_rows(of(chunk), chunk);
    close_copies();
  }
  __device__ __forceinline__ void start_values(long long chunk) const {
    copy_values(of(chunk), chunk);
    close_copies();
  }

private:
  static constexpr int threads = R::shape.threads();

  __device__ __forceinline__ void copy_rows(slot &to, long long chunk) const {
    const long long steps = recurrence.steps();
#pragma unroll
    for (int p = 0; p < row_panels<R>(); ++p) {
      copy_panel<threads>(to.key[p], steps, chunk,
                          [&](element *cell, long long step, int i, bool exists) {
                            recurrence.fetch_key(cell, at, step, p * panel_columns + i, exists);
                          });
      copy_panel<threads>(to.query[p], steps, chunk,
                          [&](element *cell, long long step, int i, bool exists) {
                            recurrence.fetch_query(cell, at, step, p * panel_columns + i, exists);
                          });
      if constexpr (decays_rows<R>)
        copy_panel<threads>(to.row_decays[p], steps, chunk,
                            [&](typename R::decay_element *cell, long long step, int i, bool exists) {
                              recurrence.fetch_decay(cell, at, step, p * panel_columns + i, exists);
                            });
    }
  }

  __device__ __forceinline__ void copy_values(slot &to, long long chunk) const {
#pragma unroll
    for (int g = 0; g < R::shape.warpgroups; ++g)
      copy_panel<threads>(to.value[g], recurrence.steps(), chunk,
                          [&](element *cell, long long step, int j, bool exists) {
                            recurrence.fetch_value(cell, at, step, column + g * panel_columns + j,
                                                   exists);
                          });
  }

  const R &recurrence;
  const lane at;
  const int column;
  slot (&slots)[R::shape.ring];
};

} // namespace scanc::device::block
