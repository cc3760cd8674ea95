//===- block/projected_steps.cuh - Steps whose numbers are sums of a product ---===//
//
//   called by      every thread of a block of R::shape.threads()
//   result in      registers, and what R writes
//   shared memory  projected_cells<R>, given by the caller
//   barriers       two, in `scan`
//
//   In the layout of the tensor cores a thread has all sums of a lane and step, of 16 lanes and of two
//   steps, which follow each other. Neighbouring steps lie four lanes of the warp apart.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/projected_parts.cuh"
#include "scanc/grid/look_back.cuh"
#include "scanc/thread/piece.cuh"

namespace scanc::device::block {

/// A lane at a step, as visited.
struct lane_step {
  long long matrix;
  int step, lane;
};

/// Where the maps of a tile's warps meet, and the states that enter them.
template <typename R>
struct projected_cells {
  static constexpr int warps = 4 * R::shape.warpgroups;
  alignas(16) affine<float> maps[warps][tile_lanes];
  alignas(16) float states[warps][tile_lanes];
};

/// A tile of a row of `tiles`, which has the same lanes of a matrix, and what those of the row tell each other.
struct row_tile {
  projected_place place;
  int tiles;
  grid::notices<affine<float>> told;
};

/// The steps of a thread, made of sums: maps first, then states.
template <typename R>
class projected_steps {
public:
  static constexpr int steps = 2, lanes = 16, warps = projected_cells<R>::warps;
  static_assert(warps == 4 || warps == 8 || warps == 16, "a thread reads the maps of two warps");
  using map = affine<float>;
  using element = typename R::element;

  __device__ __forceinline__ projected_steps(const R &layer, const projected_sums<R> &sums,
                                             const row_tile &row)
      : layer(layer), sums(sums), row(row),
        first(row.place.step + warp_index() * 16 + lane_index() / 4 * steps) {}

  /// Scans the tile: one barrier where the maps of warps are known, one where states are, of which the second
  /// comes after what all threads read of other tiles.
  __device__ __forceinline__ void scan(projected_cells<R> &cells) {
    make_maps();
#pragma unroll
    for (int q = 0; q < lanes; ++q)
      compose_warp(upto[q]);
    if (lane_index() >= 28)
#pragma unroll
      for (int q = 0; q < lanes; ++q)
        shared_store(cells.maps[warp_index()][lane_of(q)], upto[q]);
    block_barrier();
    enter(cells);
    block_barrier();
#pragma unroll
    for (int q = 0; q < lanes; ++q) {
      const float entering = shared_load(cells.states[warp_index()][lane_of(q)]);
      const float before = shuffle_up(apply(upto[q], entering), 4);
      upto[q].bias = lane_index() < 4 ? entering : before;
    }
  }

  /// Replays them, and writes what is made of the states; the last ones of the row are left in the maps of `cells`. Where
  /// a product is behind, its rows go to `rows`, panels of 64 rows and lanes as that of the left factor.
  __device__ __forceinline__ void write(projected_cells<R> &cells, element *rows) {
    const bool whole = R::copies && row.place.step + R::shape.steps() <= layer.steps() &&
                       row.place.lane + tile_lanes <= layer.lanes();
    if (whole)
      write_steps<true>(cells, rows);
    else
      write_steps<false>(cells, rows);
  }

private:
  /// Lane q of a thread, among those of the tile.
  static __device__ __forceinline__ int lane_of(int q) {
    return q / 2 * 8 + lane_index() % 4 * 2 + q % 2;
  }

  /// Step v of lane q as one that exists: what others make of it is not used.
  __device__ __forceinline__ lane_step place(int q, int v) const {
    const int step = first + v, lane = row.place.lane + lane_of(q);
    return {row.place.matrix, step < layer.steps() ? step : layer.steps() - 1,
            lane < layer.lanes() ? lane : layer.lanes() - 1};
  }

  __device__ __forceinline__ void gather(float (&of)[R::factors], int q, int v) const {
#pragma unroll
    for (int p = 0; p < R::factors; ++p)
      of[p] = sums[p * 8 + q / 2].at[v * 2 + q % 2];
  }

  __device__ __forceinline__ void make_maps() {
#pragma unroll
    for (int q = 0; q < lanes; ++q)
#pragma unroll
      for (int v = 0; v < steps; ++v) {
        float of[R::factors];
        gather(of, q, v);
        maps[v][q] = layer.map(of, place(q, v));
        upto[q] = v == 0 ? maps[v][q] : compose(maps[v][q], upto[q]);
      }
  }

  /// Of every lane of the warp its steps and all before them.
  static __device__ __forceinline__ void compose_warp(map &maps) {
#pragma unroll
    for (int reach = 4; reach < warp::lanes; reach *= 2) {
      const map earlier = shuffle_up(maps, reach);
      if (lane_index() >= reach)
        maps = compose(maps, earlier);
    }
  }

