//===- LaunchOrder.cpp - Waits between the launches of an entry -----------===//
#include "compiler/emission/LaunchOrder.h"

using namespace mlir;

namespace scanc::emission {

bool awaitsLaunchBefore(Operation *op, size_t number) {
  auto entry = op->getParentOfType<plan::EntryOp>();
  return entry && entry.getDependentLaunches() && (op != &entry.getBody().front().front() || number > 0);
}

bool isOfKernelItself(plan::LaunchAttr before) { return before.getKernel() == "first_spans"; }

bool isLaunchedBefore(plan::VariantAttr variant, StringRef kernel) {
  return llvm::any_of(variant.getLaunchesBefore(), [&](plan::LaunchAttr launch) { return launch.getKernel() == kernel; });
}

SmallVector<plan::LaunchAttr> functionsOf(plan::VariantAttr variant) {
  SmallVector<plan::LaunchAttr> functions = llvm::filter_to_vector(
      variant.getLaunchesBefore(), [](plan::LaunchAttr launch) { return !isOfKernelItself(launch); });
  functions.push_back(nullptr);
  // NVRTC and ptxas took, s of the build machine: chunk_factors 0.76, chunk_states of a correction 0.69, walks 0.4 to 0.75,
  // chunk_inverses and other chunk_states 0.25, chunk_entries 0.1.
  const bool corrects = isLaunchedBefore(variant, "chunk_inverses") || isLaunchedBefore(variant, "chunk_factors");
  auto rank = [&](plan::LaunchAttr launch) {
    StringRef kernel = launch ? launch.getKernel().getValue() : "";
    return kernel == "chunk_factors" || (kernel == "chunk_states" && corrects) ? 0 : !launch ? 1 : kernel != "chunk_entries" ? 2 : 3;
  };
  llvm::stable_sort(functions, [&](plan::LaunchAttr one, plan::LaunchAttr other) { return rank(one) < rank(other); });
  return functions;
}

bool runsBesideLaunchBefore(ArrayRef<plan::LaunchAttr> before, size_t number) {
  return number > 0 && number < before.size() && before[number].getKernel() == "chunk_states" &&
         isOfKernelItself(before[number - 1]);
}

} // namespace scanc::emission
