//===- kernel/dense_sequential.cuh - A block walks one sequence -----------===//
//
//   called by      every thread of a grid of R::lanes() blocks of R::shape.threads threads
//   result in      global memory
//   shared memory  dense_sequential_storage<R>, given by the caller
//   barriers       one per panel of a step, reached by every thread
//
//   h[t] = A[t] h[t-1] + b[t], a matrix of R::size x R::size per step and sequence. Panels of A are
//   on their way `ring` ahead; a panel moves to registers while the one before it is reduced, so
//   that from one state to the next there is one exchange through shared memory and one barrier.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/dense_panel.cuh"
#include "scanc/core/complex.cuh"
#include "scanc/core/policy.cuh"
// What recurrences call.
#include "scanc/thread/access.cuh"
#include "scanc/thread/activation.cuh"

namespace scanc::device::kernel {

template <typename R>
using dense_sequential_storage = block::panel_ring<R>;

/// What a thread does with its rows of a panel. Lanes of a warp that hold the same part of
/// different rows follow each other, so that 8 of them read different banks.
template <typename R>
struct dense_rows {
  static constexpr dense_policy shape = R::shape;
  static constexpr int width = block::dense_width<R>(), piece = warp::piece<typename R::element>,
                       pieces = width / piece / shape.parts, // of a row, for one thread
                       apart = 32 / shape.parts;             // lanes that hold the same part
  static_assert(width / piece % shape.parts == 0, "every part has as many pieces");
  static_assert(apart >= 8 || shape.parts == 1, "8 lanes read one piece of 8 rows");

  row<typename R::element, piece> packed[shape.terms][shape.rows][pieces]; ///< as taken
  float matrix[shape.rows][pieces][piece];                    ///< as multiplied
  /// Of the row that this lane gets when parts are summed.
  using input_type = decltype(static_cast<const R *>(nullptr)->input(
      *static_cast<const typename R::inputs *>(nullptr),
      *static_cast<const typename R::lane *>(nullptr), 0, 0));
  input_type input, next_input;

  static __device__ __forceinline__ int part() { return lane_index() / apart; }
  /// Row r of this thread in the panel.
  static __device__ __forceinline__ int row_of(int r) {
    return (warp_index() * shape.rows + r) * apart + lane_index() % apart;
  }

  /// Where piece c of this thread lies in row 0. Its parts stand in one block: which, is a constant.
  static __device__ __forceinline__ int place_of(int c) {
    constexpr int together = shape.parts * piece;
    static_assert(block::dense_block<R>() % together == 0, "no block ends between parts");
    return block::panel_place<R, shape.panel()>(0, c * together / block::dense_block<R>() *
                                                       block::dense_block<R>()) +
           warp::swizzled<typename R::element, block::dense_block<R>()>(
               row_of(0), c * together % block::dense_block<R>() + part() * piece);
  }

  /// Takes this thread's rows of a panel, which begins at row `first` of the matrix. They take the
  /// place of those at hand with `unpack`.
  __device__ __forceinline__ void take(const R &recurrence, const typename R::lane &at,
                                       long long step, int first,
                                       const block::panel_ring<R> &ring, int slot) {
#pragma unroll
    for (int term = 0; term < shape.terms; ++term)
#pragma unroll
      for (int r = 0; r < shape.rows; ++r)
#pragma unroll
        for (int c = 0; c < pieces; ++c)
          packed[term][r][c] =
              thread::take(reinterpret_cast<const row<typename R::element, piece> &>(
                  ring.matrices[slot][term * shape.panel() * width + r * apart * block::dense_block<R>() +
                                      place_of(c)]));
    const int own = first + row_of(owned());
    next_input = own < R::size ? recurrence.input(ring.inputs[slot], at, step, own) : input_type{};
  }

  __device__ __forceinline__ void unpack() {
#pragma unroll
    for (int r = 0; r < shape.rows; ++r)
#pragma unroll
      for (int c = 0; c < pieces; ++c)
#pragma unroll
        for (int i = 0; i < piece; ++i) {
          matrix[r][c][i] = widen(packed[0][r][c][i]);
#pragma unroll
          for (int term = 1; term < shape.terms; ++term)
            matrix[r][c][i] += widen(packed[term][r][c][i]);
        }
    input = next_input;
  }

  /// The numbers of a state that this thread's part needs.
  struct state_part {
    row<float, 4> numbers[pieces][piece / 4];

    __device__ __forceinline__ void take(const float *state) {
#pragma unroll
      for (int c = 0; c < pieces; ++c)
#pragma unroll
        for (int i = 0; i < piece / 4; ++i)
          numbers[c][i] = thread::take(reinterpret_cast<const row<float, 4> *>(
              state + (c * shape.parts + part()) * piece)[i]);
    }
  };

  /// The product with a state, summed over this thread's columns only.
  __device__ __forceinline__ void multiply(float (&sums)[shape.rows],
                                           const state_part &state) const {
#pragma unroll
    for (int r = 0; r < shape.rows; ++r) {
      float some[4] = {};
#pragma unroll
      for (int c = 0; c < pieces; ++c)
#pragma unroll
        for (int i = 0; i < piece; ++i)
          some[i % 4] += matrix[r][c][i] * state.numbers[c][i / 4][i % 4];
      sums[r] = (some[0] + some[1]) + (some[2] + some[3]);
    }
  }

