//===- kernel/chunk_relay.cuh - Groups that carry a state, and groups that read it out ---===//
//
//   called by      every thread of a block
//   result in      registers, global memory
//   shared memory  relay_storage<R>, given by the caller
//   barriers       one; then groups wait for each other by cells
//
//   The walk of kernel/chunkwise.cuh without a correction, decays of rows or segments, by groups of four warps that have
//   different work. R::shape.warpgroups carry 64 columns of the state each from chunk to chunk and start the copies, or one
//   of their warps orders them (block/chunk_matrices.cuh); R::shape.readers take chunks in turn and make what is read out of
//   them, of the state as it was shown to them. So nothing that is read out holds up the state, what one group waits for holds
//   up no other, and neither values nor scores are weighed twice.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_matrices.cuh"
#include "scanc/block/chunk_outputs.cuh"
#include "scanc/block/chunk_span.cuh"
#include "scanc/block/state_columns.cuh"
#include "scanc/core/tensor_copies.cuh"
#include "scanc/core/wide_products.cuh"

namespace scanc::device::kernel {

template <typename R>
struct relay_storage {
  block::chunk_slot<R> slots[R::shape.ring];
  block::chunk_numbers numbers[2 * R::shape.readers]; ///< of chunks in turn
  block::state_panels<R> state[R::shape.readers];     ///< as it enters a chunk of each reader
  block::matrix_places<R> places;
  landing landed[R::shape.ring];                  ///< a chunk's whole matrices
  landing told[R::shape.readers];                 ///< its numbers
  landing shown[R::shape.readers];                ///< that chunk is there, and the state
  landing left[R::shape.readers];                 ///< neither is read any more, by its reader or, in a ring of 2, by others
};

/// What all groups of a block know.
template <typename R>
struct chunk_relay {
  static constexpr int readers = R::shape.readers, carriers = R::shape.warpgroups;
  static constexpr int carrying = 128 * carriers;
  static constexpr int ring = R::shape.ring;
  static constexpr bool by_maps = block::has_maps<R>;
  /// Whether the place of a chunk is written again in the one after the next, before carriers have met.
  static constexpr bool leaves = ring == 2 && !by_maps;
  static constexpr int leaving = 128 + (leaves ? carrying : 0);

  const R &recurrence;
  relay_storage<R> &storage;
  const int column;
  const typename R::lane at;
  const block::chunk_order<R> order;
  const int group; ///< of four warps, the same number in all lanes of one

  __device__ __forceinline__ chunk_relay(const R &recurrence, const block::span_place<R> &place, relay_storage<R> &storage)
      : recurrence(recurrence), storage(storage), column(place.column()), at(recurrence.enter(place.lane)),
        order{place.steps}, group(shuffle(block::group_index(), 0)) {}

  static __device__ __forceinline__ int reader_of(long long chunk) { return static_cast<int>(chunk % readers); }
  static __device__ __forceinline__ int turn_of(long long chunk) { return static_cast<int>(chunk / readers % 2); }

  __device__ __forceinline__ block::chunk_slot<R> &slot(long long chunk) const { return storage.slots[chunk % ring]; }

  /// Whether a chunk's numbers are told by its reader: of two, each waits for those that carry; one alone is what these wait for.
  static constexpr bool readers_tell = readers > 1;
  /// Read until the chunk is left, and written while the last one before it of its reader is read out.
  __device__ __forceinline__ block::chunk_numbers &numbers(long long chunk) const { return storage.numbers[chunk % (2 * readers)]; }

  /// Until a chunk that is read out is left: its place, and what was shown of it.
  __device__ __forceinline__ void await_left(long long chunk) const {
    if (chunk >= 0)
      await_landing(storage.left[reader_of(chunk)], turn_of(chunk));
  }

  /// By the warp that orders copies of whole matrices, once the chunk is left that has its place.
  __device__ __forceinline__ void order_matrices(long long chunk) const {
    if (!order.has(chunk))
      return;
    landing &landed = storage.landed[chunk % ring];
    block::order_rows(recurrence, storage.places, slot(chunk), order.of(chunk), landed);
    block::order_values(recurrence, storage.places, chunk, slot(chunk), order.of(chunk), landed);
  }
  __device__ __forceinline__ void await_matrices(long long chunk) const {
    await_landing(storage.landed[chunk % ring], static_cast<int>(chunk / ring % 2));
  }

