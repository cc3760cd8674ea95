//===- kernel/matmul_scan.cuh - Tiles of time as products with their decays ---===//
//
//   called by      every thread of a grid of ceildiv(rows * ceildiv(shared_groups, 8), lane_threads / 8)
//                  blocks, rows = lane_groups / shared_groups
//   result in      global memory
//   shared memory  matmul_scan_storage<R>, given by the caller
//   barriers       one per tile, reached by every thread
//
//   One state of one number of f32 per lane, and lanes in rows of `shared_groups` adjacent groups that
//   have the same gains. A warp has 8 such groups and 4 * steps steps, the radix: it computes their
//   states by the tensor cores, as if 0 had entered. What enters is carried through the block's
//   tiles in the order of time.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/core/policy.cuh"
#include "scanc/kernel/stages.cuh"
#include "scanc/thread/reduction.cuh"
#include "scanc/thread/ring.cuh"
#include "scanc/warp/decay.cuh"

namespace scanc::device::kernel {

inline constexpr int matmul_groups = 8, matmul_runs = 4; // of a warp

template <typename R>
constexpr int matmul_tiles() {
  return R::shape.time_threads / matmul_runs;
}

/// The state after a tile that 0 had entered, and the decay of what does enter: of every tile of
/// radix steps of the block, in two halves.
template <typename R>
struct matmul_scan_storage : thread::ring_slots<R> {
  alignas(16) array<float, R::shape.lanes> ends[2][matmul_tiles<R>()][R::shape.lane_threads];
  alignas(16) float decays[2][matmul_tiles<R>()][R::shape.lane_threads / matmul_groups];
};

/// Which lanes and steps a thread has.
template <typename R>
struct matmul_part {
  static_assert(R::shape.walk == order::lanes && R::shape.lane_threads % matmul_groups == 0 &&
                R::shape.time_threads % matmul_runs == 0);
  static constexpr int chunks = R::shape.lane_threads / matmul_groups;
  int chunk, tile, place, time; ///< of the thread in its block
  long long group;
  bool exists;

