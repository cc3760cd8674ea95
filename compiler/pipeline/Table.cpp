//===- Table.cpp - The compiler as the runtime finds it -------------------===//
#include "compiler/pipeline/Functions.h"
#include "compiler/planning/Target.h"

const scanc::rt::Compiler *scanc_compiler() {
  namespace pipeline = scanc::pipeline;
  static constexpr scanc::rt::Compiler functions = {
      .version = SCANC_VERSION,
      .signature = pipeline::signature,
      .architectures = scanc::planning::knownTargets,
      .compileProgram = pipeline::compileProgram,
      .compileForCpu = pipeline::compileForCpu,
      .emit = pipeline::emit,
      .format = pipeline::format,
      .identity = pipeline::identity,
      .evaluateReference = pipeline::evaluateReference,
      .explain = pipeline::explain,
      .sampleInputs = pipeline::sampleInputs,
      .searchSpace = pipeline::searchSpace,
  };
  return &functions;
}
