//===- Compile.cpp - The public functions that take a text ----------------===//
#include "scanc/Compile.h"

#include "runtime/compiler/Compiler.h"
#include "scanc/Device.h"

#include <iterator>
#include <utility>

namespace scanc {

static constexpr std::string_view stageNames[] = {"ast", "scan", "affine", "plan", "cuda"};

std::string_view spelling(Stage stage) { return stageNames[static_cast<int>(stage)]; }

std::optional<Stage> stageFromSpelling(std::string_view text) {
  for (int i = 0; i < static_cast<int>(std::size(stageNames)); ++i)
    if (stageNames[i] == text)
      return static_cast<Stage>(i);
  return std::nullopt;
}

/// Calls a function of the compiler, or says why there is none.
template <typename T, typename... Wanted, typename... Given>
static Result<T> ask(Result<T> (*rt::Compiler::*function)(Wanted...), Given &&...arguments) {
  Result<const rt::Compiler *> compiler = rt::sharedCompiler();
  if (!compiler)
    return compiler.error();
  return ((*compiler)->*function)(std::forward<Given>(arguments)...);
}

std::string architectures() {
  Result<const rt::Compiler *> compiler = rt::sharedCompiler();
  return compiler ? (*compiler)->architectures() : "";
}

Result<std::vector<Parameter>> signature(std::string_view text, const CompileOptions &options) {
  return ask(&rt::Compiler::signature, text, options);
}

Result<Program> compileProgram(std::string_view text, const CompileOptions &options) {
  return ask(&rt::Compiler::compileProgram, text, options);
}

Result<std::string> emit(std::string_view text, Stage stage, const CompileOptions &options) {
  return ask(&rt::Compiler::emit, text, stage, options);
}

Result<std::string> format(std::string_view text, std::string_view filename) {
  return ask(&rt::Compiler::format, text, filename);
}

Result<std::vector<ReferenceTensor>> evaluateReference(std::string_view text,
                                                       std::span<const TensorRef> operands,
                                                       const CompileOptions &options) {
  return ask(&rt::Compiler::evaluateReference, text, operands, options);
}

Result<Explanation> explain(std::string_view text, const CompileOptions &options) {
  return ask(&rt::Compiler::explain, text, options);
}

Result<SampleInputs> sampleInputs(std::string_view text, const CompileOptions &options) {
  return ask(&rt::Compiler::sampleInputs, text, options);
}

Result<std::vector<Candidate>> searchSpace(std::string_view text, const CompileOptions &options) {
  return ask(&rt::Compiler::searchSpace, text, options);
}

Result<Kernel> compile(std::string_view text, const CompileOptions &options) {
  CompileOptions resolved = options;
  if (options.target == "native") {
    // "cpu", since the child of a fork has no driver, would be a change of device in silence.
    if (Result<int> driver = driverVersion(); !driver && driver.error().code == "SC6038")
      return driver.error();
    resolved.target = nativeTarget(options.load.device);
  }
  if (resolved.target == "cpu")
    return ask(&rt::Compiler::compileForCpu, text, resolved);
  Result<Program> program = compileProgram(text, resolved);
  if (!program)
    return program.error();
  return loadCuda(std::move(*program), options.load);
}

} // namespace scanc
