//===- block/product_ring.cuh - Parts of two factors on their way ----------===//
//
//   called by      matrix_parts: one warp orders, four warps each take; piece_parts: every thread of a block
//   result in      shared memory: slots of a part each, the factors as products want them
//   shared memory  as the storage types say, given by the caller
//   barriers       matrix_parts: one of the block where it is made; piece_parts: one a part and tile
//
//   Of elements that do not exist there are zeros.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/product_tile.cuh"
#include "scanc/block/projected_factor.cuh"
#include "scanc/core/tensor_copies.cuh"

namespace scanc::device::block {

/// Copies of whole matrices, and cells that say when they have landed and when all have read them.
template <typename R>
struct matrix_parts_storage {
  product_slot<R> slots[R::shape.ring];
  landing landed[R::shape.ring], left[R::shape.ring];
};

/// R::maps() are maps of the panels of each right factor, of the slices of each, as far as a tile has such, and of
/// the left factor.
template <typename R>
class matrix_parts {
public:
  using storage = matrix_parts_storage<R>;
  static constexpr int readers = 4 * R::shape.warpgroups; ///< warps
  static constexpr int depth = part_depth<typename R::element>;
  static constexpr int maps_of_slices = R::shape.panels() > 0 ? R::factors : 0; ///< the first of them
  static constexpr int map_of_left = maps_of_slices + (R::shape.slices() > 0 ? R::factors : 0);

  __device__ __forceinline__ matrix_parts(const R &product, storage &of)
      : of(of), maps(product.maps()), parts((product.depth() + depth - 1) / depth) {
    if (thread_index() == 0)
#pragma unroll 1
      for (int i = 0; i < R::shape.ring; ++i) {
        make_landing(of.landed[i]);
        make_landing(of.left[i], readers);
      }
    if (warp_index() == R::shape.threads() / 32 - 4)
#pragma unroll 1
      for (int i = lane_index(); i <= map_of_left; i += 32)
        prefetch_map(maps + i);
    block_barrier();
  }

  /// Of a tile's factors as many parts as `count` says, in one warp.
  __device__ __forceinline__ int count() const { return parts; }
  __device__ __forceinline__ void order(const tile_place &place, const tile_columns<R> &columns) {
#pragma unroll 1
    for (int part = 0; part < parts; ++part) {
      using slot_type = product_slot<R>;
      slot_type &to = of.slots[slot];
      landing &cell = of.landed[slot];
      const int term = part * depth;
      await_landing(of.left[slot], parity ^ 1);
      if (lane_index() == 0)
        expect_copies(cell, slot_type::left_bytes + slot_type::right_bytes);
      order_matrix_copy(to.left, maps + map_of_left, place.row, term, static_cast<int>(place.matrix),
                        cell);
#pragma unroll
      for (int p = 0; p < tile_columns<R>::count; ++p) {
        const column_source from = columns[p];
        order_matrix_copy(to.right + slot_type::place(p),
                          maps + (p < R::shape.panels() ? 0 : maps_of_slices) + from.factor,
                          R::across ? term : from.column, R::across ? from.column : term, 0, cell);
      }
      advance();
    }
  }

  /// The next part, by all threads that multiply it: theirs until `leave`, which follows one part
  /// later.
  __device__ __forceinline__ const product_slot<R> &take() {
    await_landing(of.landed[slot], parity);
    const product_slot<R> &taken = of.slots[slot];
    advance();
    return taken;
  }
  __device__ __forceinline__ void leave() {
    if (lane_index() == 0)
      arrive(of.left[oldest], readers);
    oldest = oldest + 1 == R::shape.ring ? 0 : oldest + 1;
  }

private:
  __device__ __forceinline__ void advance() {
    if (++slot == R::shape.ring) {
      slot = 0;
      parity ^= 1;
    }
  }

  storage &of;
  const given_map *const maps;
  const int parts;
  int slot = 0, parity = 0, oldest = 0;
};

/// Pieces of 16 bytes: copied from where the factors lie, or computed by the product.
template <typename R>
struct piece_parts_storage {
  product_slot<R> slots[R::shape.ring];
};

template <typename R>
class piece_parts {
public:
  using element = typename R::element;
  static constexpr int depth = part_depth<element>;
  static constexpr int piece = warp::piece<element>, pieces = depth / piece; ///< of a row

  __device__ __forceinline__ piece_parts(const R &product, piece_parts_storage<R> &storage)
      : product(product), storage(storage), parts((product.depth() + depth - 1) / depth) {
  }

  __device__ __forceinline__ int count() const { return parts; }

