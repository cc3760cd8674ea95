//===- kernel/dense_sequential.cuh - A block walks one sequence -----------===//
//
//   called by      every thread of a grid of R::lanes() blocks of R::shape.threads threads
//   result in      global memory
//   shared memory  dense_sequential_storage<R>, given by the caller
//   barriers       one per panel of a step, reached by every thread
//
//   h[t] = A[t] h[t-1] + b[t] in a ring, a matrix of R::size x R::size per step and sequence. Panels of A are
//   on their way `ring` ahead; a panel moves to registers beside the one before it, so that from one
//   state to the next there is one exchange through shared memory and one barrier.
//   Rows that registers cannot hold twice are multiplied where they landed. Where all steps have one
//   matrix, threads keep their rows of it.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/dense_panel.cuh"
#include "scanc/block/row_sum.cuh"
#include "scanc/core/complex.cuh"
#include "scanc/core/policy.cuh"
#include "scanc/warp/merge.cuh"
// What recurrences call.
#include "scanc/thread/access.cuh"
#include "scanc/thread/activation.cuh"
#include "scanc/thread/reduction.cuh"

namespace scanc::device::kernel {

template <typename R>
using dense_sequential_storage = block::panel_ring<R>;

/// What a thread does with its rows of a panel. Lanes of a warp that hold the same part of
/// different rows follow each other, so that 8 of them read different banks.
template <typename R>
struct dense_rows {
  using semiring = typename block::ring_of<R>::type;
  using number = block::number_of<R>;
  using sum = block::row_sum<semiring, number>;
  static constexpr dense_policy shape = R::shape;
  static constexpr int width = block::dense_width<R>(), piece = warp::piece<typename R::element>,
                       pieces = width / piece / shape.parts, // of a row, for one thread
                       apart = 32 / shape.parts;             // lanes that hold the same part
  static_assert(width / piece % shape.parts == 0, "every part has as many pieces");
  static_assert(apart >= 8 || shape.parts == 1, "8 lanes read one piece of 8 rows");

  static constexpr block::rows_in where = block::dense_rows_in<R>();
  /// Whether rows move to registers ahead of their step.
  static constexpr bool ahead = where == block::rows_in::registers;
  /// Whether they are there when they are multiplied.
  static constexpr bool at_hand = ahead || where == block::rows_in::kept_registers;

  row<typename R::element, piece> packed[ahead ? shape.terms : 1][shape.rows][ahead ? pieces : 1]; ///< as taken
  number matrix[shape.rows][at_hand ? pieces : 1][piece];     ///< as multiplied
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
                                       const block::panel_ring<R> &ring, int slot, int input_slot) {
    if constexpr (ahead)
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
    next_input = own < R::size ? recurrence.input(ring.inputs[input_slot], at, step, own) : input_type{};
  }

  /// Keeps this thread's rows of the matrix that all steps have.
  __device__ __forceinline__ void keep(const R &recurrence, const typename R::lane &at,
                                       block::panel_ring<R> &ring) {
    constexpr int at_once = at_hand ? pieces : 1;
#pragma unroll
    for (int r = 0; r < shape.rows; ++r)
#pragma unroll at_once
      for (int c = 0; c < pieces; ++c)
#pragma unroll
        for (int i = 0; i < piece; ++i) {
          const int row = row_of(r), column = (c * shape.parts + part()) * piece + i;
          const number x = row < R::size && column < R::size ? recurrence.gain(at, row, column) : number(0);
          if constexpr (at_hand)
            matrix[r][c][i] = x;
          else
            shared_store(ring.matrices[0][r * apart * block::dense_block<R>() + place_of(c) + i],
                         narrow<typename R::element>(x));
        }
  }

