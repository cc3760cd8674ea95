//===- Layout.h - What the compiled code is given ---------------*- C++ -*-===//
#ifndef SCANC_COMPILER_CPU_LAYOUT_H
#define SCANC_COMPILER_CPU_LAYOUT_H

#include "dialects/scan/IndexSets.h"

#include <cstdint>
#include <vector>

namespace scanc::cpu {

/// How vectors of lanes meet memory.
enum class Lanes {
  contiguous, ///< neighbouring lanes are neighbours in every tensor that has them
  strided,    ///< each lane of a vector is loaded by itself
  single,     ///< one lane at a time
};

/// Positions, in 8-byte words, in the block of arguments that the compiled function reads. The same
/// for all of its versions.
///
/// The function walks one block of adjacent lanes through one run of steps:
/// run(words, lanes in the block). Tensors are given by the address of the block's first lane at the
/// first step of the run; offsets of windows before the run's start are guarded.
struct Layout {
  explicit Layout(scan::StepOp op);

  unsigned steps = 0;              ///< number of steps of the run
  unsigned dims = 0;               ///< size of each dim of the op
  std::vector<unsigned> accesses;  ///< per input, then output: address, then a stride per dim, bytes
  std::vector<unsigned> states;    ///< per state: two addresses of scratch, at t-1 and at t
  std::vector<unsigned> temporaries; ///< per materialised value: one address of scratch
  /// Per access: one address of scratch, of `width` steps of all lanes of the block; -1 where
  /// lanes are loaded as they lie. Used by the strided version alone.
  std::vector<int> tiles;
  unsigned words = 0;

  /// The adjacent lane dim, or -1 without lanes.
  int64_t adjacent = -1;
  /// Values of the region that are kept in scratch: reductions over some of their indices.
  std::vector<mlir::Value> materialised;
};

} // namespace scanc::cpu

#endif // SCANC_COMPILER_CPU_LAYOUT_H
