//===- block/product_tile.cuh - A tile of a product of matrices -----------===//
//
//   called by      every thread of a block
//   result in      registers: 64 * tall rows of each four warps, all columns of the tile
//   shared memory  product_slot<R>[R::shape.ring], given by the caller
//   barriers       as each function says
//
//   R says what the factors are, in the sense of templates/README.md. 64 terms of the sums at a
//   time, 32 of f32, a part, lie in a slot.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/policy.cuh"
#include "scanc/block/reduce_lanes.cuh"
#include "scanc/thread/piece.cuh"
#include "scanc/thread/reduction.cuh"
#include "scanc/warp/split_matmul.cuh"
#include "scanc/warp/wide_matmul.cuh"

namespace scanc::device::block {

/// Terms of a part: 128 bytes of a row.
template <typename T>
inline constexpr int part_depth = 128 / sizeof(T);
template <typename T>
inline constexpr int panel_size = 64 * part_depth<T>;
template <typename T>
inline constexpr int slice_size = 16 * part_depth<T>;

/// A part of both factors: of the left one 64 rows a panel; of the right one a tile's panels, then its
/// slices.
template <typename R>
struct product_slot {
  static constexpr int row_panels = R::shape.rows() / 64, column_panels = (R::shape.columns + 63) / 64;
  using element = typename R::element;
  static constexpr int left_bytes = sizeof(element) * row_panels * panel_size<element>,
                       right_bytes = sizeof(element) * part_depth<element> * R::shape.columns;
  alignas(1024) element left[row_panels][panel_size<element>];
  element right[column_panels * panel_size<element>];

  /// Where panel or slice `number` of the right factor begins.
  static constexpr int place(int number) {
    return number < R::shape.panels()
               ? number * panel_size<element>
               : R::shape.panels() * panel_size<element> + (number - R::shape.panels()) * slice_size<element>;
  }
};

/// Where a tile lies in the result.
struct tile_place {
  long long matrix;
  int row;    ///< its first one
  int column; ///< which one of those beside each other
};

/// The first column of a panel or slice, of which right factor: behind the last one where there is none.
struct column_source {
  int factor, column;
};

/// How the columns of all right factors are shared out to tiles that are beside each other:
/// panels to panels while there are some, what is left of all to slices. R::width(i) is how many
/// columns right factor i has.
template <typename R>
class column_tiles {
  static constexpr int panels = R::shape.panels(), slices = R::shape.slices();

public:
  __device__ __forceinline__ explicit column_tiles(const R &product) : product(product) {
#pragma unroll
    for (int i = 0; i < R::factors; ++i) {
      all_panels += panels_of(i);
      all_slices += slices_of(i);
    }
    number = (4 * all_panels + all_slices + 4 * panels + slices - 1) / (4 * panels + slices);
    if constexpr (slices > 0)
      number = larger(number, (all_slices + slices - 1) / slices);
  }

  __device__ __forceinline__ int count() const { return number; }

  /// What panel or slice `part` of tile `tile` has.
  __device__ __forceinline__ column_source source(int tile, int part) const {
    const bool is_panel = part < panels;
    const int slice = tile * slices + part - panels;
    // Panels that no tile has as such are slices, before those that are left of a factor.
    const int cut = larger(all_panels - number * panels, 0);
    const bool of_panel = is_panel || slice < 4 * cut;
    const int at = is_panel   ? tile * panels + part
                   : of_panel ? number * panels + slice / 4
                              : slice - 4 * cut;
    column_source found{0, product.width(0)};
    int first = 0;
#pragma unroll
    for (int i = 0; i < R::factors; ++i) {
      const int has = of_panel ? panels_of(i) : slices_of(i);
      if (at >= first && at < first + has)
        found = {i, of_panel ? 64 * (at - first) + (is_panel ? 0 : slice % 4 * 16)
                             : 64 * panels_of(i) + 16 * (at - first)};
      first += has;
    }
    return found;
  }

private:
  static __device__ __forceinline__ int larger(int a, int b) { return a > b ? a : b; }
  /// Tiles without slices have panels that are not full, those without panels have slices.
  __device__ __forceinline__ int panels_of(int factor) const {
    return panels == 0 ? 0 : (product.width(factor) + (slices == 0 ? 63 : 15)) / 64;
  }
  __device__ __forceinline__ int slices_of(int factor) const {
    const int rest = product.width(factor) - 64 * panels_of(factor);
    return slices > 0 && rest > 0 ? (rest + 15) / 16 : 0;
  }

