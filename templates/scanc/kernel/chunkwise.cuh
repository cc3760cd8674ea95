//===- kernel/chunkwise.cuh - Matrix states read out, by products of chunks ---===//
//
//   called by      every thread of a grid of lanes() * spans * ceildiv(R::columns, 64 * warpgroups) blocks; without
//                  R::shape.splits there is one span, with it kernel/chunk_states.cuh goes before where there are more,
//                  and with R::shape.apart before that this, on the blocks of one span, for the first;
//                  where there are segments, as many for each of some runs of segments, 128 at most
//   result in      global memory
//   shared memory  chunkwise_storage<R>, given by the caller
//   barriers       one per chunk, and one of each 128 threads, reached by every thread; with a correction
//                  three of these, with decays of rows four per chunk; one more where two groups reduce a row
//
//   S[t] = a[t] S[t-1] + key[t] value[t]', o[t] = query[t]' S[t]. With g[t] = log2 of the product of the
//   decays of a chunk up to t, and S as it enters:
//
//     o[t]  = 2^g[t] query[t]' S + sum of 2^(g[t] - g[s]) (query[t]' key[s]) value[s] over s <= t
//     S'    = 2^g[last] S + sum of 2^(g[last] - g[s]) key[s] value[s]'
//
//   (Yang et al. 2023, "Gated Linear Attention Transformers with Hardware-Efficient Training"; Dao and Gu
//   2024, "Transformers are SSMs"). With a correction, S[t] = a[t] (S[t-1] - b[t] key[t] key[t]' S[t-1]) + ..., values
//   are replaced by those of block/chunk_correction.cuh. Where a[t] is a number for each row of S,
//   block/chunk_row_decays.cuh has products of decays in place of their logarithms. Where results read S[t-1], sums are over s < t,
//   and g[t-1] stands in place of g[t]. No exponent is above 0 where no
//   decay is above 1. The state stays in registers, in f32, for all of time; products are of R::element, their sums f32.
//
//   What enters the first span is known. With R::shape.apart it is walked and read out, and leaves in place of what it makes
//   of a state of 0 the state that enters the next, while kernel/chunk_states.cuh passes over the spans between it and the
//   last: neither reads what the other writes. A chunk that is read out does not take as long as one that is passed over, so
//   the span has a length of its own.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_repair.cuh"
#include "scanc/block/chunk_segments.cuh"
#include "scanc/block/chunk_span.cuh"
#include "scanc/block/row_scores.cuh"
#include "scanc/core/math.cuh"
#include "scanc/kernel/chunk_relay.cuh"
#include "scanc/kernel/corrected_relay.cuh"
// What recurrences print.
#include "scanc/thread/access.cuh"
#include "scanc/thread/activation.cuh"
#include "scanc/thread/reduction.cuh"

namespace scanc::device::kernel {

/// What a correction makes of the values, for the products of a group, and the same as it is at the end of the chunk.
template <typename R, bool exists = block::corrects<R>>
struct correction_cells {
  static constexpr int versions = block::decays<R> ? 2 : 1;
  alignas(1024) typename R::element inputs[versions][R::shape.warpgroups][block::panel];
};
template <typename R>
struct correction_cells<R, false> {};

template <typename R, bool rows = block::decays_rows<R> && !block::brings_factors<R>, bool relay = (R::shape.readers > 0)>
struct chunkwise_storage : correction_cells<R>, block::segment_places<R>, block::total_cells<R> {
  block::chunk_slot<R> slots[R::shape.ring];
  block::state_panels<R> state;
};
template <typename R>
struct chunkwise_storage<R, false, true> : relay_storage<R> {};
template <typename R>
  requires block::corrects<R>
struct chunkwise_storage<R, false, true> : corrected_relay_storage<R> {};
template <typename R>
struct chunkwise_storage<R, true, false> : block::segment_places<R>, block::total_cells<R> {
  block::chunk_slot<R> slots[R::shape.ring];
  block::row_factors<R> factors;
};

/// What all chunks of a block have in common.
template <typename R, typename Storage = chunkwise_storage<R>, typename State = block::chunk_state<R>>
struct chunk_walk {
  using recurrence_type = R;
  using element = typename R::element;
  static constexpr int ring = R::shape.ring;

  const R &recurrence;
  Storage &storage;
  const int column;
  const typename R::lane at;
  const block::chunk_order<R> order;
  const int group; ///< of four warps, the same number in all lanes of one
  block::chunk_ring<R> stream;
  block::number_stream<R> numbers;
  State state;

