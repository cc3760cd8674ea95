//===- ParameterName.h - What a function calls its tensors ------*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_PARAMETERNAME_H
#define SCANC_COMPILER_PLANNING_PARAMETERNAME_H

#include "dialects/scan/ScanOps.h"

#include <string>

namespace scanc::planning {

/// The name that the function gives to an operand or result of the recurrence; its number where none is
/// given, which is enough for an estimate.
std::string parameterName(scan::AffineOp op, mlir::Value tensor);

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_PARAMETERNAME_H
