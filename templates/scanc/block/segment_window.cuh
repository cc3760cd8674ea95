//===- block/segment_window.cuh - Where segments begin in a block's tiles -===//
//
//   called by      every thread of the block, with the block's tiles in order of time
//   result in      the thread that asks
//   shared memory  segment_words<R>, given by the caller
//   barriers       two per window, which holds several tiles
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/policy.cuh"
#include "scanc/thread/segments.cuh"

namespace scanc::device::block {

/// A window of time, a bit for each step at which a segment begins. Each thread looks for the segments
/// of some words, so that a thread finds those of its own steps without a search.
template <typename R, bool exists = thread::has_segments<R>>
struct segment_words {
  static constexpr int of_thread = 4, count = of_thread * R::shape.threads();
  uint32_t bits[count];
  int before[count]; ///< a segment that begins before the word, not many segments earlier than the last
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
    const uint64_t both = static_cast<uint64_t>(shared_load(words.bits[word + 1])) << bits |
                          shared_load(words.bits[word]);
    in.marks = {static_cast<uint32_t>(both >> place), list.clip(first),
                static_cast<offset>(shared_load(words.before[word]))};
  }

private:
  static constexpr int bits = 32, tile_steps = R::shape.time_threads * R::shape.steps;
  /// A thread asks for bits that begin in any word but the last one, and up to `margin` steps before
  /// its tile.
  static constexpr int margin = 64, reach = (words_type::count - 1) * bits;
  static_assert(R::history + R::shape.steps < bits && R::shape.steps <= bits);
  static_assert(margin + tile_steps <= reach, "a window holds a tile");

  /// Makes the window of the steps from `begin` on.
  __device__ __forceinline__ void fill(long long begin) {
    end = begin + reach;
    block_barrier();
    int word = thread_index() * words_type::of_thread;
    int from = list.clip(begin + word * bits);
    offset i = list.first_from(from);
#pragma unroll 1
    for (const int last = word + words_type::of_thread; word < last; ++word, from += bits) {
      const offset before = i - 1;
      uint32_t found = 0;
#pragma unroll 1
      for (int at; (at = list.begin(i)) < from + bits; i = list.last_begun(i, at) + 1)
        found |= 1u << (at - from);
      shared_store(words.bits[word], found);
      shared_store(words.before[word], static_cast<int>(before));
    }
    block_barrier();
  }

  decltype(static_cast<const R *>(nullptr)->segments()) list;
  words_type &words;
  long long end = 0; ///< of the steps that the window holds the tiles of
};
template <typename R>
struct segment_window<R, false> {
  __device__ __forceinline__ segment_window(const R &, segment_words<R> &) {}
  __device__ __forceinline__ void mark(typename R::tile &, long long, long long) {}
};

} // namespace scanc::device::block
