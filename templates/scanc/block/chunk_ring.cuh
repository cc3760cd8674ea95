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
#include "scanc/block/outer_product.cuh"
#include "scanc/core/array.cuh"
#include "scanc/core/policy.cuh"
#include "scanc/warp/matmul.cuh"

namespace scanc::device::block {

/// Steps of a chunk, and columns of a panel: a swizzled matrix whose rows have 128 bytes.
inline constexpr int chunk_steps = 64, panel_columns = 64, panel = chunk_steps * panel_columns;

/// Steps that are multiplied together: `count` from `first` on, where it is above 0.
struct chunk_extent {
  long long first;
  int count;
  bool begins; ///< whether no step of the same sequence is before them
};

/// A step, and how many of its sequence are before it, up to a chunk: windows reach no farther.
struct window_step {
  long long step;
  int before;

  __device__ __forceinline__ operator long long() const { return step; }
  __device__ __forceinline__ bool reaches(int back) const { return back <= before; }
};

/// Step `row` of a chunk, as R is asked about it.
template <typename R>
static __device__ __forceinline__ auto step_at(const chunk_extent &extent, int row) {
  if constexpr (R::shape.windows)
    return window_step{extent.first + row, extent.begins ? row : chunk_steps};
  else
    return extent.first + row;
}

/// The chunks of the steps [begin, end), counted from 0 on.
struct chunk_range {
  long long begin, end;

