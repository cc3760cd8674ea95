//===- CpuExecutable.cpp - Bind operands, split lanes, run -----------------===//
#include "compiler/cpu/Codegen.h"
#include "compiler/cpu/Cpu.h"
#include "compiler/cpu/Elementwise.h"
#include "compiler/cpu/Jit.h"
#include "compiler/cpu/Recurrence.h"
#include "compiler/cpu/SplitComplex.h"
#include "compiler/cpu/Threads.h"
#include "scanc/LaunchPlan.h"
#include "llvm/Support/FormatVariadic.h"

#include <atomic>

using namespace mlir;

namespace scanc::cpu {

namespace {

/// The function of one version of the scan that comes as number `scan`.
std::string nameOf(Lanes lanes, std::size_t scan) {
  const char *version = lanes == Lanes::contiguous ? "contiguous"
                        : lanes == Lanes::strided  ? "strided"
                                                   : "single";
  return llvm::formatv("scan{0}_{1}", scan, version);
}

/// Scratch of one block of lanes: stays in the first-level cache.
constexpr std::int64_t scratchBytes = 16 << 10;

class CpuExecutable final : public Executable {
public:
  CpuExecutable(std::vector<Recurrence> recurrences, std::unique_ptr<CompiledCode> code,
                Program program)
      : recurrences(std::move(recurrences)), code(std::move(code)), program(std::move(program)) {}

  Result<void> prepare(std::span<const TensorRef> operands, const LaunchOptions &) override {
    return check(operands);
  }
  Result<void> launch(std::span<const TensorRef> operands, const LaunchOptions &) override;
  Result<std::int64_t> workspaceBytes(std::span<const TensorRef> operands) override {
    if (auto fits = check(operands); !fits)
      return fits.error();
    return std::int64_t(0);
  }
  std::string_view target() const override { return "cpu"; }

private:
  Result<void> check(std::span<const TensorRef> operands) const {
    LaunchTarget host;
    host.device = DeviceKind::cpu;
    auto plan = planLaunch(program, operands, host);
    return plan ? Result<void>() : Result<void>(plan.error());
  }
  Result<void> run(std::size_t scan, std::span<const TensorRef> operands);

  std::vector<Recurrence> recurrences;
  std::unique_ptr<CompiledCode> code;
  Program program;
};

} // namespace

Result<void> CpuExecutable::launch(std::span<const TensorRef> operands, const LaunchOptions &) {
  if (auto fits = check(operands); !fits)
    return fits;
  for (const Recurrence &recurrence : recurrences)
    if (auto valid = BoundRecurrence(recurrence, operands).checkOffsets(); !valid)
      return valid;
  for (std::size_t scan = 0; scan < recurrences.size(); ++scan)
    if (auto done = run(scan, operands); !done)
      return done;
  return {};
}

Result<void> CpuExecutable::run(std::size_t scan, std::span<const TensorRef> operands) {
  const Recurrence &recurrence = recurrences[scan];
  BoundRecurrence bound(recurrence, operands);
  std::int64_t width = recurrence.width;
  bool contiguous = bound.isContiguous();
  // A block of neighbouring lanes: wide where they are neighbours in memory; else a single vector,
  // since every lane is a stream of its own through the caches.
  std::int64_t perLane = std::max<std::int64_t>(1, bound.scratchPerLane());
  std::int64_t block = contiguous ? scratchBytes / perLane / width * width : width;
  std::int64_t threads = threadCount(), adjacent = bound.adjacentSize();
  std::int64_t share = (adjacent * bound.outerLanes() + threads - 1) / threads;
  block = std::max(width, std::min(block, (share + width - 1) / width * width));
  std::int64_t blocks = (adjacent + block - 1) / block;
  std::int64_t tasks = blocks * bound.outerLanes();
  std::atomic<std::int64_t> next = 0;
  RunFunction vectors =
      code->function(nameOf(contiguous ? Lanes::contiguous : Lanes::strided, scan));
  RunFunction single = code->function(nameOf(Lanes::single, scan));
  auto work = [&] {
    BlockRunner runner(bound, block, /*tiles=*/!contiguous);
    for (std::int64_t task = next++; task < tasks; task = next++) {
      std::int64_t first = task % blocks * block, count = std::min(block, adjacent - first);
      std::int64_t whole = count / width * width;
      if (whole > 0)
        runner.run(vectors, task / blocks, first, whole);
      if (count > whole)
        runner.run(single, task / blocks, first + whole, count - whole);
    }
  };
  onThreads(std::min(threads, tasks), work);
  return {};
}

/// SC9001 at the user's place, or nothing.
static std::optional<Error> refusalOf(scan::StepOp step) {
  auto reason = unsupported(step);
  if (!reason)
    return std::nullopt;
  Error error;
  error.code = "SC9001";
  error.kind = ErrorKind::input;
  error.message = "not yet supported: " + reason->first + " on the CPU";
  error.help = "return every result of every scan; start and end a complex state in c64";
  if (auto place = reason->second->findInstanceOf<FileLineColRange>())
    error.place = {place.getFilename().str(), static_cast<std::int64_t>(place.getStartLine()),
                   static_cast<std::int64_t>(place.getStartColumn()), 1};
  return error;
}

Result<std::shared_ptr<Executable>> createExecutable(func::FuncOp function,
                                                     const Program &program) {
  std::int64_t width = hostVectorWidth();
  loadCodeDialects(*function.getContext());
  OwningOpRef<ModuleOp> ir = ModuleOp::create(function.getLoc());
  std::vector<Recurrence> recurrences;
  for (scan::StepOp step : function.getBody().getOps<scan::StepOp>())
    if (auto refusal = refusalOf(step))
      return *refusal;
  RealFunction real = splitComplex(function);
  std::vector<std::string> names;
  for (scan::StepOp step : real.function->getBody().getOps<scan::StepOp>()) {
    std::size_t scan = recurrences.size();
    recurrences.emplace_back(step, real.places, width);
    for (Lanes lanes : {Lanes::contiguous, Lanes::strided, Lanes::single}) {
      names.push_back(nameOf(lanes, scan));
      generate(step, recurrences.back().layout, lanes, lanes == Lanes::single ? 1 : width,
               names.back(), *ir);
    }
  }
  auto code = CompiledCode::create(*ir, names);
  if (!code)
    return code.error();
  return std::shared_ptr<Executable>(
      std::make_shared<CpuExecutable>(std::move(recurrences), std::move(*code), program));
}

} // namespace scanc::cpu