  /// A chunk's copies and the state are there for everybody.
  __device__ __forceinline__ void show(long long chunk, const block::state_columns<R> &state) const {
    state.show(storage.state[reader_of(chunk)].of[group]);
    show_to_group_products();
    arrive(storage.shown[reader_of(chunk)], carrying);
    await_landing(storage.shown[reader_of(chunk)], turn_of(chunk));
  }
};

/// Numbers of every so many chunks as there are readers, by one warp of a group; by none of one that does not tell.
template <typename R, bool tells>
class number_teller {
public:
  /// Of the chunks from `first` on.
  __device__ __forceinline__ number_teller(const chunk_relay<R> &relay, int warp, int first)
      : relay(relay), warp(warp), stream(relay.recurrence, relay.at, warp) {
    stream.ask(relay.order.of(first));
    tell(first);
  }
  /// If there is such a chunk. Asks for those of the next one.
  __device__ __forceinline__ void tell(long long chunk) {
    if (!relay.order.has(chunk))
      return;
    stream.tell(relay.numbers(chunk));
    if (warp_index() == warp)
      arrive_together(relay.storage.told[relay.reader_of(chunk)], 1);
    stream.ask(relay.order.of(chunk + relay.readers));
  }

private:
  const chunk_relay<R> &relay;
  const int warp;
  block::number_stream<R> stream;
};
template <typename R>
class number_teller<R, false> {
public:
  __device__ __forceinline__ number_teller(const chunk_relay<R> &, int, int) {}
  __device__ __forceinline__ void tell(long long) const {}
};

/// Whether this warp orders copies of whole matrices: one of those that carry, which wait most.
template <typename R>
static __device__ __forceinline__ bool orders_chunks() {
  return block::has_maps<R> && shuffle(warp_index(), 0) == 0;
}

/// By the groups that carry the state.
template <typename R>
static __device__ __forceinline__ void carry_chunks(const chunk_relay<R> &relay, block::state_columns<R> &state) {
  using element = typename R::element;
  using relay_type = chunk_relay<R>;
  auto &[recurrence, storage, column, at, order, group] = relay;
  constexpr int readers = R::shape.readers;
  static_assert(R::shape.ring == readers + 1, "a chunk is read out until the one after the next is walked");
  static_assert(!relay_type::by_maps || readers == 1, "the chunk before is left when the next one is shown");
  const bool orders = orders_chunks<R>();
  const block::chunk_ring<R> stream(recurrence, at, column, storage.slots);
  if constexpr (!relay_type::by_maps) {
    stream.start(0, order.of(0));
  } else if (orders) {
    storage.places.find(recurrence, at, column);
    relay.order_matrices(0);
  }
  number_teller<R, !relay_type::readers_tell> teller(relay, /*warp=*/1, 0); // another one than orders copies
  for (long long chunk = 0; order.has(chunk); ++chunk) {
    const block::chunk_slot<R> &slot = relay.slot(chunk);
    const block::chunk_numbers &numbers = relay.numbers(chunk);
    await_landing(storage.told[relay.reader_of(chunk)], relay.turn_of(chunk));
    relay.await_left(chunk - readers);
    if constexpr (relay_type::by_maps) {
      relay.await_matrices(chunk);
    } else {
      stream.start(chunk + 1, order.of(chunk + 1));
      await_copies<1>();
    }
    relay.show(chunk, state);
    if constexpr (relay_type::by_maps)
      if (orders) // those that carry have read the chunk before, too
        relay.order_matrices(chunk + 1);
    const float last = block::decay_at<R>(numbers, block::chunk_steps - 1);
    warp::left_tile<element> values[block::chunk_steps / 16];
    block::take_values(values, slot.value[group], [&](int step) {
      return block::decay_since<R>(numbers, last, step) * block::input_scale<R>(numbers, step);
    });
    if constexpr (block::decays<R>)
      state.scale(exp2_approximate(last));
    state.add(values, slot.key);
    teller.tell(chunk + 1);
    finish_group_products();
    state.settle();
    if constexpr (relay_type::leaves)
      arrive(storage.left[relay.reader_of(chunk)], relay.leaving);
  }
  await_copies<0>();
}

/// The results of a chunk, of all columns of a block, by a group that reads out.
template <typename R, template <typename> typename Relay, int panels>
static __device__ __forceinline__ void write_panels(const Relay<R> &relay, long long chunk, const block::results_scale<R> &scale,
                                                    warp::sum_tile (&outputs)[panels][8]) {
  auto &[recurrence, storage, column, at, order, group] = relay;
  if constexpr (block::reductions<R> > 0) {
#pragma unroll
    for (int p = 0; p < panels; ++p)
      warp::settle(outputs[p]);
    block::result_sums<R> sums[panels];
#pragma unroll
    for (int p = 0; p < panels; ++p)
      sums[p].take(outputs[p], scale);
    auto beside_of = [&](int, int, auto step, int j) { return recurrence.read_beside(at, step, j); }; // as registers are few
    block::write_reduced(recurrence, at, order.of(chunk), column, sums, beside_of, [](auto &) {});
  } else {
#pragma unroll
    for (int p = 0; p < panels; ++p) {
      const int first = column + p * block::panel_columns;
      const block::results_beside beside(recurrence, at, order.of(chunk), first);
      warp::settle(outputs[p]);
      block::write_outputs(recurrence, at, order.of(chunk), first, scale, outputs[p], beside);
    }
  }
}

/// By a group that reads out: chunks `reader`, `reader + readers`, ….
template <typename R>
static __device__ __forceinline__ void read_chunks(const chunk_relay<R> &relay, int reader) {
  constexpr int panels = R::shape.warpgroups;
  auto &[recurrence, storage, column, at, order, group] = relay;
  constexpr int readers = R::shape.readers;
  number_teller<R, chunk_relay<R>::readers_tell> teller(relay, 4 * (relay.carriers + reader), reader);
  for (long long chunk = reader; order.has(chunk); chunk += readers) {
    const block::chunk_slot<R> &slot = relay.slot(chunk);
    const block::chunk_numbers &numbers = relay.numbers(chunk);
    const block::state_panels<R> &state = storage.state[reader];
    await_landing(storage.shown[reader], relay.turn_of(chunk));
    if constexpr (chunk_relay<R>::by_maps)
      relay.await_matrices(chunk);
    warp::sum_tile scores[8], outputs[panels][8];
    block::start_products<true, R>(scores, slot.query, slot.key);
    begin_group_products();
#pragma unroll
    for (int p = 0; p < panels; ++p)
#pragma unroll
      for (int m = 0; m < block::row_panels<R>(); ++m)
        warp::multiply_panels<true>(outputs[p], slot.query[m], state.of[p][m], m > 0);
    start_group_products();
    teller.tell(chunk + readers);
    finish_group_products<1>();
    warp::settle(scores);
    warp::left_tile<typename R::element> weighted[4];
    block::weigh_scores<R>(weighted, scores, numbers);
    const block::results_scale<R> scale(numbers);
    finish_group_products();
#pragma unroll
    for (int p = 0; p < panels; ++p) {
      warp::settle(outputs[p]);
      block::add_scores<R>(outputs[p], weighted, numbers, slot.value[p]);
    }
    finish_group_products();
    arrive(storage.left[reader], relay.leaving);
    write_panels(relay, chunk, scale, outputs);
  }
}

template <typename R>
static __device__ __forceinline__ void make_relay_cells(relay_storage<R> &storage) {
  if (thread_index() == 0) {
    for (int reader = 0; reader < R::shape.readers; ++reader) {
      make_landing(storage.told[reader], 1);
      make_landing(storage.shown[reader], chunk_relay<R>::carrying);
      make_landing(storage.left[reader], chunk_relay<R>::leaving);
    }
    for (landing &cell : storage.landed)
      make_landing(cell);
  }
  block_barrier();
}

/// To as many as `count`, of 128.
template <int count>
static __device__ __forceinline__ void change_registers() {
  if constexpr (count < 128)
    give_registers<count>();
  else
    take_registers<count>();
}

/// Of a lane, or of one span of it where blocks share its time: `told` are the states that enter spans of the lane from the
/// second on. Whether this lane has a number of the last state's first row that is not finite.
template <typename R>
static __device__ __forceinline__ bool relay_chunks(const R &recurrence, const block::span_place<R> &place,
                                                    const block::told_span<R> *told, relay_storage<R> &storage) {
  static_assert(has_group_products && has_landings, "groups multiply by themselves, and wait for each other");
  static_assert(!block::corrects<R> && !block::decays_rows<R>);
  static_assert(R::shape.warpgroups == R::shape.readers && R::shape.readers <= 2 && block::row_panels<R>() <= 2,
                "registers are for these");
  // Of a thread, which begins with 128. One group of carriers alone starts all copies.
  constexpr int of_carriers = R::shape.warpgroups == 1 ? 136 : 120, of_readers = 256 - of_carriers;
  make_relay_cells<R>(storage);
  const chunk_relay<R> relay(recurrence, place, storage);
  bool is_beyond = false;
  if (relay.group < relay.carriers) {
    change_registers<of_carriers>();
    const int first = relay.column + relay.group * block::panel_columns;
    block::state_columns<R> state;
    if (R::shape.splits && place.span > 0) {
      state.clear();
      state.add_columns(told[place.span - 1].states[relay.group]);
    } else {
      state.begin(recurrence, relay.at, first);
    }
    state.settle(); // else registers of the loop are those of what goes before it, and some of them are kept in memory
    carry_chunks(relay, state);
    is_beyond = state.is_beyond();
    if (place.span + 1 == place.spans)
      state.finish(recurrence, relay.at, first);
  } else {
    change_registers<of_readers>();
    read_chunks(relay, relay.group - relay.carriers);
  }
  return is_beyond;
}

} // namespace scanc::device::kernel