  __device__ __forceinline__ void unpack() {
    if constexpr (ahead)
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

  /// The numbers of a state that this thread's part needs, from piece `first` on.
  template <int pieces>
  struct state_part {
    static constexpr int vector = 16 / sizeof(number); ///< read at once
    row<number, vector> numbers[pieces][piece / vector];

    __device__ __forceinline__ void take(const number *state, int first = 0) {
#pragma unroll
      for (int c = 0; c < pieces; ++c)
#pragma unroll
        for (int i = 0; i < piece / vector; ++i)
          numbers[c][i] = thread::take(reinterpret_cast<const row<number, vector> *>(
              state + ((first + c) * shape.parts + part()) * piece)[i]);
    }
    __device__ __forceinline__ number operator[](int i) const {
      return numbers[i / piece][i % piece / vector][i % vector];
    }
  };

  /// The product with a state, summed over this thread's columns only.
  __device__ __forceinline__ void multiply(sum (&sums)[shape.rows],
                                           const state_part<pieces> &state) const {
#pragma unroll
    for (int r = 0; r < shape.rows; ++r)
      sums[r] = block::sum_of_products<semiring, pieces * piece>([&](int i) {
        return semiring::multiply(matrix[r][i / piece][i % piece], state[i]);
      });
  }

  /// The same of rows that lie in a slot, some pieces at a time.
  static __device__ __forceinline__ void multiply(sum (&sums)[shape.rows], const number *state,
                                                  const typename R::element *panel) {
    constexpr int most = 16 / piece > 1 ? 16 / piece : 1, some = pieces % most == 0 ? most : 1;
#pragma unroll 2
    for (int c = 0; c < pieces; c += some) {
      state_part<some> numbers;
      numbers.take(state, c);
#pragma unroll
      for (int r = 0; r < shape.rows; ++r) {
        row<typename R::element, piece> factors[some];
#pragma unroll
        for (int k = 0; k < some; ++k)
          factors[k] = thread::take(reinterpret_cast<const row<typename R::element, piece> &>(
              panel[r * apart * block::dense_block<R>() + place_of(c + k)]));
        const sum more = block::sum_of_products<semiring, some * piece>([&](int i) {
          return semiring::multiply(static_cast<number>(widen(factors[i / piece][i % piece])),
                                    numbers[i]);
        });
        if (c == 0)
          sums[r] = more;
        else
          sums[r].merge(more);
      }
    }
  }

  /// Adds up the parts of all rows; every lane is left with row `owned()`. While lanes hold more
  /// than one row, each gives half of them away and keeps the other half.
  static __device__ __forceinline__ number reduce(sum (&sums)[shape.rows]) {
    int held = shape.rows;
#pragma unroll
    for (int reach = 16; reach >= apart; reach /= 2) {
      if (held > 1) {
        held /= 2;
        const bool upper = lane_index() & reach;
#pragma unroll
        for (int r = 0; r < held; ++r) {
          const sum given = upper ? sums[r] : sums[r + held];
          sums[r] = upper ? sums[r + held] : sums[r];
          sums[r].merge(shuffle_xor(given, reach));
        }
      } else {
        sums[0].merge(shuffle_xor(sums[0], reach));
      }
    }
    return sums[0].value();
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
  static constexpr int panels = (R::size + R::shape.panel() - 1) / R::shape.panel(),
                       input_slots = block::panel_ring<R>::input_slots;
  long long step = 0;
  int panel = 0, slot = 0;
  int own_input = 0; ///< slot of its inputs, where these have another number of slots

  __device__ __forceinline__ int first() const { return panel * R::shape.panel(); }
  __device__ __forceinline__ int input() const { return block::reads_out<R> ? own_input : slot; }
  /// Slot of the inputs of the panel before it.
  __device__ __forceinline__ int input_before() const {
    return own_input == 0 ? input_slots - 1 : own_input - 1;
  }
  __device__ __forceinline__ void advance() {
    slot = slot + 1 == R::shape.ring ? 0 : slot + 1;
    own_input = own_input + 1 == input_slots ? 0 : own_input + 1;
    if (++panel == panels) {
      panel = 0;
      ++step;
    }
  }
};

/// Who looks at the panels of a walk while they are in shared memory, by `also(step, panel)`: nobody.
struct unwatched {
  static constexpr bool watches = false;
  static constexpr bool multiplies = false; ///< a panel by a group of warps
};

/// The walk of a block through a run of steps, whose panels stream through the ring.
template <typename R>
class dense_walk {
public:
  /// Orders the first panels. The state before them need not be known yet.
  __device__ __forceinline__ dense_walk(const R &recurrence, const typename R::lane &at,
                                        block::panel_ring<R> &ring)
      : recurrence(recurrence), at(at), ring(ring) {
    if constexpr (block::is_resident<R>)
      rows.keep(recurrence, at, ring);
    else
#pragma unroll 1
      for (int i = 0; i < shape.ring; ++i)
        block::clear_panel<R, shape.panel(), shape.threads>(ring.matrices[i]);
    meet();
    block::order_first<R>(
        orders_ahead, recurrence.steps() * panel_cursor<R>::panels >= orders_ahead,
        [&](bool exists) { order(exists); }, [&] { return ordered.step < recurrence.steps(); });
  }

  /// All steps, from the initial state on. What a panel is followed by is the same within each loop,
  /// so that nothing is asked in it.
  template <typename F>
  __device__ __forceinline__ void run(F &also) {
    const number zero = dense_rows<R>::semiring::template zero<number>(); // pads a state
    for (int i = thread_index(); i < ring.width; i += shape.threads) {
      shared_store(ring.vectors[0][i], i < R::size ? recurrence.initial(at, i) : zero);
      shared_store(ring.vectors[1][i], zero);
    }
    long long left = recurrence.steps() * panel_cursor<R>::panels;
    if constexpr (takes_ahead) {
      await_copies<shape.ring - 1>();
      show_panel<F>();
      if (left > 0) {
        if constexpr (F::watches)
          also(taken.step, ring.matrices[taken.slot]);
        take();
        if constexpr (!tells_first)
          rows.unpack();
      }
    }
    // A number that the compiler knows becomes the step, and every address is made anew from that.
    if constexpr (tells_first)
      forget(left);
    for (; left > orders_ahead; --left)
      advance<true, true>(also);
    for (; left > 1; --left)
      advance<false, true>(also);
    if (left > 0)
      advance<false, false>(also);
    meet();
    if constexpr (block::reads_out<R>)
      if (recurrence.steps() > 0)
        read_out();
    for (int i = thread_index(); i < R::size; i += shape.threads)
      recurrence.finish(at, i, shared_load(ring.vectors[now][i]));
  }

private:
  using number = block::number_of<R>;
  static constexpr dense_policy shape = R::shape;
  /// Whether the inputs of a panel, and its rows if they are not kept, move to registers a panel ahead.
  static constexpr bool takes_ahead = block::dense_rows_in<R>() != block::rows_in::slot;
  /// Copies hold up what stands behind them: what other threads wait for goes first. With offsets of 64
  /// bits the compiler would then make a branch of the store, and multiply strides at every step.
  static constexpr bool tells_first =
      dense_rows<R>::ahead && !block::reads_out<R> && requires { requires sizeof(typename R::offset) == 4; };
  /// How many panels are ordered before the one at hand is done.
  static constexpr int orders_ahead = takes_ahead ? R::shape.ring : R::shape.ring - 1;
  static_assert(shape.ring >= 2, "a panel is in use while the next one comes");

  /// One panel: multiplies; the next one is taken and the one `ring` later ordered, where they exist.
  template <bool orders, bool takes, typename F>
  __device__ __forceinline__ void advance(F &also) {
    // The next panel has landed; every thread has taken this one, and knows the state before it.
    await_copies<shape.ring - 2>();
    show_panel<F>();
    if constexpr (block::reads_out<R>)
      if (taken.panel == 0 && taken.step > 0)
        read_out();
    typename dense_rows<R>::sum sums[shape.rows];
    typename dense_rows<R>::input_type input;
    const panel_cursor<R> mine = taken;
    auto prepare = [&] {
      if constexpr (takes)
        take();
      order(orders);
    };
    if constexpr (takes_ahead) {
      taken.advance();
      if constexpr (takes && F::watches)
        also(taken.step, ring.matrices[taken.slot]);
      typename dense_rows<R>::template state_part<dense_rows<R>::pieces> before;
      if constexpr (dense_rows<R>::at_hand)
        before.take(ring.vectors[now]);
      if constexpr (tells_first)
        rows.unpack(); // while the state is on its way
      else
        prepare();
      if constexpr (dense_rows<R>::at_hand)
        rows.multiply(sums, before);
      else
        rows.multiply(sums, ring.vectors[now], ring.matrices[0]);
      input = rows.input;
      if constexpr (!tells_first && takes)
        rows.unpack(); // while sums travel between lanes
    } else {
      take();
      taken.advance();
      order(orders);
      rows.multiply(sums, ring.vectors[now], ring.matrices[mine.slot]);
      input = rows.next_input;
    }
    const int row = mine.first() + rows.row_of(rows.owned());
    const number state = block::add_input<typename dense_rows<R>::semiring>(
        rows.reduce(sums), ring.vectors[now][row < R::size ? row : 0], input);
    const bool speaks = rows.speaks() && row < R::size;
    // Everyone writes, to a cell of its own: a branch would stand in the way of the next step.
    shared_store(ring.vectors[now ^ 1][speaks ? row : ring.width + thread_index()], state);
    if (speaks)
      recurrence.store(at, mine.step, row, state);
    if (taken.panel == 0)
      now ^= 1;
    if constexpr (tells_first)
      prepare();
  }

  static __device__ __forceinline__ void meet() {
    if constexpr (shape.threads == 32)
      warp_barrier();
    else
      block_barrier();
  }

  /// What has landed is there for everybody.
  template <typename F>
  static __device__ __forceinline__ void show_panel() {
    if constexpr (F::multiplies)
      show_to_group_products();
    meet();
  }

  __device__ __forceinline__ void take() {
    rows.take(recurrence, at, taken.step, taken.first(), ring, taken.slot, taken.input());
  }

  /// Writes what is made of the state before the panel that is taken next.
  __device__ __forceinline__ void read_out() const {
    recurrence.read_out(ring.inputs[taken.input_before()], at, taken.step - 1, ring.vectors[now]);
  }

  __device__ __forceinline__ void order(bool exists) {
    if (exists) {
      if constexpr (!block::is_resident<R>)
        block::fetch_panel<shape.panel(), shape.threads>(
            recurrence, at, ordered.step, ordered.first(), ring.matrices[ordered.slot]);
      block::fetch_inputs<shape.threads>(recurrence, at, ordered.step, ring.inputs[ordered.input()]);
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

template <typename R>
static __device__ __forceinline__ void dense_sequential(const R &recurrence,
                                                        dense_sequential_storage<R> &storage) {
  const typename R::lane at = recurrence.enter(block_index());
  unwatched nothing;
  dense_walk<R>(recurrence, at, keep_address(storage)).run(nothing);
}

} // namespace scanc::device::kernel
