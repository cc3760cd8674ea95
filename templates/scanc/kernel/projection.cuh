//===- kernel/projection.cuh - Products with weights that all steps have ---===//
//
//   called by      every thread of a block of R::shape.threads(); any number of blocks
//   result in      what R writes
//   shared memory  projection_storage<R>, given by the caller
//   barriers       one per block; one per tile and part where no copies of whole matrices are asked
//   for
//
//   Factors of 16 bits are rounded by whoever wrote them, their products are exact, sums are
//   f32 in an order that is the device's own. Those of f32 go through tf32 where they are copied, and a tile with a
//   sum that is not finite is made anew term by term: an infinity has no low part. A block walks tiles of the
//   result; what is made of each sum is R's affair.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/product_ring.cuh"
#include "scanc/thread/activation.cuh"
#include "scanc/thread/piece.cuh"

namespace scanc::device::kernel {

namespace detail {
template <typename R, bool tensors>
struct projection_storage {
  block::piece_parts_storage<R> parts;
};
template <typename R>
struct projection_storage<R, true> {
  block::matrix_parts_storage<R> parts;
};

/// Registers of a thread that multiplies, and of one that orders copies: what all begin with is
/// shared out.
constexpr int registers_at_start(const product_policy &shape) {
  const int most = 65536 / shape.threads() / 8 * 8;
  return most < 168 ? most : 168;
}
} // namespace detail

template <typename R>
using projection_storage = detail::projection_storage<R, R::shape.tensors>;

/// One warp orders copies, the others multiply what has come.
template <typename R>
static __device__ __forceinline__ void project_matrices(const R &product,
                                                        projection_storage<R> &storage) {
  block::matrix_parts<R> parts(product, storage.parts);
  block::tile_place place;
  // A thread of three groups that multiply begins with 128 registers, of two with 168; the one that orders needs few.
  constexpr int at_start = detail::registers_at_start(R::shape), groups = R::shape.warpgroups;
  constexpr int few = groups > 2 ? 32 : 40;
  constexpr bool shares = groups >= 2;
  if (warp_index() / 4 == groups) {
    if constexpr (shares)
      give_registers<few>();
    block::tile_list<R> tiles(product);
    if (warp_index() % 4 == 0)
      while (tiles.take(place))
        parts.order(place, tiles.columns_of(place));
  } else {
    if constexpr (shares) {
      constexpr int most = ((groups + 1) * at_start - few) / groups / 8 * 8;
      take_registers<(most < 240 ? most : 240)>();
    }
    block::tile_list<R> tiles(product);
    while (tiles.take(place)) {
      const block::tile_columns<R> columns = tiles.columns_of(place);
      block::tile_sums<R> sums;
      if (parts.count() == 0)
        sums.clear();
#pragma unroll 1
      for (int part = 0; part < parts.count(); ++part) {
        sums.add(parts.take(), part > 0);
        finish_group_products<1>();
        if (part > 0)
          parts.leave();
      }
      finish_group_products();
      if (parts.count() > 0)
        parts.leave();
      sums.write(product, place, columns);
    }
  }
}

template <typename R>
static __device__ __forceinline__ void project_pieces(const R &product,
                                                      projection_storage<R> &storage) {
  block::piece_parts<R> parts(product, storage.parts);
  block::tile_list<R> tiles(product);
  block::tile_place place;
  while (tiles.take(place)) {
    block::tile_sums<R> sums;
    const block::tile_columns<R> columns = tiles.columns_of(place);
    const auto make = [&](auto add) {
      sums.clear();
      parts.begin(place, columns);
#pragma unroll 1
      for (int part = 0; part < parts.count(); ++part)
        add(parts.take(part));
    };
    if constexpr (is_same<typename R::element, float>) {
      if constexpr (R::copies)
        make([&](const auto &part) { sums.add_narrow(part); });
      if (!R::copies || parts.any(!sums.are_finite()))
        make([&](const auto &part) { sums.add_exact(part); });
    } else {
      make([&](const auto &part) {
        sums.add(part, true);
        finish_group_products();
      });
    }
    sums.write(product, place, columns);
  }
}

template <typename R>
static __device__ __forceinline__ void projection(const R &product,
                                                  projection_storage<R> &storage) {
  if constexpr (R::shape.tensors)
    project_matrices(product, storage);
  else
    project_pieces(product, storage);
}

} // namespace scanc::device::kernel
