//===- block/chunk_span.cuh - Blocks that share the time of a lane ---------===//
//
//   called by      every thread of a block
//   result in      registers, and global memory as named
//   shared memory  as named, given by the caller
//   barriers       as named
//
//   A span is a run of chunks of a lane that one block walks. A state that enters it leaves it as
//
//     S' = M S + B
//
//   with B what the same steps make of a state of 0, and M a number, a factor for each row, or, where the state is
//   corrected, a matrix: what they make of the identity, with values of 0. kernel/chunk_states.cuh writes M and B of
//   every span but the last of each lane, or of parts of it. A block that reads out a span applies those of all spans before
//   it; where M is a matrix, or spans have parts, kernel/chunk_entries.cuh does so before, and leaves in the places of the
//   first of them the states that enter the second span, the third, and so on.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/chunk_correction.cuh"
#include "scanc/block/chunk_row_decays.cuh"
#include "scanc/block/chunk_segments.cuh"
#include "scanc/thread/access.cuh"

namespace scanc::device::block {

/// Groups of columns that a transition has.
template <typename R>
constexpr int transition_groups() {
  return corrects<R> ? row_panels<R>() : 0;
}

/// Blocks that each pass over a part of a span for its state alone: more of these than of those that read out fit a
/// multiprocessor.
template <typename R>
constexpr int span_parts() {
  return R::shape.readers > 0 && !corrects<R> ? (R::shape.readers > 1 ? 2 : 3) : 1;
}

/// Whether what reads a state of spans, kernel/chunk_relay.cuh, has columns of it as they lie in registers here.
template <typename R>
inline constexpr bool tells_columns = R::shape.readers > 0 && !corrects<R>;

/// What a part of a span makes of states, of the columns of a block, as the registers of its threads have it.
template <typename R>
struct told_span {
  typename chunk_state<R>::told_type states[R::shape.warpgroups + transition_groups<R>()];
  float decays[255]; ///< of each row, or the same of all in the first
  int parts;         ///< of all spans of a lane, in the first of all
};

/// Of a span, what the first has where it is walked while states of others are made. Measured on an H200, us of a chunk that is
/// walked and of one whose state is made: 2.9 and 2.6, of 64 columns 2.0 and 2.2.
struct first_share {
  static constexpr int all = 16;
  template <typename R>
  static constexpr int of() {
    return !R::shape.apart ? all : R::shape.warpgroups > 1 || R::shape.readers == 0 ? 14 : 17;
  }
};

/// Which of the blocks of a grid has what.
template <typename R>
struct span_place {
  static constexpr int width = panel_columns * R::shape.warpgroups;
  static constexpr int blocks = (R::columns + width - 1) / width; ///< beside each other

  /// Of one that walks the spans of each lane, or parts of these for spans, but for the `omitted` last, and the first where
  /// another launch walks it; or, with none omitted, of that one.
  __device__ __forceinline__ span_place(const R &recurrence, int omitted)
      : begins(omitted == 0 && is_first(recurrence)), part(block_index() % blocks) {
    const chunk_range all{0, recurrence.steps()};
    if constexpr (R::shape.splits) {
      constexpr int part = first_share::all, of_first = first_share::of<R>();
      const int walked = (begins ? walking(recurrence) : block_count()) / (blocks * static_cast<int>(recurrence.lanes()));
      const int here = begins ? 1 : walked;
      const bool apart = R::shape.apart && walked + omitted > 1;
      lane = block_index() / blocks / here;
      span = block_index() / blocks % here;
      spans = walked + omitted + apart;
      if (apart && !begins)
        ++span;
      const unsigned total = of_first + (spans - 1) * part;
      const long long whole = all.chunks() / total;
      const unsigned rest = static_cast<unsigned>(all.chunks() % total);
      const auto begin_of = [&](int i) -> long long {
        const unsigned before = i == 0 ? 0 : of_first + (i - 1) * part;
        return whole * before + rest * before / total;
      };
      first = begin_of(span);
      const long long end = begin_of(span + 1) * chunk_steps;
      steps = {first * chunk_steps, span + 1 < spans ? end : all.end};
    } else {
      lane = block_index() / blocks;
      span = 0;
      spans = 1;
      first = 0;
      steps = all;
    }
  }

  /// Of a grid that walks no spans.
  __device__ __forceinline__ span_place(int index, int spans)
      : begins(false), part(index % blocks), lane(index / blocks), span(0), spans(spans), first(0), steps{0, 0} {}

  __device__ __forceinline__ int column() const { return part * width; }

  /// Blocks that walk all spans, or, where there are several and the first is walked by a launch of its own, which has
  /// fewer, the others.
  static __device__ __forceinline__ int walking(const R &recurrence) {
    if constexpr (R::shape.apart)
      return static_cast<int>(recurrence.walking());
    else
      return block_count();
  }
  static __device__ __forceinline__ bool is_first(const R &recurrence) { return block_count() < walking(recurrence); }

  const bool begins; ///< whether this is a walk of first spans alone
  int part;          ///< of the columns
  int lane, span, spans;
  long long first; ///< chunk
  chunk_range steps;
};

/// What launches before this one leave: what corrections want of each chunk, then what spans make of states.
template <typename R>
struct chunk_scratch {
  __device__ __forceinline__ chunk_scratch(const R &recurrence, void *bytes)
      : bytes(static_cast<char *>(bytes)), chunks(count_chunks(recurrence)),
        lanes(recurrence.lanes()) {}

  /// Of the first chunk of a lane; others follow each other.
  __device__ __forceinline__ const chunk_record<R> *records(long long lane) const {
    return reinterpret_cast<const chunk_record<R> *>(bytes) + lane * chunks;
  }
  /// The first of all.
  __device__ __forceinline__ told_span<R> &of_all() const {
    const long long left = corrects<R> ? lanes * chunks * static_cast<long long>(sizeof(chunk_record<R>)) : 0;
    return *reinterpret_cast<told_span<R> *>(bytes + left);
  }
  /// Of the first part of a lane, whose spans have `parts` together; others follow each other.
  __device__ __forceinline__ told_span<R> *told(const span_place<R> &place, int parts) const {
    return &of_all() + (place.lane * place.blocks + place.part) * (parts - span_parts<R>());
  }

private:
  char *const bytes;
  const long long chunks, lanes; ///< chunks of each
};

/// The state as it leaves a span, where it is not corrected and has no parts.
template <typename R>
static __device__ __forceinline__ void pass_span(chunk_state<R> &state, const told_span<R> &span) {
  if constexpr (decays_rows<R>) {
    state.scale_rows([&](int row) { return thread::read(&span.decays[row]); });
  } else if constexpr (decays<R>) {
    state.scale(thread::read(&span.decays[0]));
  }
  state.add(span.states[group_index()]);
}

} // namespace scanc::device::block