  /// Of some lane. The state is for the caller to begin and to finish, where there are no segments.
  __device__ __forceinline__ chunk_walk(const R &recurrence, long long lane, int column,
                                        const block::chunk_order<R> &order, Storage &storage)
      : recurrence(recurrence), storage(storage), column(column), at(recurrence.enter(lane)), order(order),
        group(shuffle(block::group_index(), 0)),
        stream(recurrence, at, column, storage.slots), numbers(recurrence, at) {}

  /// The first of the 64 that this group has.
  __device__ __forceinline__ int group_column() const {
    return column + block::group_index() * block::panel_columns;
  }

  /// Before and after the state's way through a chunk.
  __device__ __forceinline__ void enter(long long chunk) {
    order.extend(chunk);
    if constexpr (thread::has_segments<R>)
      if (const auto place = order.at(chunk); place.begins) {
        int thread = thread_index();
        forget(thread); // a place would stay in a register for all of a walk
        if (chunk > 0 && ballot(state.is_beyond(thread)) != 0 && thread % 32 == 0)
          shared_store(storage.beyond[thread / 32], 1);
        state.begin(recurrence, at, column, segment(place));
      }
  }
  __device__ __forceinline__ void leave(long long chunk) {
    if constexpr (block::finishes_segments<R>)
      if (const auto place = order.at(chunk); place.end - place.first <= block::chunk_steps)
        state.finish(recurrence, at, column, segment(place));
  }

  /// That of a chunk, of those of the lane.
  __device__ __forceinline__ const block::chunk_record<R> *record_of(const block::chunk_record<R> *records,
                                                                     long long chunk) const {
    return records + order.number(chunk);
  }

  /// The results of a chunk, from the sums of this group's columns.
  __device__ __forceinline__ void write(long long chunk, block::chunk_extent extent, const block::results_scale<R> &scale,
                                        const warp::sum_tile (&outputs)[8], const block::results_beside<R> &beside) const {
    if constexpr (block::reductions<R> > 0) {
      block::result_sums<R> sums[1];
      sums[0].take(outputs, scale);
      auto beside_of = [&](int i, int a, auto, int) -> const typename R::beside & { return beside.of[i][a]; };
      block::write_reduced(recurrence, at, extent, group_column(), sums, beside_of,
                           [&](auto &totals) { totals.exchange(storage, group, static_cast<int>(chunk % 2)); });
    } else {
      block::write_outputs(recurrence, at, extent, group_column(), scale, outputs, beside);
    }
  }

  /// Waits until all but the last `open` chunks that were ordered are there, and everybody is through with
  /// what was read and written before.
  template <int open>
  __device__ __forceinline__ void meet() const {
    await_copies<open>();
    show_to_group_products();
    block_barrier();
  }

  /// Where a chunk's segment stands in memory.
  template <typename Chunk>
  __device__ __forceinline__ auto segment(const Chunk &chunk) const {
    return recurrence.segments().number(static_cast<typename R::offset>(chunk.segment));
  }

  /// The state as it enters a chunk, for the products of its group.
  __device__ __forceinline__ void show_state() {
    state.show(storage.state);
    show_to_group_products();
  }

