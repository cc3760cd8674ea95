//===- Numbers.h - Element types of tensors against those of code -*- C++ -*-===//
//
// Narrow floats are held as the integers of their bits: LLVM's own conversions
// call helpers that a process may lack, and flush subnormals where the machine
// converts bf16 itself.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_COMPILER_CPU_NUMBERS_H
#define SCANC_COMPILER_CPU_NUMBERS_H

#include "compiler/cpu/Code.h"

namespace scanc::cpu {

/// Whether `type` is f16, bf16 or an f8.
bool isNarrow(mlir::Type type);
/// What one part of an element is held as: narrow floats as integers, complex as two floats.
mlir::Type heldAs(mlir::Type element);
/// Bytes of one part in memory.
std::int64_t bytesOf(mlir::Type element);
/// Parts of an element: two for complex, else one.
unsigned partsOf(mlir::Type element);

/// Bits of a narrow float as f32, and back with rounding to nearest even; NaN stays NaN.
/// `hasF16` says that the machine converts f16.
mlir::Value widen(Code &code, mlir::Value bits, mlir::Type narrow, bool hasF16);
mlir::Value narrow(Code &code, mlir::Value value, mlir::Type narrow, bool hasF16);

/// A real number (f32, f64, i32 or a narrow one as bits) of type `from` as `to`.
mlir::Value convert(Code &code, mlir::Value value, mlir::Type from, mlir::Type to, bool hasF16);

} // namespace scanc::cpu

#endif // SCANC_COMPILER_CPU_NUMBERS_H
