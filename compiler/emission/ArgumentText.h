//===- ArgumentText.h - The struct that a launch gives ----------*- C++ -*-===//
#ifndef SCANC_COMPILER_EMISSION_ARGUMENTTEXT_H
#define SCANC_COMPILER_EMISSION_ARGUMENTTEXT_H

#include "compiler/emission/CodeWriter.h"
#include "dialects/plan/PlanOps.h"

namespace scanc::emission {

/// The comment above a kernel, and up to the namespace what it includes of `templates`.
void writeHead(CodeWriter &writer, mlir::Operation *kernel, llvm::StringRef name, llvm::StringRef variant,
               llvm::ArrayRef<llvm::StringRef> templates);

/// `struct arguments` of `words` words: tensors and sizes of the program, then the members `beside` them. Those tensors of the
/// plan are results of which `writes` says so.
void writeArguments(CodeWriter &writer, plan::ProgramOp program, llvm::function_ref<bool(mlir::StringAttr)> writes,
                    llvm::ArrayRef<std::string> beside, size_t words);

} // namespace scanc::emission

#endif // SCANC_COMPILER_EMISSION_ARGUMENTTEXT_H
