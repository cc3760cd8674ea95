//===- Elementwise.h - Scalar ops over vectors of lanes ---------*- C++ -*-===//
#ifndef SCANC_COMPILER_CPU_ELEMENTWISE_H
#define SCANC_COMPILER_CPU_ELEMENTWISE_H

#include "dialects/scan/ScanOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"

namespace scanc::cpu {

/// The type in which elements of `type` are kept in memory and in vectors: i16 for bf16 and i8 for
/// the 8-bit types, which the host has no arithmetic for, else `type`.
mlir::Type storageType(mlir::Type type);

/// `op` on `operands`, vectors of `width` lanes (numbers for 1).
mlir::Value emitElementwise(mlir::OpBuilder &builder, mlir::Operation *op,
                            mlir::ValueRange operands, int64_t width);

/// Reductions: where they start, one more value, and the division of a mean.
mlir::Value emitNeutral(mlir::OpBuilder &builder, mlir::Location loc, scan::Reduction kind,
                        mlir::Type type);
mlir::Value emitCombine(mlir::OpBuilder &builder, mlir::Location loc, scan::Reduction kind,
                        mlir::Value total, mlir::Value value);
mlir::Value emitMean(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value total,
                     mlir::Value count);

} // namespace scanc::cpu

#endif // SCANC_COMPILER_CPU_ELEMENTWISE_H
