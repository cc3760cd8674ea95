//===- Fission.h - A recurrence less what needs no state --------*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_FISSION_H
#define SCANC_COMPILER_PLANNING_FISSION_H

#include "compiler/planning/Excerpt.h"

#include <optional>
#include <string>
#include <vector>

namespace scanc::planning {

/// A recurrence in parts, each a kernel of its own or more: rows that are computed of inputs alone, the scan that reads them,
/// and what is made of its readout. They meet in tensors of the plan.
struct Fission {
  /// Which rows go before the scan, with their norms or without, and whether reductions of its readout go behind it, where
  /// there is a choice.
  enum class Windows { Stay, Before, Normed };
  enum class Reductions { Stay, Behind };

  /// Nothing where nothing is taken off, and then why.
  static std::optional<Fission> of(scan::AffineOp op, Windows windows, Reductions reductions, std::string &reason);

  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> modules; ///< what holds the parts
  llvm::SmallVector<scan::AffineOp> before; ///< without states
  scan::AffineOp scan;
  scan::AffineOp behind;                      ///< without states; null: there is none
  llvm::SmallVector<plan::ParameterAttr> own; ///< tensors that one writes and another reads
  /// What rows of projections are rounded to where a pin asks for it, which the scan then does not see; empty: none is.
  std::string rounded;
};

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_FISSION_H
