//===- StageText.h - What the text of a stage must hold ---------*- C++ -*-===//
#ifndef SCANC_COMPILER_PIPELINE_STAGETEXT_H
#define SCANC_COMPILER_PIPELINE_STAGETEXT_H

#include "mlir/IR/BuiltinOps.h"
#include "scanc/Compile.h"

namespace scanc::pipeline {

/// Refuses, with an error at the place, a number of a result that is none's: `%0#2147483648`. MLIR would make
/// a table of as many, or end the process where memory has no room for it.
mlir::LogicalResult checkResultNumbers(llvm::StringRef text, llvm::StringRef file, mlir::MLIRContext &context);

/// Refuses, with an error at the op, what no scanc has printed as that stage: the passes rely on it.
/// Operations have been verified by themselves.
mlir::LogicalResult checkStageText(mlir::ModuleOp ir, Stage stage);

} // namespace scanc::pipeline

#endif // SCANC_COMPILER_PIPELINE_STAGETEXT_H
