//===- block/chunk_factors.cuh - Decays of rows beside a correction, of a chunk at once ---===//
//
//   called by      128 threads of a block, a warp for each part of the chunk
//   result in      chunk_record<R>, in global memory; scores and L in shared memory
//   shared memory  factor_storage<R>, given by the caller
//   barriers       as named
//
//   S[t] = S' + key[t] u[t]' with S' = a[t] S[t-1], a number for each row, and u[t] = value - b[t] S' key[t]. With G[t] the
//   product of a chunk's decays up to t, and S as it enters, over its steps
//
//     (1 + L) u = value - b (G key)' S,   L[t, s] = b[t] sum over i of key[t, i] key[s, i] G[t, i] / G[s, i] for s < t
//     o[t]      = (G[t] query[t])' S + sum of P[t, s] u[s] over s <= t, P as L with queries in the place of b[t] key[t]
//     S         becomes G[last] S + sum of (G[last] / G[s]) key[s] u[s]'
//
//   Nothing is divided: block/chunk_row_decays.cuh says how a step in the middle parts G[t] / G[s], and here keys are in the
//   place of queries too. Only L, P, and three weighted copies of keys and queries depend on decays, none on the state: blocks
//   that hide each other's waits make them, and who walks the chunks has nothing to weigh.
//
//   A reader that is another vector than the key stands in the place of key[t] in L, and reads S[t-1] before it decays, with
//   G[t-1] in the place of G[t]; so do queries of results that read the state before. Only where a step comes second it
//   reads: a matrix of keys of left halves has what reads of right ones.
//
//   Where each place of a step reads the state once, L and P have rows of their own: queries are what reads, L and P one product.
//
//   What is rounded to an element: the two factors of each product in L and P, P, the inverse of 1 + L (of an L in f32), and
//   what enters or leaves products with the state.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_correction.cuh"
#include "scanc/block/row_scores.cuh"

namespace scanc::device::block {

/// Queries of the last two parts, of blocks of 64 steps, where those have no room for them.
template <typename R, bool room = sizeof(typename R::decay_element) == 2 * sizeof(typename R::element)>
struct far_queries {
  static constexpr bool has_room = true;
};
template <typename R>
struct far_queries<R, false> {
  static constexpr bool has_room = false;
  alignas(1024) typename R::element of_parts[panel / 2];
};

/// What corrections read the state by, until a warp has taken its own.
template <typename R, bool apart = reads_apart<R>>
struct reader_panel {
  alignas(1024) typename R::element reader[panel];
};
template <typename R>
struct reader_panel<R, false> {};

/// 64 rows of the state: what the chunk has brought, and in the place of what a part has, its factors. Those of blocks of 2
/// to 16 steps, one after the other, and then of 32 are where its keys and queries were; of 64 steps its keys, and behind them
/// the queries where there is room, where its decays were.
template <typename R>
struct factor_panel : far_queries<R>, reader_panel<R> {
  using element = typename R::element;
  static constexpr int tile = part_steps * panel_columns;

  alignas(1024) element key[panel], query[panel];
  alignas(1024) typename R::decay_element row_decays[panel];

