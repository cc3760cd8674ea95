//===- block/matrix_ring.cuh - Matrices that all columns of a block read --===//
//
//   called by      every thread of the block
//   result in      shared memory
//   shared memory  matrix_slots<R, rows, pitch>, given by the caller
//   barriers       one per group of `steps` matrices, and one before the first where they are padded
//
//   Matrices of R::size x R::size come in groups of R::shape.steps, `ring / steps - 1` of them ahead.
//   A row takes `pitch` elements, a matrix `rows` rows; what is beyond R::size is zero. `beside(step, slot)` starts
//   the copies that come with a matrix.
//
//===----------------------------------------------------------------------===//
#pragma once
#include "scanc/block/dense_panel.cuh"

namespace scanc::device::block {

template <typename R, int rows, int pitch>
struct matrix_slots {
  alignas(128) typename R::element at[R::shape.ring][rows * pitch];
};

template <typename R, int rows, int pitch, typename Beside>
class matrix_ring {
public:
  using element = typename R::element;
  static constexpr int steps = R::shape.steps, groups = R::shape.ring / steps;
  static_assert(R::shape.ring % steps == 0 && groups >= 2, "a group is in use while the next one comes");

  __device__ __forceinline__ matrix_ring(const R &recurrence, const typename R::lane &at,
                                         matrix_slots<R, rows, pitch> &slots, Beside beside)
      : recurrence(recurrence), at(at), slots(slots), beside(beside) {
    if constexpr (R::size != rows || R::size != dense_width<R>()) {
#pragma unroll 1
      for (int i = thread_index(); i < R::shape.ring * rows * pitch; i += R::shape.threads())
        shared_store(slots.at[i / (rows * pitch)][i % (rows * pitch)], element{});
      block_barrier();
    }
#pragma unroll 1
    for (int i = 0; i < groups - 1; ++i)
      order(static_cast<long long>(i) * steps, i * steps);
  }

  /// The slot of the matrix of step `first`, behind which the others of its group lie, until the next call.
  __device__ __forceinline__ int take(long long first) {
    await_copies<groups - 2>();
    block_barrier(); // matrices have landed; everyone has left the group before
    order(first + (groups - 1) * steps, slot == 0 ? (groups - 1) * steps : slot - steps);
    const int taken = slot;
    slot = slot + steps == R::shape.ring ? 0 : slot + steps;
    return taken;
  }

private:
  __device__ __forceinline__ void order(long long first, int to) const {
    // A guard for each step would be asked in every group.
    if (first + steps <= recurrence.steps())
#pragma unroll
      for (int s = 0; s < steps; ++s)
        fetch(first + s, to + s);
    else
#pragma unroll 1
      for (int s = 0; first + s < recurrence.steps(); ++s)
        fetch(first + s, to + s);
    close_copies(); // an empty group keeps the count
  }

  __device__ __forceinline__ void fetch(long long step, int slot) const {
    element *matrix = slots.at[slot];
    // Numbers that are read one by one would all be on their way at once, in registers.
    each_piece<R, R::size, R::shape.threads(), R::copies ? 256 : 4>([&](int row, int column) {
      if (R::size == dense_width<R>() || column < R::size)
        recurrence.fetch(matrix + row * pitch + column, at, step, row, column);
    });
    beside(step, slot);
  }

  const R &recurrence;
  const typename R::lane &at;
  matrix_slots<R, rows, pitch> &slots;
  const Beside beside;
  int slot = 0; ///< where the next group lies
};

} // namespace scanc::device::block
