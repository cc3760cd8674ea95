//===- EmitCuda.cpp - Text on standard output, for tests and the curious --===//
#include "compiler/emission/KernelText.h"
#include "compiler/emission/Passes.h"
#include "compiler/emission/ProjectedKernel.h"

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
    auto print = [&](StringAttr name, llvm::function_ref<FailureOr<std::string>()> write) {
      if (!variant.empty() && name != variant)
        return;
      FailureOr<std::string> text = write();
      if (failed(text))
        return signalPassFailure();
      llvm::outs() << *text;
    };
    getOperation().walk([&](Operation *op) {
      if (auto kernel = dyn_cast<plan::KernelInterface>(op))
        for (auto each : kernel.getVariants().getAsRange<plan::VariantAttr>())
          print(each.getName(), [&] { return writeKernel(kernel, each); });
      if (auto projection = dyn_cast<plan::ProjectionOp>(op))
        for (auto each : projection.getProducts().getAsRange<plan::ProductAttr>())
          print(each.getName(), [&] { return writeProduct(projection, each); });
      if (auto scan = dyn_cast<plan::ProjectedScanOp>(op))
        for (auto each : scan.getProducts().getAsRange<plan::ProductAttr>())
          print(each.getName(), [&] { return writeProjectedScan(scan, each); });
    });
  }
};

} // namespace
} // namespace scanc::emission