  /// The states that enter the warps' steps. Each warp finds those of some lanes, two warps' steps a thread.
  __device__ __forceinline__ void enter(projected_cells<R> &cells) const {
    constexpr int items = tile_lanes / warps;
    const int item = lane_index() % items, at = warp_index() * items + item;
    const int pair = lane_index() / items * 2;
    const map low = shared_load(cells.maps[pair][at]), high = shared_load(cells.maps[pair + 1][at]);
    map through = compose(high, low);
#pragma unroll
    for (int reach = items; reach < warp::lanes; reach *= 2) {
      const map earlier = shuffle_up(through, reach);
      if (lane_index() >= reach)
        through = compose(through, earlier);
    }
    map earlier = shuffle_up(through, items);
    if (lane_index() < items)
      make_identity(earlier);
    const int lane = row.place.lane + at;
    float state = lane < layer.lanes() ? layer.initial(row.place.matrix, lane) : 0.0f;
    if (row.tiles > 1) {
      array<map, items> whole;
      array<float, items> initial;
#pragma unroll
      for (int i = 0; i < items; ++i) {
        whole[i] = shuffle(through, warp::lanes - items + i);
        initial[i] = shuffle(state, i);
      }
      state = grid::pick(grid::look_back(row.told, warp_index() * items, row.place.step / R::shape.steps(), whole, initial), item);
    }
    state = apply(earlier, state);
    shared_store(cells.states[pair][at], state);
    shared_store(cells.states[pair + 1][at], apply(low, state));
  }

  template <bool whole>
  __device__ __forceinline__ void write_steps(projected_cells<R> &cells, element *rows) {
#pragma unroll
    for (int part = 0; part < 8; part += 4) {
#pragma unroll
      for (int v = 0; v < steps; ++v) {
        float before[8], now[8];
#pragma unroll
        for (int e = 0; e < 8; ++e) {
          map &at = upto[2 * part + e];
          before[e] = at.bias;
          now[e] = at.bias = apply<extent::step>(maps[v][2 * part + e], before[e]);
        }
        write_outputs<whole, 0>(part, v, now, before);
        if constexpr (R::shape.behind > 0)
          write_row(rows, part, v, now, before);
        if (first + v == layer.steps() - 1)
#pragma unroll
          for (int e = 0; e < 8; ++e)
            shared_store(cells.maps[0][lane_of(2 * part + e)].bias, now[e]);
      }
    }
  }

  /// Result `output` of step v, of eight adjacent lanes a thread.
  template <int output, typename T>
  __device__ __forceinline__ void make_results(T (&made)[8], int part, int v, const float (&now)[8],
                                               const float (&before)[8]) const {
    warp::turn_row(made, [&](int e) {
      float of[R::factors];
      gather(of, 2 * part + e, v);
      return layer.template result<output>(of, place(2 * part + e, v), now[e], before[e]);
    });
  }

  /// The same of the row of a product behind: a number that does not exist is 0.
  __device__ __forceinline__ void write_row(element *rows, int part, int v, const float (&now)[8],
                                            const float (&before)[8]) const {
    element made[8];
    make_results<R::outputs>(made, part, v, now, before);
    const int at = warp_index() * 16 + v * 8 + lane_index() / 4, lane = (part + lane_index() % 4) * 8;
    array<element, 8> piece;
#pragma unroll
    for (int e = 0; e < 8; ++e)
      piece[e] = row.place.lane + lane + e < layer.lanes() ? made[e] : element{};
    shared_store(reinterpret_cast<array<element, 8> &>(rows[warp::swizzled<element, 64>(at, lane)]), piece);
  }

  /// Output `output` of step v, of eight lanes a thread; all of them exist where the tile is `whole`.
  template <bool whole, int output>
  __device__ __forceinline__ void write_outputs(int part, int v, const float (&now)[8],
                                                const float (&before)[8]) const {
    if constexpr (output < R::outputs) {
      decltype(layer.template result<output>({}, {}, 0.0f, 0.0f)) made[8];
      make_results<output>(made, part, v, now, before);
      auto *const to = layer.template row_of<output>(row.place.matrix, place(0, v).step);
      const int lane = row.place.lane + (part + lane_index() % 4) * 8;
      if constexpr (whole)
        thread::store<8>(to + lane, made);
      else if (first + v < layer.steps())
        thread::write_eight(to, layer.template stride<output>(), lane, layer.lanes(), made);
      write_outputs<whole, output + 1>(part, v, now, before);
    }
  }

  const R &layer;
  const projected_sums<R> &sums;
  const row_tile &row;
  const int first;
  map maps[steps][lanes]; ///< of each step
  map upto[lanes];        ///< of all steps of the warp up to here; its bias is then the state before
};

} // namespace scanc::device::block
