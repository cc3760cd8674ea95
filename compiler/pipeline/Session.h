//===- Session.h - One compilation, from a text to a stage ------*- C++ -*-===//
#ifndef SCANC_COMPILER_PIPELINE_SESSION_H
#define SCANC_COMPILER_PIPELINE_SESSION_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "scanc/Compile.h"

#include <memory>

namespace scanc::pipeline {

/// A context, the module of one kernel in it, and the errors that passes report. The list of stages
/// exists once, here: `reach` runs what lies between the module's stage and another.
class Session {
public:
  /// Reads `text` as options.from says: a `.scan` file, or the text of a later stage.
  static Result<std::unique_ptr<Session>> open(std::string_view text, const CompileOptions &options);

  /// Lowers the module to `stage` (`scan`, `affine` or `plan`).
  Result<void> reach(Stage stage);

  /// The architecture to plan for: the option, or the first GPU of the machine, or "cpu".
  Result<std::string> architecture() const;

  /// The kernel's function. Requires a stage before `plan`.
  mlir::func::FuncOp function();
  mlir::ModuleOp getModule() { return *ir; }
  const std::string &text() const { return source; }
  /// The strategy that the options ask for; empty for none.
  const std::string &strategy() const { return options.strategy; }
  Stage reached() const { return stage; }
  /// Names of the kernel, for messages.
  std::string kernelName();
  /// The error that `diagnostics` collected, or an internal one.
  Error takeError();

private:
  Session(std::string_view text, const CompileOptions &options);
  Result<void> readScan();
  Result<void> readIR(Stage stage);

  std::string source;
  CompileOptions options;
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> ir;
  Stage stage = Stage::scan;
  std::vector<Error> errors;
};

/// The kernel of an open session on the CPU.
Result<Kernel> compileForCpu(Session &session);

/// The signature of a function: inputs, then results.
std::vector<Parameter> signatureOf(mlir::func::FuncOp function);

} // namespace scanc::pipeline

#endif // SCANC_COMPILER_PIPELINE_SESSION_H
