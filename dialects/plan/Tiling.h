//===- Tiling.h - What a tile has of right factors --------------*- C++ -*-===//
#ifndef SCANC_DIALECTS_PLAN_TILING_H
#define SCANC_DIALECTS_PLAN_TILING_H

#include "dialects/plan/PlanOps.h"

#include <optional>

namespace scanc::plan {

/// A right factor gives a tile panels of 64 columns, and slices of 16 of what is left.
inline int64_t panelsOf(TilingAttr tiling) { return tiling.getColumns() / 64; }
inline int64_t slicesOf(TilingAttr tiling) { return tiling.getColumns() % 64 / 16; }

/// Panels of a head of `columns` columns: nothing where no panels have it whole, beside `others` of its kind or alone.
inline std::optional<int64_t> panelsOfHead(int64_t columns, bool others) {
  constexpr int64_t panel = 64, slice = 16;
  bool fits = columns > 0 && (!others || columns % panel == 0 ||
                              (columns % slice == 0 && panel % columns == 0));
  return fits ? std::optional((columns + panel - 1) / panel) : std::nullopt;
}

/// Whether a tile has heads of `panels` panels whole.
inline bool hasWhole(TilingAttr tiling, int64_t panels) {
  return slicesOf(tiling) == 0 && panelsOf(tiling) % panels == 0;
}

/// The dim of the heads of a group of columns of `op`, which its weights have beside its columns; nothing where there is none.
std::optional<int64_t> headOf(ProjectionOp op, ColumnsAttr group);

/// Panels of the heads of a group of columns of `op` over which its epilogue reduces: nothing where it does not.
std::optional<int64_t> panelsReduced(ProjectionOp op, int64_t group);

} // namespace scanc::plan

#endif // SCANC_DIALECTS_PLAN_TILING_H