  /// Orders the first parts of a tile.
  __device__ __forceinline__ void begin(const tile_place &at, const tile_columns<R> &of) {
    place = at;
    columns = of;
    if constexpr (R::copies)
      find_sources();
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

  /// Whether a thread says so, once all parts have been taken.
  __device__ __forceinline__ bool any(bool says) const {
    auto &cells = storage.slots[0].left[0];
    const uint32_t lanes = ballot(says);
    block_barrier(); // all have left it
    if (lane_index() == 0)
      shared_store(cells[warp_index()], lanes != 0 ? 1.0f : 0.0f);
    block_barrier();
    bool found = false;
#pragma unroll
    for (int i = 0; i < R::shape.threads() / 32; ++i)
      found |= shared_load(cells[i]) != 0.0f;
    return found;
  }

private:
  /// Where a panel or slice of the right factor begins, how far its rows are apart as they lie in memory, and how many columns
  /// exist from there on.
  struct source {
    const element *first;
    long long stride;
    int left, unused;
  };

  __device__ __forceinline__ void find_sources() {
    rows = product.left(place.matrix);
    rows.data += place.row * rows.row;
    const column_source from = columns.of_lane();
    const projected_factor<element> of = product.right(from.factor);
    own = {of.data + from.column * (R::across ? 1 : of.row), R::across ? of.term : of.row,
           product.width(from.factor) - from.column, 0};
  }

  /// `count` rows of `adjacent` elements to a panel or slice, of which some exist: each thread has a piece of some rows.
  template <int count, int adjacent>
  static __device__ __forceinline__ void copy_rows(element *to, const element *first, long long stride, int exist,
                                                   int exist_adjacent) {
    constexpr int beside = adjacent / piece, at_once = R::shape.threads() / beside;
    static_assert(at_once % 8 == 0, "pieces are exchanged alike in the rows of a thread");
    const int begin = thread_index() / beside, column = thread_index() % beside * piece;
    const int left = exist_adjacent - column, bytes = left <= 0 ? 0 : left < piece ? static_cast<int>(sizeof(element)) * left : 16;
    element *const cell = to + warp::swizzled<element, adjacent>(begin, column);
    const element *from = first + (begin * stride + column);
#pragma unroll
    for (int n = 0; n < count; n += at_once) {
      const bool exists = bytes > 0 && begin + n < exist;
      if (count % at_once == 0 || begin + n < count)
        start_copy<16>(cell + n * adjacent, exists ? from : first, exists ? bytes : 0);
      from += at_once * stride;
    }
  }

  __device__ __forceinline__ void copy_part(product_slot<R> &to, int term) const {
    const int terms = product.depth() - term;
    copy_rows<R::shape.rows(), depth>(to.left[0], rows.data + term, rows.row, product.rows() - place.row, terms);
#pragma unroll
    for (int n = 0; n < tile_columns<R>::count; ++n) {
      const source from = shuffle(own, n);
      element *const cells = to.right + product_slot<R>::place(n);
      if constexpr (!R::across) {
        if (n < R::shape.panels())
          copy_rows<64, depth>(cells, from.first + term, from.stride, from.left, terms);
        else
          copy_rows<16, depth>(cells, from.first + term, from.stride, from.left, terms);
      } else {
        const element *const first = from.first + term * from.stride;
        if (n < R::shape.panels())
          copy_rows<depth, 64>(cells, first, from.stride, terms, from.left);
        else
          copy_rows<depth, 16>(cells, first, from.stride, terms, from.left);
      }
    }
  }

  __device__ __forceinline__ void order(int part) {
    if (part < parts) {
      if constexpr (R::copies)
        copy_part(storage.slots[part % R::shape.ring], part * depth);
      else
        fetch_part(storage.slots[part % R::shape.ring], part * depth);
    }
    close_copies(); // an empty group keeps the count
  }

  __device__ __forceinline__ void fetch_part(product_slot<R> &to, int term) const {
#pragma unroll 2
    for (int i = thread_index(); i < R::shape.rows() * pieces; i += R::shape.threads()) {
      const int row = i / pieces, column = i % pieces * piece;
      product.fetch_left(&to.left[row / 64][warp::swizzled<element, depth>(row % 64, column)],
                         place.matrix, place.row + row, term + column);
    }
    fetch_right<64, 0, R::shape.panels()>(to, term);
    fetch_right<16, R::shape.panels(), R::shape.slices()>(to, term);
  }

  /// `count` panels or slices of `width` columns, from number `first` on.
  template <int width, int first, int count>
  __device__ __forceinline__ void fetch_right(product_slot<R> &to, int term) const {
    constexpr int adjacent = R::across ? width : depth, own = depth * width / piece;
#pragma unroll 2
    for (int i = thread_index(); i < count * own; i += R::shape.threads()) {
      // The lanes of a warp have pieces of one.
      const int number = first + i / own, row = i % own / (adjacent / piece), column = i % (adjacent / piece) * piece;
      const column_source from = columns[number];
      element *cell =
          to.right + product_slot<R>::place(number) + warp::swizzled<element, adjacent>(row, column);
      if constexpr (R::across)
        product.fetch_right(cell, from.factor, term + row, from.column + column);
      else
        product.fetch_right(cell, from.factor, from.column + row, term + column);
    }
  }

  const R &product;
  piece_parts_storage<R> &storage;
  const int parts;
  tile_place place{};
  tile_columns<R> columns{};
  projected_factor<element> rows{}; ///< from the first of the tile on
  source own{};                     ///< of the panel or slice whose number the lane is
};

} // namespace scanc::device::block
