//===- KernelText.h - One variant of a kernel as CUDA C++ -------*- C++ -*-===//
#ifndef SCANC_COMPILER_EMISSION_KERNELTEXT_H
#define SCANC_COMPILER_EMISSION_KERNELTEXT_H

#include "dialects/plan/PlanOps.h"

#include <string>

namespace scanc::emission {

/// The translation unit of `variant` of `kernel`: arguments, the recurrence, the entry point.
/// Fails with [SC4001] at an op that has no spelling.
mlir::FailureOr<std::string> writeKernel(plan::KernelInterface kernel, plan::VariantAttr variant);

/// Name of the extern "C" function in that text, and of that of a launch before it.
std::string entryName(plan::KernelInterface kernel);
std::string entryName(plan::KernelInterface kernel, plan::LaunchAttr before);

/// Name of the workspace that nobody has written.
std::string scratchName(plan::KernelInterface kernel);

/// The 8-byte words of the kernel's argument, as formulas of scanc/Program.h, in order.
std::vector<std::string> argumentWords(plan::KernelInterface kernel);

/// Names of sizes that the program's parameters have, in order of appearance.
std::vector<std::string> sizeNames(plan::ProgramOp program);

} // namespace scanc::emission

#endif // SCANC_COMPILER_EMISSION_KERNELTEXT_H
