//===- kernel/chunk_states.cuh - What spans of a lane make of its state -----===//
//
//   called by      every thread of a grid of lanes() * (spans - 1) * block::span_parts<R>() * ceildiv(R::columns, 64 *
//                  warpgroups) blocks of states_of<R>::shape.threads() threads
//   result in      `scratch`: a told_span<R> for each block, behind what chunk_inverses has left there
//   shared memory  chunk_states_storage<R>, given by the caller
//   barriers       one per chunk, and one of each 128 threads, reached by every thread; in columns one, with a correction
//                  two, with decays of rows three per chunk
//
//   The walk of kernel/chunkwise.cuh over all spans of a lane but the last, from a state of 0, without what is read out.
//   With a correction 128 threads carry that, and as many what the same steps make of the identity. See
//   block/chunk_span.cuh. A chunk's inputs u are then those that solve (1 + L) u = value - b 2^g key' S: what S has in
//   them is made for all steps before S is known, so that a state waits for two products in a row.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_reads.cuh"
#include "scanc/block/state_columns.cuh"
#include "scanc/kernel/chunkwise.cuh"

namespace scanc::device::kernel {

constexpr chunk_policy states_policy(chunk_policy of, bool corrects) {
  of.ring = of.readers > 0 ? 3 : of.ring < 2 ? 2 : of.ring; // 3: the next chunk is there while one is multiplied
  of.reads_out = false;
  of.readers = 0;
  if (corrects) { // a group for the values, one for the transition; something is made of the next chunk
    of.values = of.warpgroups;
    of.warpgroups = 2;
    of.ring = 3;
  }
  return of;
}

template <typename R>
struct states_of : R {
  static constexpr chunk_policy shape = states_policy(R::shape, block::corrects<R>);
};

/// What a walk carries: with a correction each group something else, which is its own.
template <typename R, bool corrects = block::corrects<R>, bool columns = block::tells_columns<R>>
struct span_state : block::chunk_state<states_of<R>> {};
template <typename R>
struct span_state<R, false, true> : block::state_columns<states_of<R>> {};
template <typename R>
struct span_state<R, true, false> {};

template <typename R, bool corrects = block::corrects<R>, bool rows = block::decays_rows<R>>
struct chunk_states_storage {
  block::chunk_slot<states_of<R>> slots[states_of<R>::shape.ring];
};
template <typename R, bool rows>
struct chunk_states_storage<R, true, rows> {
  block::chunk_slot<states_of<R>> slots[states_of<R>::shape.ring];
  alignas(1024) typename R::element reads[2][block::row_panels<R>()][block::panel];
};
template <typename R>
struct chunk_states_storage<R, false, true> {
  block::chunk_slot<states_of<R>> slots[states_of<R>::shape.ring];
  block::part_decays<R> decays;
};

/// By the 128 threads of a group: the values of a chunk in their place, weighted for its end.
template <typename R>
static __device__ __forceinline__ void weigh_values(block::chunk_slot<R> &slot) {
  using element = typename R::element;
  using words = array<uint32_t, 4>;
  constexpr int piece = warp::piece<element>, threads = 128;
  element(&values)[block::panel] = slot.value[block::group_index()];
  const float last = block::decay_at<R>(slot, block::chunk_steps - 1);
#pragma unroll
  for (int n = 0; n < block::panel / piece / threads; ++n) {
    const int place = (thread_index() % threads + n * threads) * piece, step = place / block::panel_columns;
    const float by = block::decay_since<R>(slot, last, step) * block::input_scale<R>(slot, step);
    words &eight = reinterpret_cast<words &>(values[place]);
    words weighted = shared_load(eight);
#pragma unroll
    for (int i = 0; i < 4; ++i)
      weighted[i] = block::scaled_pair<element>(weighted[i], by, by);
    shared_store(eight, weighted);
  }
}

/// A number for each row of the state, all 1 or one for all in a lane's first, that decay a span.
template <typename S>
struct span_decay {
  float of[block::decays_rows<S> ? block::row_panels<S>() : 1][2];

  __device__ __forceinline__ span_decay() {
    for (auto &pair : of)
      pair[0] = pair[1] = 1.0f;
  }

  /// Rows of the warp's decay by `by(row)`.
  template <typename F>
  __device__ __forceinline__ void pass(F by) {
#pragma unroll
    for (int m = 0; m < block::row_panels<S>(); ++m)
#pragma unroll
      for (int i = 0; i < 2; ++i)
        of[m][i] *= by(row_of(m, i));
  }

