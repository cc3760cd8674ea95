//===- kernel/first_spans.cuh - The first span of each lane, before all others ---===//
//
//   called by      every thread of a grid of lanes() * ceildiv(R::columns, 64 * warpgroups) blocks
//   result in      global memory; `scratch`: in place of what the span makes of a state of 0, the state that enters the
//                  next
//   shared memory  first_spans_storage<R>, given by the caller
//   barriers       those of kernel/chunkwise.cuh
//
//   What enters the first span is known. So it is walked and read out while kernel/chunk_states.cuh passes over the spans
//   between it and the last: both leave what is next made of states, and read nothing of each other. A chunk that is read
//   out does not take as long as one that is passed over, so the span has a length of its own. How many spans there are
//   the grid does not say, but the recurrence: walking() blocks walk the others.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/kernel/chunkwise.cuh"

namespace scanc::device::kernel {

constexpr chunk_policy first_policy(chunk_policy of) {
  of.begins = true;
  return of;
}

template <typename R>
struct first_of : R {
  static constexpr chunk_policy shape = first_policy(R::shape);
};

template <typename R>
struct first_spans_storage : chunkwise_storage<first_of<R>> {};

template <typename R>
static __device__ __forceinline__ void first_spans(const R &of, void *scratch, first_spans_storage<R> &storage) {
  using S = first_of<R>;
  const S recurrence{of};
  const block::span_place<S> place(recurrence, 0);
  if (thread_index() == 0)
    thread::write(&block::chunk_scratch<S>(recurrence, scratch).told(place, place.spans)->parts, static_cast<int>(place.spans));
  chunkwise(recurrence, scratch, storage);
}

} // namespace scanc::device::kernel
