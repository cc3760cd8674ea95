//===- Tiling.h - What a tile has of right factors --------------*- C++ -*-===//
#ifndef SCANC_DIALECTS_PLAN_TILING_H
#define SCANC_DIALECTS_PLAN_TILING_H

#include "dialects/plan/PlanOps.h"

namespace scanc::plan {

/// A right factor gives a tile panels of 64 columns, and slices of 16 of what is left.
inline int64_t panelsOf(TilingAttr tiling) { return tiling.getColumns() / 64; }
inline int64_t slicesOf(TilingAttr tiling) { return tiling.getColumns() % 64 / 16; }

/// Maps of `factors` on the right: of the panels and of the slices of each.
inline int64_t rightMaps(TilingAttr tiling, int64_t factors) {
  return factors * ((panelsOf(tiling) > 0) + (slicesOf(tiling) > 0));
}

} // namespace scanc::plan

#endif // SCANC_DIALECTS_PLAN_TILING_H