  /// Adds up the parts of all rows; every lane is left with row `owned()`. While lanes hold more
  /// than one row, each gives half of them away and keeps the other half.
  static __device__ __forceinline__ float reduce(float (&sums)[shape.rows]) {
    int held = shape.rows;
#pragma unroll
    for (int reach = 16; reach >= apart; reach /= 2) {
      if (held > 1) {
        held /= 2;
        const bool upper = lane_index() & reach;
#pragma unroll
        for (int r = 0; r < held; ++r) {
          const float given = upper ? sums[r] : sums[r + held];
          sums[r] = (upper ? sums[r + held] : sums[r]) + shuffle_xor(given, reach);
        }
      } else {
        sums[0] += shuffle_xor(sums[0], reach);
      }
    }
    return sums[0];
  }
  static __device__ __forceinline__ int owned() {
    static_assert(shape.rows <= shape.parts, "each lane is left with one row");
    return part() / (shape.parts / shape.rows);
  }
  /// One of the lanes that are left with the same row.
  static __device__ __forceinline__ bool speaks() {
    return part() % (shape.parts / shape.rows) == 0;
  }
};

/// A panel of a step, and its slot in the ring.
template <typename R>
struct panel_cursor {
  static constexpr int panels = (R::size + R::shape.panel() - 1) / R::shape.panel();
  long long step = 0;
  int panel = 0, slot = 0;

  __device__ __forceinline__ int first() const { return panel * R::shape.panel(); }
  __device__ __forceinline__ void advance() {
    slot = slot + 1 == R::shape.ring ? 0 : slot + 1;
    if (++panel == panels) {
      panel = 0;
      ++step;
    }
  }
};

/// The walk of a block through a run of steps.
template <typename R>
class dense_walk {
public:
  __device__ __forceinline__ dense_walk(const R &recurrence, const typename R::lane &at,
                                        block::panel_ring<R> &ring)
      : recurrence(recurrence), at(at), ring(ring) {
    for (int i = thread_index(); i < ring.width; i += shape.threads) {
      shared_store(ring.vectors[0][i], i < R::size ? recurrence.initial(at, i) : 0.0f);
      shared_store(ring.vectors[1][i], 0.0f);
    }
#pragma unroll 1
    for (int i = 0; i < shape.ring; ++i)
      block::clear_panel<R, shape.panel(), shape.threads>(ring.matrices[i]);
    meet();
#pragma unroll 1
    for (int i = 0; i < shape.ring; ++i)
      order(ordered.step < recurrence.steps());
    await_copies<shape.ring - 1>();
    meet();
    if (recurrence.steps() > 0) {
      rows.take(recurrence, at, taken.step, taken.first(), ring, taken.slot);
      rows.unpack();
    }
  }

  /// One panel: multiplies, while the next one is taken and the one `ring` later ordered, where
  /// they exist.
  __device__ __forceinline__ void advance(bool orders, bool takes) {
    // The next panel has landed; every thread has taken this one, and knows the state before it.
    await_copies<shape.ring - 2>();
    meet();
    typename dense_rows<R>::state_part before;
    before.take(ring.vectors[now]);
    const panel_cursor<R> mine = taken;
    taken.advance();
    if (takes)
      rows.take(recurrence, at, taken.step, taken.first(), ring, taken.slot);
    order(orders);
    float sums[shape.rows];
    rows.multiply(sums, before);
    const auto input = rows.input;
    if (takes)
      rows.unpack(); // while sums travel between lanes
    const float state = block::add_input(rows.reduce(sums), input);
    const int row = mine.first() + rows.row_of(rows.owned());
    const bool speaks = rows.speaks() && row < R::size;
    // Everyone writes, to a cell of its own: a branch would stand in the way of the next step.
    shared_store(ring.vectors[now ^ 1][speaks ? row : ring.width + thread_index()], state);
    if (speaks)
      recurrence.store(at, mine.step, row, state);
    if (taken.panel == 0)
      now ^= 1;
  }

  __device__ __forceinline__ void finish() const {
    meet();
    for (int i = thread_index(); i < R::size; i += shape.threads)
      recurrence.finish(at, i, shared_load(ring.vectors[now][i]));
  }

private:
  static constexpr dense_policy shape = R::shape;
  static_assert(shape.ring >= 2, "a panel is in use while the next one comes");

  static __device__ __forceinline__ void meet() {
    if constexpr (shape.threads == 32)
      warp_barrier();
    else
      block_barrier();
  }

  __device__ __forceinline__ void order(bool exists) {
    if (exists) {
      block::fetch_panel<shape.panel(), shape.threads>(recurrence, at, ordered.step,
                                                       ordered.first(), ring.matrices[ordered.slot]);
      block::fetch_inputs<shape.threads>(recurrence, at, ordered.step, ring.inputs[ordered.slot]);
    }
    close_copies(); // an empty group keeps the count
    ordered.advance();
  }

  const R &recurrence;
  const typename R::lane &at;
  block::panel_ring<R> &ring;
  panel_cursor<R> ordered, taken; ///< the next to order; the one in `rows`
  dense_rows<R> rows;
  int now = 0; ///< which of the two vectors is the state
};

/// Streams the panels of a run of steps through the ring. A `long_run` has a loop of its own in
/// which nothing is asked.
template <bool long_run, typename R>
static __device__ __forceinline__ void walk_steps(const R &recurrence, const typename R::lane &at,
                                                  block::panel_ring<R> &ring) {
  dense_walk<R> walk(recurrence, at, ring);
  long long left = recurrence.steps() * panel_cursor<R>::panels;
  if constexpr (long_run)
    for (; left > R::shape.ring; --left)
      walk.advance(true, true);
  for (; left > 0; --left)
    walk.advance(left > R::shape.ring, left > 1);
  walk.finish();
}

template <typename R>
static __device__ __forceinline__ void dense_sequential(const R &recurrence,
                                                        dense_sequential_storage<R> &storage) {
  walk_steps<true>(recurrence, recurrence.enter(block_index()), keep_address(storage));
}

} // namespace scanc::device::kernel
