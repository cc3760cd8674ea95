//===- block/segment_window.cuh - Where segments begin in a block's tiles -===//
//
//   called by      every thread of the block, with the block's tiles in order of time
//   result in      the thread that asks
//   shared memory  segment_words<R>, given by the caller
//   barriers       two per window, which holds several tiles; the caller has one between two tiles
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/policy.cuh"
#include "scanc/thread/segments.cuh"

namespace scanc::device::block {

/// The numbers of the segments that begin in each word of a window.
template <int count, bool matter>
struct segment_numbers {
  /// What `gaps` holds of a word: segments without steps begin nowhere, at bit gaps % 32, gaps / 32 of
  /// them, or at several.
  static constexpr uint32_t none = 0, several = ~0u;
  int before[count]; ///< where a segment begins in the word: the last one before the word
  uint32_t gaps[count];
};
template <int count>
struct segment_numbers<count, false> {};

/// A window of time, a bit for each step at which a segment begins: a thread finds those of its steps
/// without a search.
template <typename R, bool exists = thread::has_segments<R>>
struct segment_words {
  static constexpr int of_thread = 4, count = of_thread * R::shape.threads();
  uint32_t bits[count];
  [[no_unique_address]] segment_numbers<count, thread::has_segment_states<R>> numbers;
  alignas(16) long long ahead; ///< the first segment of the next window
};
template <typename R>
struct segment_words<R, false> {};

/// Marks the tiles of a recurrence that has segments, and does nothing for others.
template <typename R, bool exists = thread::has_segments<R>>
class segment_window {
public:
  using offset = typename R::offset;
  using words_type = segment_words<R>;

  __device__ __forceinline__ segment_window(const R &recurrence, words_type &words)
      : list(recurrence.segments()), words(words) {}

  /// `in` as the tile of this thread's steps from `first` on, in the block's tile from `tile` on.
  __device__ __forceinline__ void mark(typename R::tile &in, long long tile, long long first) {
    if (tile + tile_steps > end)
      fill(tile - margin);
    const uint32_t at = static_cast<uint32_t>(first - end) + reach - R::history;
    const uint32_t word = at / bits, place = at % bits;
    const uint32_t low = shared_load(words.bits[word]);
    const uint64_t both = static_cast<uint64_t>(shared_load(words.bits[word + 1])) << bits | low;
    in.marks.bits = static_cast<uint32_t>(both >> place) & ~in.marks.gaps;
    if constexpr (thread::has_segment_states<R>)
      if (in.marks.any(0, R::shape.steps + 1))
        number(in.marks, both, word, place + R::history, list.clip(first));
  }

private:
  static constexpr int bits = 32, tile_steps = R::shape.time_threads * R::shape.steps;
  /// A thread asks for bits that begin in any word but the last one, and up to `margin` steps before
  /// its tile.
  static constexpr int margin = 64, reach = (words_type::count - 1) * bits;
  static constexpr int advance = (reach - margin) / tile_steps * tile_steps;
  static_assert(R::history + R::shape.steps < bits - 1);
  static_assert(advance > tile_steps, "a window holds a tile and the one after it");

  /// Numbers the segments of a thread's steps: bit `place` of `both` words is step 0, which is `first`,
  /// and one of the words has a bit.
  __device__ __forceinline__ void number(decltype(R::tile::marks) &marks, uint64_t both,
                                         uint32_t word, int place, int first) const {
    const uint32_t low = static_cast<uint32_t>(both);
    const uint64_t earlier = both & ((uint64_t{1} << place) - 1);
    const offset from = shared_load(words.numbers.before[low != 0 ? word : word + 1]);
    marks.before = from + count_bits(static_cast<uint32_t>(earlier)) +
                   count_bits(static_cast<uint32_t>(earlier >> bits));
    marks.begun = marks.before + 1;
    const uint32_t gaps[2] = {shared_load(words.numbers.gaps[word]),
                              shared_load(words.numbers.gaps[word + 1])};
    if ((gaps[0] | gaps[1]) == words.numbers.none)
      return;
    if (gaps[0] == words.numbers.several || gaps[1] == words.numbers.several) {
      int step = 0;
      while (!marks.begins(step))
        ++step;
      marks.before = first > 0 ? list.last_begun(from, first - 1) : -1;
      marks.begun = list.last_begun(marks.before, first + step);
      marks.bits |= marks.gaps;
      return;
    }
#pragma unroll
    for (int k = 0; k < 2; ++k) {
      const int step = static_cast<int>(gaps[k] % bits) + k * bits - place;
      const offset without = gaps[k] / bits;
      if (step >= R::shape.steps || without == 0)
        continue;
      if (step < 0)
        marks.before += without;
      if (step < 0 || !marks.any(0, step))
        marks.begun += without;
      else
        marks.bits |= marks.gaps;
    }
  }

