//===- kernel/corrected_relay.cuh - Groups that carry a corrected state, and groups that read it out ---===//
//
//   called by      every thread of a block
//   result in      registers, global memory
//   shared memory  corrected_relay_storage<R>, given by the caller
//   barriers       one; then groups wait for each other by cells
//
//   What kernel/chunk_relay.cuh is without a correction. Groups of four warps carry 64 columns of the state each, and two
//   more take chunks in turn. These copy theirs where no warp of the others orders copies of whole matrices, make what they
//   read of a state (block/chunk_reads.cuh) and scores before the state is known, and read it out. So a state waits for two
//   products in a row.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_outputs.cuh"
#include "scanc/block/chunk_span.cuh"
#include "scanc/block/state_columns.cuh"
#include "scanc/core/tensor_copies.cuh"
#include "scanc/kernel/chunk_relay.cuh"

namespace scanc::device::kernel {

/// What is said of a chunk, by way of a cell for those of each reader.
struct relay_event {
  landing cells[2];
};

template <typename R>
struct corrected_relay_storage {
  using element = typename R::element;
  block::chunk_slot<R> slots[R::shape.ring];
  block::state_panels<R> state;                         ///< as it enters a chunk
  alignas(1024) element reads[block::row_panels<R>()][block::panel];
  block::matrix_places<R> places;
  float to_end[R::shape.readers][block::chunk_steps];   ///< what decays from a step to the end of the chunk
  relay_event landed;   ///< its copies
  relay_event prepared; ///< the inverse and `to_end`
  relay_event made;     ///< `reads`, and the values have been multiplied
  relay_event used;     ///< `reads` are not read any more
  relay_event shown;    ///< the state
  relay_event left;     ///< it is not read any more
  relay_event solved;   ///< inputs, in the place of the values
  relay_event done;     ///< nothing of it is read any more
};

/// What all groups of a block know.
template <typename R>
struct corrected_relay {
  static constexpr int readers = R::shape.readers, carriers = R::shape.warpgroups, ring = R::shape.ring;
  static constexpr int reading = 4, carrying = 4 * carriers; ///< warps of a reader, of all carriers

  const R &recurrence;
  corrected_relay_storage<R> &storage;
  const int column;
  const typename R::lane at;
  const block::chunk_order<R> order;
  const int group; ///< of four warps, the same number in all lanes of one

  __device__ __forceinline__ corrected_relay(const R &recurrence, const block::span_place<R> &place,
                                             corrected_relay_storage<R> &storage)
      : recurrence(recurrence), storage(storage), column(place.column()), at(recurrence.enter(place.lane)),
        order{place.steps}, group(shuffle(block::group_index(), 0)) {}

  __device__ __forceinline__ block::chunk_slot<R> &slot(long long chunk) const { return storage.slots[chunk % ring]; }

