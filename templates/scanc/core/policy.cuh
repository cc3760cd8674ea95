//===- core/policy.cuh - How a kernel spreads its work --------------------===//
//
//   called by      host compiler and device compiler alike
//   result in      a constant
//   shared memory  none
//   barriers       none
//
//===----------------------------------------------------------------------===//
#pragma once

namespace scanc::device {

/// Along which dimension vector accesses run, and neighbouring threads too.
enum class order { lanes, time };

/// A block has lane_threads x time_threads threads; a thread holds `lanes` adjacent lanes and
/// `steps` adjacent steps at a time: its part of a tile. `ring` tiles lie in shared memory, all but
/// one of them on their way; without a ring a tile is loaded to registers, one ahead. A block that
/// keeps its tile gives each thread `runs` such parts. At least `blocks` fit a multiprocessor by
/// their registers. The numbers of a lane's state are spread over `state_threads` neighbouring
/// threads of a warp. `shifted`: the tiles of a lane begin at the first aligned address of its row,
/// so that vectors are whole at any T. `reduce_threads` neighbouring threads hold the whole of the last
/// lane dimension where readouts are reduced over it, 0 where none are: a power of two up to 32, or
/// whole warps. `phased`: rows of lanes begin at any phase; a warp copies the aligned 16 bytes around its
/// strip of a row, and a thread's lanes are adjacent pairs of it (see warp/strip.cuh). Changes speed; accuracy
/// only within the promised bound.
struct policy {
  order walk;
  int lane_threads;
  int time_threads;
  int lanes;
  int steps;
  int ring = 0;
  int runs = 1;
  int blocks = 1;
  int state_threads = 1;
  int reduce_threads = 0;
  bool shifted = false;
  bool phased = false;

  constexpr int threads() const { return lane_threads * time_threads * state_threads; }
  bool operator==(const policy &) const = default;
};

/// The same for a state of many numbers with a matrix as transition. A step comes to a block in
/// panels of `threads / parts * rows` rows of the matrix, of which `ring` lie in shared memory; a
/// thread multiplies `rows` rows, and `parts` threads share a row. A number of a product of matrices is
/// the sum of `terms` elements: 2 have twice the bits of one.
struct dense_policy {
  int threads;
  int parts;
  int rows;
  int ring;
  int blocks = 1;  ///< of a multiprocessor, by their registers
  int chunk = 0;   ///< steps of a block, where several blocks share a sequence
  int group = 0;   ///< chunks whose products are multiplied before states are known; 1: none are
  int terms = 1;
  int told = 0;    ///< maps of other blocks on their way, beside own steps; 0: in the same memory
  bool prefixes = false; ///< whether the product of all matrices up to each step is written

  constexpr int panel() const { return threads / parts * rows; }
  bool operator==(const dense_policy &) const = default;
};

/// The same where columns of a matrix state share the transition. A block walks `columns` of them,
/// each by `parts` threads; inputs of `steps` steps and `ring` matrices lie ready, and as many inputs where these
/// are `staged` in shared memory. `products`: on the tensor cores, in f64, with 4 parts.
struct columns_policy {
  int columns;
  int parts;
  int steps;
  int ring;
  int blocks = 1; ///< of a multiprocessor, by their registers
  bool staged = false;
  bool products = false; ///< of matrices and states

  constexpr int threads() const { return columns * parts; }
  bool operator==(const columns_policy &) const = default;
};

/// The same where a matrix state is read out, and chunks of time are products. Four warps have 64
/// columns of the state; `ring` chunks lie in shared memory, all but one or two of them on their way.
struct chunk_policy {
  int warpgroups;
  int ring;       ///< 2 at least; from 3 on the products of a chunk begin in the one before; 1 with decays of rows
  int blocks = 1; ///< of a multiprocessor, by their registers
  bool splits = false;   ///< whether blocks share the time of a lane
  int readers = 0;       ///< more groups of four warps, which read out what the others carry
  int values = 0;        ///< panels of 64 columns, where groups do not have one each
  bool reads_out = true; ///< whether the state is multiplied with queries
  bool windows = false;  ///< whether inputs of earlier steps are read: steps are then block::window_step
  bool apart = false;    ///< whether the first span of each lane is walked before the others, by a launch of its own

  constexpr int threads() const { return 128 * (warpgroups + readers); }
  constexpr int value_panels() const { return values > 0 ? values : warpgroups; }
  bool operator==(const chunk_policy &) const = default;
};

/// The same where it is read out step by step. `row_threads` threads of a warp have the rows of four columns.
struct outer_policy {
  int warps;
  int row_threads; ///< a power of two of at most 32
  int blocks = 1;  ///< of a multiprocessor, by their registers

  constexpr int threads() const { return 32 * warps; }
  bool operator==(const outer_policy &) const = default;
};

/// A product of matrices. A block makes `64 * tall * warpgroups` rows and `columns` columns of the result at a
/// time, four warps `64 * tall` rows; `ring` parts of 64 of the sum lie in shared memory. `tensors`: one warp
/// more orders copies of whole matrices, else all threads copy pieces. `blocks` of a multiprocessor.
struct product_policy {
  int warpgroups;
  int columns; ///< a multiple of 16, up to 256
  int ring;    ///< 2 at least
  int tall = 1;
  bool tensors = false;
  int blocks = 1;

  constexpr int rows() const { return 64 * tall * warpgroups; }
  constexpr int threads() const { return 128 * (warpgroups + (tensors ? 1 : 0)); }
  /// 64 columns, or 16 of what is left, that one factor has.
  constexpr int panels() const { return columns / 64; }
  constexpr int slices() const { return columns % 64 / 16; }
  bool operator==(const product_policy &) const = default;
};

/// The same where the scan follows in registers. Four warps have 64 steps of a tile of 64 lanes; `ring` parts of 64
/// terms lie in shared memory.
struct projected_policy {
  int warpgroups; ///< 1, 2 or 4
  int ring;       ///< 2 at least
  int behind = 0; ///< columns of the product that follows the scan, of 64 lanes at most; 0: none follows

  constexpr int steps() const { return 64 * warpgroups; }
  constexpr int threads() const { return 128 * warpgroups; }
  bool operator==(const projected_policy &) const = default;
};

} // namespace scanc::device