  /// Where keys, or queries, of a part lie, of blocks of 64 steps where `far`: 16 rows of a swizzled matrix of as many
  /// columns. Those of 32 rows of the state are where the decays of these were, and no others.
  template <bool far>
  static constexpr int width = far && far_queries<R>::has_room ? 2 * panel_columns : panel_columns;
  template <bool far, bool of_queries>
  __device__ __forceinline__ element *cells(int part) {
    if constexpr (!far)
      return (of_queries ? query : key) + part * tile;
    else if constexpr (of_queries && !far_queries<R>::has_room)
      return far_queries<R>::of_parts + (part - chunk_parts / 2) * tile;
    else
      return reinterpret_cast<element *>(row_decays + part * tile);
  }
  template <bool far, bool of_queries>
  static __device__ __forceinline__ int column(int of_panel) {
    if constexpr (width<far> == panel_columns)
      return of_panel;
    else
      return of_panel / 32 * 64 + of_queries * 32 + of_panel % 32;
  }
};

template <typename R>
struct factor_storage {
  struct solved {
    typename chunk_inverter<R>::storage inverter;
    alignas(1024) typename R::element scores[panel];
  };
  union {
    factor_panel<R> rows[row_panels<R>()];
    solved steps;
  };
  float decays[chunk_parts][row_panels<R>() * panel_columns]; ///< of whole parts
  uint32_t grows[chunk_parts][row_panels<R>() * panel_columns / 32]; ///< not 0: a decay of 32 rows is above 1
  chunk_numbers numbers;
};

/// The part of a warp: 32 rows of the state at a time, of which a lane has two, and half of the steps, in two groups of four.
/// Lanes of the second half begin with the second group of theirs: rows that both halves write at once are then in
/// different banks.
template <typename R>
class part_factors {
  using element = typename R::element;
  using two = array<float, 2>;
  using pair = row<element, 2>;
  static constexpr int steps = part_steps / 2, group = 4, groups = 2, columns = 32;
  static constexpr bool once = reads_once<R>, queries_before = once || reads_before<R>; ///< a query has decays up to the step before

public:
  struct products {
    step_products<R> keys, queries;
  };
  static constexpr int units = row_panels<R>() * panel_columns / columns;

  __device__ __forceinline__ part_factors() : part(warp_index()), late(lane_index() / 16) {}

  /// Factors of 32 rows of the state; those that the walk wants to `to`. With a barrier of the block.
  __device__ __forceinline__ void weigh(const R &recurrence, factor_storage<R> &storage, int count,
                                        chunk_record<R> &to, int unit) {
    auto &panel_of_rows = storage.rows[unit * columns / panel_columns];
    column = unit * columns + lane_index() % 16 * 2;
    own_keys = panel_of_rows.template cells<false, false>(part);
    own_queries = panel_of_rows.template cells<false, true>(part);
    take(recurrence, panel_of_rows, count);
    if (!late)
      shared_store(reinterpret_cast<two &>(storage.decays[part][column]), all);
    tell_growth(storage.grows[part][unit]);
    block_barrier();
    if (are_gentle(storage, unit)) {
      gentle |= 1u << unit;
      keep_factors<true>(storage, panel_of_rows, to);
    } else {
      if constexpr (!reads_before<R>)
        add_within<true>([](int t, int s) { return t == s; });
      weigh_within(panel_of_rows);
      weigh_across(storage, panel_of_rows);
      keep_factors<false>(storage, panel_of_rows, to);
    }
  }

  /// Products with the steps of earlier parts, and of the part where decays are gentle, when all rows have been weighed.
  __device__ __forceinline__ void multiply(products (&across)[chunk_parts], factor_storage<R> &storage) {
#pragma unroll 1 // registers
    for (int unit = 0; unit < units; ++unit) {
      rows &from = storage.rows[unit * columns / panel_columns];
      const int at = unit * columns % panel_columns;
      const bool mild = gentle >> unit & 1;
      if (mild) {
        products sums;
        multiply_with<false, true>(sums, from, part, at);
        add_wanted<2>(sums, [](int t, int s) { return reads_before<R> ? s < t : s <= t; });
      }
#pragma unroll
      for (int of = 0; of < chunk_parts - 1; ++of)
        if (of < part) {
          if (mild)
            multiply_with<false, true>(across[of], from, of, at);
          else if ((part ^ of) >= 2)
            multiply_with<true, true>(across[of], from, of, at);
          else
            multiply_with<false, false>(across[of], from, of, at);
        }
    }
  }

