//===- Names.h - The user's names as names of C++ ---------------*- C++ -*-===//
#ifndef SCANC_COMPILER_EMISSION_NAMES_H
#define SCANC_COMPILER_EMISSION_NAMES_H

#include "dialects/plan/PlanOps.h"
#include "mlir/IR/Types.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace scanc::emission {

/// `name` as an identifier: itself, or with a `_` behind it where C++ or the emitted text uses it.
std::string identifier(llvm::StringRef name);

/// The element type as templates/scanc/core/element.cuh spells it: "float", "bf16", …
std::string spellElement(mlir::Type type);
int64_t bytesOfElement(mlir::Type type);

/// A map of a state as templates/scanc/core/affine.cuh spells it; the zero and the one of its ring.
std::string spellRing(plan::Ring ring);
std::string spellMap(plan::Ring ring, mlir::Type compute);
std::string spellZero(plan::Ring ring);
/// An accumulator as templates/scanc/thread/reduction.cuh spells it.
std::string spellAccumulator(plan::Reduction kind, mlir::Type element);
std::string spellOne(plan::Ring ring, mlir::Type compute);

/// `value` of element type `from` as one of `to`: through the compute type.
std::string converted(const std::string &value, mlir::Type from, mlir::Type to);

/// A size as the kernel knows it: a number, or a word of the launch.
std::string spellSize(plan::DimAttr dim);

/// Groups of adjacent lanes in the innermost lane dimension, and in those from `first` on.
std::string spellAdjacentGroups(plan::KernelInterface kernel, plan::PolicyAttr policy);
std::string spellLaneGroups(plan::KernelInterface kernel, plan::PolicyAttr policy, int64_t first);

} // namespace scanc::emission

#endif // SCANC_COMPILER_EMISSION_NAMES_H
