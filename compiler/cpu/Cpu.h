//===- Cpu.h - A kernel on the CPU ------------------------------*- C++ -*-===//
#ifndef SCANC_COMPILER_CPU_CPU_H
#define SCANC_COMPILER_CPU_CPU_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "scanc/Kernel.h"

#include <memory>

namespace scanc::cpu {

/// Compiles the step form in `function` for this machine. The executable runs on host tensors, on
/// SCANC_CPU_THREADS threads (default: all of the machine), and does not refer to `function` later.
/// `program` gives the signature for the checks of a launch. Refuses with SC9001 what the backend
/// cannot do.
Result<std::shared_ptr<Executable>> createExecutable(mlir::func::FuncOp function,
                                                     const Program &program);

} // namespace scanc::cpu

#endif // SCANC_COMPILER_CPU_CPU_H
