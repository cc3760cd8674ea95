//===- KernelText.h - One variant of a kernel as CUDA C++ -------*- C++ -*-===//
#ifndef SCANC_COMPILER_EMISSION_KERNELTEXT_H
#define SCANC_COMPILER_EMISSION_KERNELTEXT_H

#include "dialects/plan/PlanOps.h"

#include <string>

namespace scanc::emission {

/// The translation unit of `variant` of `kernel`: arguments, the recurrence, the entry point.
/// Fails with [SC4001] at an op that has no spelling.
mlir::FailureOr<std::string> writeKernel(plan::KernelInterface kernel, plan::VariantAttr variant);

/// The same of a product of matrices.
mlir::FailureOr<std::string> writeProduct(plan::ProjectionOp op, plan::ProductAttr product);

/// Name of the extern "C" function in that text, and of that of a launch before it, which may be the same.
std::string entryName(llvm::StringRef kernel);
std::string entryName(plan::KernelInterface kernel);
std::string entryName(plan::KernelInterface kernel, plan::LaunchAttr before);

/// Name of the workspace that nobody has written.
std::string scratchName(plan::KernelInterface kernel);

/// The 8-byte words of an argument, as formulas of scanc/Program.h, in order: parameters, tensors of the plan, sizes and the
/// workspace buffers called `buffers`.
std::vector<std::string> argumentWords(plan::ProgramOp program, llvm::ArrayRef<std::string> buffers);
/// Of a variant of a kernel, and the buffers of that; where first spans are walked by a launch of their own, which blocks do not
/// tell, the blocks that walk the others.
std::vector<std::string> argumentWords(plan::KernelInterface kernel, plan::VariantAttr variant);
/// Formulas: where a tensor of the program or of the plan begins, and its stride along dimension `dim`.
std::string addressOf(plan::ProgramOp program, mlir::StringAttr tensor);
std::string strideOf(plan::ProgramOp program, mlir::StringAttr tensor, unsigned dim);
/// Formula: elements of a tensor of the plan's own.
std::string elementsOf(plan::ParameterAttr tensor);

/// Names of sizes that the program's parameters have, in order of appearance.
std::vector<std::string> sizeNames(plan::ProgramOp program);

} // namespace scanc::emission

#endif // SCANC_COMPILER_EMISSION_KERNELTEXT_H