  /// Writes them where the state is corrected by nothing.
  template <typename R>
  __device__ __forceinline__ void tell(block::told_span<R> &to) const {
    if constexpr (block::decays_rows<S>) {
      if (block::group_index() == 0 && lane_index() % 4 == 0)
#pragma unroll
        for (int m = 0; m < block::row_panels<S>(); ++m)
#pragma unroll
          for (int i = 0; i < 2; ++i)
            thread::write(&to.decays[row_of(m, i)], of[m][i]);
    } else if constexpr (block::decays<S>) {
      if (thread_index() == 0)
        thread::write(&to.decays[0], of[0][0]);
    }
  }

private:
  static __device__ __forceinline__ int row_of(int m, int i) {
    return m * block::panel_columns + block::warp_of_group() * 16 + warp::sum_row(2 * i);
  }
};

/// Without a correction.
template <typename W, typename S>
static __device__ __forceinline__ void walk_states(W &walk, span_decay<S> &decay) {
  constexpr int ring = S::shape.ring;
  auto &[recurrence, storage, column, at, order, group, stream, numbers, state] = walk;
  numbers.ask(order.of(0));
  for (int c = 0; c < ring - 1; ++c)
    stream.start(c, order.of(c));
  numbers.tell(stream.of(0));
  numbers.ask(order.of(1));
  for (long long chunk = 0; order.has(chunk); ++chunk) {
    block::chunk_slot<S> &slot = stream.of(chunk);
    walk.template meet<ring - 2>(); // this chunk is there
    stream.start(chunk + ring - 1, order.of(chunk + ring - 1));
    if constexpr (block::decays_rows<S>) {
      const int count = order.of(chunk).count;
      block::part_rows<S> rows;
      rows.measure(recurrence, storage.decays, slot, count);
      block_barrier();
      rows.weigh_keys(recurrence, slot, storage.decays, count);
      state.scale_rows([&](int row) { return block::whole_decay<S>(storage.decays, row); });
      decay.pass([&](int row) { return block::whole_decay<S>(storage.decays, row); });
      show_to_group_products();
      block_barrier();
    } else {
      if constexpr (block::decays<S>) {
        const float all = exp2_approximate(block::decay_at<S>(slot, block::chunk_steps - 1));
        state.scale(all);
        decay.of[0][0] *= all;
      }
      if constexpr (block::decays<S> || block::scales_input<S>) {
        weigh_values<S>(slot);
        show_to_group_products();
        group_barrier();
      }
    }
    state.add(slot.key, slot.value[group]);
    numbers.tell(stream.of(chunk + 1));
    numbers.ask(order.of(chunk + 2));
    finish_group_products();
    state.settle();
  }
}

/// The same of columns, from the end to the beginning, which is read next by those that read out. While the products of a
/// chunk run the values of the next one are weighed, by what they decay to the end of all.
template <typename W, typename S>
static __device__ __forceinline__ void pass_columns(W &walk, span_decay<S> &decay) {
  constexpr int ring = S::shape.ring;
  auto &[recurrence, storage, column, at, order, group, stream, numbers, state] = walk;
  const int chunks = static_cast<int>(order.chunks()); // of which one has 16 KiB of keys
  if (chunks == 0)
    return;
  const auto extent_of = [&](int chunk) { return order.of(chunk < chunks ? chunks - 1 - chunk : chunk); };
  numbers.ask(extent_of(0));
  for (int c = 0; c < ring - 1; ++c)
    stream.start(c, extent_of(c));
  numbers.tell(stream.of(0));
  numbers.ask(extent_of(1));
  numbers.tell(stream.of(1));
  numbers.ask(extent_of(2));
  float behind = 0.0f; // log2 of what later chunks decay
  using values = warp::left_tile<typename S::element>[block::chunk_steps / 16];
  const auto weigh = [&](values &to, int chunk) {
    const block::chunk_slot<S> &slot = stream.of(chunk);
    behind += block::decay_at<S>(slot, block::chunk_steps - 1);
    block::take_values(to, slot.value[group], [&](int step) {
      return block::decay_since<S>(slot, behind, step) * block::input_scale<S>(slot, step);
    });
  };
  values now, next;
  walk.template meet<ring - 2>();
  weigh(now, 0);
#pragma unroll 1
  for (int chunk = 0;; ++chunk) {
    state.add(now, stream.of(chunk).key);
    walk.template meet<ring - 3>(); // the next chunk is there
    stream.start(chunk + ring - 1, extent_of(chunk + ring - 1));
    numbers.tell(stream.of(chunk + 2));
    numbers.ask(extent_of(chunk + 3));
    if (chunk + 1 < chunks)
      weigh(next, chunk + 1);
    finish_group_products();
    state.settle();
    if (chunk + 1 == chunks)
      break;
#pragma unroll
    for (int k = 0; k < block::chunk_steps / 16; ++k)
      now[k] = next[k];
  }
  if constexpr (block::decays<S>)
    decay.of[0][0] = exp2_approximate(behind);
}

/// With one, by the groups that have `columns` panels of columns, of the values or of the transition. `records`: that of
/// the first chunk, and those that follow it; where they bring factors, keys are those. The latter group makes what
/// both read the state with. While one panel of columns is read, the one before is added to.
template <bool transitions, typename W>
static __device__ __forceinline__ void
walk_columns(W &walk, const block::chunk_record<typename W::recurrence_type> *records,
             typename block::state_columns<typename W::recurrence_type>::told_type *told) {
  using S = typename W::recurrence_type;
  using element = typename S::element;
  constexpr bool made = block::brings_factors<S>;
  constexpr int panels = block::row_panels<S>(), tiles = transitions ? panels : S::shape.value_panels();
  constexpr int ring = S::shape.ring;
  auto &[recurrence, storage, column, at, order, group, stream, numbers, none] = walk;
  block::state_columns<S> state[tiles];
#pragma unroll
  for (int n = 0; n < tiles; ++n)
    if constexpr (transitions)
      state[n].begin_identity(n * block::panel_columns);
    else
      state[n].clear();
  const auto settle = [&] {
#pragma unroll
    for (int n = 0; n < tiles; ++n)
      state[n].settle();
  };
  warp::sum_tile inputs[8]; // of one panel of columns, as they are at the end of a chunk
  const auto prepare = [&](const block::chunk_slot<S> &slot, long long chunk) {
    if constexpr (!transitions)
      block::start_values<S>(inputs, slot, slot.value[0]);
    else if constexpr (made)
      block::make_reads<S>(storage.reads[chunk % 2], slot, slot.entering_key);
    else
      block::make_reads<S>(storage.reads[chunk % 2], slot, block::readers_of(slot));
  };
  const auto read = [&](const block::chunk_slot<S> &slot, long long chunk, int n) {
    if constexpr (!transitions) {
      finish_group_products();
      warp::settle(inputs);
      if constexpr (block::decays<S>) {
        const float last = block::decay_at<S>(slot, block::chunk_steps - 1);
        block::scale_steps(inputs, [&](int step) { return block::decay_since<S>(slot, last, step); });
      }
    }
#pragma unroll
    for (int m = 0; m < panels; ++m)
      state[n].start_read(inputs, m, storage.reads[chunk % 2][m], !transitions || m > 0);
    if constexpr (block::decays<S>)
      state[n].scale(exp2_approximate(block::decay_at<S>(slot, block::chunk_steps - 1)));
    if constexpr (made)
      state[n].scale_rows([&](int row) { return shared_load(slot.chunk_decay[row]); });
    finish_group_products();
#pragma unroll
    for (int other = 0; other < tiles; ++other)
      if (other != n)
        state[other].settle();
    warp::settle(inputs);
  };
  for (int c = 0; c < ring - 1; ++c)
    stream.start(c, order.of(c), walk.record_of(records, c));
  walk.template meet<ring - 2>();
  if (order.has(0)) {
    settle(); // else registers of the loop are those of what follows it, and products wait for copies of them
    for (long long chunk = 0;; ++chunk) {
      const block::chunk_slot<S> &slot = stream.of(chunk);
      prepare(slot, chunk);
      show_to_group_products();
      block_barrier(); // what the state is read with is there
#pragma unroll
      for (int n = 0; n < tiles; ++n) {
        if constexpr (!transitions)
          if (n > 0)
            block::start_values<S>(inputs, slot, slot.value[n]);
        read(slot, chunk, n);
        warp::left_tile<element> rounded[4];
        warp::narrow_left(rounded, inputs);
        state[n].add(rounded, slot.key);
        if (n == 0) {
          walk.template meet<ring - 3>(); // the next chunk is there, and all are through with the one before
          stream.start(chunk + ring - 1, order.of(chunk + ring - 1), walk.record_of(records, chunk + ring - 1));
        }
      }
      if (!order.has(chunk + 1))
        break;
    }
    finish_group_products();
    settle();
  }
#pragma unroll
  for (int n = 0; n < tiles; ++n)
    state[n].tell(told[n]);
}

template <typename R>
static __device__ __forceinline__ void chunk_states(const R &of, void *scratch,
                                                    chunk_states_storage<R> &storage) {
  using S = states_of<R>;
  const S recurrence{of};
  const block::span_place<R> place(of, block::span_parts<R>()); // of parts
  const block::chunk_scratch<R> left(of, scratch);
  block::told_span<R> &told = left.told(place, place.spans)[place.span];
  chunk_walk<S, chunk_states_storage<R>, span_state<R>> walk(recurrence, place.lane, place.column(), {place.steps},
                                                             storage);
  if constexpr (block::corrects<R>) {
    const auto *const records = reinterpret_cast<const block::chunk_record<S> *>(left.records(place.lane) + place.first);
    if (walk.group == 0)
      walk_columns<false>(walk, records, told.states);
    else
      walk_columns<true>(walk, records, told.states + R::shape.warpgroups);
  } else {
    walk.state.clear();
    span_decay<S> decay;
    if constexpr (block::tells_columns<R>) {
      pass_columns(walk, decay);
      walk.state.tell_columns(told.states[walk.group]);
    } else {
      walk_states(walk, decay);
      walk.state.tell(told.states[walk.group]);
    }
    decay.tell(told);
  }
  await_copies<0>();
  if (block_index() == 0 && thread_index() == 0)
    thread::write(&left.of_all().parts, place.spans);
}

} // namespace scanc::device::kernel
