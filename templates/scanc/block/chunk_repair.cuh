//===- block/chunk_repair.cuh - Results before a value that is not finite -----===//
//
//   called by      every thread of a block, when its chunks have been walked
//   result in      global memory
//   shared memory  repair_storage<R>, given by the caller, in the place of what the walk had
//   barriers       two; where something is not finite two for each step and chunk
//
//   Scores of later steps are 0, and 0 times an infinity is no number: of the chunk in which a column first has a value that
//   is not finite, results at earlier steps are lost. A state keeps what is not finite, as 0 times it is not finite
//   either, so its first row, when all is walked, has a number for each column that tells. Where one is not finite, time is
//   walked once more from its beginning, step by step and in f32, and what was lost is written again: results of a column,
//   or of all of them where they are made of sums over columns.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_outputs.cuh"
#include "scanc/block/chunk_span.cuh"
#include "scanc/block/state_columns.cuh"

namespace scanc::device::block {

/// Of a step what the decays of rows are computed from, and what a correction reads the state by.
template <typename R, bool exists = decays_rows<R>>
struct repair_decays {
  alignas(16) typename R::decay_element decay[row_panels<R>() * panel_columns];
};
template <typename R>
struct repair_decays<R, false> {};
template <typename R, bool apart = reads_apart<R>>
struct repair_readers {
  alignas(16) typename R::element reader[row_panels<R>() * panel_columns];
};
template <typename R>
struct repair_readers<R, false> {};

template <typename R>
struct repair_storage : repair_decays<R>, repair_readers<R> {
  using element = typename R::element;
  static constexpr int width = panel_columns * R::shape.warpgroups; ///< columns of the block

  alignas(16) element key[row_panels<R>() * panel_columns]; ///< of a step
  alignas(16) element query[row_panels<R>() * panel_columns];
  alignas(16) element value[width];
  float state[row_panels<R>() * panel_columns][width];
  float sums[chunk_steps][width];           ///< what is read out, of a chunk
  int lost[width];                          ///< of a chunk that many results, its first
  uint32_t beyond[R::shape.threads() / 32]; ///< lanes of each warp
};

template <typename R>
class chunk_repair {
public:
  using element = typename R::element;
  using storage = repair_storage<R>;
  static constexpr int width = storage::width, threads = R::shape.threads();
  static_assert(width <= threads);

  __device__ __forceinline__ chunk_repair(const R &recurrence, const typename R::lane &at, int column, storage &all)
      : recurrence(recurrence), at(at), column(column), all(all) {}

  /// Whether a thread says that something is beyond all finite numbers.
  static __device__ __forceinline__ bool is_needed(bool is_beyond, storage &all) {
    block_barrier(); // what was walked is read no more
    const uint32_t lanes = ballot(is_beyond);
    int thread = thread_index();
    forget(thread); // a place would stay in a register for all of a walk
    if (thread % 32 == 0)
      shared_store(all.beyond[thread / 32], lanes);
    block_barrier();
    uint32_t any = 0;
#pragma unroll
    for (int warp = 0; warp < threads / 32; ++warp)
      any |= shared_load(all.beyond[warp]);
    return any != 0;
  }

