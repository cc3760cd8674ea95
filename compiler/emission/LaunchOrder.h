//===- LaunchOrder.h - What a launch owes to the one before it --*- C++ -*-===//
#ifndef SCANC_COMPILER_EMISSION_LAUNCHORDER_H
#define SCANC_COMPILER_EMISSION_LAUNCHORDER_H

#include "dialects/plan/PlanOps.h"

namespace scanc::emission {

/// Whether launch `number` of a way to run `op` begins before the one before it has ended, and itself awaits that end.
bool awaitsLaunchBefore(mlir::Operation *op, size_t number = 0);

/// Whether the template called `kernel` is launched before that of `variant`.
bool isLaunchedBefore(plan::VariantAttr variant, llvm::StringRef kernel);

/// Whether a launch before a kernel is of the kernel itself, on other blocks: that of first spans, which walks as it does.
bool isOfKernelItself(plan::LaunchAttr before);

/// The launches of a variant whose functions are not the kernel's, and null for that: what takes longest to compile first,
/// as the runtime begins with it.
llvm::SmallVector<plan::LaunchAttr> functionsOf(plan::VariantAttr variant);

/// Whether launch `number` before a kernel runs beside the one before it, which lets it begin: states of spans beside the walks
/// of first spans.
bool runsBesideLaunchBefore(llvm::ArrayRef<plan::LaunchAttr> before, size_t number);

} // namespace scanc::emission

#endif // SCANC_COMPILER_EMISSION_LAUNCHORDER_H
