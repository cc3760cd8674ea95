//===- ScanOps.h - The scan dialect in C++ ----------------------*- C++ -*-===//
#ifndef SCANC_DIALECTS_SCAN_SCANOPS_H
#define SCANC_DIALECTS_SCAN_SCANOPS_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/scan/ScanDialect.h.inc"
#include "dialects/scan/ScanEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/scan/ScanAttrs.h.inc"
#include "dialects/scan/ScanInterfaces.h.inc"
#define GET_OP_CLASSES
#include "dialects/scan/ScanOps.h.inc"

namespace scanc::scan {

/// Names of the attributes that a function carries on its arguments and results.
inline constexpr llvm::StringLiteral nameAttr = "scan.name";
inline constexpr llvm::StringLiteral dimsAttr = "scan.dims";
/// Of a result: the operand, of its type and dimensions, in whose memory it may lie.
inline constexpr llvm::StringLiteral updatesAttr = "scan.updates";

/// The block argument that reads state entry `i` of `prevs` of a step op.
mlir::BlockArgument getPrevArgument(StepOp op, int64_t i);

/// What state `i` starts from where it has no initial value: the zero of the semiring that its own
/// operators make. -inf where it passes through max, logaddexp or their reductions, inf through
/// min, else 0.
double zeroOfState(StepOp op, int64_t i);

} // namespace scanc::scan

#endif // SCANC_DIALECTS_SCAN_SCANOPS_H
