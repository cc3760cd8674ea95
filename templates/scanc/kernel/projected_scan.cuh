//===- kernel/projected_scan.cuh - A layer's projections and its scan in one kernel ---===//
//
//   called by      every thread of a block of R::shape.threads(); any number of blocks
//   result in      what R writes
//   shared memory  projected_scan_storage<R>, given by the caller
//   barriers       several per tile, reached by every thread; waits for blocks that hold earlier tiles,
//                  which do not wait for this one
//   workspace      projected_scan_head bytes, 8 for each row of tiles, and what its tiles tell each
//                  other; zero when the kernel begins and when it ends
//
//   A tile of 64 lanes and some steps is a product: its sums are the numbers of which a step's map and
//   results are made, and stay in registers from the product to the results. Blocks take tiles in the order
//   in which they ask, earlier steps of all lanes first. The copies of the next tile's factors are on their
//   way while a tile is scanned. Where a product follows the scan, its rows stay in that slot of the ring
//   to which no copy is on its way, and are multiplied as soon as they are there.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/projected_behind.cuh"
#include "scanc/block/projected_steps.cuh"
#include "scanc/thread/activation.cuh"
#include "scanc/thread/piece.cuh"

namespace scanc::device::kernel {

inline constexpr int projected_scan_head = 256;

template <typename R>
struct projected_scan_storage : block::behind_storage<R> {
  block::projected_parts_storage<R> parts;
  block::projected_cells<R> cells;
  uint32_t ticket, left;
};

/// Tiles in the order in which they are taken, and what those of a row tell each other.
template <typename R>
class projected_tiles {
public:
  __device__ __forceinline__ projected_tiles(const R &layer, unsigned char *workspace)
      : layer(layer), workspace(workspace),
        tiles((layer.steps() - 1) / R::shape.steps() + 1),
        groups((layer.lanes() + block::tile_lanes - 1) / block::tile_lanes), rows(layer.matrices() * groups) {}

  /// The number of a tile, in one thread. Whoever draws the last one clears the counter.
  __device__ __forceinline__ uint32_t draw() const {
    uint32_t *const counter = reinterpret_cast<uint32_t *>(workspace);
    const uint32_t ticket = add_relaxed(counter, 1);
    if (ticket == count() + block_count() - 1)
      store_relaxed(counter, uint32_t{0});
    return ticket;
  }
  __device__ __forceinline__ bool exists(uint32_t ticket) const { return ticket < count(); }

  __device__ __forceinline__ block::projected_place place(uint32_t ticket) const {
    const uint32_t beside = static_cast<uint32_t>(rows);
    return {ticket % beside / groups, static_cast<int>(ticket / beside) * R::shape.steps(),
            static_cast<int>(ticket % beside % groups) * block::tile_lanes};
  }

  __device__ __forceinline__ block::row_tile row(const block::projected_place &place) const {
    affine<float> *const from = notices(place);
    return {place, tiles, {from, from + static_cast<long long>(tiles) * block::tile_lanes, block::tile_lanes}};
  }

  /// One more tile of a row has read what others have told, in one thread: how many before it.
  __device__ __forceinline__ uint32_t leave(const block::projected_place &place) const {
    return atomic_add(left(place), 1);
  }

  /// Clears what the tiles of a row have told, where it was the last one.
  __device__ __forceinline__ void clear(const block::projected_place &place) const {
    if (thread_index() == 0)
      store_relaxed(left(place), uint32_t{0});
    affine<float> *const from = notices(place);
    const long long all = grid::slots(tiles) * block::tile_lanes;
#pragma unroll 1
    for (long long i = thread_index(); i < all; i += R::shape.threads())
      store_relaxed(from + i, affine<float>{0.0f, 0.0f});
  }

private:
  __device__ __forceinline__ uint32_t count() const {
    return static_cast<uint32_t>(tiles) * static_cast<uint32_t>(rows);
  }
  __device__ __forceinline__ long long number(const block::projected_place &place) const {
    return place.matrix * groups + place.lane / block::tile_lanes;
  }
  __device__ __forceinline__ uint32_t *left(const block::projected_place &place) const {
    return reinterpret_cast<uint32_t *>(workspace + projected_scan_head) + 2 * number(place);
  }
  __device__ __forceinline__ affine<float> *notices(const block::projected_place &place) const {
    return reinterpret_cast<affine<float> *>(workspace + projected_scan_head) + rows +
           number(place) * grid::slots(tiles) * block::tile_lanes;
  }

  const R &layer;
  unsigned char *const workspace;
  const int tiles, groups; ///< of a row, of lanes
  const long long rows;
};

/// Hands initial states on where there is no step.
template <typename R>
static __device__ __forceinline__ void pass_states(const R &layer) {
  const long long all = layer.matrices() * layer.lanes();
  for (long long i = static_cast<long long>(block_index()) * R::shape.threads() + thread_index();
       i < all; i += static_cast<long long>(block_count()) * R::shape.threads()) {
    const int lane = static_cast<int>(i % layer.lanes());
    layer.finish(i / layer.lanes(), lane, layer.initial(i / layer.lanes(), lane));
  }
}

template <typename R>
static __device__ __forceinline__ void projected_scan(const R &layer, unsigned char *workspace,
                                                      projected_scan_storage<R> &storage) {
  if (layer.steps() == 0) {
    pass_states(layer);
    return;
  }
  const projected_tiles<R> tiles(layer, workspace);
  block::projected_parts<R> parts(layer, storage.parts);
  block::projected_behind<R> behind(layer, storage);
  if constexpr (R::shape.behind > 0)
    behind.begin();
  auto *const rows = storage.parts.left[R::shape.ring - 1][0]; // of the product behind
  uint32_t drawn = 0; // asked for long before it is looked at
  if (thread_index() == 0)
    drawn = tiles.draw();
  block::projected_place place, next;
  const auto begin_next = [&] {
    if (thread_index() == 0)
      shared_store(storage.ticket, drawn);
    block_barrier();
    const uint32_t ticket = shared_load(storage.ticket);
    if (!tiles.exists(ticket))
      return false;
    next = tiles.place(ticket);
    parts.begin(next);
    return true;
  };
  for (bool exists = begin_next(); exists;) {
    place = next;
    if (thread_index() == 0)
      drawn = tiles.draw();
    block::projected_sums<R> sums;
#pragma unroll
    for (warp::sum_tile &sum : sums)
      warp::clear(sum);
#pragma unroll 1
    for (int part = 0; part < parts.count(); ++part)
      parts.add(sums, part);
    warp::settle(sums);
    exists = begin_next();
    const block::row_tile row = tiles.row(place);
    block::projected_steps<R> steps(layer, sums, row);
    steps.scan(storage.cells);
    uint32_t before = 0;
    if (thread_index() == 0)
      before = tiles.leave(place);
    steps.write(storage.cells, rows);
    if (thread_index() == 0)
      shared_store(storage.left, before);
    if constexpr (R::shape.behind > 0) {
      if (parts.count() == 0) // nobody has waited for its weights
        await_copies<0>();
      show_to_group_products();
    }
    block_barrier();
    if constexpr (R::shape.behind > 0)
      behind.write(rows, place);
    if (place.step + R::shape.steps() >= layer.steps() && thread_index() < block::tile_lanes)
      if (const int lane = place.lane + thread_index(); lane < layer.lanes())
        layer.finish(place.matrix, lane, shared_load(storage.cells.maps[0][thread_index()].bias));
    if (shared_load(storage.left) == static_cast<uint32_t>(row.tiles) - 1)
      tiles.clear(place);
  }
}

} // namespace scanc::device::kernel
