//===- SweepPage.h - Measurements as a page to look at ----------*- C++ -*-===//
#ifndef SCANC_TOOLS_SCANC_SWEEPPAGE_H
#define SCANC_TOOLS_SCANC_SWEEPPAGE_H

#include "tools/scanc/Measurements.h"

namespace scanc::cli {

struct SweepPageOptions {
  std::string title;
  double bandwidth = 0; ///< bytes per second of the roofline; 0: the best that was measured
  double flops = 0;     ///< operations per second of it; 0: the best that was measured
};

/// One page of XHTML that needs no other file: times against size for each strategy, the roofline, the regret of the
/// cost model, and every record.
std::string sweepPage(const Measurements &measurements, const SweepPageOptions &options);

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_SWEEPPAGE_H
