//===- scanc/core/tensor_copies.cuh - Copies of whole matrices, on the CPU --===//
//
// Found before the file of the same name in templates/, as hardware.cuh beside it. Copies land when their
// cell is waited for, not before, as writes of the thread that waits first.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/hardware.cuh"
#include "scanc_emulation/maps.h"

namespace scanc::device {

inline constexpr bool has_tensor_copies = true;
inline constexpr bool has_landings = true;

struct landing {
  uint64_t state;
};

struct alignas(128) matrix_map {
  unsigned char bytes[128];
};

/// emulation::GivenMap, in the argument of a kernel.
struct alignas(64) given_map {
  unsigned char bytes[128];
};

static __device__ __forceinline__ void prefetch_map(const given_map *) {}

static __device__ __forceinline__ void expect_copies(landing &cell, int bytes,
                                                     Place place = Place::current()) {
  emulation::hooks->expectBytes(&cell.state, static_cast<uint32_t>(bytes), place);
}

static __device__ __forceinline__ void arrive(landing &cell, int arrivals,
                                              Place place = Place::current()) {
  emulation::hooks->arrive(&cell.state, static_cast<uint32_t>(arrivals), place);
}

static __device__ __forceinline__ void arrive_together(landing &cell, int arrivals,
                                                       Place place = Place::current()) {
  warp_barrier(place);
  if (lane_index() == 0)
    arrive(cell, arrivals, place);
}

/// What the device has in a form of its own.
struct matrix_run {
  const void *first;
  int rows, columns, count;
  long long row_bytes, matrix_bytes;
};

template <int rows, int columns = 64>
static __device__ __forceinline__ void make_matrix_map(matrix_map &here, matrix_map *map,
                                                       const matrix_run &of,
                                                       Place place = Place::current()) {
  warp_barrier(place);
  if (lane_index() == 0) {
    __builtin_memcpy(emulation::hooks->sharedStore(&here, sizeof here, 128, place), &of, sizeof of);
    __builtin_memcpy(emulation::hooks->globalStore(map, sizeof *map, 128, place), &of, sizeof of);
  }
  warp_barrier(place);
}

/// What has been ordered for a cell of a block and has not landed.
struct pending_matrix {
  int block;
  const landing *cell;
  char *to;
  matrix_run of;
  int rows, columns, row, column, which;
  Place place;
  pending_matrix *next;
};
inline pending_matrix *pending_matrices = nullptr;

/// Takes one that has been ordered for this block's `cell` out of the list; null where there is none.
static inline pending_matrix *take_pending(const landing &cell) {
  for (pending_matrix **at = &pending_matrices; *at; at = &(*at)->next)
    if ((*at)->block == block_index() && (*at)->cell == &cell) {
      pending_matrix *taken = *at;
      *at = taken->next;
      return taken;
    }
  return nullptr;
}

static __device__ __forceinline__ void make_landing(landing &cell, int = 1,
                                                    Place place = Place::current()) {
  while (pending_matrix *left = take_pending(cell)) // of a block that was here before
    delete left;
  shared_store(cell.state, uint64_t{0}, place);
}

static inline void land(const pending_matrix &copy, landing &cell) {
  emulation::hooks->timesLanded(&cell.state, copy.place);
  const matrix_run &of = copy.of;
  const int pieces = copy.columns / 8, line = 8 / pieces; // rows that share 128 bytes
  for (int row = 0; row < copy.rows; ++row)
    for (int piece = 0; piece < pieces; ++piece) {
      char words[16] = {};
      const char *from = static_cast<const char *>(of.first) + copy.which * of.matrix_bytes +
                         (copy.row + row) * of.row_bytes + 2 * copy.column;
      const int left = of.columns - copy.column - 8 * piece;
      if (copy.which < of.count && copy.row + row < of.rows && left > 0) {
        const int bytes = left < 8 ? 2 * left : 16;
        __builtin_memcpy(words,
                         emulation::hooks->globalLoad(from + 16 * piece, static_cast<uint32_t>(bytes),
                                                      bytes < 16 ? 2 : 16, true, copy.place),
                         static_cast<size_t>(bytes));
      }
      __builtin_memcpy(emulation::hooks->sharedStore(
                           copy.to + (row * pieces + (piece ^ row / line % pieces)) * 16, 16, 16, copy.place),
                       words, 16);
    }
  emulation::hooks->landBytes(&cell.state, static_cast<uint32_t>(copy.rows * copy.columns) * 2, copy.place);
}

static __device__ __forceinline__ void await_landing(landing &cell, int parity,
                                                     Place place = Place::current()) {
  while (emulation::hooks->timesLanded(&cell.state, place) % 2 == static_cast<uint32_t>(parity))
    while (pending_matrix *copy = take_pending(cell)) {
      land(*copy, cell);
      delete copy;
    }
}

/// What the thread that orders knows comes before what lands.
static inline void order(pending_matrix *copy) {
  emulation::hooks->expectBytes(const_cast<uint64_t *>(&copy->cell->state), 0, copy->place);
  pending_matrix **last = &pending_matrices;
  while (*last)
    last = &(*last)->next;
  *last = copy;
}

template <int rows, int columns = 64>
static __device__ __forceinline__ void start_matrix_copy(void *to, const matrix_map *map, int row,
                                                         int column, int which, landing &cell,
                                                         Place place = Place::current()) {
  auto *copy = new pending_matrix{block_index(), &cell,  static_cast<char *>(to), {}, rows, columns,
                                  row,           column, which,                  place, nullptr};
  __builtin_memcpy(&copy->of, emulation::hooks->globalLoad(map, sizeof *map, 128, false, place),
                   sizeof copy->of);
  order(copy);
}

/// How much it copies is in the map. One lane orders, once all are here.
static __device__ __forceinline__ void order_matrix_copy(void *to, const given_map *map, int row,
                                                         int column, int which, landing &cell,
                                                         Place place = Place::current()) {
  warp_barrier(place);
  if (lane_index() != 0)
    return;
  emulation::GivenMap of;
  __builtin_memcpy(&of, map, sizeof of);
  order(new pending_matrix{block_index(), &cell, static_cast<char *>(to),
                           {of.first, of.rows, of.columns, of.count, of.row_bytes, of.matrix_bytes},
                           of.box_rows, of.box_columns, row, column, which, place, nullptr});
}

/// Rows of 16 bytes that follow each other.
static __device__ __forceinline__ void order_copy(void *to, const void *from, int bytes, landing &cell,
                                                  Place place = Place::current()) {
  warp_barrier(place);
  if (lane_index() == 0)
    order(new pending_matrix{block_index(), &cell, static_cast<char *>(to), {from, bytes / 16, 8, 1, 16, bytes},
                             bytes / 16, 8, 0, 0, 0, place, nullptr});
}

} // namespace scanc::device
