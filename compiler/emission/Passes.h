//===- Passes.h - The pass from plan to text --------------------*- C++ -*-===//
#ifndef SCANC_COMPILER_EMISSION_PASSES_H
#define SCANC_COMPILER_EMISSION_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace scanc::emission {

#define GEN_PASS_DECL
#include "compiler/emission/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "compiler/emission/Passes.h.inc"

} // namespace scanc::emission

#endif // SCANC_COMPILER_EMISSION_PASSES_H
