//===- Compile.cpp - What the compiler gives to the runtime ---------------===//
#include "compiler/pipeline/Functions.h"

#include "compiler/emission/EmitProgram.h"
#include "compiler/frontend/Format.h"
#include "compiler/frontend/Parser.h"
#include "compiler/pipeline/Session.h"
#include "compiler/planning/Target.h"
#include "compiler/reference/Reference.h"
#include "llvm/ADT/StringExtras.h"
#include "scanc/LaunchPlan.h"
#include "templates/Templates.h"

using namespace mlir;

namespace scanc::pipeline {

/// The headers of the device library that the kernels of `program` include, and those that these do: a change of
/// another changes neither the program nor the keys of its kernels.
static std::map<std::string, std::string> headersOf(const Program &program) {
  constexpr StringRef directive = "#include \"";
  std::map<std::string, std::string> headers;
  std::vector<StringRef> texts;
  for (const Entry &entry : program.entries)
    for (const Step &step : entry.steps)
      if (const auto *kernel = std::get_if<KernelStep>(&step))
        for (const KernelVariant &variant : kernel->variants)
          texts.push_back(variant.source);
  while (!texts.empty()) {
    StringRef text = texts.back();
    texts.pop_back();
    for (StringRef line : llvm::split(text, '\n')) {
      line = line.ltrim();
      if (!line.consume_front(directive))
        continue;
      auto found = templateHeaders().find(line.take_until([](char c) { return c == '"'; }).str());
      if (found != templateHeaders().end() && headers.insert(*found).second)
        texts.push_back(found->second);
    }
  }
  return headers;
}

/// The plan of an open session as a program, headers and texts included.
static Result<Program> finish(Session &session) {
  std::vector<Parameter> signature;
  if (func::FuncOp function = session.function())
    signature = signatureOf(function);
  if (auto reached = session.reach(Stage::plan); !reached)
    return reached.error();
  FailureOr<Program> program =
      emission::emitProgram(*session.getModule().getOps<plan::ProgramOp>().begin());
  if (failed(program))
    return session.takeError();
  program->headers = headersOf(*program);
  program->sourceText = session.text();
  for (std::size_t i = 0; i < signature.size(); ++i)
    program->parameters[i].place = signature[i].place;
  return std::move(*program);
}

Result<std::vector<Parameter>> signature(std::string_view text, const CompileOptions &options) {
  auto session = Session::open(text, options);
  if (!session)
    return session.error();
  func::FuncOp function = (*session)->function();
  if (!function) {
    auto program = finish(**session);
    if (!program)
      return program.error();
    return program->parameters;
  }
  return signatureOf(function);
}

Result<Program> compileProgram(std::string_view text, const CompileOptions &options) {
  if (options.target == "cpu") {
    Error error;
    error.code = "SC4003";
    error.kind = ErrorKind::usage;
    error.message = "a program is for a GPU, got target cpu";
    error.help = "choose an architecture; compile() makes kernels for the CPU";
    return error;
  }
  auto session = Session::open(text, options);
  if (!session)
    return session.error();
  return finish(**session);
}

static std::string printed(ModuleOp ir, bool withPlaces = true) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  OpPrintingFlags flags;
  flags.enableDebugInfo(withPlaces, /*prettyForm=*/false);
  ir->print(stream, flags);
  return text + "\n";
}

Result<std::string> identity(std::string_view text, const CompileOptions &options) {
  CompileOptions open = options;
  open.sizes.clear();
  auto session = Session::open(text, open);
  if (!session)
    return session.error();
  return printed((*session)->getModule(), /*withPlaces=*/false);
}

/// The text of one variant: the one that is called `name`, or the preferred one.
static Result<std::string> cudaText(const Program &program, const std::string &name) {
  std::string names;
  for (const Entry &entry : program.entries)
    for (const Step &step : entry.steps)
      if (const auto *kernel = std::get_if<KernelStep>(&step))
        for (const KernelVariant &variant : kernel->variants) {
          if (name.empty() || variant.name == name)
            return variant.source;
          names += (names.empty() ? "" : ", ") + variant.name;
        }
  Error error;
  error.code = "SC4004";
  error.kind = ErrorKind::usage;
  error.message = "expected one of the variants " + names + ", got '" + name + "'";
  error.help = "choose one of these, or none for the preferred one";
  return error;
}

Result<std::string> emit(std::string_view text, Stage stage, const CompileOptions &options) {
  if (stage == Stage::ast) {
    frontend::Diagnostics diagnostics(text, options.filename);
    frontend::File file = frontend::parse(diagnostics);
    if (diagnostics.hasErrors())
      return diagnostics.take();
    return frontend::dumpFile(file);
  }
  auto session = Session::open(text, options);
  if (!session)
    return session.error();
  if (stage == Stage::cuda) {
    auto program = finish(**session);
    if (!program)
      return program.error();
    return cudaText(*program, options.variant);
  }
  if (auto reached = (*session)->reach(stage); !reached)
    return reached.error();
  return printed((*session)->getModule());
}

Result<std::string> format(std::string_view text, std::string_view filename) {
  frontend::Diagnostics diagnostics(text, filename);
  frontend::File file = frontend::parse(diagnostics);
  if (diagnostics.hasErrors())
    return diagnostics.take();
  return frontend::formatFile(file);
}

Result<std::vector<ReferenceTensor>> evaluateReference(std::string_view text,
                                                       std::span<const TensorRef> operands,
                                                       const CompileOptions &options) {
  auto session = Session::open(text, options);
  if (!session)
    return session.error();
  func::FuncOp function = (*session)->function();
  if (!function) {
    Error error;
    error.code = "SC1025";
    error.kind = ErrorKind::usage;
    error.message = "expected a recurrence to evaluate, got a plan";
    error.help = "give the program, or the text of an earlier stage by --from";
    return error;
  }
  // The checks of a launch, on a program that launches nothing.
  Program probe;
  probe.name = function.getName().str();
  probe.parameters = signatureOf(function);
  probe.sourceText = text;
  probe.entries.push_back({"forward", {}});
  LaunchTarget host;
  host.device = DeviceKind::cpu;
  if (auto fits = planLaunch(probe, operands, host); !fits)
    return fits.error();
  return reference::evaluate(function, operands);
}

Result<Kernel> compileForCpu(std::string_view text, const CompileOptions &options) {
  auto session = Session::open(text, options);
  if (!session)
    return session.error();
  return compileForCpu(**session);
}

} // namespace scanc::pipeline
