//===- Functions.h - What each op does to numbers ---------------*- C++ -*-===//
#ifndef SCANC_COMPILER_REFERENCE_FUNCTIONS_H
#define SCANC_COMPILER_REFERENCE_FUNCTIONS_H

#include "compiler/reference/Number.h"
#include "dialects/scan/ScanOps.h"

#include <functional>

namespace scanc::reference {

using Function = std::function<Number(const Number *operands)>;

/// The elementwise function of `op`; empty for an op that has none.
Function functionOf(mlir::Operation *op);

/// Unit roundoff of a type's significand: 2^-24 for f32 and complex f32.
double roundoffOf(mlir::Type type);

/// The smallest number above 0 of a type: what rounds below its normal numbers is off by no more.
double smallestOf(mlir::Type type);
/// Largest finite value.
double largestOf(mlir::Type type);

/// Rounding to a narrower type: the value is kept, its error grows.
Number rounded(const Number &x, mlir::Type to);

/// Of numbers of a type whose largest is `largest`.
Number reduce(scan::Reduction kind, const Number *frame, const std::size_t *from,
              std::size_t count, double u, double largest);

Number ringZero(scan::Ring ring);
Number ringAdd(scan::Ring ring, const Number &a, const Number &b, double u);
Number ringMultiply(scan::Ring ring, const Number &a, const Number &b, double u);

} // namespace scanc::reference

#endif // SCANC_COMPILER_REFERENCE_FUNCTIONS_H
