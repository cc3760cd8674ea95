//===- kernel/chunk_inverses.cuh - What low-rank corrections want of every chunk ---===//
//
//   called by      every thread of a grid of lanes() * ceildiv(steps(), 64) blocks of 128 threads
//   result in      `inverses`: 9 KiB for each chunk of each lane, as chunkwise reads them: numbers of steps, an inverse
//   shared memory  chunk_inverses_storage<R>, given by the caller
//   barriers       five, reached by every thread
//
//   The inverse of a chunk does not depend on the state, nor do its numbers: blocks that hide each other's waits
//   make them before the chunks are walked. See block/chunk_correction.cuh.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_correction.cuh"

namespace scanc::device::kernel {

/// Keys until they are multiplied, then what becomes of the products: the less a block has, the more hide its waits.
template <typename R>
struct chunk_inverses_storage {
  union {
    typename block::chunk_inverter<R>::storage inverter;
    alignas(1024) typename R::element key[block::row_panels<R>()][block::panel];
  };
  block::chunk_numbers numbers;
};

template <typename R>
static __device__ __forceinline__ void chunk_inverses(const R &recurrence, void *inverses,
                                                      chunk_inverses_storage<R> &storage) {
  using element = typename R::element;
  using inverter = block::chunk_inverter<R>;
  constexpr int threads = 128;
  const long long steps = recurrence.steps();
  const long long chunks = (steps + block::chunk_steps - 1) / block::chunk_steps;
  const long long chunk = block_index() % chunks;
  const typename R::lane at = recurrence.enter(block_index() / chunks);
  block::number_stream<R> numbers(recurrence, at);
  numbers.ask(chunk);
#pragma unroll
  for (int p = 0; p < block::row_panels<R>(); ++p)
    block::copy_panel<threads>(storage.key[p], steps, chunk,
                               [&](element *cell, long long step, int i, bool exists) {
                                 recurrence.fetch_key(cell, at, step,
                                                      p * block::panel_columns + i, exists);
                               });
  close_copies();
  numbers.tell(storage.numbers);
  await_copies<0>();
  show_to_group_products();
  block_barrier();
  warp::sum_tile products[8];
  block::start_products<true, R>(products, storage.key, storage.key);
  finish_group_products();
  warp::settle(products);
  block_barrier();
  inverter::put_lower(storage.inverter, storage.numbers, products);
  block_barrier();
  inverter::invert_diagonal(storage.inverter);
  block_barrier();
  inverter::invert(storage.inverter);
  block_barrier();
  constexpr int piece = warp::piece<element>, floats = 4;
  char *const here = static_cast<char *>(inverses) +
                     static_cast<long long>(block_index()) * block::inverse_bytes<R>;
  if (const int number = thread_index() * floats;
      number < 4 * block::chunk_steps && block::has_number<R>(number / block::chunk_steps)) {
    const auto four = shared_load(
        reinterpret_cast<const array<float, floats> &>(*storage.numbers.number(number)));
    store_global<floats>(reinterpret_cast<float *>(here) + number, four.values);
  }
  element *const to = reinterpret_cast<element *>(here + sizeof(block::chunk_numbers));
#pragma unroll
  for (int n = 0; n < block::panel / piece / threads; ++n) {
    const int place = (thread_index() + n * threads) * piece;
    const auto eight = shared_load(
        reinterpret_cast<const array<element, piece> &>(storage.inverter.inverse[place]));
    store_global<piece>(to + place, eight.values);
  }
}

} // namespace scanc::device::kernel
