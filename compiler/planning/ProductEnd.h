//===- ProductEnd.h - The last value that a product makes -------*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_PRODUCTEND_H
#define SCANC_COMPILER_PLANNING_PRODUCTEND_H

#include "compiler/analysis/Projections.h"
#include "dialects/scan/IndexSets.h"

#include <string>

namespace scanc::planning {

/// What the epilogue of a projection makes.
struct ProductEnd {
  mlir::Value value;
  int64_t whole;     ///< panels of 64 columns that a tile has together, as it reduces over them; 0: none
  std::string split; ///< why something that is reduced is none of it; empty where nothing is left out
};

/// The last value that goes into everything that is made of the sum of `projection`, itself made of nothing else but its
/// columns and, where a tile has them whole, of what is reduced over those of a head.
ProductEnd endOf(scan::RecurrenceInterface loop, const scan::IndexSets &sets,
                 const analysis::Projection &projection);

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_PRODUCTEND_H