  /// L and scores, 0 above the diagonal, when everybody has multiplied.
  __device__ __forceinline__ void put(factor_storage<R> &storage, const products (&across)[chunk_parts]) const {
    auto &[inverter, scores] = storage.steps;
    const typename chunk_inverter<R>::lower_rows rows(storage.numbers);
#pragma unroll
    for (int of = 0; of < chunk_parts; ++of) {
      const auto put = [&](const products &here) {
        here.queries.store(scores, part * part_steps, of * part_steps);
#pragma unroll
        for (int half = 0; half < 2; ++half)
          rows.put(inverter, once ? here.queries.sums[half] : here.keys.sums[half], 2 * of + half);
      };
      products here = across[of]; // chosen by number: two ways to put would be compiled
      if (of == part)
        here = within;
      put(here);
    }
  }

private:
  using rows = factor_panel<R>;

  /// 32 rows of the state from `at` on: cells of the part with keys of those of part `of`.
  template <bool far, bool far_keys>
  __device__ __forceinline__ void multiply_with(products &sums, rows &from, int of, int at) const {
    constexpr int width = rows::template width<far>, width_of_keys = rows::template width<far_keys>;
#pragma unroll
    for (int k = at; k < at + columns; k += 16) {
      warp::right_tile<element> earlier[2];
      warp::load_right_transposed<width_of_keys>(earlier, from.template cells<far_keys, false>(of), 0,
                                                 rows::template column<far_keys, false>(k));
      if constexpr (!once)
        sums.keys.add(warp::load_left<width>(from.template cells<far, false>(part), 0,
                                             rows::template column<far, false>(k)), earlier);
      sums.queries.add(warp::load_left<rows::template width<far>>(from.template cells<far, true>(part), 0,
                                              rows::template column<far, true>(k)), earlier);
    }
  }

  /// Whether a decay of the warp's is above 1, or no number.
  __device__ __forceinline__ void tell_growth(uint32_t &to) const {
    bool grows = false;
#pragma unroll
    for (int i = 0; i < steps; ++i)
#pragma unroll
      for (int c = 0; c < 2; ++c)
        grows |= !(decay[i][c] <= 1.0f && decay[i][c] >= -1.0f);
    const uint32_t lanes = ballot(grows);
    if (lane_index() == 0)
      shared_store(to, lanes);
  }

  /// Whether 32 rows decay by 2^-60 at most in the whole chunk, and never grow: then keys may be divided by their decays.
  /// All warps find the same.
  __device__ __forceinline__ bool are_gentle(const factor_storage<R> &storage, int unit) const {
    if constexpr (!is_same<element, bf16>) // others have not the range
      return false;
    uint32_t grows = 0;
#pragma unroll
    for (int of = 0; of < chunk_parts; ++of)
      grows |= shared_load(storage.grows[of][unit]);
    const two whole = decays_of(storage, 0, chunk_parts);
    constexpr float least = 0x1p-60f;
    const bool is_small = whole[0] * whole[0] < least * least || whole[1] * whole[1] < least * least;
    return ballot(is_small) == 0 && grows == 0;
  }

  /// Step `i` of the lane in its part.
  __device__ __forceinline__ int step(int i) const { return late * 8 + (i ^ late * group); }
  /// Where the lane's pair of it lies in 16 rows of a swizzled matrix.
  template <typename T>
  __device__ __forceinline__ int place(int i) const {
    return warp::swizzled<T, panel_columns>(step(i), column % panel_columns);
  }
  template <bool far, bool of_queries>
  __device__ __forceinline__ uint32_t &cell(rows &of, int i) const {
    const int at = rows::template column<far, of_queries>(column % panel_columns);
    return reinterpret_cast<uint32_t &>(
        of.template cells<far, of_queries>(part)[warp::swizzled<element, rows::template width<far>>(step(i), at)]);
  }