  const R &product;
  int all_panels = 0, all_slices = 0, number;
};

/// The columns of a tile: each lane of a warp knows one of its panels or slices.
template <typename R>
class tile_columns {
public:
  static constexpr int count = R::shape.panels() + R::shape.slices();

  tile_columns() = default;
  __device__ __forceinline__ tile_columns(const column_tiles<R> &tiles, int tile)
      : own(tiles.source(tile, lane_index() < count ? lane_index() : 0)) {}

  /// Of this lane.
  __device__ __forceinline__ column_source of_lane() const { return own; }
  /// By all lanes of a warp, of one number.
  __device__ __forceinline__ column_source operator[](int number) const {
    return {shuffle(own.factor, number), shuffle(own.column, number)};
  }

private:
  column_source own;
};

/// The tiles of a block: those beside each other are made at the same time.
template <typename R>
class tile_list {
public:
  __device__ __forceinline__ explicit tile_list(const R &product)
      : product(product), row_tiles((product.rows() + R::shape.rows() - 1) / R::shape.rows()),
        columns(column_tiles<R>(product).count()), next(block_index()),
        count(product.matrices() * row_tiles * columns) {}

  __device__ __forceinline__ bool take(tile_place &place) {
    if (next >= count)
      return false;
    const long long rest = next / columns;
    place = {rest / row_tiles, static_cast<int>(rest % row_tiles) * R::shape.rows(),
             static_cast<int>(next % columns)};
    next += block_count();
    return true;
  }

  __device__ __forceinline__ tile_columns<R> columns_of(const tile_place &place) const {
    return {column_tiles<R>(product), place.column};
  }

private:
  const R &product;
  const int row_tiles, columns; ///< beside each other
  long long next;
  const long long count;
};

/// Whether F makes something of sums that it reduces over the F::columns columns of a head, F::rounds times.
template <typename F>
concept reduces_heads = requires { typename F::readouts; };

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
    for (int term = 0; term < part_depth<typename R::element>; term += 16)
      warp::multiply_wide<R::across>(at, slot.left[first_panel()], slot.right, term, adds || term > 0);
    start_group_products();
  }

  /// Adds a part of f32, whose factors are rounded to tf32 or R::split into two of them; or term by term.
  __device__ __forceinline__ void add_narrow(const product_slot<R> &slot) {
    warp::multiply_split<R::across, R::split>(at, slot.left[first_panel()], slot.right);
  }
  __device__ __forceinline__ void add_exact(const product_slot<R> &slot) {
    warp::multiply_exact<R::across>(at, slot.left[first_panel()], slot.right);
  }

  __device__ __forceinline__ bool are_finite() const {
    float none = 0.0f;
#pragma unroll
    for (int k = 0; k < R::shape.tall; ++k)
#pragma unroll
      for (int n = 0; n < R::shape.columns / 8; ++n)
#pragma unroll
        for (int i = 0; i < 4; ++i)
          none += 0.0f * at[k][n].at[i];
    return none == 0.0f;
  }

  /// Hands them to the product's epilogues, four columns at a time.
  __device__ __forceinline__ void write(const R &product, const tile_place &place,
                                        const tile_columns<R> &columns) {
    constexpr int panels = R::shape.panels();
#pragma unroll
    for (int k = 0; k < R::shape.tall; ++k)
      warp::settle(at[k]);
#pragma unroll
    for (int p = 0; p < tile_columns<R>::count; ++p) {
      const column_source from = columns[p];
      const thread::column_target to = product.target(place.matrix, from.factor, from.column);
      const int first = p < panels ? 8 * p : 6 * panels + 2 * p, count = p < panels ? 8 : 2;
      product.finish(to.kind, [&](auto make) {
        if (to.wide)
          write_columns<true>(product, place, to, first, count, make);
        else
          write_columns<false>(product, place, to, first, count, make);
      });
    }
  }

