//===- Arguments.cpp - What a launch gives to a kernel --------------------===//
#include "compiler/emission/KernelText.h"

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

std::vector<std::string> argumentWords(plan::KernelInterface kernel) {
  auto program = kernel->getParentOfType<plan::ProgramOp>();
  std::vector<std::string> words;
  for (auto parameter : program.getParameters().getAsRange<plan::ParameterAttr>()) {
    std::string name = parameter.getName().str();
    words.push_back("address(" + name + ")");
    for (size_t i = 0; i < parameter.getDims().size(); ++i)
      words.push_back(formatv("stride({0}, {1})", name, i));
  }
  for (const std::string &name : sizeNames(program))
    words.push_back(name);
  if (!kernel.getWorkspace().empty())
    words.push_back("workspace(" + kernel.getName().str() + ")");
  if (!kernel.getScratch().empty())
    words.push_back("workspace(" + scratchName(kernel) + ")");
  return words;
}

std::string scratchName(plan::KernelInterface kernel) { return kernel.getName().str() + "_scratch"; }

std::string entryName(plan::KernelInterface kernel) { return "scanc_" + kernel.getName().str(); }

std::string entryName(plan::KernelInterface kernel, plan::LaunchAttr before) {
  return entryName(kernel) + "_" + before.getKernel().str();
}

} // namespace scanc::emission
