//===- kernel/outer_sequential.cuh - Matrix states read out, step by step ---===//
//
//   called by      every thread of a grid of lanes() * outer_blocks<R> blocks of R::shape.threads()
//   result in      global memory
//   shared memory  outer_sequential_storage<R>, given by the caller
//   barriers       one per step, reached by every thread
//
//   S[t] = (1 - strength[t] key[t] key[t]') a[t] S[t-1] + key[t] value[t]', o[t] = query[t]' S[t], where
//   a[t] is a number, or one for each row; a correction may read by another vector, before rows decay, and results the state
//   before the step, with a bonus what the step adds too. A step may have several places, one after another. A thread has squares of four rows and four columns of
//   the state in registers for all of time, all of the same columns; `row_threads` threads of a warp have
//   all rows, and add up what they read of them. So a state moves once each way, in vectors along the
//   columns or along the rows, and may lie where it lay: a thread reads what it writes.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/outer_product.cuh"
#include "scanc/core/math.cuh"
#include "scanc/core/policy.cuh"
// What recurrences print.
#include "scanc/thread/access.cuh"
#include "scanc/thread/activation.cuh"
#include "scanc/thread/reduction.cuh"

namespace scanc::device::kernel {

/// Rows and columns of what a thread moves at a time, and elements of 16 bytes of factors.
inline constexpr int outer_square = 4;

/// Squares of a thread, below each other, and rows of all of them.
template <typename R>
constexpr int outer_squares =
    (R::rows + outer_square * R::shape.row_threads - 1) / (outer_square * R::shape.row_threads);
template <typename R>
constexpr int outer_rows = outer_squares<R> *outer_square *R::shape.row_threads;
/// Of a block.
template <typename R>
constexpr int outer_columns = outer_square *R::shape.threads() / R::shape.row_threads;
/// Of a lane.
template <typename R>
constexpr int outer_blocks = (R::columns + outer_columns<R> - 1) / outer_columns<R>;

/// What decays of rows are computed from.
template <typename R, bool exists = block::decays_rows<R>>
struct outer_decays {
  alignas(16) typename R::decay_element decay[outer_rows<R>];
};
template <typename R>
struct outer_decays<R, false> {};

/// What corrections read the state by.
template <typename R, bool apart = block::reads_apart<R>>
struct outer_readers {
  alignas(16) float reader[outer_rows<R>];
};
template <typename R>
struct outer_readers<R, false> {};

/// The factors of a step.
template <typename R>
struct outer_factors : outer_decays<R>, outer_readers<R> {
  alignas(16) float query[outer_rows<R>];
  float key[outer_rows<R>];
  float value[outer_columns<R>];
};

template <typename R>
struct outer_sequential_storage {
  outer_factors<R> factors[2];
};

/// Whether a number decays the whole of the state.
template <typename R>
concept decays_whole = requires(const R &r, const typename R::numbers &of) { r.factor(of); };

/// One thread's part of the walk.
template <typename R>
class outer_walk {
public:
  __device__ __forceinline__ outer_walk(const R &recurrence)
      : recurrence(recurrence), at(recurrence.enter(block_index() / outer_blocks<R>)),
        row_thread(lane_index() / column_threads),
        first_column(block_index() % outer_blocks<R> * outer_columns<R>),
        column(warp_index() * column_threads + lane_index() % column_threads) {}

  __device__ __forceinline__ void begin() {
#pragma unroll
    for (int n = 0; n < squares; ++n)
      recurrence.initial(state[n], at, row(n), first_column + outer_square * column);
  }

  /// Brings the factors of `step`; the copies among them are this thread's latest group.
  __device__ __forceinline__ void bring(outer_factors<R> &to, long long step) const {
    each<outer_rows<R>>([&](int i) { recurrence.fetch_query(&to.query[i], at, step, i, true); });
    each<outer_rows<R>>([&](int i) { recurrence.fetch_key(&to.key[i], at, step, i, true); });
    if constexpr (block::reads_apart<R>)
      each<outer_rows<R>>([&](int i) { recurrence.fetch_reader(&to.reader[i], at, step, i, true); });
    each<outer_columns<R>>(
        [&](int j) { recurrence.fetch_value(&to.value[j], at, step, first_column + j, true); });
    if constexpr (block::decays_rows<R>)
      each<outer_rows<R>, 16 / sizeof(typename R::decay_element)>(
          [&](int i) { recurrence.fetch_decay(&to.decay[i], at, step, i, true); });
    close_copies();
  }

