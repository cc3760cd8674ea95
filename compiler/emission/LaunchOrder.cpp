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

bool runsBesideLaunchBefore(ArrayRef<plan::LaunchAttr> before, size_t number) {
  return number > 0 && number < before.size() && before[number].getKernel() == "chunk_states" &&
         isOfKernelItself(before[number - 1]);
}

} // namespace scanc::emission
