//===- Jit.cpp - ExecutionEngine behind a lock ----------------------------===//
#include "compiler/cpu/Jit.h"

#include "compiler/cpu/Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "runtime/process/Fork.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;

// Of libgcc; what they take and give is of no matter here.
extern "C" void __truncdfhf2();
extern "C" void __truncsfhf2();
extern "C" void __extendhfsf2();

namespace scanc::cpu {

struct CompiledCode::Engine {
  std::unique_ptr<llvm::TargetMachine> machine;
  std::unique_ptr<ExecutionEngine> engine;
};

CompiledCode::CompiledCode() : engine(std::make_unique<Engine>()) {}
CompiledCode::~CompiledCode() = default;

std::int64_t hostVectorWidth() {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  if (features.lookup("avx512f"))
    return 16;
  return features.lookup("avx2") ? 8 : 4;
}

void loadCodeDialects(MLIRContext &context) {
  context.loadDialect<arith::ArithDialect, func::FuncDialect, LLVM::LLVMDialect,
                      math::MathDialect, scf::SCFDialect, vector::VectorDialect>();
  registerBuiltinDialectTranslation(context);
  registerLLVMDialectTranslation(context);
}

/// A failure of MLIR or LLVM below us.
static Error jitError(const std::string &what) {
  Error error;
  error.code = "SC9002";
  error.kind = ErrorKind::internal;
  error.message = "the CPU backend could not compile: " + what;
  error.help = "please report it, with the program; --target=sm_90a does not use this backend";
  return error;
}

/// Conversions for which not every processor has an instruction. The engine looks for names among
/// those that the process exports, and an archive of libgcc exports none.
static llvm::orc::SymbolMap conversions(llvm::orc::MangleAndInterner intern) {
  llvm::orc::SymbolMap map;
  for (auto [name, function] : {std::pair("__truncdfhf2", &__truncdfhf2),
                                std::pair("__truncsfhf2", &__truncsfhf2),
                                std::pair("__extendhfsf2", &__extendhfsf2)})
    map[intern(name)] = {llvm::orc::ExecutorAddr::fromPtr(function),
                         llvm::JITSymbolFlags::Exported};
  return map;
}

/// LLVM's code generation is not safe in two threads of a process.
static rt::ForkMutex &generating = *new rt::ForkMutex;

Result<std::unique_ptr<CompiledCode>> CompiledCode::create(ModuleOp ir,
                                                           const std::vector<std::string> &names) {
  std::lock_guard guard(generating);
  static const bool initialized = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    return true;
  }();
  (void)initialized;
  PassManager passes(ir.getContext());
  addLoweringPasses(passes);
  if (failed(passes.run(ir)))
    return jitError("lowering to LLVM failed");
  auto builder = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!builder)
    return jitError(llvm::toString(builder.takeError()));
  builder->setCodeGenOptLevel(llvm::CodeGenOptLevel::Default);
  auto machine = builder->createTargetMachine();
  if (!machine)
    return jitError(llvm::toString(machine.takeError()));
  std::unique_ptr<CompiledCode> code(new CompiledCode());
  code->engine->machine = std::move(*machine);
  ExecutionEngineOptions options;
  options.transformer = makeOptimizingTransformer(2, 0, code->engine->machine.get());
  options.jitCodeGenOptLevel = llvm::CodeGenOptLevel::Default;
  // The listeners for debuggers and perf would leave a folder in the home folder of every run.
  options.enableGDBNotificationListener = false;
  options.enablePerfNotificationListener = false;
  auto engine = ExecutionEngine::create(ir, options);
  if (!engine)
    return jitError(llvm::toString(engine.takeError()));
  code->engine->engine = std::move(*engine);
  code->engine->engine->registerSymbols(conversions);
  for (const std::string &name : names) {
    auto found = code->engine->engine->lookup(name);
    if (!found)
      return jitError(llvm::toString(found.takeError()));
    code->functions[name] = reinterpret_cast<RunFunction>(*found);
  }
  return code;
}

} // namespace scanc::cpu