  /// What the chunk has brought. Decays go into `decay`, and into products of a group's up to a step, and behind it.
  __device__ __forceinline__ void take(const R &recurrence, const rows &of, int count) {
    using decay_element = typename R::decay_element;
    const decay_element *const from = of.row_decays + part * rows::tile;
    struct alignas(2 * sizeof(decay_element)) decay_pair {
      decay_element of[2];
    };
#pragma unroll
    for (int i = 0; i < steps; ++i) {
      key[i].pairs[0] = shared_load(reinterpret_cast<const uint32_t &>(own_keys[place<element>(i)]));
      query[i].pairs[0] = shared_load(reinterpret_cast<const uint32_t &>(own_queries[place<element>(i)]));
      if constexpr (reads_apart<R>)
        reader[i].pairs[0] = shared_load(reinterpret_cast<const uint32_t &>(of.reader[part * rows::tile + place<element>(i)]));
      const auto two_of = shared_load(reinterpret_cast<const decay_pair &>(from[place<decay_element>(i)]));
      const bool exists = part * part_steps + step(i) < count;
#pragma unroll
      for (int c = 0; c < 2; ++c) {
        const bool inside = R::rows % columns == 0 || column + c < R::rows;
        decay[i][c] = exists && inside ? recurrence.decay(two_of.of[c]) : 1.0f;
      }
    }
#pragma unroll
    for (int c = 0; c < 2; ++c) {
#pragma unroll
      for (int g = 0; g < groups; ++g) {
        const int begin = g * group;
        up_to[begin][c] = decay[begin][c];
        behind[begin + group - 1][c] = 1.0f;
#pragma unroll
        for (int i = 1; i < group; ++i) {
          up_to[begin + i][c] = up_to[begin + i - 1][c] * decay[begin + i][c];
          behind[begin + group - 1 - i][c] = behind[begin + group - i][c] * decay[begin + group - i][c];
        }
      }
      const float first = up_to[group - 1][c], second = up_to[steps - 1][c];
      const float others = shuffle_xor(first * second, 16);
      all[c] = first * second * others;
      before_half[0][c] = late ? second : 1.0f;
      before_half[1][c] = late ? 1.0f : first;
      behind_half[0][c] = late ? 1.0f : second;
      behind_half[1][c] = late ? first : 1.0f;
#pragma unroll
      for (int g = 0; g < groups; ++g) {
        before_part[g][c] = late ? before_half[g][c] * others : before_half[g][c];
        behind_part[g][c] = late ? behind_half[g][c] : behind_half[g][c] * others;
      }
    }
  }

  /// The products of blocks of 2, 4, 8 and 16 steps: of each size keys decay to the middle, or what reads from there.
  __device__ __forceinline__ void weigh_within(rows &of) {
    put_within<0>(of);
    put_within<1>(of);
    put_within<2>(of);
    put_within<3>(of);
    warp_barrier();
  }
  template <int size>
  __device__ __forceinline__ void put_within(rows &of) {
    warp_barrier(); // all lanes have read what was there
#pragma unroll
    for (int i = 0; i < steps; ++i) {
      const bool reads = size == 3 ? late : size == 2 ? late != i / group : i >> size & 1; // in a right half
      two of_key, of_query;
#pragma unroll
      for (int c = 0; c < 2; ++c) {
        of_key[c] = reads ? from_middle<size, reads_apart<R>>(i, c) : to_middle<size>(i, c);
        of_query[c] = from_middle<size, queries_before>(i, c);
      }
      if (!once || !reads)
        shared_store(cell<false, false>(of, i), weighed(reads ? reading(i) : key[i], of_key));
      if (reads || (size > 1 && !once))
        shared_store(cell<false, true>(of, i), weighed(query[i], of_query));
    }
    warp_barrier();
    add_within<(size < 3)>([&](int t, int s) { return (t ^ s) >> size == 1 && s < t; });
  }
  /// What decays behind step `i` in the left half of a block, and up to it in a right one, or up to the one `before`.
  template <int size>
  __device__ __forceinline__ float to_middle(int i, int c) const {
    if constexpr (size == 0)
      return 1.0f;
    else if constexpr (size == 1)
      return i & 1 ? 1.0f : decay[i | 1][c];
    else
      return size == 2 ? behind[i][c] : behind[i][c] * behind_half[i / group][c];
  }
  template <int size, bool before>
  __device__ __forceinline__ float from_middle(int i, int c) const {
    if constexpr (size == 0)
      return before ? 1.0f : decay[i][c];
    else if constexpr (size == 1)
      return before ? (i & 1 ? decay[i & ~1][c] : 1.0f) : i & 1 ? decay[i & ~1][c] * decay[i][c] : decay[i][c];
    else
      return size == 2 ? reached<before>(i, c) : reached<before>(i, c) * before_half[i / group][c];
  }
  /// What decays in the group of step `i` up to it, or up to the one `before`.
  template <bool before>
  __device__ __forceinline__ float reached(int i, int c) const {
    return !before ? up_to[i][c] : i % group == 0 ? 1.0f : up_to[i - 1][c];
  }
  template <bool before>
  __device__ __forceinline__ auto reach() const {
    return [this](int i, int c) { return reached<before>(i, c); };
  }
  __device__ __forceinline__ auto left() const {
    return [this](int i, int c) { return behind[i][c]; };
  }

