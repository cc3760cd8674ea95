//===- block/state_rows.cuh - A matrix state whose rows groups share ------===//
//
//   called by      every thread of as many groups of four warps as the state has panels of rows
//   result in      registers: each group has 64 rows of all columns of a block, each warp 16 of these
//   shared memory  as named, given by the caller
//   barriers       none
//
//   The state of block/chunk_state.cuh, shared out by rows: no group weighs keys that another does.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_span.cuh"

namespace scanc::device::block {

template <typename R>
class state_rows {
public:
  using element = typename R::element;
  static constexpr int panels = R::shape.warpgroups;

  /// `group`: which of the groups, the same number in all lanes.
  __device__ __forceinline__ explicit state_rows(int group) : group(group) {}

  __device__ __forceinline__ void begin(const R &recurrence, const typename R::lane &at, int column) {
    each(column, [&](float &number, int i, int j, bool exists) {
      number = exists ? recurrence.initial(at, i, j) : 0.0f;
    });
  }
  __device__ __forceinline__ void finish(const R &recurrence, const typename R::lane &at, int column) {
    each(column, [&](float number, int i, int j, bool exists) {
      if (exists)
        recurrence.finish(at, i, j, number);
    });
  }

  /// As it leaves a span.
  __device__ __forceinline__ void pass(const told_span<R> &span) {
    if constexpr (decays<R>)
      scale(thread::read(&span.decays[0]));
#pragma unroll
    for (int p = 0; p < panels; ++p)
      add_told(sums[p], span.states[p][group]);
  }

  __device__ __forceinline__ void show(state_panels<R> &to) const {
#pragma unroll
    for (int p = 0; p < panels; ++p)
      warp::store_panel(to.of[p][group], warp_of_group() * 16, sums[p]);
  }

  /// After the products that `add` started have been finished.
  __device__ __forceinline__ void settle() { settle_panels(sums); }

  __device__ __forceinline__ void scale(float by) { scale_panels(sums, by); }

  /// Adds the product of a chunk's keys, transposed, and values: keys of step s times `weight(s)`. Starts it where four
  /// warps multiply together.
  template <typename F>
  __device__ __forceinline__ void add(const chunk_slot<R> &slot, F weight) {
    warp::left_tile<element> keys[chunk_steps / 16];
#pragma unroll
    for (int k = 0; k < chunk_steps / 16; ++k) {
      keys[k] = warp::load_left_transposed<panel_columns>(slot.key[group], k * 16, warp_of_group() * 16);
      weigh_steps(keys[k], k, weight);
    }
    begin_group_products();
#pragma unroll
    for (int k = 0; k < chunk_steps / 16; ++k)
#pragma unroll
      for (int p = 0; p < panels; ++p)
        warp::multiply_panel<false>(sums[p], keys[k], slot.value[p], k * 16, true);
    start_group_products();
  }

private:
  template <typename F>
  __device__ __forceinline__ void each(int column, F visit) {
    each_number<R, /*below=*/false>(sums, group * panel_columns, column, visit);
  }

  const int group;
  warp::sum_tile sums[panels][8];
};

} // namespace scanc::device::block
