//===- loading.h - From a text to a loaded kernel, timed --------*- C++ -*-===//
#ifndef SCANC_BENCH_LOADING_H
#define SCANC_BENCH_LOADING_H

#include "scanc/Compile.h"

namespace scanc::bench {

/// Seconds from a text to a kernel that is loaded for some operands.
struct LoadTimes {
  double cold = 0;   ///< into an empty cache, on disk too
  double cached = 0; ///< from the disk, with nothing of it in memory; the median of 5
};

LoadTimes timeToLoaded(const std::string &text, const CompileOptions &options,
                       const std::vector<TensorRef> &operands);

} // namespace scanc::bench

#endif // SCANC_BENCH_LOADING_H
