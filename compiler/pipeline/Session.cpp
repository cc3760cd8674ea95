//===- Session.cpp - The list of phases, and their errors as the user's ---===//
#include "compiler/pipeline/Session.h"

#include "compiler/analysis/Passes.h"
#include "compiler/emission/EmitProgram.h"
#include "compiler/frontend/Importer.h"
#include "compiler/frontend/Parser.h"
#include "compiler/pipeline/StageText.h"
#include "compiler/planning/Passes.h"
#include "compiler/planning/Target.h"
#include "dialects/plan/PlanOps.h"
#include "llvm/ADT/StringSwitch.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "scanc/Device.h"

using namespace mlir;

namespace scanc::pipeline {

/// The user's place of an op's location.
static SourceRange placeOf(Location loc) {
  SourceRange place;
  if (auto range = loc->findInstanceOf<FileLineColRange>()) {
    place.file = range.getFilename().str();
    place.line = range.getStartLine();
    place.column = range.getStartColumn();
    bool oneLine = range.getEndLine() == range.getStartLine();
    place.length = oneLine && range.getEndColumn() > range.getStartColumn()
                       ? range.getEndColumn() - range.getStartColumn()
                       : 1;
  }
  return place;
}

/// What helps against errors of passes, which have no help of their own.
static std::string cureOf(StringRef code) {
  return llvm::StringSwitch<std::string>(code)
      .Case("SC2001", "apply functions to what does not depend on the state, or to a result "
                      "computed from it; --target=cpu runs every step")
      .Case("SC2002", "write the transition as one product of the state with a number, a vector or "
                      "a matrix; --target=cpu runs every step")
      .Case("SC3001", "change what the message names, or choose --target=cpu")
      .Case("SC3002", "leave the strategy out: scanc explain FILE lists those that accept")
      .Case("SC3003", "choose one of these, or auto")
      .Case("SC3004", "remove the pin")
      .Case("SC3005", "put the states into one scan, or choose --target=cpu")
      .Case("SC3006", "choose one of these, native or cpu")
      .Case("SC3007", "write --strategy='blelloch(lanes=2, steps=8)'")
      .Default("please report it, with the program");
}

/// A diagnostic as an error: "[SC2001] …" gives its code, anything else is our fault.
static Error errorOf(Diagnostic &diagnostic, const frontend::Diagnostics &lines) {
  Error error;
  std::string text = diagnostic.str();
  error.code = "SC4002";
  error.kind = ErrorKind::internal;
  if (text.starts_with("[SC") && text.size() > 9 && text[7] == ']') {
    error.code = text.substr(1, 6);
    error.kind = error.code == "SC3006" ? ErrorKind::environment
                 : error.code[2] == '4' ? ErrorKind::internal
                                        : ErrorKind::input;
    text.erase(0, 9);
  }
  error.message = std::move(text);
  error.help = cureOf(error.code);
  error.place = placeOf(diagnostic.getLocation());
  if (error.place.file == lines.filename) // a stage has places in the program it was made from
    error.sourceLine = lines.lineText(error.place.line);
  for (Diagnostic &note : diagnostic.getNotes())
    error.notes.push_back({note.str(), {}});
  return error;
}

Session::Session(std::string_view text, const CompileOptions &options)
    : source(text), options(options), context(MLIRContext::Threading::DISABLED) {
  frontend::loadDialects(context);
  context.loadDialect<plan::PlanDialect>();
  context.printOpOnDiagnostic(false);
  context.getDiagEngine().registerHandler([this](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
      return;
    frontend::Diagnostics lines(source, this->options.filename);
    errors.push_back(errorOf(diagnostic, lines));
  });
}

Error Session::takeError() {
  if (errors.empty()) {
    Error error;
    error.code = "SC4002";
    error.kind = ErrorKind::internal;
    error.message = "a pass failed without a message";
    error.help = "please report it, with the program";
    return error;
  }
  Error first = std::move(errors.front());
  first.others.assign(std::make_move_iterator(errors.begin() + 1),
                      std::make_move_iterator(errors.end()));
  errors.clear();
  return first;
}

Result<std::unique_ptr<Session>> Session::open(std::string_view text,
                                               const CompileOptions &options) {
  std::unique_ptr<Session> session(new Session(text, options));
  Result<void> read = options.from ? session->readIR(*options.from) : session->readScan();
  if (!read)
    return read.error();
  return session;
}

/// A call that names no kernel of the file, or leaves open which.
static Error chooseError(const frontend::File &file, const std::string &wanted) {
  std::string names;
  for (const frontend::Kernel &kernel : file.kernels)
    names += (names.empty() ? "" : ", ") + kernel.name.text;
  Error error;
  error.code = "SC1024";
  error.kind = ErrorKind::usage;
  error.message = wanted.empty() ? "the file has several kernels: " + names
                                 : "expected one of the kernels " + names + ", got '" + wanted + "'";
  error.help = "name one with --kernel";
  return error;
}

Result<void> Session::readScan() {
  frontend::Diagnostics diagnostics(source, options.filename);
  frontend::File file = frontend::parse(diagnostics);
  if (diagnostics.hasErrors())
    return diagnostics.take();
  frontend::Kernel *chosen = nullptr;
  for (frontend::Kernel &kernel : file.kernels)
    if (kernel.name.text == options.kernel || (options.kernel.empty() && file.kernels.size() == 1))
      chosen = &kernel;
  if (!chosen)
    return chooseError(file, options.kernel);
  frontend::CheckedKernel checked = frontend::check(*chosen, diagnostics);
  if (diagnostics.hasErrors())
    return diagnostics.take();
  frontend::checkSizes(*chosen, options.sizes, diagnostics);
  if (options.step && !diagnostics.hasErrors())
    frontend::bindStep(checked, options.sizes, diagnostics);
  if (diagnostics.hasErrors())
    return diagnostics.take();
  ir = ModuleOp::create(UnknownLoc::get(&context));
  frontend::importKernel(checked, options.sizes, *ir);
  stage = Stage::scan;
  return {};
}

Result<void> Session::readIR(Stage from) {
  bool isStage = from != Stage::ast && from != Stage::cuda;
  if (!isStage || options.step) {
    Error error;
    error.code = "SC1025";
    error.kind = ErrorKind::usage;
    error.message = isStage ? "a step is made of a program, not of the text of stage "
                            : "a compilation can be resumed from scan, affine or plan, not from ";
    error.message += spelling(from);
    error.help = isStage ? "give the program, or leave --step out: what was made of a step is one"
                         : "give the text of one of these, or the program";
    return error;
  }
  if (succeeded(checkResultNumbers(source, options.filename, context))) {
    ParserConfig config(&context);
    ir = parseSourceString<ModuleOp>(source, config, options.filename);
  }
  if (!ir || failed(checkStageText(*ir, from))) {
    Error error = takeError();
    error.code = "SC1026";
    error.kind = ErrorKind::input;
    error.help = "compare it with what --emit=" + std::string(spelling(from)) + " prints";
    error.others.clear(); // which follow from the first
    return error;
  }
  stage = from;
  return {};
}

Result<std::string> Session::architecture() const {
  if (options.target != "native") {
    if (options.target != "cpu" && !planning::targetFor(options.target)) {
      Error error;
      error.code = "SC3006";
      error.kind = ErrorKind::environment;
      error.message = "unsupported architecture: expected cpu, native or one of " +
                      planning::knownTargets() + ", got " + options.target;
      error.help = cureOf(error.code);
      return error;
    }
    return options.target;
  }
  return nativeTarget(options.load.device);
}

Result<void> Session::reach(Stage wanted) {
  PassManager passes(&context);
  passes.enableVerifier(true);
  if (stage < Stage::affine && wanted >= Stage::affine) {
    passes.addPass(analysis::createRaiseToAffinePass());
    passes.addPass(createCSEPass());
  }
  if (stage < Stage::plan && wanted >= Stage::plan) {
    Result<std::string> arch = architecture();
    if (!arch)
      return arch.error();
    // A plan is for a GPU: without one, for the newest that we generate for.
    std::string target = *arch == "cpu" ? "sm_90a" : *arch;
    passes.addPass(planning::createChooseStrategyPass({target, options.strategy}));
    passes.addPass(planning::createConvertScanToPlanPass({target}));
  }
  if (failed(passes.run(*ir)))
    return takeError();
  stage = std::max(stage, wanted);
  return {};
}

func::FuncOp Session::function() {
  auto functions = ir->getOps<func::FuncOp>();
  return functions.empty() ? func::FuncOp() : *functions.begin();
}

std::string Session::kernelName() {
  if (func::FuncOp op = function())
    return op.getName().str();
  for (auto program : ir->getOps<plan::ProgramOp>())
    return program.getSymName().str();
  return "";
}

std::vector<Parameter> signatureOf(func::FuncOp function) {
  std::vector<Parameter> list;
  auto add = [&](Type type, StringAttr name, ArrayAttr dims, Parameter::Role role, Location loc,
                 StringAttr updates = {}) {
    Parameter parameter;
    parameter.updates = updates ? updates.str() : "";
    parameter.name = name.str();
    parameter.role = role;
    parameter.dtype = emission::dtypeOf(cast<RankedTensorType>(type).getElementType());
    for (StringAttr dim : dims.getAsRange<StringAttr>())
      parameter.dims.push_back(dim.str());
    parameter.place = placeOf(loc);
    list.push_back(std::move(parameter));
  };
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    add(function.getArgumentTypes()[i], function.getArgAttrOfType<StringAttr>(i, scan::nameAttr),
        function.getArgAttrOfType<ArrayAttr>(i, scan::dimsAttr), Parameter::Role::input,
        function.getArgument(i).getLoc());
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    add(function.getResultTypes()[i], function.getResultAttrOfType<StringAttr>(i, scan::nameAttr),
        function.getResultAttrOfType<ArrayAttr>(i, scan::dimsAttr), Parameter::Role::output,
        function.getLoc(), function.getResultAttrOfType<StringAttr>(i, scan::updatesAttr));
  for (auto op : function.getBody().getOps<scan::RecurrenceInterface>())
    if (Value offsets = op.getReset())
      list[cast<BlockArgument>(offsets).getArgNumber()].cuts =
          op.getDim(op.getTimeDim()).getExtent().str();
  return list;
}

} // namespace scanc::pipeline
