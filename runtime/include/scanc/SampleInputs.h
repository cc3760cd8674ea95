//===- scanc/SampleInputs.h - Inputs at which a recurrence is tame -*- C++ -*-===//
//
// Public and installed. For trying a program: `scanc run`, examples and tests
// fill their tensors within these ranges. No MLIR type appears here.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_SAMPLEINPUTS_H
#define SCANC_SAMPLEINPUTS_H

#include "scanc/Compile.h"

namespace scanc {

/// From where to draw the elements of an input.
struct SampleInput {
  std::string name;
  double low = -1, high = 1; ///< inclusive; integers are drawn as such
  bool isOffsets = false;    ///< offsets of segments: ascending from `low` to `high`
};

struct SampleInputs {
  std::map<std::string, std::int64_t> sizes; ///< of every name: as given, else a small one
  std::vector<SampleInput> inputs;           ///< in the order of the signature
  /// The names in `over`, in its order: a stretch of lanes is a smaller problem of its own.
  std::vector<std::string> lanes;
};

/// Ranges for the inputs of the kernel in `text`, found from where each input enters a transition:
/// factors of it stay within 1 in magnitude, and a dense or low-rank one is divided by its size, so
/// that the state stays bounded however long the time. Of a step that is not affine every input is
/// divided by its size. What a logarithm or root is taken of is positive. `options.sizes` are kept.
Result<SampleInputs> sampleInputs(std::string_view text, const CompileOptions &options = {});

} // namespace scanc

#endif // SCANC_SAMPLEINPUTS_H