  /// What a correction reads the state by.
  __device__ __forceinline__ const pair &reading(int i) const {
    if constexpr (reads_apart<R>)
      return reader[i];
    else
      return key[i];
  }

  /// Factors of blocks of 32 and of 64 steps.
  __device__ __forceinline__ void weigh_across(factor_storage<R> &storage, rows &to) const {
    constexpr two none{1.0f, 1.0f};
    if (part % 2 == 0)
      put_left<false>(to, none);
    else
      put_right<false>(to, none);
    if (part < chunk_parts / 2)
      put_left<true>(to, decays_of(storage, part + 1, chunk_parts / 2));
    else
      put_right<true>(to, decays_of(storage, chunk_parts / 2, part));
  }

  /// Those of products with the state. Where decays are `mild`, they are those of scores too, with keys that are divided.
  template <bool mild>
  __device__ __forceinline__ void keep_factors(const factor_storage<R> &storage, rows &of, chunk_record<R> &to) const {
    const int p = column / panel_columns;
    const two before = decays_of(storage, 0, part);
    if constexpr (!once)
      each(reach<reads_apart<R>>(), before_part, before, [&](int i, const two &by) {
        const uint32_t reads = weighed(reading(i), by);
        keep(to.entering_key[p], i, reads);
        if constexpr (mild)
          shared_store(cell<false, false>(of, i), reads);
      });
    each(reach<queries_before>(), before_part, before, [&](int i, const two &by) {
      const uint32_t reads = weighed(query[i], by);
      if constexpr (once)
        keep(to.entering_key[p], i, reads);
      else
        keep(to.query[p], i, reads);
      if constexpr (mild)
        shared_store(cell<false, true>(of, i), reads);
    });
    if constexpr (mild)
      each(reach<false>(), before_part, before, [&](int i, const two &by) {
        shared_store(cell<true, false>(of, i), weighed(key[i], {reciprocal(by[0]), reciprocal(by[1])}));
      });
    each(left(), behind_part, decays_of(storage, part + 1, chunk_parts),
         [&](int i, const two &by) { keep(to.key[p], i, weighed(key[i], by)); });
    if (part == 0 && !late)
      store_global<2>(&to.chunk_decay[column], decays_of(storage, 0, chunk_parts).values);
  }

  /// The decay of the parts [begin, end).
  __device__ __forceinline__ two decays_of(const factor_storage<R> &storage, int begin, int end) const {
    two product{1.0f, 1.0f};
#pragma unroll
    for (int of = 0; of < chunk_parts; ++of)
      if (of >= begin && of < end)
#pragma unroll
        for (int c = 0; c < 2; ++c)
          product[c] *= shared_load(storage.decays[of][column + c]);
    return product;
  }