  /// Walks `steps`, chunk by chunk, and writes what was lost of steps from `from` on.
  template <typename... Segment>
  __device__ __forceinline__ void walk(chunk_range steps, long long from, Segment... segment) {
    begin(segment...);
#pragma unroll 1
    for (long long chunk = 0; chunk < steps.chunks() && goes_on(); ++chunk) {
      chunk_extent extent = steps.of(chunk);
      extent.begins = chunk == 0;
      bool was_beyond = is_beyond();
      int lost = 0;
#pragma unroll 1
      for (int row = 0; row < extent.count; ++row) {
        const auto step = step_at<R>(extent, row);
        bring(step);
        block_barrier();
        advance(row, recurrence.read(at, step));
        if (!was_beyond && is_beyond()) {
          was_beyond = true;
          lost = row + (reads_before<R> ? 1 : 0);
        }
        block_barrier();
      }
      if (const int c = thread_index(); c < width)
        shared_store(all.lost[c], column + c < R::columns ? lost : 0);
      block_barrier();
      if (extent.first >= from)
        write(extent);
      block_barrier();
    }
  }

private:
  template <typename... Segment>
  __device__ __forceinline__ void begin(Segment... segment) {
#pragma unroll 1
    for (int n = thread_index(); n < R::rows * width; n += threads) {
      const int i = n / width, c = n % width;
      shared_store(all.state[i][c], column + c < R::columns ? recurrence.initial(at, i, column + c, segment...) : 0.0f);
    }
    block_barrier();
  }

  static __device__ __forceinline__ bool is_finite(float number) { return number - number == 0.0f; }

  /// Whether this thread's column is.
  __device__ __forceinline__ bool is_beyond() const {
    const int c = thread_index();
    return c < width && !is_finite(shared_load(all.state[0][c]));
  }

  /// Whether there is a column of which results may be lost yet.
  __device__ __forceinline__ bool goes_on() const {
    bool any = false;
#pragma unroll 1
    for (int c = 0; c < width && column + c < R::columns; ++c)
      any |= is_finite(shared_load(all.state[0][c]));
    return any;
  }

  /// Brings the rows of a step to shared memory.
  template <typename Step>
  __device__ __forceinline__ void bring(Step step) const {
    constexpr int rows = (R::rows + 7) / 8 * 8, eight = 8;
#pragma unroll 1
    for (int i = thread_index() * eight; i < rows; i += threads * eight) {
      recurrence.fetch_key(&all.key[i], at, step, i, true);
      recurrence.fetch_query(&all.query[i], at, step, i, true);
      if constexpr (reads_apart<R>)
        recurrence.fetch_reader(&all.reader[i], at, step, i, true);
    }
    if constexpr (decays_rows<R>) {
      constexpr int piece = 16 / sizeof(typename R::decay_element);
#pragma unroll 1
      for (int i = thread_index() * piece; i < rows; i += threads * piece)
        recurrence.fetch_decay(&all.decay[i], at, step, i, true);
    }
    if (const int c = thread_index() * eight; c < width)
      recurrence.fetch_value(&all.value[c], at, step, column + c, true);
    close_copies();
    await_copies<0>();
  }

  /// The state of this thread's column, and what is read out of it.
  __device__ __forceinline__ void advance(int row, const typename R::numbers &of) {
    const int c = thread_index();
    if (c >= width)
      return;
    float of_step = 1.0f;
    if constexpr (decays<R>)
      of_step = exp2_approximate(recurrence.log_decay(of));
    const auto decayed = [&](int i) {
      float by = of_step;
      if constexpr (decays_rows<R>)
        by *= recurrence.decay(shared_load(all.decay[i]));
      return by * shared_load(all.state[i][c]);
    };
    float input = widen(shared_load(all.value[c])), sum = 0.0f;
    if constexpr (scales_input<R>)
      input *= recurrence.input_scale(of);
    if constexpr (corrects<R>) {
      float read = 0.0f;
#pragma unroll 1
      for (int i = 0; i < R::rows; ++i) {
        if constexpr (reads_once<R>)
          read += widen(shared_load(all.query[i])) * shared_load(all.state[i][c]);
        else if constexpr (reads_apart<R> && decays_rows<R>)
          read += widen(shared_load(all.reader[i])) * shared_load(all.state[i][c]);
        else if constexpr (reads_apart<R>)
          read += widen(shared_load(all.reader[i])) * decayed(i);
        else
          read += widen(shared_load(all.key[i])) * decayed(i);
      }
      input -= recurrence.strength(of) * read;
    }
#pragma unroll 1
    for (int i = 0; i < R::rows; ++i) {
      const float added = widen(shared_load(all.key[i])) * input, number = decayed(i) + added;
      float read = number;
      if constexpr (reads_before<R>)
        read = shared_load(all.state[i][c]);
      if constexpr (has_bonus<R>)
        read += recurrence.bonus(at, i) * added;
      shared_store(all.state[i][c], number);
      sum += widen(shared_load(all.query[i])) * read;
    }
    if constexpr (scales_query<R>)
      sum *= recurrence.query_scale(of);
    shared_store(all.sums[row][c], sum);
  }