  /// Makes the window of the steps from `begin` on, `advance` steps after the last one. In time order
  /// segments come one after the other, so that each word is written by the thread that has its first.
  __device__ __forceinline__ void fill(long long begin) {
    constexpr int of_thread = words_type::of_thread, threads = R::shape.threads();
    end = begin + reach;
#pragma unroll
    for (int k = 0; k < of_thread; ++k) {
      shared_store(words.bits[thread_index() + k * threads], 0u);
      if constexpr (thread::has_segment_states<R>)
        shared_store(words.numbers.gaps[thread_index() + k * threads], words.numbers.none);
    }
    block_barrier();
    bool within = true;
#pragma unroll 1
    for (offset i = next + thread_index(); within && i <= list.count + 1;
         i += of_thread * threads) {
      int at[of_thread], earlier[of_thread]; // their loads overlap
#pragma unroll
      for (int k = 0; k < of_thread; ++k) {
        const offset segment = i + k * threads;
        at[k] = list.begin(segment);
        earlier[k] = list.begin(segment > 0 ? segment - 1 : 0);
        if (segment == next)
          earlier[k] = -1;
      }
#pragma unroll 1
      for (int k = 0; k < of_thread; ++k) {
        enter(i + k * threads, begin, at[0], earlier[0]);
        within = at[0] < end + bits;
#pragma unroll
        for (int j = 1; j < of_thread; ++j)
          at[j - 1] = at[j], earlier[j - 1] = earlier[j];
      }
    }
    block_barrier();
    next = static_cast<offset>(shared_load(words.ahead));
  }

  /// Segment `i`, which begins at `at`, the one before it in the window at `earlier`.
  __device__ __forceinline__ void enter(offset i, long long begin, int at, int earlier) {
    const long long ahead = begin + advance;
    if (i <= list.count + 1 && earlier < ahead && (at >= ahead || i == list.count + 1))
      shared_store(words.ahead, static_cast<long long>(i));
    if (i > list.count || at >= end + bits)
      return;
    const int word = static_cast<int>(at - begin) / bits;
    const long long from = begin + word * bits;
    if (earlier >= from)
      return;
    if constexpr (thread::has_segment_states<R>)
      shared_store(words.numbers.before[word], static_cast<int>(i - 1));
    uint32_t found = 0, gaps = 0;
#pragma unroll 1
    for (; i <= list.count && at < from + bits; at = list.begin(i)) {
      found |= 1u << (at - from);
      const offset last = list.last_begun(i, at);
      if (last > i)
        gaps = gaps == 0 && last - i < 1 << 26 ? (last - i) * bits + (at - from) : ~0u;
      i = last + 1;
    }
    shared_store(words.bits[word], found);
    if constexpr (thread::has_segment_states<R>)
      shared_store(words.numbers.gaps[word], gaps);
  }

  decltype(static_cast<const R *>(nullptr)->segments()) list;
  words_type &words;
  long long end = 0; ///< of the steps that the window holds the tiles of
  offset next = 0;   ///< the first segment of the next window
};
template <typename R>
struct segment_window<R, false> {
  __device__ __forceinline__ segment_window(const R &, segment_words<R> &) {}
  __device__ __forceinline__ void mark(typename R::tile &, long long, long long) {}
};

} // namespace scanc::device::block