  /// `visit(i, by)` of every step: its decays in the group, those of other groups of the part, and `more`.
  template <typename G, typename F>
  static __device__ __forceinline__ void each(G in_group, const two (&of_part)[groups], const two &more, F visit) {
#pragma unroll
    for (int i = 0; i < steps; ++i) {
      two by;
#pragma unroll
      for (int c = 0; c < 2; ++c)
        by[c] = in_group(i, c) * (of_part[i / group][c] * more[c]);
      visit(i, by);
    }
  }
  template <bool far>
  __device__ __forceinline__ void put_left(rows &to, const two &more) const {
    each(left(), behind_part, more,
         [&](int i, const two &by) { shared_store(cell<far, false>(to, i), weighed(key[i], by)); });
  }
  template <bool far>
  __device__ __forceinline__ void put_right(rows &to, const two &more) const {
    if constexpr (!once)
      each(reach<reads_apart<R>>(), before_part, more,
           [&](int i, const two &by) { shared_store(cell<far, false>(to, i), weighed(reading(i), by)); });
    each(reach<queries_before>(), before_part, more,
         [&](int i, const two &by) { shared_store(cell<far, true>(to, i), weighed(query[i], by)); });
  }

  static __device__ __forceinline__ uint32_t weighed(const pair &of, const two &by) {
    return warp::pack<element>(widen(of[0]) * by[0], widen(of[1]) * by[1]);
  }
  __device__ __forceinline__ void keep(element (&to)[panel], int i, uint32_t pair_of_step) const {
    const uint32_t word[1] = {pair_of_step};
    store_global<1>(reinterpret_cast<uint32_t *>(&to[part * rows::tile + place<element>(i)]), word);
  }

  /// Products of the part's steps with each other, of step t with s where `wanted(t, s)`: within blocks of eight, or of
  /// steps of the second with those of the first.
  template <bool of_eights, typename F>
  __device__ __forceinline__ void add_within(F wanted) {
    products sums;
#pragma unroll
    for (int k = 0; k < columns / 16; ++k) {
      const int at = column / columns * columns % panel_columns + k * 16;
      const auto of_keys = warp::load_left<panel_columns>(own_keys, 0, at);
      warp::right_tile<element> earlier[2];
      warp::as_right_transposed(earlier, of_keys);
      if constexpr (!once)
        sums.keys.add(of_keys, earlier);
      sums.queries.add(warp::load_left<panel_columns>(own_queries, 0, at), earlier);
    }
    add_wanted<of_eights ? 1 : 0>(sums, wanted);
  }

  /// Of 16 x 16 sums the halves on the diagonal, the one below it, or all.
  template <int which, typename F>
  __device__ __forceinline__ void add_wanted(const products &sums, F wanted) {
#pragma unroll
    for (int n = 0; n < 2; ++n)
#pragma unroll
      for (int i = 0; i < 4; ++i)
        if (which == 2 || (which == 1 ? n == i / 2 : n < i / 2))
          if (wanted(warp::sum_row(i), n * 8 + warp::sum_column(i))) {
            if constexpr (!once)
              within.keys.sums[n].at[i] += sums.keys.sums[n].at[i];
            within.queries.sums[n].at[i] += sums.queries.sums[n].at[i];
          }
  }

  const int part, late; ///< late: whether the lane has the second half of the steps
  int column;           ///< the first of the lane's rows of the state
  uint32_t gentle = 0;  ///< bit u: of 32 rows from 32 u on
  element *own_keys, *own_queries;
  pair key[steps], query[steps], reader[steps];
  two decay[steps], up_to[steps], behind[steps]; ///< of a step, of its group up to it, and behind it
  two all;                                       ///< of the part
  two before_half[groups], behind_half[groups], before_part[groups], behind_part[groups];
  products within;
};

} // namespace scanc::device::block