  /// Says it, of what this warp has read and written, one of `warps`.
  __device__ __forceinline__ void say(relay_event &event, long long chunk, int warps) const {
    arrive_together(event.cells[chunk % readers], warps);
  }
  __device__ __forceinline__ void await(relay_event &event, long long chunk) const {
    await_landing(event.cells[chunk % readers], static_cast<int>(chunk / readers % 2));
  }
};

/// By the warp that orders copies of whole matrices.
template <typename R>
static __device__ __forceinline__ void order_rows(const corrected_relay<R> &relay, long long chunk) {
  if (relay.order.has(chunk))
    block::order_rows(relay.recurrence, relay.storage.places, relay.slot(chunk), relay.order.of(chunk),
                      relay.storage.landed.cells[chunk % relay.readers]);
}
template <typename R>
static __device__ __forceinline__ void order_values(const corrected_relay<R> &relay, long long chunk) {
  if (relay.order.has(chunk))
    block::order_values(relay.recurrence, relay.storage.places, chunk, relay.slot(chunk), relay.order.of(chunk),
                        relay.storage.landed.cells[chunk % relay.readers]);
}

/// By the groups that carry the state.
template <typename R>
static __device__ __forceinline__ void carry_corrected(const corrected_relay<R> &relay, block::state_columns<R> &state) {
  using element = typename R::element;
  auto &[recurrence, storage, column, at, order, group] = relay;
  const int first = block::warp_of_group() * 16;
  const bool orders = orders_chunks<R>();
  warp::sum_tile inputs[8];
  // What inputs have of the values alone. It needs nothing of the state.
  const auto start_values = [&](long long chunk) {
    if constexpr (block::has_maps<R>)
      relay.await(storage.landed, chunk);
    relay.await(storage.prepared, chunk);
    const block::chunk_slot<R> &slot = relay.slot(chunk);
    begin_group_products();
    warp::multiply_both_transposed(inputs, slot.value[group], slot.inverse);
    start_group_products();
  };
  start_values(0);
  finish_group_products();
  state.settle(); // else registers of the loop are those of what follows it, and products wait for copies of them
  for (long long chunk = 0;; ++chunk) {
    block::chunk_slot<R> &slot = relay.slot(chunk);
    warp::settle(inputs);
    if (chunk > 0)
      relay.await(storage.left, chunk - 1);
    relay.say(storage.made, chunk, relay.carrying + relay.reading);
    relay.await(storage.made, chunk);
#pragma unroll
    for (int m = 0; m < block::row_panels<R>(); ++m) {
      if (m > 0)
        finish_group_products(); // for two operands there are no registers
      warp::left_tile<element> rounded[4];
      state.round(rounded, m);
      begin_group_products();
      warp::multiply_panel<true>(inputs, rounded, storage.reads[m], true);
      start_group_products();
      warp::store_left(storage.state.of[group][m], first, rounded);
    }
    if constexpr (block::has_maps<R>)
      if (orders) // nothing of the chunk before is read any more but its decays and values
        order_rows(relay, chunk + relay.readers);
    show_to_group_products();
    relay.say(storage.shown, chunk, relay.carrying);
    if constexpr (block::decays<R>)
      state.scale(exp2_approximate(block::decay_at<R>(slot, block::chunk_steps - 1)));
    finish_group_products();
    warp::settle(inputs);
    relay.say(storage.used, chunk, relay.carrying);
    if constexpr (block::has_maps<R>)
      if (orders) {
        if (chunk > 0)
          relay.await(storage.done, chunk - 1);
        order_values(relay, chunk + relay.readers);
      }
    warp::left_tile<element> at_end[block::chunk_steps / 16];
    block::round_weighted(at_end, inputs, [&](int step) {
      return block::decays<R> ? shared_load(storage.to_end[chunk % 2][step]) : 1.0f;
    });
    state.add(at_end, slot.key);
    warp::store_panel(slot.value[group], first, inputs);
    show_to_group_products();
    relay.say(storage.solved, chunk, relay.carrying);
    if (!order.has(chunk + 1))
      break;
    start_values(chunk + 1);
    finish_group_products();
    state.settle();
  }
  finish_group_products();
  state.settle();
}

/// By the 128 threads of a group, of a chunk: its inverse times the scales of the inputs, as left operand its rows that a
/// state is read with, and what decays to the end.
template <typename R>
static __device__ __forceinline__ void
prepare_chunk(warp::left_tile<typename R::element> (&inverse)[4], block::chunk_slot<R> &slot,
              float (&to_end)[block::chunk_steps]) {
  const int first = block::warp_of_group() * 16;
#pragma unroll
  for (int k = 0; k < block::chunk_steps / 16; ++k)
    inverse[k] = warp::load_left<block::panel_columns>(slot.inverse, first, k * 16);
  if constexpr (block::scales_input<R>) {
    warp_barrier(); // all lanes have read
    warp::left_tile<typename R::element> scaled[4];
#pragma unroll
    for (int k = 0; k < block::chunk_steps / 16; ++k) {
      scaled[k] = inverse[k];
      block::weigh_steps(scaled[k], k, [&](int step) { return shared_load(slot.input_scale[step]); });
    }
    warp::store_left(slot.inverse, first, scaled);
  }
  if constexpr (block::decays<R>)
    if (const int step = thread_index() % 128; step < block::chunk_steps)
      shared_store(to_end[step], block::decay_since<R>(slot, block::decay_at<R>(slot, block::chunk_steps - 1), step));
#pragma unroll
  for (int k = 0; k < block::chunk_steps / 16; ++k)
    block::weigh_steps(inverse[k], k, [&](int step) {
      return -shared_load(slot.strength[step]) *
             (block::decays<R> ? exp2_approximate(shared_load(slot.decay[step])) : 1.0f);
    });
}

/// By a group that reads out: chunks `reader`, `reader + 2`, …. `records`: of the first chunk, and those that follow it.
template <typename R>
static __device__ __forceinline__ void read_corrected(const corrected_relay<R> &relay, int reader,
                                                      const block::chunk_record<R> *records) {
  using element = typename R::element;
  constexpr int panels = block::row_panels<R>(), tiles = R::shape.warpgroups, readers = corrected_relay<R>::readers;
  auto &[recurrence, storage, column, at, order, group] = relay;
  const int first = block::warp_of_group() * 16;
  const block::chunk_ring<R, true> stream(recurrence, at, column, storage.slots);
  const auto copy = [&](long long chunk) {
    if constexpr (!block::has_maps<R>)
      stream.start(chunk, order.of(chunk), records + chunk);
  };
  copy(reader);
  for (long long chunk = reader; order.has(chunk); chunk += readers) {
    block::chunk_slot<R> &slot = relay.slot(chunk);
    if constexpr (!block::has_maps<R>) {
      await_copies<0>();
      show_to_group_products();
      relay.say(storage.landed, chunk, relay.reading);
    }
    relay.await(storage.landed, chunk);
    warp::sum_tile scores[8];
    {
      warp::left_tile<element> inverse[block::chunk_steps / 16];
      prepare_chunk<R>(inverse, slot, storage.to_end[reader]);
      show_to_group_products();
      relay.say(storage.prepared, chunk, relay.reading);
      warp::left_tile<element> reads[panels][4];
#pragma unroll
      for (int p = 0; p < panels; ++p) {
        warp::sum_tile sums[8];
        begin_group_products();
        warp::multiply_panel<false>(sums, inverse, slot.key[p], false);
        start_group_products();
        finish_group_products();
        warp::settle(sums);
        warp::narrow_left(reads[p], sums);
#pragma unroll
        for (auto &tile : reads[p])
          forget(tile); // else sums would be kept, which are twice as many
      }
      if (chunk > 0)
        relay.await(storage.used, chunk - 1);
#pragma unroll
      for (int p = 0; p < panels; ++p)
        warp::store_left(storage.reads[p], first, reads[p]);
      show_to_group_products();
      relay.say(storage.made, chunk, relay.carrying + relay.reading);
    }
    block::start_products<true, R>(scores, slot.query, slot.key);
    finish_group_products();
    warp::settle(scores);
    warp::left_tile<element> weighted[4];
    block::weigh_scores<R>(weighted, scores, slot);
#pragma unroll
    for (auto &tile : weighted)
      tile = shuffle(tile, lane_index()); // else it would be rounded where it is used, and sums kept meanwhile
    const block::results_scale<R> scale(slot);
    relay.await(storage.shown, chunk);
    if (chunk > 0 && !block::has_maps<R>)
      relay.await(storage.done, chunk - 1);
    copy(chunk + readers);
    warp::sum_tile outputs[tiles][8];
#pragma unroll
    for (int p = 0; p < tiles; ++p)
      block::start_products<true, R>(outputs[p], slot.query, storage.state.of[p]);
    finish_group_products();
    relay.say(storage.left, chunk, relay.reading);
    relay.await(storage.solved, chunk);
#pragma unroll
    for (int p = 0; p < tiles; ++p) {
      warp::settle(outputs[p]);
      block::add_scores<R, true>(outputs[p], weighted, slot, slot.value[p]);
    }
    finish_group_products();
    relay.say(storage.done, chunk, relay.reading);
    write_panels(relay, chunk, scale, outputs);
  }
  await_copies<0>();
}

template <typename R>
static __device__ __forceinline__ void make_corrected_cells(corrected_relay_storage<R> &storage) {
  using relay = corrected_relay<R>;
  if (thread_index() == 0) {
    for (int reader = 0; reader < R::shape.readers; ++reader) {
      make_landing(storage.made.cells[reader], relay::carrying + relay::reading);
      make_landing(storage.used.cells[reader], relay::carrying);
      make_landing(storage.shown.cells[reader], relay::carrying);
      make_landing(storage.solved.cells[reader], relay::carrying);
      make_landing(storage.landed.cells[reader], block::has_maps<R> ? 1 : relay::reading);
      make_landing(storage.prepared.cells[reader], relay::reading);
      make_landing(storage.left.cells[reader], relay::reading);
      make_landing(storage.done.cells[reader], relay::reading);
    }
  }
  block_barrier();
}

/// Of a lane, or of one span of it where blocks share its time: `records` are its own, `told` what the spans of the lane make of
/// states. Whether this lane has a number of the last state's first row that is not finite.
template <typename R>
static __device__ __forceinline__ bool relay_corrected(const R &recurrence, const block::span_place<R> &place,
                                                       const block::chunk_record<R> *records, block::told_span<R> *told,
                                                       corrected_relay_storage<R> &storage) {
  static_assert(has_group_products && has_landings, "groups multiply by themselves, and wait for each other");
  static_assert(R::shape.readers == 2 && R::shape.ring == 3 && block::row_panels<R>() <= 2,
                "a chunk is copied while one is read out, and registers are for these");
  make_corrected_cells<R>(storage);
  const corrected_relay<R> relay(recurrence, place, storage);
  if constexpr (block::has_maps<R>)
    if (orders_chunks<R>()) {
      storage.places.find(recurrence, relay.at, relay.column, records);
#pragma unroll 1
      for (int chunk = 0; chunk < relay.readers; ++chunk) {
        order_rows(relay, chunk);
        order_values(relay, chunk);
      }
    }
  bool is_beyond = false;
  if (relay.group < relay.carriers) {
    if constexpr (relay.carriers > 1) // of a thread, which begins with 128; else with 168
      change_registers<144>();
    const int first = relay.column + relay.group * block::panel_columns;
    block::state_columns<R> state;
    if (R::shape.splits && place.span > 0)
      state.take(told[place.span - 1].states[relay.group]);
    else
      state.begin(recurrence, relay.at, first);
    if (relay.order.has(0))
      carry_corrected(relay, state);
    is_beyond = state.is_beyond();
    if (place.begins) {
      forget(told); // places would stay in registers for all of a walk
      state.tell(told->states[relay.group]);
    } else if (place.span + 1 == place.spans)
      state.finish(recurrence, relay.at, first);
  } else {
    if constexpr (relay.carriers > 1)
      change_registers<112>();
    read_corrected(relay, relay.group - relay.carriers, records);
  }
  return is_beyond;
}

} // namespace scanc::device::kernel
