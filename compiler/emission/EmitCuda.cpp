//===- EmitCuda.cpp - Text on standard output, for tests and the curious --===//
#include "compiler/emission/KernelText.h"
#include "compiler/emission/Passes.h"

namespace scanc::emission {
#define GEN_PASS_DEF_EMITCUDAPASS
#include "compiler/emission/Passes.h.inc"
} // namespace scanc::emission

using namespace mlir;

namespace scanc::emission {

namespace {

class EmitCuda : public impl::EmitCudaPassBase<EmitCuda> {
public:
  using EmitCudaPassBase::EmitCudaPassBase;

  void runOnOperation() override {
    markAllAnalysesPreserved();
    getOperation().walk([&](plan::KernelInterface kernel) {
      for (auto each : kernel.getVariants().getAsRange<plan::VariantAttr>()) {
        if (!variant.empty() && each.getName() != variant)
          continue;
        FailureOr<std::string> text = writeKernel(kernel, each);
        if (failed(text))
          return signalPassFailure();
        llvm::outs() << *text;
      }
    });
  }
};

} // namespace
} // namespace scanc::emission
