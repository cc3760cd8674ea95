//===- block/row_numbers.cuh - Numbers of steps that are made of rows -------===//
//
//   called by      the 128 threads of a block
//   result in      shared memory
//   shared memory  chunk_numbers, given by the caller
//   barriers       one of the block in `tell`, where R decays
//
//   What number_stream of block/chunk_ring.cuh does for a walk, where nobody has anything else to do: a lane that read the
//   rows of its two steps alone, for a norm of the keys, would ask for as many lines of memory as a warp has lanes.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_ring.cuh"
#include "scanc/warp/merge.cuh"

namespace scanc::device::block {

/// Whether what R reads for a step may be read by several lanes.
template <typename R>
concept shares_rows = requires { R::shares_rows; };

template <typename R, bool shared = shares_rows<R>>
class row_numbers : public number_stream<R> {
public:
  using number_stream<R>::number_stream;
};

/// 16 lanes of a row each.
template <typename R>
class row_numbers<R, true> {
public:
  __device__ __forceinline__ row_numbers(const R &recurrence, const typename R::lane &at)
      : recurrence(recurrence), at(at) {}

  /// Of this chunk, which has steps.
  __device__ __forceinline__ void ask(chunk_extent of) { extent = of; }

  __device__ __forceinline__ void tell(chunk_numbers &to) {
    constexpr int lanes = 16, rows = 128 / lanes;
    const int among = lane_index() % lanes;
#pragma unroll
    for (int first = 0; first < chunk_steps; first += rows) {
      const int row = first + static_cast<int>(thread_index()) / lanes;
      const bool exists = row < extent.count;
      const auto of = recurrence.template read<lanes>(at, step_at<R>(extent, exists ? row : 0), among);
      if (among != 0)
        continue;
      if constexpr (decays<R>)
        shared_store(to.decay[row], bounded_decay(recurrence, of, exists));
      tell_scales(to, row, recurrence, of, exists);
    }
    if constexpr (decays<R>) {
      block_barrier();
      if (warp_index() == 0)
        tell_decays(to, shared_load(to.decay[2 * lane_index()]), shared_load(to.decay[2 * lane_index() + 1]));
    }
  }

private:
  const R &recurrence;
  const typename R::lane at;
  chunk_extent extent;
};

} // namespace scanc::device::block