  __device__ __forceinline__ long long chunks() const {
    return (end - begin + chunk_steps - 1) / chunk_steps;
  }
  __device__ __forceinline__ chunk_extent of(long long chunk) const {
    const long long first = begin + chunk * chunk_steps, left = end - first;
    return {first, static_cast<int>(left < chunk_steps ? left : chunk_steps), first == 0};
  }
};

/// Panels beside each other that have all rows of the state.
template <typename R>
constexpr int row_panels() {
  return (R::rows + panel_columns - 1) / panel_columns;
}

/// Whether kernel/chunk_factors.cuh makes what a chunk brings: more than a block that walks has room and time for.
template <typename R>
concept brings_factors = decays_rows<R> && corrects<R>;

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

/// 2^(g[t] - g[s]), where g is the sum of the logarithms of a chunk's decays up to a step.
template <typename R>
static __device__ __forceinline__ float decay_since(const chunk_numbers &slot, float at_t, int s) {
  return decays<R> ? exp2_approximate(at_t - shared_load(slot.decay[s])) : 1.0f;
}
template <typename R>
static __device__ __forceinline__ float decay_at(const chunk_numbers &slot, int step) {
  return decays<R> ? shared_load(slot.decay[step]) : 0.0f;
}
/// log2 of what the state that enters a chunk has decayed when the results of a step read it.
template <typename R>
static __device__ __forceinline__ float decay_read(const chunk_numbers &slot, int step) {
  if constexpr (reads_before<R> && decays<R>)
    return step > 0 ? shared_load(slot.decay[step - 1]) : 0.0f;
  else
    return decay_at<R>(slot, step);
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

/// Numbers, and what the decays of rows are computed from. A base of its own behind another one would be converted to by a
/// comparison with no address at all, and read through addresses of any memory.
template <typename R, bool exists = decays_rows<R>>
struct chunk_decays : chunk_numbers {
  alignas(1024) typename R::decay_element row_decays[row_panels<R>()][panel];
};
template <typename R>
struct chunk_decays<R, false> : chunk_numbers {};

/// What corrections read the state by.
template <typename R, bool apart = reads_apart<R>>
struct chunk_readers {
  alignas(1024) typename R::element reader[row_panels<R>()][panel];
};
template <typename R>
struct chunk_readers<R, false> {};

template <typename Keys>
static __device__ __forceinline__ const auto &readers_of(const Keys &keys) {
  if constexpr (requires { keys.reader; })
    return keys.reader;
  else
    return keys.key;
}

/// What is made of a chunk before it is walked, by kernel/chunk_inverses.cuh.
template <typename R, bool rows = brings_factors<R>, bool once = reads_once<R>>
struct chunk_record : chunk_numbers, chunk_inverse<R> {
  static constexpr int bytes = sizeof(chunk_numbers) + panel * sizeof(typename R::element);
};

/// And by kernel/chunk_factors.cuh: scores, and keys and queries weighted by the decays of rows.
template <typename R>
struct chunk_record<R, true, false> : chunk_numbers, chunk_inverse<R> {
  using element = typename R::element;
  element entering_key[row_panels<R>()][panel];       ///< or what reads in its place, from the beginning of the chunk
  element key[row_panels<R>()][panel];                ///< to its end
  element query[row_panels<R>()][panel];              ///< from the beginning
  element scores[panel];                              ///< of a step with itself and earlier ones
  float chunk_decay[row_panels<R>() * panel_columns]; ///< of all steps

  /// Without the rest, up to the next that is aligned.
  static constexpr int bytes = sizeof(chunk_numbers) + (2 + 3 * row_panels<R>()) * panel * sizeof(element) +
                               row_panels<R>() * panel_columns * sizeof(float);
};

/// The same where the state is read once.
template <typename R>
struct chunk_record<R, true, true> : chunk_numbers, chunk_inverse<R> {
  using element = typename R::element;
  element entering_key[row_panels<R>()][panel];
  element key[row_panels<R>()][panel];
  element scores[panel];
  float chunk_decay[row_panels<R>() * panel_columns];

  static constexpr int bytes = sizeof(chunk_numbers) + (2 + 2 * row_panels<R>()) * panel * sizeof(element) +
                               row_panels<R>() * panel_columns * sizeof(float);
};

/// What a chunk brings: a row for each step, 0 past the end of time.
template <typename R, bool weighted = brings_factors<R>, bool reads_out = R::shape.reads_out>
struct chunk_slot : chunk_decays<R>, chunk_inverse<R>, chunk_readers<R> {
  alignas(1024) typename R::element key[row_panels<R>()][panel];
  typename R::element query[row_panels<R>()][panel];
  typename R::element value[R::shape.warpgroups][panel];
};
template <typename R>
struct chunk_slot<R, true, true> : chunk_record<R> {
  alignas(1024) typename R::element value[R::shape.warpgroups][panel];
};
/// Of a record what has the order of its beginning there, and apart from it what the chunk decays.
template <typename R>
struct chunk_slot<R, true, false> : chunk_numbers, chunk_inverse<R> {
  typename R::element entering_key[row_panels<R>()][panel], key[row_panels<R>()][panel];
  float chunk_decay[row_panels<R>() * panel_columns];
  alignas(1024) typename R::element value[R::shape.value_panels()][panel];
};
template <typename R>
struct chunk_slot<R, false, false> : chunk_decays<R>, chunk_inverse<R>, chunk_readers<R> {
  alignas(1024) typename R::element key[row_panels<R>()][panel];
  typename R::element value[R::shape.value_panels()][panel];
};

/// Starts copies of 64 columns of a chunk's steps by `threads` threads: `fetch(cell, row, column, exists)`
/// of eight each. `of_group`: by the 128 of a group of a block.
template <int threads, bool of_group = false, typename T, typename F>
static __device__ __forceinline__ void copy_panel(T (&to)[panel], chunk_extent extent, F fetch) {
  constexpr int pieces = panel_columns / warp::piece<T>;
  unsigned thread = of_group ? thread_index() % threads : thread_index();
  forget(thread); // addresses of all copies would stay in registers, which the state wants
#pragma unroll
  for (int n = 0; n < (chunk_steps * pieces + threads - 1) / threads; ++n) {
    const int row = static_cast<int>(thread / pieces) + n * (threads / pieces);
    const int column = static_cast<int>(thread % pieces) * warp::piece<T>;
    if (chunk_steps * pieces % threads != 0 && row >= chunk_steps)
      continue;
    const bool exists = row < extent.count;
    fetch(&to[warp::swizzled<T, panel_columns>(row, column)], exists ? row : 0, column, exists);
  }
}

/// The same of the rows of the state of panel `p`, by one of the functions of R that fetch.
template <int threads, auto fetch, bool of_group = false, typename R, typename T>
static __device__ __forceinline__ void copy_rows(T (&to)[panel], const R &recurrence, const typename R::lane &at,
                                                 chunk_extent extent, int p) {
  copy_panel<threads, of_group>(to, extent, [&](T *cell, int row, int i, bool exists) {
    (recurrence.*fetch)(cell, at, step_at<R>(extent, row), p * panel_columns + i, exists);
  });
}

/// The logarithm of a step's decay. One below 2^-128 is none: larger numbers would cost the other steps their last bits.
template <typename R>
static __device__ __forceinline__ float bounded_decay(const R &recurrence, const typename R::numbers &of, bool exists) {
  constexpr float lowest = -256.0f;
  return exists ? larger(recurrence.log_decay(of), lowest) : 0.0f;
}

/// By a warp, a lane two steps beside each other: writes what decays up to each.
static __device__ __forceinline__ void tell_decays(chunk_numbers &to, float first, float second) {
  float sum = first + second;
#pragma unroll
  for (int reach = 1; reach < 32; reach *= 2) {
    const float below = shuffle_up(sum, reach);
    sum += lane_index() >= reach ? below : 0.0f;
  }
  shared_store(to.decay[2 * lane_index()], sum - second);
  shared_store(to.decay[2 * lane_index() + 1], sum);
}

/// Writes the other numbers of a step.
template <typename R>
static __device__ __forceinline__ void tell_scales(chunk_numbers &to, int row, const R &recurrence,
                                                   const typename R::numbers &of, bool exists) {
  if constexpr (scales_query<R>)
    shared_store(to.query_scale[row], exists ? recurrence.query_scale(of) : 1.0f);
  if constexpr (scales_input<R>)
    shared_store(to.input_scale[row], exists ? recurrence.input_scale(of) : 1.0f);
  if constexpr (corrects<R>)
    shared_store(to.strength[row], exists ? recurrence.strength(of) : 0.0f);
}

/// The numbers of chunks, by way of registers of one warp, the first one if not another is named, two steps a lane.
template <typename R>
class number_stream {
public:
  __device__ __forceinline__ number_stream(const R &recurrence, const typename R::lane &at, int warp = 0)
      : recurrence(recurrence), at(at), warp(warp) {}

  /// Reads those of a chunk.
  __device__ __forceinline__ void ask(chunk_extent extent) {
    if (warp_index() == warp)
#pragma unroll
      for (int k = 0; k < 2; ++k) {
        const int row = 2 * lane_index() + k;
        exists[k] = row < extent.count;
        if (exists[k])
          asked[k] = recurrence.read(at, step_at<R>(extent, row));
      }
  }

  /// Writes what was asked for last. What is read is computed with here, when it has come.
  __device__ __forceinline__ void tell(chunk_numbers &to) {
    if (warp_index() != warp)
      return;
    if constexpr (decays<R>)
      tell_decays(to, bounded_decay(recurrence, asked[0], exists[0]), bounded_decay(recurrence, asked[1], exists[1]));
#pragma unroll
    for (int k = 0; k < 2; ++k)
      tell_scales(to, 2 * lane_index() + k, recurrence, asked[k], exists[k]);
  }

private:
  const R &recurrence;
  const typename R::lane at;
  const int warp;
  typename R::numbers asked[2];
  bool exists[2];
};

/// By the threads of all groups that have columns, or `of_group` by 128 that have all.
template <typename R, bool of_group = false>
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
  /// `record`: its own, with a correction.
  __device__ __forceinline__ void start(long long chunk, chunk_extent extent,
                                        const chunk_record<R> *record = nullptr) const {
    if (extent.count > 0) {
      slot &to = of(chunk);
      if constexpr (!brings_factors<R>)
        copy_rows(to, extent);
      if constexpr (decays_rows<R> && !brings_factors<R>)
        copy_decays(to, extent);
      copy_values(to, extent);
      if constexpr (corrects<R>) {
        constexpr int numbers = chunk_steps / 4; // of 16 bytes, as all pieces
        const char *const from = reinterpret_cast<const char *>(record);
        int thread = of_group ? thread_index() % threads : thread_index();
        forget(thread);
        if (thread < 4 * numbers && has_number<R>(thread / numbers))
          start_copy<16>(to.number(thread * 4), from + thread * 16);
        if constexpr (brings_factors<R> && !R::shape.reads_out) {
          copy_pieces<(1 + 2 * row_panels<R>()) * panel * sizeof(element)>(
              &to.inverse, from + sizeof(chunk_numbers), thread);
          copy_pieces<sizeof(to.chunk_decay)>(to.chunk_decay, record->chunk_decay, thread);
        } else {
          copy_pieces<chunk_record<R>::bytes - sizeof(chunk_numbers)>(
              &to.inverse, from + sizeof(chunk_numbers), thread);
        }
      }
    }
    close_copies();
  }

  /// The same of what rows of the state are multiplied with alone, of what they decay by, and of the values.
  template <bool keys = true, bool queries = true>
  __device__ __forceinline__ void start_rows(long long chunk, chunk_extent extent) const {
    if (extent.count > 0)
      copy_rows<keys, queries>(of(chunk), extent);
    close_copies();
  }
  __device__ __forceinline__ void start_decays(long long chunk, chunk_extent extent) const {
    if (extent.count > 0)
      copy_decays(of(chunk), extent);
    close_copies();
  }
  __device__ __forceinline__ void start_values(long long chunk, chunk_extent extent) const {
    copy_values(of(chunk), extent);
    close_copies();
  }

private:
  static constexpr int threads = of_group ? 128 : 128 * R::shape.warpgroups; ///< that copy

  template <int bytes>
  static __device__ __forceinline__ void copy_pieces(void *to, const void *from, int thread) {
    constexpr int pieces = bytes / 16;
#pragma unroll
    for (int n = 0; n < (pieces + threads - 1) / threads; ++n) {
      const int place = thread + n * threads;
      if (pieces % threads == 0 || place < pieces)
        start_copy<16>(static_cast<char *>(to) + place * 16, static_cast<const char *>(from) + place * 16);
    }
  }

  template <bool keys = true, bool queries = true>
  __device__ __forceinline__ void copy_rows(slot &to, chunk_extent extent) const {
#pragma unroll
    for (int p = 0; p < row_panels<R>(); ++p) {
      if constexpr (keys)
        block::copy_rows<threads, &R::fetch_key, of_group>(to.key[p], recurrence, at, extent, p);
      if constexpr (keys && reads_apart<R>)
        block::copy_rows<threads, &R::fetch_reader, of_group>(to.reader[p], recurrence, at, extent, p);
      if constexpr (queries && R::shape.reads_out)
        block::copy_rows<threads, &R::fetch_query, of_group>(to.query[p], recurrence, at, extent, p);
    }
  }

  __device__ __forceinline__ void copy_decays(slot &to, chunk_extent extent) const {
#pragma unroll
    for (int p = 0; p < row_panels<R>(); ++p)
      block::copy_rows<threads, &R::fetch_decay, of_group>(to.row_decays[p], recurrence, at, extent, p);
  }

  __device__ __forceinline__ void copy_values(slot &to, chunk_extent extent) const {
#pragma unroll
    for (int g = 0; g < R::shape.value_panels(); ++g)
      copy_panel<threads, of_group>(to.value[g], extent,
                          [&](element *cell, int row, int j, bool exists) {
                            recurrence.fetch_value(cell, at, step_at<R>(extent, row), column + g * panel_columns + j,
                                                   exists);
                          });
  }

  const R &recurrence;
  const lane at;
  const int column;
  slot (&slots)[R::shape.ring];
};

} // namespace scanc::device::block
