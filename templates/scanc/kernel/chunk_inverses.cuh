//===- kernel/chunk_inverses.cuh - What low-rank corrections want of every chunk ---===//
//
//   called by      every thread of a grid of lanes() * ceildiv(steps(), 64) blocks of 128 threads, for each segment and
//                  lane one more
//   result in      `inverses`: 9 KiB for each chunk of each lane, as chunkwise reads them: numbers of steps, an inverse
//   shared memory  chunk_inverses_storage<R>, given by the caller
//   barriers       five and those of block/row_numbers.cuh, reached by every thread or none
//
//   The inverse of a chunk does not depend on the state, nor do its numbers: blocks that hide each other's waits
//   make them before the chunks are walked. See block/chunk_correction.cuh.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_correction.cuh"
#include "scanc/block/chunk_segments.cuh"
#include "scanc/block/row_numbers.cuh"

namespace scanc::device::kernel {

/// Of a chunk.
template <typename R>
struct inverted_keys : block::chunk_readers<R> {
  alignas(1024) typename R::element key[block::row_panels<R>()][block::panel];
};

/// Keys until they are multiplied, then what becomes of the products: the less a block has, the more hide its waits.
template <typename R>
struct chunk_inverses_storage {
  union {
    typename block::chunk_inverter<R>::storage inverter;
    inverted_keys<R> rows;
  };
  block::chunk_numbers numbers;
};

template <typename R>
static __device__ __forceinline__ void chunk_inverses(const R &recurrence, void *inverses,
                                                      chunk_inverses_storage<R> &storage) {
  using inverter = block::chunk_inverter<R>;
  constexpr int threads = 128;
  auto &record = static_cast<block::chunk_record<R> *>(inverses)[block_index()];
  const auto [at, extent] = block::chunk_place<R>(recurrence);
  if (extent.count <= 0)
    return;
  block::row_numbers<R> numbers(recurrence, at);
  numbers.ask(extent);
#pragma unroll
  for (int p = 0; p < block::row_panels<R>(); ++p) {
    block::copy_rows<threads, &R::fetch_key>(storage.rows.key[p], recurrence, at, extent, p);
    if constexpr (block::reads_apart<R>)
      block::copy_rows<threads, &R::fetch_reader>(storage.rows.reader[p], recurrence, at, extent, p);
  }
  close_copies();
  numbers.tell(storage.numbers);
  await_copies<0>();
  show_to_group_products();
  block_barrier();
  warp::sum_tile products[8];
  block::start_products<true, R>(products, block::readers_of(storage.rows), storage.rows.key);
  finish_group_products();
  warp::settle(products);
  block_barrier();
  const typename inverter::lower_rows rows(storage.numbers);
#pragma unroll
  for (int n = 0; n < 8; ++n)
    rows.put(storage.inverter, products[n], n);
  inverter::solve(storage.inverter);
  block::keep_numbers<R>(record, storage.numbers);
  block::keep_panel<true>(record.inverse, storage.inverter.inverse);
}

} // namespace scanc::device::kernel
