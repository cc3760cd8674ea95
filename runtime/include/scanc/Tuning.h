//===- scanc/Tuning.h - What may be varied of a kernel ----------*- C++ -*-===//
//
// Public and installed. No MLIR, LLVM, CUDA or NVRTC type appears here.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_TUNING_H
#define SCANC_TUNING_H

#include "scanc/Compile.h"

namespace scanc {

/// Every valid way to run the kernel in `text` on `options.target`, best estimate of the cost model first.
/// `strategy` of a candidate is what CompileOptions::strategy takes, "blelloch(ring=3, lanes=4)", and
/// gives exactly its `policy`; `chosen` marks what is compiled where nothing is pinned. Pins in the text
/// and `options.strategy` narrow the space. Unbound sizes are assumed as `explain` does. On the CPU there is
/// one candidate. Fails as a compilation does.
Result<std::vector<Candidate>> searchSpace(std::string_view text, const CompileOptions &options = {});

} // namespace scanc

#endif // SCANC_TUNING_H
