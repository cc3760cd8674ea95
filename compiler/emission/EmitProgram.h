//===- EmitProgram.h - plan to Program --------------------------*- C++ -*-===//
#ifndef SCANC_COMPILER_EMISSION_EMITPROGRAM_H
#define SCANC_COMPILER_EMISSION_EMITPROGRAM_H

#include "dialects/plan/PlanOps.h"
#include "scanc/Program.h"

namespace scanc::emission {

/// `program` as the value that crosses to the runtime. `headers` and `sourceText` are left empty.
/// Decides nothing: every number stands in the plan.
mlir::FailureOr<Program> emitProgram(plan::ProgramOp program);

/// The element type as the runtime names it; the plan dialect's parameters have no other.
Dtype dtypeOf(mlir::Type type);

} // namespace scanc::emission

#endif // SCANC_COMPILER_EMISSION_EMITPROGRAM_H
