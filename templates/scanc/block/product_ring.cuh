//===- block/product_ring.cuh - Parts of two factors on their way ----------===//
//
//   called by      matrix_parts: one thread orders, four warps each take; piece_parts: every thread
//   of a block result in      shared memory: slots of a part each, the factors as products want
//   them shared memory  as the storage types say, given by the caller barriers       matrix_parts:
//   one of the block where it is made; piece_parts: one a part and tile
//
//   Of elements that do not exist there are zeros.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/product_tile.cuh"
#include "scanc/core/tensor_copies.cuh"

namespace scanc::device::block {

/// Copies of whole matrices, and cells that say when they have landed and when all have read them.
template <typename R>
struct matrix_parts_storage {
  product_slot<R> slots[R::shape.ring];
  matrix_map maps[R::factors + 1];
  landing landed[R::shape.ring], left[R::shape.ring];
};

template <typename R>
class matrix_parts {
public:
  static constexpr int readers = 4 * R::shape.warpgroups; ///< warps

  /// `places` is 128 bytes of global memory for each factor, aligned to as many, of this block
  /// alone.
  __device__ __forceinline__ matrix_parts(const R &product, matrix_parts_storage<R> &storage,
                                          matrix_map *places)
      : product(product), storage(storage), places(places),
        parts((product.depth() + part_depth - 1) / part_depth) {
    if (parts > 0)
#pragma unroll 1
      for (int i = warp_index(); i <= R::factors; i += R::shape.threads() / 32)
        if (i < R::factors)
          make_matrix_map<64>(storage.maps[i], places + i, product.right(i));
        else
          make_matrix_map<R::shape.rows()>(storage.maps[i], places + i, product.left());
    if (thread_index() == 0)
#pragma unroll 1
      for (int i = 0; i < R::shape.ring; ++i) {
        make_landing(storage.landed[i]);
        make_landing(storage.left[i], readers);
      }
    block_barrier();
  }

  /// Of a tile's factors as many parts as `count` says, in one thread.
  __device__ __forceinline__ int count() const { return parts; }
  __device__ __forceinline__ void order(const tile_place &place) {
#pragma unroll 1
    for (int part = 0; part < parts; ++part) {
      product_slot<R> &to = storage.slots[slot];
      landing &cell = storage.landed[slot];
      await_landing(storage.left[slot], parity ^ 1);
      expect_copies(cell, sizeof(to.left) + sizeof(to.right));
      start_matrix_copy<R::shape.rows()>(to.left, places + R::factors, place.row, part * part_depth,
                                         static_cast<int>(place.matrix), cell);
#pragma unroll
      for (int p = 0; p < column_panels<R>(); ++p) {
        const auto source = product.panel(place.column, p);
        if constexpr (R::across)
          start_matrix_copy<64>(to.right[p], places + source.factor, part * part_depth,
                                source.column, 0, cell);
        else
          start_matrix_copy<64>(to.right[p], places + source.factor, source.column,
                                part * part_depth, 0, cell);
      }
      advance();
    }
  }

  /// The next part, by all threads that multiply it: theirs until `leave`, which follows one part
  /// later.
  __device__ __forceinline__ const product_slot<R> &take() {
    await_landing(storage.landed[slot], parity);
    const product_slot<R> &taken = storage.slots[slot];
    advance();
    return taken;
  }
  __device__ __forceinline__ void leave() {
    if (lane_index() == 0)
      arrive(storage.left[oldest], readers);
    oldest = oldest + 1 == R::shape.ring ? 0 : oldest + 1;
  }

private:
  __device__ __forceinline__ void advance() {
    if (++slot == R::shape.ring) {
      slot = 0;
      parity ^= 1;
    }
  }

  const R &product;
  matrix_parts_storage<R> &storage;
  const matrix_map *const places;
  const int parts;
  int slot = 0, parity = 0, oldest = 0;
};

/// Pieces of 16 bytes, which the product copies or computes.
template <typename R>
struct piece_parts_storage {
  product_slot<R> slots[R::shape.ring];
};

template <typename R>
class piece_parts {
public:
  static constexpr int pieces = part_depth / 8; ///< of a row

  __device__ __forceinline__ piece_parts(const R &product, piece_parts_storage<R> &storage)
      : product(product), storage(storage), parts((product.depth() + part_depth - 1) / part_depth) {
  }

  __device__ __forceinline__ int count() const { return parts; }

  /// Orders the first parts of a tile.
  __device__ __forceinline__ void begin(const tile_place &of) {
    place = of;
    block_barrier(); // all have left the tile before
#pragma unroll 1
    for (int part = 0; part < R::shape.ring - 1; ++part)
      order(part);
  }

  /// Part number `part`, until the next call.
  __device__ __forceinline__ const product_slot<R> &take(int part) {
    await_copies<R::shape.ring - 2>();
    show_to_group_products();
    block_barrier(); // it has landed; everyone has left the part before
    order(part + R::shape.ring - 1);
    return storage.slots[part % R::shape.ring];
  }

private:
  __device__ __forceinline__ void order(int part) {
    if (part < parts) {
      product_slot<R> &to = storage.slots[part % R::shape.ring];
      const int term = part * part_depth;
#pragma unroll 2
      for (int i = thread_index(); i < R::shape.rows() * pieces; i += R::shape.threads()) {
        const int row = i / pieces, column = i % pieces * 8;
        product.fetch_left(
            &to.left[row / 64][warp::swizzled<typename R::element, 64>(row % 64, column)],
            place.matrix, place.row + row, term + column);
      }
#pragma unroll 2
      for (int i = thread_index(); i < column_panels<R>() * 64 * pieces; i += R::shape.threads()) {
        const int panel = i / (64 * pieces), row = i / pieces % 64, column = i % pieces * 8;
        const auto source = product.panel(place.column, panel);
        auto *cell = &to.right[panel][warp::swizzled<typename R::element, 64>(row, column)];
        if constexpr (R::across)
          product.fetch_right(cell, source.factor, term + row, source.column + column);
        else
          product.fetch_right(cell, source.factor, source.column + row, term + column);
      }
    }
    close_copies(); // an empty group keeps the count
  }

  const R &product;
  piece_parts_storage<R> &storage;
  const int parts;
  tile_place place{};
};

} // namespace scanc::device::block
