//===- Importer.h - Checked AST to the scan dialect -------------*- C++ -*-===//
#ifndef SCANC_COMPILER_FRONTEND_IMPORTER_H
#define SCANC_COMPILER_FRONTEND_IMPORTER_H

#include "compiler/frontend/Check.h"
#include "mlir/IR/BuiltinOps.h"

#include <map>

namespace scanc::frontend {

/// A function with one `scan.step` per scan, appended to `into`. `sizes` binds names of dimensions;
/// others stay dynamic. Requires a kernel without errors and the dialects loaded (loadDialects).
void importKernel(const CheckedKernel &kernel, const std::map<std::string, std::int64_t> &sizes,
                  mlir::ModuleOp into);

/// Loads what `importKernel` builds with.
void loadDialects(mlir::MLIRContext &context);

} // namespace scanc::frontend

#endif // SCANC_COMPILER_FRONTEND_IMPORTER_H
