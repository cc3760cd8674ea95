//===- kernel/chunk_states.cuh - What spans of a lane make of its state -----===//
//
//   called by      every thread of a grid of lanes() * (spans - 1) * ceildiv(R::columns, 64 * warpgroups) blocks of
//                  states_of<R>::shape.threads() threads
//   result in      `scratch`: a told_span<R> for each block, behind what chunk_inverses has left there
//   shared memory  chunk_states_storage<R>, given by the caller
//   barriers       one per chunk, and one of each 128 threads, reached by every thread; with a correction five, with
//                  decays of rows three per chunk
//
//   The walk of kernel/chunkwise.cuh over all spans of a lane but the last, from a state of 0, without what is read out.
//   With a correction groups of 128 threads more carry what the same steps make of the identity. See
//   block/chunk_span.cuh.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/kernel/chunkwise.cuh"

namespace scanc::device::kernel {

constexpr chunk_policy states_policy(chunk_policy of, int transitions) {
  of.transitions = transitions;
  of.warpgroups += transitions;
  of.ring = of.ring < 2 ? 2 : of.ring;
  of.reads_out = false;
  return of;
}

template <typename R>
struct states_of : R {
  static constexpr chunk_policy shape = states_policy(R::shape, block::transition_groups<R>());
};

template <typename R, bool corrects = block::corrects<R>, bool rows = block::decays_rows<R>>
struct chunk_states_storage {
  block::chunk_slot<states_of<R>> slots[states_of<R>::shape.ring];
};
template <typename R, bool rows>
struct chunk_states_storage<R, true, rows> {
  block::chunk_slot<states_of<R>> slots[states_of<R>::shape.ring];
  block::state_panels<states_of<R>> state;
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

/// With one. `records`: that of the first chunk, and those that follow it; where they bring factors, keys are those.
template <typename W>
static __device__ __forceinline__ void walk_corrected_states(W &walk,
                                                             const block::chunk_record<typename W::recurrence_type> *records) {
  using S = typename W::recurrence_type;
  constexpr bool made = block::brings_factors<S>;
  constexpr int ring = S::shape.ring;
  auto &[recurrence, storage, column, at, order, group, stream, numbers, state] = walk;
  const int first = block::warp_of_group() * 16;
  warp::sum_tile products[8];
  for (int c = 0; c < ring - 1; ++c)
    stream.start(c, order.of(c), walk.record_of(records, c));
  for (long long chunk = 0; order.has(chunk); ++chunk) {
    block::chunk_slot<S> &slot = stream.of(chunk);
    auto &values = slot.value[group];
    walk.template meet<ring - 2>(); // this chunk is there
    stream.start(chunk + ring - 1, order.of(chunk + ring - 1), walk.record_of(records, chunk + ring - 1));
    walk.show_state();
    group_barrier();
    if constexpr (made)
      block::start_products<false, S>(products, slot.entering_key, storage.state.of[group]);
    else
      block::start_products<false, S>(products, slot.key, storage.state.of[group]);
    finish_group_products();
    warp::settle(products);
    block::subtract_products<S>(slot, products);
    show_to_group_products();
    group_barrier();
    block::start_inputs<S>(products, slot, values);
    if constexpr (block::decays<S>)
      state.scale(exp2_approximate(block::decay_at<S>(slot, block::chunk_steps - 1)));
    if constexpr (made)
      state.scale_rows([&](int row) { return shared_load(slot.chunk_decay[row]); });
    finish_group_products();
    warp::settle(products);
    if constexpr (block::decays<S>)
      block::decay_to_end<S>(slot, products);
    group_barrier(); // all of the group have multiplied
    warp::store_panel(values, first, products);
    show_to_group_products();
    group_barrier();
    state.add(slot.key, values);
    finish_group_products();
    state.settle();
  }
}

template <typename R>
static __device__ __forceinline__ void chunk_states(const R &of, void *scratch,
                                                    chunk_states_storage<R> &storage) {
  using S = states_of<R>;
  const S recurrence{of};
  const block::span_place<R> place(of, 1);
  const block::chunk_scratch<R> left(of, scratch);
  block::told_span<R> &told = left.spans(place)[place.span];
  chunk_walk<S, chunk_states_storage<R>> walk(recurrence, place.lane, place.column(), {place.steps},
                                              storage);
  walk.state.begin_alone();
  if constexpr (block::corrects<R>) {
    walk_corrected_states(walk, reinterpret_cast<const block::chunk_record<S> *>(left.records(place.lane) + place.first));
  } else {
    span_decay<S> decay;
    walk_states(walk, decay);
    decay.tell(told);
  }
  await_copies<0>();
  walk.state.tell(told.states[walk.group]);
  if (thread_index() == 0)
    thread::write(&told.spans, static_cast<int>(place.spans));
}

} // namespace scanc::device::kernel
