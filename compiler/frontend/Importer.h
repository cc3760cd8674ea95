//===- Importer.h - Checked AST to the scan dialect -------------*- C++ -*-===//
#ifndef SCANC_COMPILER_FRONTEND_IMPORTER_H
#define SCANC_COMPILER_FRONTEND_IMPORTER_H

#include "compiler/frontend/Check.h"
#include "mlir/IR/BuiltinOps.h"

#include <map>

namespace scanc::frontend {

/// SC1027: a size below 0, or a tensor that no memory could hold.
void checkSizes(const Kernel &kernel, const std::map<std::string, std::int64_t> &sizes,
                Diagnostics &diagnostics);

/// Makes `kernel` one step of itself, for states that are updated in place: binds the scanned dimensions to 1 in
/// `sizes` and pairs its final states with initial ones. SC1028: what no step can be made of.
void bindStep(CheckedKernel &kernel, std::map<std::string, std::int64_t> &sizes,
              Diagnostics &diagnostics);

/// A function with one `scan.step` per scan, appended to `into`. `sizes` binds names of dimensions;
/// others stay dynamic. Requires a kernel without errors, sizes that `checkSizes` accepts and the
/// dialects loaded (loadDialects).
void importKernel(const CheckedKernel &kernel, const std::map<std::string, std::int64_t> &sizes,
                  mlir::ModuleOp into);

/// Loads what `importKernel` builds with.
void loadDialects(mlir::MLIRContext &context);

} // namespace scanc::frontend

#endif // SCANC_COMPILER_FRONTEND_IMPORTER_H