private:
  /// Of the 64 rows each that a tile has, the first one of these four warps.
  static __device__ __forceinline__ int first_panel() {
    return thread_index() / 128 * R::shape.tall;
  }

  /// The columns of tiles [first, first + count) of the sums.
  template <bool wide, typename F>
  __device__ __forceinline__ void write_columns(const R &product, const tile_place &place,
                                                const thread::column_target &to, int first, int count,
                                                F make) {
#pragma unroll
    for (int k = 0; k < R::shape.tall; ++k)
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const int row =
            place.row + (first_panel() + k) * 64 + warp_index() % 4 * 16 + warp::sum_row(2 * i);
        const bool exists = row < product.rows();
        const auto write = [&](int n, auto made_of) {
          float four[4];
          warp::gather_four(four, at[k][first + n], at[k][first + n + 1], i);
          if (exists)
            thread::write_four<wide>(to, row, n * 8 + warp::gathered_column(), four, made_of);
        };
        if constexpr (reduces_heads<F>) {
          // A panel has some heads, or a part of one.
          constexpr int tiles = F::columns / 8, heads = tiles < 8 ? 8 / tiles : 1;
          const int begin = first / (tiles * heads) * (tiles * heads);
          if (first == begin)
            prepare(to, k, i, begin, tiles * heads, make);
          array<typename F::readouts, heads> read;
#pragma unroll
          for (int h = 0; h < heads; ++h)
            read_out(read[h], to, k, i, begin + h * tiles, to.at + (begin + h * tiles - first) * 8, make);
#pragma unroll
          for (int n = 0; n < count; n += 2)
            write(n, [&](const float(&sums)[2], const int(&columns)[2]) {
              return make.make(sums, columns, read[n / tiles]);
            });
        } else {
#pragma unroll
          for (int n = 0; n < count; n += 2)
            write(n, make);
        }
      }
  }

  /// Makes of `count` tiles' sums, from tile `first` on, what all that F makes of a head begins with.
  template <typename F>
  __device__ __forceinline__ void prepare(const thread::column_target &to, int k, int i, int first, int count,
                                          const F &make) {
    const int last = to.at + to.left - 1;
#pragma unroll
    for (int n = 0; n < count; ++n) {
      float both[2];
      int columns[2];
#pragma unroll
      for (int e = 0; e < 2; ++e) {
        const int own = to.at + n * 8 + warp::sum_column(e);
        both[e] = at[k][first + n].at[2 * i + e];
        columns[e] = own < last ? own : last;
      }
      make.prepare(both, columns);
#pragma unroll
      for (int e = 0; e < 2; ++e)
        at[k][first + n].at[2 * i + e] = both[e];
    }
  }

  /// What F reduces over a head, whose columns from number `column` on lie in the tiles from `first` on, of the rows
  /// that four neighbouring lanes have: round after round, as a later one may need those before it.
  template <int round = 0, typename F>
  __device__ __forceinline__ void read_out(typename F::readouts &read, const thread::column_target &to, int k,
                                           int i, int first, int column, const F &make) const {
    if constexpr (round < F::rounds) {
      const int count = to.at + to.left;
#pragma unroll
      for (int n = 0; n < F::columns / 8; ++n) {
        const float sums[2] = {at[k][first + n].at[2 * i], at[k][first + n].at[2 * i + 1]};
        int columns[2];
        bool exist[2];
#pragma unroll
        for (int e = 0; e < 2; ++e) {
          const int own = column + n * 8 + warp::sum_column(e);
          exist[e] = own < count;
          columns[e] = exist[e] ? own : count - 1;
        }
        make.template read_out<round>(read, sums, columns, exist);
      }
      using values = typename referred<decltype(F::template round_of<round>(read))>::type;
      array<values, 1> whole;
      whole[0] = F::template round_of<round>(read);
      F::template round_of<round>(read) = warp::merge_apart<4>(whole)[0];
      read_out<round + 1>(read, to, k, i, first, column, make);
    }
  }
};

} // namespace scanc::device::block
