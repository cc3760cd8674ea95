//===- block/projected_parts.cuh - Parts of a row's factors on their way ---===//
//
//   called by      every thread of a block
//   result in      registers: sums of 16 steps a warp, of 64 lanes and all factors
//   shared memory  projected_parts_storage<R>, given by the caller
//   barriers       one a part and tile
//
//   64 terms of the sums at a time, a part, lie in a ring of shared memory as products want them. Of
//   elements that do not exist there are zeros.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/projected_factor.cuh"
#include "scanc/core/policy.cuh"
#include "scanc/thread/piece.cuh"
#include "scanc/warp/wide_matmul.cuh"

namespace scanc::device::block {

/// Lanes of a tile.
inline constexpr int tile_lanes = 64;

/// Where a tile begins.
struct projected_place {
  long long matrix;
  int step, lane;
};

template <typename R>
struct projected_parts_storage {
  static constexpr int panel = 64 * 64;
  alignas(1024) typename R::element left[R::shape.ring][R::shape.warpgroups][panel];
  typename R::element right[R::shape.ring][R::factors][panel];
};

/// The sums of a thread: of each factor eight tiles, of eight lanes each.
template <typename R>
using projected_sums = warp::sum_tile[8 * R::factors];

/// The step of a tile that lies in row `row` of the left factor: rows of a thread are steps beside each other.
static __device__ __forceinline__ int projected_step(int row) {
  return row / 16 * 16 + row % 8 * 2 + row / 8 % 2;
}

template <typename R>
class projected_parts {
public:
  __device__ __forceinline__ projected_parts(const R &layer, projected_parts_storage<R> &storage)
      : layer(layer), storage(storage), parts((layer.depth() + 63) / 64) {}

  __device__ __forceinline__ int count() const { return parts; }

  /// Orders the first parts of a tile.
  __device__ __forceinline__ void begin(const projected_place &of) {
    place = of;
    whole = of.step + R::shape.steps() <= layer.steps() && of.lane + tile_lanes <= layer.lanes();
    block_barrier(); // all have left the tile before
#pragma unroll 1
    for (int part = 0; part < R::shape.ring - 1; ++part)
      order(part);
  }

  /// Adds part number `part` to the sums.
  __device__ __forceinline__ void add(projected_sums<R> &sums, int part) {
    await_copies<R::shape.ring - 2>();
    show_to_group_products();
    block_barrier(); // it has landed; everyone has left the part before
    order(part + R::shape.ring - 1);
    begin_group_products();
#pragma unroll
    for (int term = 0; term < 64; term += 16)
      warp::multiply_wide<R::across>(sums, storage.left[part % R::shape.ring][thread_index() / 128],
                                     storage.right[part % R::shape.ring][0], term, true);
    start_group_products();
    finish_group_products();
  }

private:
  using element = typename R::element;
  static constexpr int pieces = 8, ///< of a row of 64 terms, or lanes
      rows_at_once = R::shape.threads() / pieces, panel = projected_parts_storage<R>::panel;

  __device__ __forceinline__ void order(int part) {
    if (part < parts) {
      element *const left = storage.left[part % R::shape.ring][0],
                     *const right = storage.right[part % R::shape.ring][0];
      if (R::copies && whole && part * 64 + 64 <= layer.depth())
        order_whole(left, right, part * 64);
      else
        order_some(left, right, part * 64);
    }
    close_copies(); // an empty group keeps the count
  }

  /// `rows` rows, of which a thread has one after `rows_at_once` others, all of whose pieces exist.
  template <int rows>
  static __device__ __forceinline__ void copy_rows(element *to, const element *from, long long stride) {
#pragma unroll
    for (int n = 0; n < rows / rows_at_once; ++n) {
      start_copy<16>(to + n * rows_at_once * 64, from);
      from += rows_at_once * stride;
    }
  }

  __device__ __forceinline__ void order_whole(element *left, element *right, int term) const {
    const int row = thread_index() / pieces, column = thread_index() % pieces * 8;
    const int cell = warp::swizzled<element, 64>(row, column);
    const projected_factor<element> steps = layer.left(place.matrix);
    copy_rows<R::shape.steps()>(
        left + cell, steps.data + ((place.step + projected_step(row)) * steps.row + term + column), steps.row);
#pragma unroll
    for (int i = 0; i < R::factors; ++i) {
      const projected_factor<element> of = layer.right(i);
      const long long from = R::across ? (term + row) * of.term + place.lane + column
                                       : (place.lane + row) * of.row + term + column;
      copy_rows<64>(right + (i * panel + cell), of.data + from, R::across ? of.term : of.row);
    }
  }

  /// Pieces that may not exist, or are read element by element.
  __device__ __forceinline__ void order_some(element *left, element *right, int term) const {
    const projected_factor<element> steps = layer.left(place.matrix);
#pragma unroll 1
    for (int i = thread_index(); i < R::shape.steps() * pieces; i += R::shape.threads()) {
      const int row = i / pieces, column = i % pieces * 8, step = place.step + projected_step(row);
      const bool exists = step < layer.steps();
      thread::fetch_piece<R::copies>(left + warp::swizzled<element, 64>(row, column),
                                     steps.data + (exists ? step : 0) * steps.row, steps.term,
                                     term + column, exists ? layer.depth() : 0);
    }
#pragma unroll
    for (int f = 0; f < R::factors; ++f) {
      const projected_factor<element> of = layer.right(f);
#pragma unroll 1
      for (int i = thread_index(); i < 64 * pieces; i += R::shape.threads()) {
        const int row = i / pieces, column = i % pieces * 8;
        const int at = (R::across ? term : place.lane) + row, from = (R::across ? place.lane : term) + column;
        const bool exists = at < (R::across ? layer.depth() : layer.lanes());
        const int lie = R::across ? layer.lanes() : layer.depth();
        thread::fetch_piece<R::copies>(right + (f * panel + warp::swizzled<element, 64>(row, column)),
                                       of.data + (exists ? at : 0) * (R::across ? of.term : of.row),
                                       R::across ? of.row : of.term, from, exists ? lie : 0);
      }
    }
  }

  const R &layer;
  projected_parts_storage<R> &storage;
  const int parts;
  bool whole = false;
  projected_place place{};
};

} // namespace scanc::device::block
