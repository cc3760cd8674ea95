//===- Pins.h - Choices that the user fixed ---------------------*- C++ -*-===//
#ifndef SCANC_COMPILER_PLANNING_PINS_H
#define SCANC_COMPILER_PLANNING_PINS_H

#include "dialects/scan/ScanOps.h"

#include <optional>
#include <string>

namespace scanc::planning {

/// The strategy in use: `option` (of the command line) before the pin of `op`; empty for "auto" and
/// for no pin.
llvm::StringRef pinnedStrategy(scan::RecurrenceInterface op, llvm::StringRef option);

/// What `op` pins `pin` to: "bf16" of @precision(bf16). Empty without that pin.
llvm::StringRef pinnedValue(scan::RecurrenceInterface op, llvm::StringRef pin);

/// The first other pin of `op`, as it is written, that is not kept by states of their own types, the
/// same in every run if `deterministic`, and that is not `honoured(pin, value)` either.
std::optional<std::string>
brokenPin(scan::RecurrenceInterface op, bool deterministic,
          llvm::function_ref<bool(llvm::StringRef, llvm::StringRef)> honoured);

/// Where the pin that is written `pin` stands, "@chunk(64)"; else the place of `op`.
mlir::Location placeOfPin(scan::RecurrenceInterface op, llvm::StringRef pin);

} // namespace scanc::planning

#endif // SCANC_COMPILER_PLANNING_PINS_H
