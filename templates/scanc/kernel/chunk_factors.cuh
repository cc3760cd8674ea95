//===- kernel/chunk_factors.cuh - What corrections beside decays of rows want of every chunk ---===//
//
//   called by      every thread of a grid of lanes() * ceildiv(steps(), 64) blocks of 128 threads, for each segment and
//                  lane one more
//   result in      `records`: a block::chunk_record<R> for each chunk of each lane, as chunkwise reads them
//   shared memory  chunk_factors_storage<R>, given by the caller
//   barriers       six, one for each 32 rows and those of block/row_numbers.cuh, reached by every thread or none
//
//   What kernel/chunk_inverses.cuh is for a decay of the whole state: see block/chunk_factors.cuh.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_factors.cuh"
#include "scanc/block/chunk_segments.cuh"
#include "scanc/block/row_numbers.cuh"

namespace scanc::device::kernel {

template <typename R>
using chunk_factors_storage = block::factor_storage<R>;

template <typename R>
static __device__ __forceinline__ void chunk_factors(const R &recurrence, void *records,
                                                     chunk_factors_storage<R> &storage) {
  constexpr int threads = 128;
  auto &record = static_cast<block::chunk_record<R> *>(records)[block_index()];
  const auto [at, extent] = block::chunk_place<R>(recurrence);
  if (extent.count <= 0)
    return;
  block::row_numbers<R> numbers(recurrence, at);
  numbers.ask(extent);
#pragma unroll 1 // the text of copies is a twentieth of what NVRTC takes
  for (int p = 0; p < block::row_panels<R>(); ++p) {
    auto &of_panel = storage.rows[p];
    block::copy_rows<threads, &R::fetch_key>(of_panel.key, recurrence, at, extent, p);
    block::copy_rows<threads, &R::fetch_query>(of_panel.query, recurrence, at, extent, p);
    if constexpr (block::reads_apart<R>)
      block::copy_rows<threads, &R::fetch_reader>(of_panel.reader, recurrence, at, extent, p);
    block::copy_rows<threads, &R::fetch_decay>(of_panel.row_decays, recurrence, at, extent, p);
  }
  close_copies();
  numbers.tell(storage.numbers);
  await_copies<0>();
  block_barrier();
  block::part_factors<R> factors;
#pragma unroll 1
  for (int unit = 0; unit < factors.units; ++unit)
    factors.weigh(recurrence, storage, extent.count, record, unit);
  block_barrier();
  typename block::part_factors<R>::products across[block::chunk_parts];
  factors.multiply(across, storage);
  block_barrier();
  factors.put(storage, across);
  block::chunk_inverter<R>::solve(storage.steps.inverter);
  block::keep_numbers<R>(record, storage.numbers);
  block::keep_panel<true>(record.inverse, storage.steps.inverter.inverse);
  block::keep_panel(record.scores, storage.steps.scores);
}

} // namespace scanc::device::kernel