  __device__ __forceinline__ void advance(const outer_factors<R> &in, const typename R::numbers &of,
                                          long long step) {
    float decay = 1.0f, added[outer_square], taken[outer_square] = {}, sums[outer_square] = {};
    if constexpr (decays_whole<R>)
      decay = recurrence.factor(of);
    const auto decay_of = [&](int i) {
      if constexpr (block::decays_rows<R>)
        return recurrence.decay(shared_load(in.decay[i]));
      else
        return decay;
    };
    const auto whole = [](int) { return 1.0f; };
    if constexpr (block::reads_before<R>)
      gather(in.query, whole, sums);
    four(in.value, outer_square * column, added);
    if constexpr (block::scales_input<R>)
#pragma unroll
      for (int y = 0; y < outer_square; ++y)
        added[y] *= recurrence.input_scale(of);
    if constexpr (block::has_bonus<R>) {
      const float own = read_own(in);
#pragma unroll
      for (int y = 0; y < outer_square; ++y)
        sums[y] += own * added[y];
    }
    if constexpr (block::corrects<R>) {
      if constexpr (block::reads_apart<R> && block::decays_rows<R>)
        gather(in.reader, whole, taken);
      else if constexpr (block::reads_apart<R>)
        gather(in.reader, decay_of, taken);
      else
        gather(in.key, decay_of, taken);
#pragma unroll
      for (int y = 0; y < outer_square; ++y)
        added[y] -= recurrence.strength(of) * taken[y];
    }
#pragma unroll
    for (int n = 0; n < squares; ++n) {
      float key[outer_square];
      four(in.key, row(n), key);
#pragma unroll
      for (int x = 0; x < outer_square; ++x) {
        const float decayed = decay_of(row(n) + x);
#pragma unroll
        for (int y = 0; y < outer_square; ++y)
          state[n][x][y] = decayed * state[n][x][y] + key[x] * added[y];
      }
    }
    if constexpr (!block::reads_before<R>)
      gather(in.query, whole, sums);
    if constexpr (block::scales_query<R>)
#pragma unroll
      for (int y = 0; y < outer_square; ++y)
        sums[y] *= recurrence.query_scale(of);
    if (const int j = first_column + outer_square * column; row_thread == 0 && j < R::columns)
      recurrence.write(at, step, j, sums, recurrence.read_beside(at, step, j));
  }

  __device__ __forceinline__ void end() const {
#pragma unroll
    for (int n = 0; n < squares; ++n)
      recurrence.finish(at, row(n), first_column + outer_square * column, state[n]);
  }

  __device__ __forceinline__ typename R::numbers read(long long step) const {
    return recurrence.read(at, step);
  }

private:
  static constexpr int squares = outer_squares<R>, row_threads = R::shape.row_threads;
  static constexpr int column_threads = 32 / row_threads;

  /// The first row of square `n`: neighbouring threads have neighbouring ones.
  __device__ __forceinline__ int row(int n) const {
    return outer_square * (n * row_threads + row_thread);
  }

  /// Calls `fetch` for every `piece` of `count` elements, by one thread each.
  template <int count, int piece = outer_square, typename F>
  static __device__ __forceinline__ void each(F fetch) {
    for (int i = thread_index() * piece; i < count; i += R::shape.threads() * piece)
      fetch(i);
  }

  static __device__ __forceinline__ void four(const float *from, int i, float (&to)[outer_square]) {
    struct alignas(16) piece {
      float of[outer_square];
    };
    const piece all = shared_load(reinterpret_cast<const piece &>(from[i]));
#pragma unroll
    for (int k = 0; k < outer_square; ++k)
      to[k] = all.of[k];
  }

  /// The sums over all rows i of `weights` times `decay_of(i)` and the state, of this thread's columns.
  template <typename F>
  __device__ __forceinline__ void gather(const float *weights, F decay_of,
                                         float (&sums)[outer_square]) const {
#pragma unroll
    for (int n = 0; n < squares; ++n) {
      float weight[outer_square];
      four(weights, row(n), weight);
#pragma unroll
      for (int x = 0; x < outer_square; ++x) {
        weight[x] *= decay_of(row(n) + x);
#pragma unroll
        for (int y = 0; y < outer_square; ++y)
          sums[y] += weight[x] * state[n][x][y];
      }
    }
#pragma unroll
    for (int reach = column_threads; reach < 32; reach *= 2)
#pragma unroll
      for (int y = 0; y < outer_square; ++y)
        sums[y] += shuffle_xor(sums[y], reach);
  }

  /// The sum over all rows of query, key and what the key counts in its own sums.
  __device__ __forceinline__ float read_own(const outer_factors<R> &in) const {
    float sum = 0.0f;
#pragma unroll
    for (int n = 0; n < squares; ++n) {
      float query[outer_square], key[outer_square];
      four(in.query, row(n), query);
      four(in.key, row(n), key);
#pragma unroll
      for (int x = 0; x < outer_square; ++x)
        if (row(n) + x < R::rows)
          sum += query[x] * key[x] * recurrence.bonus(at, row(n) + x);
    }
#pragma unroll
    for (int reach = column_threads; reach < 32; reach *= 2)
      sum += shuffle_xor(sum, reach);
    return sum;
  }

  const R &recurrence;
  const typename R::lane at;
  const int row_thread;
  const int first_column; ///< of the block
  const int column;       ///< of this thread: which four of the block's
  float state[squares][outer_square][outer_square];
};

/// A block walks the whole of time for some columns of the state of one lane.
template <typename R>
static __device__ __forceinline__ void outer_sequential(const R &recurrence,
                                                        outer_sequential_storage<R> &storage) {
  outer_walk<R> walk(recurrence);
  walk.begin();
  const long long steps = recurrence.steps();
  if (steps > 0)
    walk.bring(storage.factors[0], 0);
  for (long long step = 0; step < steps; ++step) {
    const typename R::numbers of = walk.read(step);
    await_copies<0>();
    block_barrier(); // what this step brings is there, and the step before is done with the other factors
    if (step + 1 < steps)
      walk.bring(storage.factors[(step + 1) % 2], step + 1);
    walk.advance(storage.factors[step % 2], of, step);
  }
  walk.end();
}

} // namespace scanc::device::kernel
