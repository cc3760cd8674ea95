//===- LaunchOrder.h - What a launch owes to those around it ----*- C++ -*-===//
#ifndef SCANC_COMPILER_EMISSION_LAUNCHORDER_H
#define SCANC_COMPILER_EMISSION_LAUNCHORDER_H

#include "compiler/emission/CodeWriter.h"
#include "mlir/IR/Operation.h"

namespace scanc::emission {

/// Both false in an entry whose launches do not depend on each other by themselves.
struct LaunchOrder {
  bool awaits = false; ///< a launch is before it in its entry
  bool admits = false; ///< a launch is behind it
};

/// Of launch `number`, of the `count` that a way to run `op` has.
LaunchOrder orderOf(mlir::Operation *op, size_t number, size_t count);

/// The statements with which a kernel begins.
void writeOrder(CodeWriter &writer, LaunchOrder order);

} // namespace scanc::emission

#endif // SCANC_COMPILER_EMISSION_LAUNCHORDER_H
