//===- Passes.h - The passes from scan to plan ------------------*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_PASSES_H
#define SCANC_COMPILER_PLANNING_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace scanc::planning {

#define GEN_PASS_DECL
#include "compiler/planning/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "compiler/planning/Passes.h.inc"

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_PASSES_H
