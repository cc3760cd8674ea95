//===- ArgumentText.cpp - Includes, and what a launch gives ---------------===//
#include "compiler/emission/ArgumentText.h"

#include "compiler/emission/KernelText.h"
#include "compiler/emission/Names.h"
#include "mlir/IR/Location.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using llvm::formatv;

namespace scanc::emission {

void writeHead(CodeWriter &writer, Operation *kernel, StringRef name, StringRef variant,
               ArrayRef<StringRef> templates) {
  std::string place;
  if (auto loc = kernel->getLoc()->findInstanceOf<FileLineColLoc>())
    place = formatv(" from {0}:{1}", loc.getFilename().getValue(), loc.getLine());
  writer.line(formatv("// {0}{1}, {2} ({3}).", name, place, kernel->getName().stripDialect(), variant).str());
  for (StringRef of : templates)
    writer.line(formatv("#include \"scanc/kernel/{0}.cuh\"", of).str());
  writer.blank();
  writer.line("namespace scanc::device::program {");
  writer.blank();
}

static void writeTensor(CodeWriter &writer, plan::ParameterAttr tensor, bool written, StringRef whose) {
  std::string dims;
  for (StringAttr dim : tensor.getDims())
    dims += (dims.empty() ? "" : ", ") + dim.str();
  writer.line(formatv("tensor<{0}{1}, {2}> {3}; // [{4}]{5}", written ? "" : "const ",
                      spellElement(tensor.getElementType()), tensor.getDims().size(),
                      identifier(tensor.getName()), dims, whose)
                  .str());
}

void writeArguments(CodeWriter &writer, plan::ProgramOp program, llvm::function_ref<bool(StringAttr)> writes, ArrayRef<std::string> beside,
                    size_t words) {
  writer.line("// What a launch gives: an address and strides per tensor, in elements, then the sizes.");
  writer.open("struct arguments");
  for (auto parameter : program.getParameters().getAsRange<plan::ParameterAttr>())
    writeTensor(writer, parameter, parameter.getOutput(), "");
  for (plan::ParameterAttr tensor : program.getOwnTensors())
    writeTensor(writer, tensor, writes(tensor.getName()), ", in the workspace");
  for (const std::string &size : sizeNames(program))
    writer.line("long long size_" + Twine(size) + ";");
  for (const std::string &member : beside)
    writer.line(member);
  writer.close("};");
  writer.line(
      formatv("static_assert(sizeof(arguments) == 8 * {0}, \"host plan and kernel disagree\");", words).str());
  writer.blank();
}

} // namespace scanc::emission