  __device__ __forceinline__ explicit matmul_part(const R &recurrence) {
    chunk = warp_index() % chunks;
    tile = warp_index() / chunks;
    place = chunk * matmul_groups + lane_index() / matmul_runs;
    time = tile * matmul_runs + lane_index() % matmul_runs;
    const long long shared = recurrence.shared_groups();
    const long long in_row = (shared - 1) / matmul_groups + 1;
    const long long rows = recurrence.lane_groups() / shared;
    const long long at = static_cast<long long>(block_index()) * chunks + chunk;
    const long long row = at / in_row;
    const long long column = at % in_row * matmul_groups + place % matmul_groups;
    exists = row < rows && column < shared;
    group = (row < rows ? row : rows - 1) * shared + (column < shared ? column : shared - 1);
  }
};

/// One tile of the block, of which this thread has `active` steps; those after them change nothing.
template <typename R>
static __device__ __forceinline__ void
multiply_tile(const R &recurrence, const matmul_part<R> &part, const typename R::lane &at,
              const typename R::tile &in, long long first, int active,
              float (&carry)[R::shape.lanes], matmul_scan_storage<R> &storage, int &half) {
  constexpr int lanes = R::shape.lanes, steps = R::shape.steps, columns = (lanes + 1) / 2 * 2;
  float gain[steps], bias[columns][steps], state[columns][steps];
  const typename R::states unknown{}; // a prologue of the only stage reads no states
#pragma unroll
  for (int v = 0; v < steps; ++v) {
    gain[v] = 1.0f;
#pragma unroll
    for (int l = 0; l < columns; ++l) {
      bias[l][v] = 0.0f;
      if (l < lanes && v < active) {
        const auto map = recurrence.template prologue<0>(at, in, l, v, unknown, unknown)[0];
        bias[l][v] = map.bias;
        gain[v] = map.gain;
      }
    }
  }
  const warp::decays<R::products, steps> tile(gain);
  warp::scan_tile(tile, gain, bias, state);

  if (lane_index() % matmul_runs == matmul_runs - 1) {
    array<float, lanes> end;
#pragma unroll
    for (int l = 0; l < lanes; ++l)
      end[l] = state[l][steps - 1];
    shared_store(storage.ends[half][part.tile][part.place], end);
    if (lane_index() == matmul_groups * matmul_runs - 1)
      shared_store(storage.decays[half][part.tile][part.chunk], tile.whole);
  }
  block_barrier();
  float entering[lanes];
#pragma unroll
  for (int i = 0; i < matmul_tiles<R>(); ++i) {
    const float decay = shared_load(storage.decays[half][i][part.chunk]);
    const auto end = shared_load(storage.ends[half][i][part.place]);
#pragma unroll
    for (int l = 0; l < lanes; ++l) {
      entering[l] = i <= part.tile ? carry[l] : entering[l];
      carry[l] = decay * carry[l] + end[l];
    }
  }
  half ^= 1;

  typename R::results out;
#pragma unroll
  for (int l = 0; l < lanes; ++l) {
#pragma unroll
    for (int v = 0; v < steps; ++v)
      state[l][v] = tile.since_begin[v] * entering[l] + state[l][v];
    const float of_run_before = shuffle_up(state[l][steps - 1], 1);
    typename R::states before;
    R::template state<0>(before)[0] =
        lane_index() % matmul_runs == 0 ? entering[l] : of_run_before;
#pragma unroll
    for (int v = 0; v < steps; ++v)
      if (v < active) {
        typename R::states now;
        R::template state<0>(now)[0] = state[l][v];
        recurrence.epilogue(out, at, in, l, v, now, before);
        before = now;
      }
  }
  if (part.exists && active > 0)
    recurrence.store(out, at, first, active);
}

/// Scans tiles of time_threads * steps steps, carrying the states from one to the next.
template <typename R>
static __device__ __forceinline__ void matmul_scan(const R &recurrence,
                                                   matmul_scan_storage<R> &storage) {
  static_assert(R::stages == 1 && stage_numbers<R, 0>::count == 1);
  constexpr int lanes = R::shape.lanes, steps = R::shape.steps;
  constexpr int tile_steps = R::shape.time_threads * steps;
  const matmul_part<R> part(recurrence);
  const typename R::lane at = recurrence.enter(part.group);
  float carry[lanes];
#pragma unroll
  for (int l = 0; l < lanes; ++l) {
    typename R::states initial;
    recurrence.initial(initial, at, l);
    carry[l] = R::template state<0>(initial)[0];
  }

  int half = 0;
  long long first = static_cast<long long>(part.time) * steps; // of this thread's steps in the tile
  const long long ragged = recurrence.steps() / tile_steps * tile_steps + first;
  // The last tile has a `tile` of its own: the one of the loop would stay in registers for it.
  thread::tile_stream<R> tiles(recurrence, at, first, tile_steps, ragged, storage);
  for (; first < ragged; first += tile_steps) {
    typename R::tile in;
    tiles.next(in, [] {});
    multiply_tile(recurrence, part, at, in, first, steps, carry, storage, half);
  }
  if (recurrence.steps() % tile_steps != 0) {
    const long long left = recurrence.steps() - first;
    const int active = left >= steps ? steps : left > 0 ? static_cast<int>(left) : 0;
    typename R::tile in;
    if (active > 0)
      recurrence.load(in, at, first, active);
    multiply_tile(recurrence, part, at, in, first, active, carry, storage, half);
  }
  if (part.exists && part.time == 0)
#pragma unroll
    for (int l = 0; l < lanes; ++l) {
      typename R::states last;
      R::template state<0>(last)[0] = carry[l];
      recurrence.finish(last, at, l);
    }
}

} // namespace scanc::device::kernel
