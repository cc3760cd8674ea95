//===- Compile.cpp - The public functions that take a text ----------------===//
#include "scanc/Compile.h"

#include "runtime/compiler/Compiler.h"
#include "runtime/compiler/LivingKernels.h"
#include "runtime/compiler/ProgramCache.h"
#include "runtime/wisdom/UseWisdom.h"
#include "scanc/Device.h"

#include <functional>
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

/// Those of the process; a kernel may outlive what is static.
static rt::LivingKernels &living = *new rt::LivingKernels;

/// The target as an architecture, or "cpu".
static CompileOptions resolved(CompileOptions options) {
  if (options.target == "native")
    options.target = nativeTarget(options.load.device);
  return options;
}

/// The answer that is kept, which `read` gives, or that of the compiler, which `write` keeps from
/// then on.
template <typename T>
static Result<T> answer(rt::Question question, std::string_view text, const CompileOptions &options,
                        std::optional<T> (rt::ProgramCache::*read)(std::string_view),
                        void (rt::ProgramCache::*write)(std::string_view, const T &),
                        const std::function<Result<T>()> &askCompiler) {
  auto cache = rt::sharedCache<rt::ProgramCache>(options.load.cacheDirectory);
  std::string compiler = rt::compilerIdentity();
  std::string wisdom = rt::wisdomDigest(rt::wisdomFile(options.wisdom));
  std::string key = rt::aliasKey(question, text, options, compiler, wisdom);
  if (!compiler.empty())
    if (std::optional<T> known = ((*cache).*read)(key))
      return std::move(*known);
  Result<T> made = askCompiler();
  // Another compiler may have been put in its place before it was opened.
  if (made && !compiler.empty() && compiler == rt::compilerIdentity())
    ((*cache).*write)(key, *made);
  return made;
}

static Result<Program> programAnswer(rt::Question question, std::string_view text,
                                     const CompileOptions &options,
                                     const std::function<Result<Program>()> &askCompiler) {
  return answer<Program>(question, text, options, &rt::ProgramCache::read, &rt::ProgramCache::write,
                         askCompiler);
}

Result<std::vector<Parameter>> signature(std::string_view text, const CompileOptions &options) {
  if (options.target == "cpu") // the compiler will be needed
    return ask(&rt::Compiler::signature, text, options);
  Result<Program> known =
      programAnswer(rt::Question::signature, text, options, [&]() -> Result<Program> {
        auto parameters = ask(&rt::Compiler::signature, text, options);
        if (!parameters)
          return parameters.error();
        Program program;
        program.parameters = std::move(*parameters);
        return program;
      });
  if (!known)
    return known.error();
  return std::move(known->parameters);
}

/// The program of the record that a wisdom file has, else of the cost model's choice.
static Result<Program> compileWithWisdom(std::string_view text, const CompileOptions &options) {
  std::optional<Program> tuned;
  Result<rt::WisdomUse> use = rt::useWisdom(text, options, [&](const std::string &strategy) {
    CompileOptions pinned = options;
    pinned.strategy = strategy;
    if (Result<Program> program = ask(&rt::Compiler::compileProgram, text, pinned))
      tuned = std::move(*program);
    return tuned.has_value();
  });
  if (!use)
    return use.error();
  if (tuned)
    return std::move(*tuned);
  return ask(&rt::Compiler::compileProgram, text, options);
}

Result<Program> compileProgram(std::string_view text, const CompileOptions &given) {
  CompileOptions options = resolved(given);
  return programAnswer(rt::Question::program, text, options,
                       [&] { return compileWithWisdom(text, options); });
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

Result<Explanation> explain(std::string_view text, const CompileOptions &given) {
  CompileOptions options = resolved(given);
  std::optional<Explanation> tuned;
  Result<rt::WisdomUse> use = rt::useWisdom(text, options, [&](const std::string &strategy) {
    CompileOptions pinned = options;
    pinned.strategy = strategy;
    Result<Explanation> explanation = ask(&rt::Compiler::explain, text, pinned);
    if (explanation && explanation->refusal.empty())
      tuned = std::move(*explanation);
    return tuned.has_value();
  });
  if (!use)
    return use.error();
  Result<Explanation> explanation =
      tuned ? std::move(*tuned) : ask(&rt::Compiler::explain, text, options);
  if (explanation)
    explanation->wisdom = use->detail;
  return explanation;
}

Result<SampleInputs> sampleInputs(std::string_view text, const CompileOptions &options) {
  auto askCompiler = [&] { return ask(&rt::Compiler::sampleInputs, text, options); };
  if (options.target == "cpu") // the compiler will be needed
    return askCompiler();
  return answer<SampleInputs>(rt::Question::samples, text, options, &rt::ProgramCache::readSamples,
                              &rt::ProgramCache::writeSamples, askCompiler);
}

Result<std::vector<Candidate>> searchSpace(std::string_view text, const CompileOptions &options) {
  return ask(&rt::Compiler::searchSpace, text, options);
}

Result<Kernel> compile(std::string_view text, const CompileOptions &given) {
  bool keeps = rt::resolveCacheFolder(given.load.cacheDirectory).mode != rt::CacheMode::off;
  std::string request = rt::requestOf(text, given);
  if (std::optional<Kernel> kernel = keeps ? living.find(request) : std::nullopt)
    return std::move(*kernel);
  // "cpu", since the child of a fork has no driver, would be a change of device in silence.
  if (given.target == "native")
    if (Result<int> driver = driverVersion(); !driver && driver.error().code == "SC6038")
      return driver.error();
  CompileOptions options = resolved(given);
  if (options.target == "cpu")
    return ask(&rt::Compiler::compileForCpu, text, options);
  Result<Program> program = compileProgram(text, options);
  if (!program)
    return program.error();
  Result<Kernel> kernel = loadCuda(std::move(*program), options.load);
  if (kernel && keeps)
    living.add(std::move(request), *kernel);
  return kernel;
}

} // namespace scanc
