//===- Recurrence.h - A step without MLIR, bound to operands ----*- C++ -*-===//
#ifndef SCANC_COMPILER_CPU_RECURRENCE_H
#define SCANC_COMPILER_CPU_RECURRENCE_H

#include "compiler/cpu/Jit.h"
#include "compiler/cpu/Layout.h"
#include "compiler/cpu/SplitComplex.h"
#include "scanc/Result.h"
#include "scanc/Tensor.h"

#include <span>
#include <vector>

namespace scanc::cpu {

/// Which dimensions of an operand are which dims of the recurrence.
struct AccessShape {
  Place place;
  std::int64_t bytes;             ///< of an element, or of the part of it that is meant
  std::vector<std::int64_t> dims; ///< per dimension of the operand: dim of the op
};

struct StateShape {
  std::int64_t bytes;             ///< of one number in scratch
  Dtype dtype;
  double zero;                    ///< where nothing else is given
  std::vector<std::int64_t> dims;
};

/// All that a run needs of a `scan.step`, after the IR is gone.
struct Recurrence {
  /// `places`: of the arguments and results of the function around `op`.
  Recurrence(scan::StepOp op, const std::vector<Place> &places, std::int64_t width);

  Layout layout;
  std::int64_t width;
  std::vector<std::int64_t> sizes; ///< of dims; -1 where unknown
  std::vector<std::string> extents;
  std::vector<std::int64_t> laneDims;
  std::int64_t timeDim, segmentDim = -1;
  std::size_t resetOperand = 0;
  bool reverse;
  std::vector<AccessShape> accesses; ///< inputs, then outputs
  std::size_t inputs;
  std::vector<StateShape> states;
  std::vector<std::pair<std::size_t, AccessShape>> inits, finals; ///< state, access
  std::vector<StateShape> temporaries;
};

/// A recurrence with operands and their sizes.
class BoundRecurrence {
public:
  BoundRecurrence(const Recurrence &recurrence, std::span<const TensorRef> operands);

  /// The offsets of packed sequences: from 0 to T, never decreasing (SC6041).
  Result<void> checkOffsets() const;
  bool isContiguous() const;
  std::int64_t adjacentSize() const;
  std::int64_t outerLanes() const;
  /// Bytes of scratch that one lane takes.
  std::int64_t scratchPerLane() const;

  const Recurrence &shape;
  std::span<const TensorRef> operands;
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> outerDims;
  std::vector<std::vector<std::int64_t>> strides; ///< per operand, elements

  std::int64_t segments() const { return shape.segmentDim < 0 ? 1 : sizes[shape.segmentDim]; }
  std::int64_t offsetOf(std::int64_t segment) const;
  std::int64_t rows(const StateShape &state) const;
};

/// Runs blocks of lanes on one thread, with scratch of its own.
class BlockRunner {
public:
  /// `tiles`: whether the strided version will run.
  BlockRunner(const BoundRecurrence &bound, std::int64_t lanes, bool tiles);
  /// Lanes [first, first + count) of the adjacent dim at point `outer` of the other lanes.
  void run(RunFunction function, std::int64_t outer, std::int64_t first, std::int64_t count);

private:
  void runSegment(RunFunction function, std::int64_t segment);
  std::int64_t byteOffset(const AccessShape &access, std::int64_t segment, std::int64_t lane) const;
  void setStates(std::int64_t segment);
  void writeFinals(std::int64_t segment, std::int64_t steps);
  char *buffer(std::int64_t offset) const;
  char *stateBuffer(std::size_t state, bool second) const {
    return buffer(stateOffsets[2 * state + second]);
  }

  const BoundRecurrence &bound;
  std::int64_t pitch;
  std::vector<char> scratch;
  std::vector<std::int64_t> words, point; ///< point: coordinate per dim
  std::vector<std::int64_t> stateOffsets, temporaryOffsets;
  std::vector<std::int64_t> tileOffsets; ///< per access; -1 without tile
  std::int64_t first = 0, count = 0;
};

} // namespace scanc::cpu

#endif // SCANC_COMPILER_CPU_RECURRENCE_H
