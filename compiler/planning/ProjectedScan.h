//===- ProjectedScan.h - The strategy of layers in one kernel ---*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_PROJECTEDSCAN_H
#define SCANC_COMPILER_PLANNING_PROJECTEDSCAN_H

#include "compiler/planning/Strategy.h"

namespace scanc::planning {

std::unique_ptr<Strategy> createProjectedScan();

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_PROJECTEDSCAN_H
