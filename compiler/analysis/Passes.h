//===- Passes.h - The passes from scan to scan ------------------*- C++ -*-===//
#ifndef SCANC_COMPILER_ANALYSIS_PASSES_H
#define SCANC_COMPILER_ANALYSIS_PASSES_H

#include "dialects/scan/ScanOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace scanc::analysis {

#define GEN_PASS_DECL
#include "compiler/analysis/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "compiler/analysis/Passes.h.inc"

} // namespace scanc::analysis

#endif // SCANC_COMPILER_ANALYSIS_PASSES_H
