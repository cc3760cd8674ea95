//===- Jit.h - Loops to machine code in this process ------------*- C++ -*-===//
#ifndef SCANC_COMPILER_CPU_JIT_H
#define SCANC_COMPILER_CPU_JIT_H

#include "mlir/IR/BuiltinOps.h"
#include "scanc/Result.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace scanc::cpu {

/// (words, lanes, pitch); see Layout and generate.
using RunFunction = void (*)(void *words, std::int64_t lanes, std::int64_t pitch);

/// Compiled functions, kept as long as this lives.
class CompiledCode {
public:
  /// Lowers `ir` to LLVM and compiles it for the host. The code generator of LLVM is entered by one
  /// thread at a time.
  static Result<std::unique_ptr<CompiledCode>> create(mlir::ModuleOp ir,
                                                      const std::vector<std::string> &names);
  ~CompiledCode();
  RunFunction function(const std::string &name) const { return functions.at(name); }

private:
  CompiledCode();
  struct Engine;
  std::unique_ptr<Engine> engine;
  std::map<std::string, RunFunction> functions;
};

/// Lanes of an f32 vector of this machine.
std::int64_t hostVectorWidth();

/// Loads the dialects that code is generated in.
void loadCodeDialects(mlir::MLIRContext &context);

} // namespace scanc::cpu

#endif // SCANC_COMPILER_CPU_JIT_H