  /// The state as it leaves a chunk. Starts its products where four warps multiply together.
  __device__ __forceinline__ void advance(const block::chunk_slot<R> &slot,
                                          const element (&values)[block::panel]) {
    const float last = block::decay_at<R>(slot, block::chunk_steps - 1);
    if constexpr (block::decays<R>)
      state.scale(exp2_approximate(last));
    state.add(slot, values, [&](int step) {
      return block::decay_since<R>(slot, last, step) * block::input_scale<R>(slot, step);
    });
  }
};

/// Without a correction. From a ring of 3 on, scores of a chunk are begun in the one before where four warps multiply
/// together, and do something else meanwhile.
template <typename R>
static __device__ __forceinline__ void walk_chunks(chunk_walk<R> &walk) {
  constexpr int ring = R::shape.ring;
  constexpr bool early = ring >= 3 && has_group_products;
  auto &[recurrence, storage, column, at, order, group, stream, numbers, state] = walk;
  warp::sum_tile scores[8], outputs[8];
  numbers.ask(order.of(0));
  for (int c = 0; c < ring - 1; ++c)
    stream.start(c, order.of(c));
  numbers.tell(stream.of(0));
  numbers.ask(order.of(1));
  if constexpr (early) {
    walk.template meet<ring - 2>();
    block::start_products<true, R>(scores, stream.of(0).query, stream.of(0).key);
    finish_group_products();
    warp::settle(scores);
  }
  for (long long chunk = 0; order.has(chunk); ++chunk) {
    const block::chunk_slot<R> &slot = stream.of(chunk);
    walk.template meet<early ? ring - 3 : ring - 2>(); // the next chunk is there, or this one
    stream.start(chunk + ring - 1, order.of(chunk + ring - 1));
    walk.enter(chunk);
    walk.show_state();
    group_barrier();
    if constexpr (!early)
      block::start_products<true, R>(scores, slot.query, slot.key);
    if constexpr (has_group_products)
      block::start_products<false, R>(outputs, slot.query, storage.state.of[group]);
    const auto &values = slot.value[group];
    walk.advance(slot, values);
    numbers.tell(stream.of(chunk + 1));
    numbers.ask(order.of(chunk + 2));
    if constexpr (!early) {
      finish_group_products<2>();
      warp::settle(scores);
    }
    warp::left_tile<typename R::element> weighted[4];
    block::weigh_scores<R>(weighted, scores, slot);
    if constexpr (!has_group_products) // which takes registers from here on
      block::start_products<false, R>(outputs, slot.query, storage.state.of[group]);
    finish_group_products<1>();
    warp::settle(outputs);
    block::add_scores<R>(outputs, weighted, slot, values);
    const block::results_beside beside(recurrence, at, order.of(chunk), walk.group_column());
    if constexpr (early) { // of the last chunk again, behind it: not used
      const block::chunk_slot<R> &next = stream.of(order.has(chunk + 1) ? chunk + 1 : chunk);
      block::start_products<true, R>(scores, next.query, next.key);
      finish_group_products<1>();
    } else {
      finish_group_products();
    }
    warp::settle(outputs);
    walk.write(chunk, order.of(chunk), block::results_scale<R>(slot), outputs, beside);
    finish_group_products();
    warp::settle(scores);
    state.settle();
    walk.leave(chunk);
  }
}

/// With one. `records` are those of this lane, with inverses; where they bring factors, these and scores are made.
template <typename R>
static __device__ __forceinline__ void walk_corrected_chunks(chunk_walk<R> &walk,
                                                             const block::chunk_record<R> *records) {
  constexpr bool made = block::brings_factors<R>, has_scores = has_group_products && !made, once = block::reads_once<R>;
  constexpr int ring = R::shape.ring;
  auto &[recurrence, storage, column, at, order, group, stream, numbers, state] = walk;
  const int first = block::warp_of_group() * 16;
  warp::sum_tile products[8], scores[8], outputs[8];
  for (int c = 0; c < ring - 1; ++c)
    stream.start(c, order.of(c), walk.record_of(records, c));
  for (long long chunk = 0; order.has(chunk); ++chunk) {
    block::chunk_slot<R> &slot = stream.of(chunk);
    walk.template meet<ring - 2>(); // this chunk is there
    walk.enter(chunk);
    walk.show_state();
    group_barrier();
    if constexpr (made)
      block::start_products<false, R>(products, slot.entering_key, storage.state.of[group]);
    else
      block::start_products<false, R>(products, block::readers_of(slot), storage.state.of[group]);
    if constexpr (has_scores)
      block::start_products<true, R>(scores, slot.query, slot.key);
    if constexpr (has_group_products && !once)
      block::start_products<false, R>(outputs, slot.query, storage.state.of[group]);
    finish_group_products<once ? 0 : made ? 1 : 2>();
    warp::settle(products);
    if constexpr (once) // of other places
#pragma unroll
      for (int n = 0; n < 8; ++n)
        outputs[n] = products[n];
    block::subtract_products<R>(slot, products);
    show_to_group_products();
    group_barrier();

    block::start_inputs<R>(products, slot, slot.value[group]);
    stream.start(chunk + ring - 1, order.of(chunk + ring - 1), walk.record_of(records, chunk + ring - 1));
    warp::left_tile<typename R::element> weighted[4];
    if constexpr (!made) {
      if constexpr (!has_group_products) // which take registers from here on
        block::start_products<true, R>(scores, slot.query, slot.key);
      finish_group_products<2>();
      warp::settle(scores);
      block::weigh_scores<R>(weighted, scores, slot);
    }
    if constexpr (!has_group_products && !once)
      block::start_products<false, R>(outputs, slot.query, storage.state.of[group]);
    if constexpr (block::decays<R>)
      state.scale(exp2_approximate(block::decay_at<R>(slot, block::chunk_steps - 1)));
    if constexpr (made)
      state.scale_rows([&](int row) { return shared_load(slot.chunk_decay[row]); });
    finish_group_products();
    warp::settle(products);
    warp::settle(outputs);
    auto &inputs = storage.inputs[0][group], &at_end = storage.inputs[block::decays<R>][group];
    warp::store_panel(inputs, first, products);
    if constexpr (block::decays<R>) {
      block::decay_to_end<R>(slot, products);
      warp::store_panel(at_end, first, products);
    }
    show_to_group_products();
    group_barrier();

    if constexpr (made)
      block::add_products(outputs, slot.scores, inputs);
    else
      block::add_scores<R>(outputs, weighted, slot, inputs);
    state.add(slot.key, at_end);
    const block::results_beside beside(recurrence, at, order.of(chunk), walk.group_column());
    finish_group_products<1>();
    warp::settle(outputs);
    walk.write(chunk, order.of(chunk), block::results_scale<R>(slot), outputs, beside);
    finish_group_products();
    state.settle();
    walk.leave(chunk);
  }
}

/// With decays of rows. There is one slot: its keys and queries are free as soon as there are factors, but queries that stay when they
/// have been multiplied, the place of its decays when there are scores, its values at the end.
template <typename R>
static __device__ __forceinline__ void walk_decayed_rows(chunk_walk<R> &walk) {
  static_assert(R::shape.ring == 1);
  auto &[recurrence, storage, column, at, order, group, stream, numbers, state] = walk;
  auto &factors = storage.factors;
  block::chunk_slot<R> &slot = stream.of(0);
  // Of two groups each has half of the scores.
  const bool scores_within = group == 0, scores_across = group == R::shape.warpgroups - 1;
  numbers.ask(order.of(0));
  stream.start_rows(0, order.of(0));
  stream.start_decays(0, order.of(0));
  numbers.tell(factors.numbers[0]);
  numbers.ask(order.of(1));
  block::clear_scores(factors);
  for (long long chunk = 0; order.has(chunk); ++chunk) {
    const block::chunk_extent extent = order.of(chunk);
    const block::chunk_numbers &of_steps = factors.numbers[chunk % 2];
    walk.template meet<0>(); // its rows are there
    stream.start_values(chunk, extent);
    block::part_rows<R> rows;
    rows.measure(recurrence, factors.decays, slot, extent.count);
    float same[2];
    if (scores_within)
      block::score_steps(same, recurrence, at, slot, of_steps);
    block_barrier();
    rows.split(recurrence, factors, slot, of_steps, extent.count);
    numbers.tell(factors.numbers[(chunk + 1) % 2]);
    numbers.ask(order.of(chunk + 2));
    walk.template meet<0>(); // the values are there
    stream.template start_rows<true, !block::queries_stay<R>>(chunk + 1, order.of(chunk + 1));
    if (scores_within)
      block::score_within(factors, same);
    if (scores_across)
      block::score_across(factors, slot);
    show_to_group_products();
    block_barrier();
    stream.start_decays(chunk + 1, order.of(chunk + 1));
    walk.enter(chunk);
    state.show(factors.state);
    show_to_group_products();
    // Before products begin, which would have to wait for the registers that this takes.
    state.scale_rows([&](int row) { return block::whole_decay<R>(factors.decays, row); });
    group_barrier();
    const auto &values = slot.value[group];
    warp::sum_tile outputs[8];
    const block::weighted_scores<R> scores(factors);
    block::start_products<false, R>(outputs, factors.queries(factors, slot), factors.state.of[group]);
    state.add(factors.key, values);
    scores.add_product(outputs, values);
    const block::results_beside beside(recurrence, at, extent, walk.group_column());
    finish_group_products();
    warp::settle(outputs);
    state.settle();
    if constexpr (block::queries_stay<R>) {
      group_barrier(); // all have multiplied these
      stream.template start_rows<false, true>(chunk + 1, order.of(chunk + 1));
    }
    walk.leave(chunk);
    walk.write(chunk, extent, block::results_scale<R>(of_steps), outputs, beside);
  }
}

/// `records`: those of the lane.
template <typename R>
static __device__ __forceinline__ void walk_all(chunk_walk<R> &walk, const block::chunk_record<R> *records) {
  if (walk.order.has(0)) {
    if constexpr (block::corrects<R>)
      walk_corrected_chunks(walk, records);
    else if constexpr (block::decays_rows<R>)
      walk_decayed_rows(walk);
    else
      walk_chunks(walk);
  }
  await_copies<0>();
}

/// The state as it enters a span.
template <typename R>
static __device__ __forceinline__ void enter_span(chunk_walk<R> &walk,
                                                  const block::span_place<R> &place,
                                                  const block::told_span<R> *told) {
  if constexpr (block::corrects<R>) {
    if (place.span > 0) {
      walk.state.scale(0.0f);
      walk.state.add(told[place.span - 1].states[walk.group]);
    }
  } else {
    for (long long span = 0; span < place.span; ++span)
      block::pass_span<R>(walk.state, told[span]);
  }
}

/// Where the walk's was.
template <typename R>
static __device__ __forceinline__ block::repair_storage<R> &repair_storage_of(chunkwise_storage<R> &storage) {
  static_assert(sizeof(block::repair_storage<R>) <= sizeof(storage));
  return reinterpret_cast<block::repair_storage<R> &>(storage);
}

/// `scratch` is what launches before have left: with a correction or spans. Where first spans are walked it is left what
/// enters the next.
template <typename R>
static __device__ __forceinline__ void chunkwise(const R &recurrence, void *scratch,
                                                 chunkwise_storage<R> &storage) {
  using block::span_place;
  const block::chunk_scratch<R> left(recurrence, scratch);
  if constexpr (thread::has_segments<R>) {
    static_assert(!R::shape.splits, "segments are shared out instead");
    const long long lanes = recurrence.lanes(), blocks = lanes * span_place<R>::blocks;
    const long long lane = block_index() / span_place<R>::blocks % lanes;
    const block::chunk_order<R> order(recurrence, storage, static_cast<int>(block_index() / blocks),
                                      static_cast<int>(block_count() / blocks));
    chunk_walk<R> walk(recurrence, lane, block_index() % span_place<R>::blocks * span_place<R>::width, order,
                       storage);
    walk_all(walk, left.records(lane));
    const auto list = recurrence.segments();
    const bool has_state = list.begin(order.first) < list.begin(order.end);
    const bool is_beyond = has_state && (walk.state.is_beyond(thread_index()) || shared_load(storage.beyond[warp_index()]) != 0);
    block::repair_segments(recurrence, is_beyond, order.first, order.end, repair_storage_of<R>(storage));
    block::pass_empty_segments<span_place<R>::width>(recurrence, walk.at, walk.column, order.first, order.end);
  } else if constexpr (R::shape.readers > 0) {
    const span_place<R> place(recurrence, 0);
    block::told_span<R> *const told = left.told(place, place.spans * block::span_parts<R>());
    if (place.begins)
      let_next_launch_begin();
    bool is_beyond;
    if constexpr (block::corrects<R>)
      is_beyond = relay_corrected(recurrence, place, left.records(place.lane) + place.first, told, storage);
    else
      is_beyond = relay_chunks(recurrence, place, told, storage);
    block::repair_span(recurrence, is_beyond, repair_storage_of<R>(storage));
  } else {
    const span_place<R> place(recurrence, 0);
    const bool is_last = place.span + 1 == place.spans;
    chunk_walk<R> walk(recurrence, place.lane, place.column(), {place.steps}, storage);
    block::told_span<R> *const told = left.told(place, place.spans * block::span_parts<R>());
    if (place.begins)
      let_next_launch_begin();
    walk.state.begin(recurrence, walk.at, walk.column);
    if constexpr (R::shape.splits)
      enter_span(walk, place, told);
    walk_all(walk, left.records(place.lane) + place.first);
    if (place.begins)
      walk.state.tell(told->states[walk.group]);
    else if (is_last)
      walk.state.finish(recurrence, walk.at, walk.column);
    block::repair_span(recurrence, walk.state.is_beyond(thread_index()), repair_storage_of<R>(storage));
  }
}

template <typename R>
static __device__ __forceinline__ void chunkwise(const R &recurrence,
                                                 chunkwise_storage<R> &storage) {
  static_assert(!block::corrects<R> && !R::shape.splits, "what goes before leaves something");
  chunkwise(recurrence, nullptr, storage);
}

} // namespace scanc::device::kernel
