//===- block/projected_behind.cuh - A product of what a tile's scan makes ---===//
//
//   called by      every thread of a block of R::shape.threads()
//   result in      what R writes
//   shared memory  behind_storage<R>, and a panel of 64 rows and lanes for each four warps, given by the caller
//   barriers       none; one of the block stands between what fills shared memory and `write`
//
//   The lanes of a matrix are those of one tile, so that the rows of the product are whole in a block, and its sums are
//   those of no other. Its weights lie in shared memory from the first tile to the last.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/projected_parts.cuh"
#include "scanc/thread/piece.cuh"

namespace scanc::device::block {

template <typename R, bool = (R::shape.behind > 0)>
struct behind_storage {};

/// Panels of 64 columns of the weights, and all lanes.
template <typename R>
struct behind_storage<R, true> {
  static constexpr int panel = 64 * 64, panels = (R::shape.behind + 63) / 64;
  alignas(1024) typename R::element weights[panels][panel];
};

template <typename R>
class projected_behind {
public:
  using storage_type = behind_storage<R>;
  using element = typename R::element;

  __device__ __forceinline__ projected_behind(const R &layer, storage_type &storage)
      : layer(layer), storage(storage) {}

  /// Orders the copies of the weights, before all others.
  __device__ __forceinline__ void begin() {
    constexpr int pieces = 8; // of a row of 64 columns, or lanes
    const projected_factor<element> of = layer.behind_weight();
    const int lanes = layer.lanes();
#pragma unroll 1
    for (int i = thread_index(); i < storage_type::panels * 64 * pieces; i += R::shape.threads()) {
      const int row = i / pieces % 64, first = i / pieces / 64 * 64, column = i % pieces * 8;
      const int at = R::behind_across ? row : first + row, from = R::behind_across ? first + column : column;
      const bool exists = at < (R::behind_across ? lanes : R::shape.behind);
      const int size = R::behind_across ? R::shape.behind : lanes;
      thread::fetch_piece<R::copies>(storage.weights[first / 64] + warp::swizzled<element, 64>(row, column),
                                     of.data + (exists ? at : 0) * (R::behind_across ? of.term : of.row),
                                     R::behind_across ? of.row : of.term, from, exists ? size : 0);
    }
    close_copies();
  }

  /// The products of `rows`, and what is made of them.
  __device__ __forceinline__ void write(const element *rows, const projected_place &place) const {
    const element *const own = rows + warp_index() / 4 * storage_type::panel;
#pragma unroll 1
    for (int panel = 0; panel < storage_type::panels; ++panel) {
      warp::sum_tile sums[8];
      begin_group_products();
#pragma unroll
      for (int term = 0; term < 64; term += 16)
        warp::multiply_wide<R::behind_across>(sums, own, storage.weights[panel], term, term > 0);
      start_group_products();
      finish_group_products();
      warp::settle(sums);
      write_panel(sums, panel * 64, place);
    }
  }

private:
  /// The columns from `first` on, of a thread's two steps.
  __device__ __forceinline__ void write_panel(const warp::sum_tile (&sums)[8], int first,
                                              const projected_place &place) const {
    const bool whole = R::copies && first + 64 <= R::shape.behind;
#pragma unroll
    for (int v = 0; v < 2; ++v) {
      const int step = place.step + warp_index() * 16 + lane_index() / 4 * 2 + v;
      const bool exists = step < layer.steps();
      auto *const to = layer.behind_row(place.matrix, exists ? step : layer.steps() - 1);
#pragma unroll
      for (int part = 0; part < 8; part += 4) {
        decltype(layer.make_behind(0.0f, 0)) made[8];
        warp::turn_row(made, [&](int e) {
          const int column = first + (part + e / 2) * 8 + warp::sum_column(e % 2);
          return layer.make_behind(sums[part + e / 2].at[v * 2 + e % 2],
                                   column < R::shape.behind ? column : R::shape.behind - 1);
        });
        const int column = first + (part + lane_index() % 4) * 8;
        if (exists && whole)
          thread::store<8>(to + column, made);
        else if (exists)
          thread::write_eight(to, layer.behind_stride(), column, R::shape.behind, made);
      }
    }
  }

  const R &layer;
  storage_type &storage;
};

} // namespace scanc::device::block
