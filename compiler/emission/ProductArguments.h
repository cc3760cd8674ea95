//===- ProductArguments.h - What a launch gives a product -------*- C++ -*-===//
#ifndef SCANC_COMPILER_EMISSION_PRODUCTARGUMENTS_H
#define SCANC_COMPILER_EMISSION_PRODUCTARGUMENTS_H

#include "dialects/plan/PlanOps.h"
#include "scanc/Program.h"

#include <string>
#include <vector>

namespace scanc::emission {

/// Whether steps are farther apart than lanes, as the rows are declared.
bool isTimeFirst(plan::ProjectionOp op);

/// The 8-byte words of an argument: those of the program, and whether the rows of all matrices are those of one.
std::vector<std::string> productWords(plan::ProjectionOp op);

/// Maps of the panels of each right factor, of the slices of each, as far as a tile has such, and of the left factor; none
/// where pieces are copied.
std::vector<MatrixMap> productMaps(plan::ProjectionOp op, plan::ProductAttr product);

} // namespace scanc::emission

#endif // SCANC_COMPILER_EMISSION_PRODUCTARGUMENTS_H
