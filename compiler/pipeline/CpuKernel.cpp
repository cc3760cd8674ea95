//===- CpuKernel.cpp - The kernel of a session on the CPU -----------------===//
#include "compiler/cpu/Cpu.h"
#include "compiler/pipeline/Session.h"

namespace scanc::pipeline {

Result<Kernel> compileForCpu(Session &session) {
  mlir::func::FuncOp function = session.function();
  if (!function) {
    Error error;
    error.code = "SC1025";
    error.kind = ErrorKind::usage;
    error.message = "expected a recurrence to compile for the CPU, got a plan";
    error.help = "choose a GPU, as in --target=sm_90a, or give the text of an earlier stage by --from";
    return error;
  }
  Program program;
  program.name = function.getName().str();
  program.strategy = "cpu";
  program.parameters = signatureOf(function);
  program.sourceText = session.text();
  program.entries.push_back({"forward", {}});
  auto executable = cpu::createExecutable(function, program);
  if (!executable)
    return executable.error();
  return Kernel(std::move(program), std::move(*executable));
}

} // namespace scanc::pipeline
