//===- grid/look_back.cuh - What comes before a tile of time --------------===//
//
//   called by      all 32 lanes of one warp of the block that holds the tile, converged
//   result in      every lane
//   shared memory  none
//   barriers       none; waits for blocks that hold earlier tiles, which must not wait for this one
//
//   Decoupled look-back (Merrill and Garland 2016, "Single-pass parallel prefix scan with decoupled
//   look-back"), with an order of composition that is fixed: a tile composes what always the same
//   other tiles have published, however late they are, so results are bitwise repeatable. `fan`
//   tiles make a group, `fan` groups a span:
//
//     slot of a tile      its map, of all but the last tile of a group
//     slot of a summary   [span * fan]       the state that enters the span, as a map to it
//                         [span * fan + i]   the map of group i - 1 of the span, 0 < i < fan
//
//   A tile reads the summaries of its span and the tiles of its group that come before it, 2 fan
//   maps at most, and waits for a chain of one tile per span.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/warp/compose_scan.cuh"

namespace scanc::device::grid {

inline constexpr int fan = 16;

/// Slots that `tiles` tiles need for each item, an even number: summaries follow the tiles.
static __device__ __forceinline__ long long slots(long long tiles) {
  return (tiles + tiles / fan + 2) / 2 * 2;
}

/// What tiles tell each other: in each slot a map per item, an item being one number of one lane's
/// state. A map travels in one piece, so it needs no flag beside it: zero bits are "not yet".
template <typename Map>
struct notices {
  Map *tiles;
  Map *summaries;
  long long items;
};

/// A gain of +0 would be "not yet"; one of -0 makes the same states, as a factor and as a summand.
template <typename T, typename Ring>
static __device__ __forceinline__ void publish(affine<T, Ring> *slot, affine<T, Ring> map) {
  store_relaxed(slot, affine<T, Ring>{map.gain == T(0) ? -T(0) : map.gain, map.bias});
}

template <typename Ring>
static __device__ __forceinline__ bool is_published(affine<float, Ring> map) {
  return __builtin_bit_cast(uint32_t, map.gain) != 0;
}
template <typename Ring>
static __device__ __forceinline__ bool is_published(affine<double, Ring> map) {
  return __builtin_bit_cast(uint64_t, map.gain) != 0;
}
template <typename Ring>
static __device__ __forceinline__ bool is_published(affine<c64, Ring> map) {
  return __builtin_bit_cast(uint64_t, map.gain) != 0;
}

/// Items that a warp looks after at once: lanes share the 2 fan maps of each evenly.
constexpr int items_at_once(int items) {
  int width = 1;
  while (width < items && width < fan)
    width *= 2;
  return width;
}

/// The maps before a tile that one lane looks after: `count` of one item, the first at `from`.
template <typename Map, int count>
struct watch {
  const Map *from;
  long long stride;
  Map seen[count]; ///< the identity where there is no map
  uint32_t missing;      ///< bit p: map p exists and has not been seen

  __device__ __forceinline__ void look() {
#pragma unroll
    for (int p = 0; p < count; ++p)
      if (missing >> p & 1)
        seen[p] = load_relaxed(from + p * stride);
#pragma unroll
    for (int p = 0; p < count; ++p)
      if (is_published(seen[p]))
        missing &= ~(1u << p);
  }

  /// Composes the maps of one half of the warp, each for its own `fan` positions.
  __device__ __forceinline__ Map compose_half() const {
    Map whole = seen[0];
#pragma unroll
    for (int p = 1; p < count; ++p)
      whole = compose(seen[p], whole);
#pragma unroll
    for (int reach = count; reach < fan; reach *= 2) {
      const Map other = shuffle_xor(whole, reach);
      whole = lane_index() & reach ? compose(whole, other) : compose(other, whole);
    }
    return whole;
  }
};

/// Element `i` of a few in registers.
template <typename T, int N>
static __device__ __forceinline__ T pick(const array<T, N> &from, int i) {
  T picked = from[0];
#pragma unroll
  for (int k = 1; k < N; ++k)
    picked = k == i ? from[k] : picked;
  return picked;
}

/// The states that enter tile `tile` of items [first, first + items), of which `whole` are the maps
/// of the tile and `initial` the states before tile 0.
template <int items, typename T, typename Ring>
static __device__ __forceinline__ array<T, items>
look_back(const notices<affine<T, Ring>> &all, long long first, int tile,
          const array<affine<T, Ring>, items> &whole, const array<T, items> &initial) {
  using map = affine<T, Ring>;
  constexpr int width = items_at_once(items);
  const int place = tile % fan, group = tile / fan % fan, span = tile / (fan * fan);
  const bool ends_group = place == fan - 1, ends_span = ends_group && group == fan - 1;
  // The lower half of the warp reads summaries, the upper half tiles.
  const bool reads_tiles = lane_index() >= fan;
  const int position = lane_index() % fan / width * width, own_item = lane_index() % width;

  // Told before anything is awaited, so that tiles of a group do not wait for each other.
#pragma unroll
  for (int item = own_item; item < items; item += width)
    if (!ends_group && lane_index() < width)
      publish(all.tiles + tile * all.items + first + item, pick(whole, item));

  array<T, items> entering;
#pragma unroll
  for (int base = 0; base < items; base += width) {
    const int item = base + own_item;
    const bool exists = item < items, speaks = exists && lane_index() < width;
    const map own = pick(whole, item);
    map *const summary = all.summaries + (tile + 1) / fan * all.items + first + item;

    watch<map, width> before;
    const int slot = position + (reads_tiles ? tile - place : span * fan);
    before.from = (reads_tiles ? all.tiles : all.summaries) + slot * all.items + first + item;
    before.stride = all.items;
    before.missing = 0;
#pragma unroll
    for (int p = 0; p < width; ++p) {
      const int at = position + p;
      make_identity(before.seen[p]);
      if (exists && (reads_tiles ? at < place : at == 0 ? span > 0 : at <= group))
        before.missing |= 1u << p;
    }
    if (ends_group && !ends_span) {
      // The same for the groups of a span.
      do
        before.look();
      while (ballot(reads_tiles && before.missing != 0) != 0);
      const map tiles = shuffle(before.compose_half(), fan + own_item);
      if (speaks)
        publish(summary, compose(own, tiles));
    }
    while (ballot(before.missing != 0) != 0)
      before.look();

    const map half = before.compose_half();
    const map upto = compose(shuffle(half, fan + own_item), shuffle(half, own_item));
    const T state = span == 0 ? apply(upto, pick(initial, item)) : upto.bias;
    if (speaks && ends_span)
      publish(summary, constant<Ring>(apply(own, state)));
#pragma unroll
    for (int i = base; i < base + width && i < items; ++i)
      entering[i] = shuffle(state, i - base);
  }
  return entering;
}

} // namespace scanc::device::grid
