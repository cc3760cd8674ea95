//===- Reprice.h - Records at today's estimates -----------------*- C++ -*-===//
#ifndef SCANC_TOOLS_SCANC_REPRICE_H
#define SCANC_TOOLS_SCANC_REPRICE_H

#include "runtime/wisdom/Record.h"
#include "tools/scanc/Sweep.h"

namespace scanc::cli {

/// Gives the evaluations among `records` of the problems in `points` the estimates and the pick of
/// the cost model as it is, not as it was when they were measured. Evaluations of other problems
/// are dropped. A pick that nobody measured is added as refused.
Result<void> reprice(std::vector<rt::Record> &records, const std::vector<SweepPoint> &points);

} // namespace scanc::cli

#endif // SCANC_TOOLS_SCANC_REPRICE_H