  /// Eight columns of a step.
  __device__ __forceinline__ void take(float (&sums)[8], int row, int first) const {
#pragma unroll
    for (int k = 0; k < 8; ++k)
      sums[k] = shared_load(all.sums[row][first + k]);
  }

  /// What was lost of a chunk.
  __device__ __forceinline__ void write(const chunk_extent &extent) const {
    constexpr int eight = 8;
    if constexpr (reductions<R> > 0) { // a thread for each step
      int lost = 0;
#pragma unroll 1
      for (int c = 0; c < width; ++c) {
        const int of_column = shared_load(all.lost[c]);
        lost = of_column > lost ? of_column : lost;
      }
      const int row = thread_index();
      if (row >= lost)
        return;
      const auto step = step_at<R>(extent, row);
      thread::sum<float> totals[reductions<R>];
      float sums[eight];
#pragma unroll 1
      for (int c = 0; c < R::columns; c += eight) {
        take(sums, row, c);
        recurrence.reduce(at, step, c, sums, recurrence.read_beside(at, step, c), totals);
      }
#pragma unroll 1
      for (int c = 0; c < R::columns; c += eight) {
        take(sums, row, c);
        recurrence.write(at, step, c, sums, recurrence.read_beside(at, step, c), totals);
      }
    } else {
#pragma unroll 1
      for (int n = thread_index(); n < extent.count * (width / eight); n += threads) {
        const int row = n / (width / eight), first = n % (width / eight) * eight;
        uint32_t among = 0;
#pragma unroll
        for (int k = 0; k < eight; ++k)
          among |= row < shared_load(all.lost[first + k]) ? 1u << k : 0u;
        if (among == 0)
          continue;
        const auto step = step_at<R>(extent, row);
        float sums[eight];
        take(sums, row, first);
        recurrence.rewrite(at, step, column + first, sums, recurrence.read_beside(at, step, column + first), among);
      }
    }
  }

  const R &recurrence;
  const typename R::lane at;
  const int column;
  storage &all;
};

/// Of the span of a lane that this block has walked. A function of its own, as the next, so that the walk keeps its
/// registers.
template <typename R>
static __device__ __noinline__ void repair_span(const R recurrence, bool is_beyond, repair_storage<R> &all) {
  if (!chunk_repair<R>::is_needed(is_beyond, all))
    return;
  const span_place<R> place(recurrence, 0);
  chunk_repair<R>(recurrence, recurrence.enter(place.lane), place.column(), all)
      .walk({0, place.steps.end}, place.steps.begin);
}

/// Of segments [first, end) of a lane.
template <typename R>
static __device__ __noinline__ void repair_segments(const R recurrence, bool is_beyond, typename R::offset first,
                                                    typename R::offset end, repair_storage<R> &all) {
  if (!chunk_repair<R>::is_needed(is_beyond, all))
    return;
  const auto list = recurrence.segments();
  const auto at = recurrence.enter(block_index() / span_place<R>::blocks % recurrence.lanes());
  chunk_repair<R> repair(recurrence, at, block_index() % span_place<R>::blocks * span_place<R>::width, all);
#pragma unroll 1
  for (auto i = first; i < end; ++i)
    repair.walk({list.begin(i), list.begin(i + 1)}, 0, list.number(i));
}

} // namespace scanc::device::block
