//===- Codegen.h - A step as loops over time and lanes ----------*- C++ -*-===//
#ifndef SCANC_COMPILER_CPU_CODEGEN_H
#define SCANC_COMPILER_CPU_CODEGEN_H

#include "compiler/cpu/Layout.h"
#include "mlir/IR/BuiltinOps.h"

#include <optional>
#include <string>

namespace scanc::cpu {

/// Appends `func.func @name(!llvm.ptr words, i64 lanes, i64 pitch)` to `into`: `lanes` adjacent lanes,
/// a multiple of `width` unless that is 1, through all steps. Scratch holds `pitch` lanes a row.
void generate(scan::StepOp op, const Layout &layout, Lanes lanes, int64_t width,
              llvm::StringRef name, mlir::ModuleOp into);

/// What the backend cannot do with `op`, and where; nothing when it can.
std::optional<std::pair<std::string, mlir::Location>> unsupported(scan::StepOp op);

} // namespace scanc::cpu

#endif // SCANC_COMPILER_CPU_CODEGEN_H
