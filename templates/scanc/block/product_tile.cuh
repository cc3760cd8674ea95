//===- block/product_tile.cuh - A tile of a product of matrices -----------===//
//
//   called by      every thread of a block
//   result in      registers: 64 * tall rows of each four warps, all columns of the tile
//   shared memory  product_slot<R>[R::shape.ring], given by the caller
//   barriers       as each function says
//
//   R says what the factors are, in the sense of templates/README.md. 64 terms of the sums at a
//   time, a part, lie in a slot.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/policy.cuh"
#include "scanc/warp/wide_matmul.cuh"

namespace scanc::device::block {

inline constexpr int part_depth = 64, part_panel = 64 * part_depth;

/// Panels beside each other that have all columns of a tile.
template <typename R>
constexpr int column_panels() {
  return (R::shape.columns + 63) / 64;
}

/// A part of both factors: 64 rows a panel, or columns of the right one where these are adjacent in
/// memory.
template <typename R>
struct product_slot {
  static constexpr int row_panels = R::shape.rows() / 64;
  alignas(1024) typename R::element left[row_panels][part_panel];
  typename R::element right[column_panels<R>()][part_panel];
};

/// Where a tile lies in the result.
struct tile_place {
  long long matrix;
  int row;    ///< its first one
  int column; ///< which one of those beside each other
};

/// Which right factor a tile's columns are of, where each factor begins a tile of its own, and the first of them there.
struct tile_source {
  int factor, column;
};

/// R::width(i) is how many columns right factor i has.
template <typename R>
static __device__ __forceinline__ int tiles_of(const R &product, int factor) {
  return (product.width(factor) + R::shape.columns - 1) / R::shape.columns;
}

template <typename R>
static __device__ __forceinline__ int count_column_tiles(const R &product) {
  int count = 0;
#pragma unroll
  for (int i = 0; i < R::factors; ++i)
    count += tiles_of(product, i);
  return count;
}

template <typename R>
static __device__ __forceinline__ tile_source source_of(const R &product, int tile) {
  tile_source found{R::factors - 1, 0};
  int first = 0;
#pragma unroll
  for (int i = 0; i < R::factors; ++i) {
    const int behind = first + tiles_of(product, i);
    if (tile >= first && tile < behind)
      found = {i, (tile - first) * R::shape.columns};
    first = behind;
  }
  return found;
}

/// The tiles of a block: those beside each other are made at the same time.
template <typename R>
class tile_list {
public:
  __device__ __forceinline__ explicit tile_list(const R &product)
      : row_tiles((product.rows() + R::shape.rows() - 1) / R::shape.rows()),
        column_tiles(product.column_tiles()), next(block_index()),
        count(product.matrices() * row_tiles * column_tiles) {}

  __device__ __forceinline__ bool take(tile_place &place) {
    if (next >= count)
      return false;
    const long long rest = next / column_tiles;
    place = {rest / row_tiles, static_cast<int>(rest % row_tiles) * R::shape.rows(),
             static_cast<int>(next % column_tiles)};
    next += block_count();
    return true;
  }

private:
  const int row_tiles, column_tiles;
  long long next;
  const long long count;
};

/// The sums of a thread.
template <typename R>
struct tile_sums {
  warp::sum_tile at[R::shape.tall][R::shape.columns / 8];

  __device__ __forceinline__ void clear() {
#pragma unroll
    for (int k = 0; k < R::shape.tall; ++k)
#pragma unroll
      for (int n = 0; n < R::shape.columns / 8; ++n)
        warp::clear(at[k][n]);
  }

  /// Adds a part, or begins with it. Starts it where four warps multiply together.
  __device__ __forceinline__ void add(const product_slot<R> &slot, bool adds) {
    begin_group_products();
#pragma unroll
    for (int term = 0; term < part_depth; term += 16)
#pragma unroll
      for (int k = 0; k < R::shape.tall; ++k)
        warp::multiply_wide<R::across>(at[k], slot.left[thread_index() / 128 * R::shape.tall + k],
                                       slot.right[0], term, adds || term > 0);
    start_group_products();
  }

  /// Hands them to the product, four columns at a time.
  __device__ __forceinline__ void write(const R &product, const tile_place &place) {
#pragma unroll
    for (int k = 0; k < R::shape.tall; ++k) {
      warp::settle(at[k]);
      const int first = place.row + (warp_index() / 4 * R::shape.tall + k) * 64 + warp_index() % 4 * 16;
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const int row = first + warp::sum_row(2 * i);
        const bool exists = row < product.rows();
        const auto line = product.enter(place.matrix, exists ? row : 0);
#pragma unroll
        for (int n = 0; n < R::shape.columns / 8; n += 2) {
          float four[4];
          warp::gather_four(four, at[k][n], at[k][n + 1], i);
          if (exists)
            product.write(line, place.column, n * 8 + warp::gathered_column(), four);
        }
      }
    }
  }
};

} // namespace scanc::device::block
