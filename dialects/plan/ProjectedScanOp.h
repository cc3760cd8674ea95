//===- ProjectedScanOp.h - A layer in one kernel, in C++ --------*- C++ -*-===//
#ifndef SCANC_DIALECTS_PLAN_PROJECTEDSCANOP_H
#define SCANC_DIALECTS_PLAN_PROJECTEDSCANOP_H

#include "dialects/plan/PlanOps.h"

#define GET_OP_CLASSES
#include "dialects/plan/ProjectedScanOp.h.inc"

#endif // SCANC_DIALECTS_PLAN_PROJECTEDSCANOP_H
