//===- block/chunk_matrices.cuh - Copies of chunks as whole matrices -------===//
//
//   called by      every thread of a warp
//   result in      shared memory: what block/chunk_ring.cuh brings by pieces
//   shared memory  chunk_slot<R>, given by the caller
//   barriers       none: a cell says when all has landed
//
//   By maps that the launch makes. Steps past the end of time are zeros.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_ring.cuh"
#include "scanc/core/tensor_copies.cuh"

namespace scanc::device::block {

/// Whether the rows of a chunk lie in memory as maps say; panels are full then. An older compiler has pieces copied.
template <typename R>
concept has_maps = has_tensor_copies && requires(const R &r) { r.maps(); };

/// Of a chunk's record, which a correction has.
template <typename R>
inline constexpr int record_bytes = 0;
template <typename R>
  requires corrects<R>
inline constexpr int record_bytes<R> = chunk_record<R>::bytes;

/// Where the matrices of a lane lie: columns of the maps. In shared memory, as registers are few.
template <typename R>
struct matrix_places {
  int key, query, value;
  const chunk_record<R> *records; ///< of the block's first chunk, with a correction

  /// By the warp that orders. `from`: the block's first column.
  __device__ __forceinline__ void find(const R &recurrence, const typename R::lane &at, int from,
                                       const chunk_record<R> *record = nullptr) {
    if (lane_index() == 0) {
      shared_store(key, recurrence.key_column(at));
      shared_store(query, recurrence.query_column(at));
      shared_store(value, recurrence.value_column(at) + from);
      shared_store(records, record);
    }
    warp_barrier();
  }
};

/// Orders the copies of keys and queries of a chunk that has steps; `cell` expects those of the rest, too.
template <typename R>
static __device__ __forceinline__ void order_rows(const R &recurrence, const matrix_places<R> &places,
                                                  chunk_slot<R> &to, chunk_extent extent, landing &cell) {
  constexpr int rows = row_panels<R>(), values = R::shape.value_panels();
  constexpr int panel_bytes = panel * sizeof(typename R::element);
  const int step = static_cast<int>(extent.first);
  const given_map *const maps = recurrence.maps();
  if (lane_index() == 0)
    expect_copies(cell, (2 * rows + values) * panel_bytes + record_bytes<R>);
#pragma unroll
  for (int p = 0; p < rows; ++p)
    order_matrix_copy(to.key[p], maps, step, shared_load(places.key) + p * panel_columns, 0, cell);
#pragma unroll
  for (int p = 0; p < rows; ++p)
    order_matrix_copy(to.query[p], maps + 1, step, shared_load(places.query) + p * panel_columns, 0, cell);
}

/// And of its values, and its record. `chunk`: of the block.
template <typename R>
static __device__ __forceinline__ void order_values(const R &recurrence, const matrix_places<R> &places, long long chunk,
                                                    chunk_slot<R> &to, chunk_extent extent, landing &cell) {
  if constexpr (corrects<R>)
    order_copy(&to, shared_load(places.records) + chunk, record_bytes<R>, cell);
#pragma unroll
  for (int p = 0; p < R::shape.value_panels(); ++p)
    order_matrix_copy(to.value[p], recurrence.maps() + 2, static_cast<int>(extent.first),
                      shared_load(places.value) + p * panel_columns, 0, cell);
}

} // namespace scanc::device::block
