//===- Arguments.cpp - What a launch gives to a kernel --------------------===//
#include "compiler/emission/KernelText.h"

#include "compiler/emission/LaunchOrder.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::emission {

static bool isNumber(StringRef name) {
  return name.find_first_not_of("0123456789") == StringRef::npos;
}

std::vector<std::string> sizeNames(plan::ProgramOp program) {
  std::vector<std::string> names;
  for (auto parameter : program.getParameters().getAsRange<plan::ParameterAttr>())
    for (StringAttr dim : parameter.getDims()) {
      std::string name = dim.getValue().split('+').first.str(); // S+1 offsets of S segments
      if (!isNumber(name) && !llvm::is_contained(names, name))
        names.push_back(name);
    }
  return names;
}

/// Formula: the product of `dims`.
static std::string productOf(ArrayRef<StringAttr> dims) {
  std::string product;
  for (StringAttr dim : dims)
    product += (product.empty() ? "" : " * ") + dim.str();
  return product.empty() ? "1" : product;
}

std::string elementsOf(plan::ParameterAttr tensor) { return productOf(tensor.getDims()); }

std::string addressOf(plan::ProgramOp program, StringAttr tensor) {
  return formatv(program.isOwn(tensor) ? "workspace({0})" : "address({0})", tensor.getValue());
}

std::string strideOf(plan::ProgramOp program, StringAttr tensor, unsigned dim) {
  if (program.isOwn(tensor))
    return productOf(program.findTensor(tensor).getDims().drop_front(dim + 1));
  return formatv("stride({0}, {1})", tensor.getValue(), dim);
}

std::vector<std::string> argumentWords(plan::ProgramOp program, ArrayRef<std::string> buffers) {
  std::vector<std::string> words;
  auto appendTensor = [&](plan::ParameterAttr tensor) {
    words.push_back(addressOf(program, tensor.getName()));
    for (size_t i = 0; i < tensor.getDims().size(); ++i)
      words.push_back(strideOf(program, tensor.getName(), i));
  };
  for (auto parameter : program.getParameters().getAsRange<plan::ParameterAttr>())
    appendTensor(parameter);
  for (plan::ParameterAttr tensor : program.getOwnTensors())
    appendTensor(tensor);
  for (const std::string &name : sizeNames(program))
    words.push_back(name);
  for (const std::string &buffer : buffers)
    words.push_back("workspace(" + buffer + ")");
  return words;
}

std::vector<std::string> argumentWords(plan::KernelInterface kernel, plan::VariantAttr variant) {
  SmallVector<std::string> buffers;
  if (!kernel.getWorkspace().empty())
    buffers.push_back(kernel.getName().str());
  if (!kernel.getScratch().empty())
    buffers.push_back(scratchName(kernel));
  std::vector<std::string> words = argumentWords(kernel->getParentOfType<plan::ProgramOp>(), buffers);
  if (isLaunchedBefore(variant, "first_spans"))
    words.push_back(variant.getGrid().str());
  return words;
}

std::string scratchName(plan::KernelInterface kernel) { return kernel.getName().str() + "_scratch"; }

std::string entryName(StringRef kernel) { return "scanc_" + kernel.str(); }

std::string entryName(plan::KernelInterface kernel) { return entryName(kernel.getName()); }

std::string entryName(plan::KernelInterface kernel, plan::LaunchAttr before) {
  return isOfKernelItself(before) ? entryName(kernel) : entryName(kernel) + "_" + before.getKernel().str();
}

} // namespace scanc::emission
