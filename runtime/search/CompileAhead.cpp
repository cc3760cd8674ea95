//===- search/CompileAhead.cpp - Candidates compiled before their turn ----===//
#include "runtime/search/CompileAhead.h"

#include "runtime/cache/KernelCache.h"
#include "runtime/tuning/Dimensions.h"
#include "runtime/tuning/Workbench.h"
#include "scanc/LaunchPlan.h"

#include <variant>

namespace scanc::search {

CompileAhead::CompileAhead(const tuning::Problem &problem, int count) : problem(problem) {
  for (int i = 0; i < count; ++i)
    threads.emplace_back([this] { work(); });
}

CompileAhead::~CompileAhead() {
  {
    std::lock_guard lock(mutex);
    isOver = true;
  }
  changed.notify_all();
  for (std::thread &thread : threads)
    thread.join();
}

void CompileAhead::want(std::span<const std::string> strategies) {
  {
    std::lock_guard lock(mutex);
    wanted.assign(strategies.rbegin(), strategies.rend());
    std::erase_if(wanted, [&](const std::string &each) { return begun.contains(each); });
  }
  changed.notify_all();
}

void CompileAhead::work() {
  for (;;) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return isOver || !wanted.empty(); });
    if (isOver)
      return;
    std::string strategy = std::move(wanted.back());
    wanted.pop_back();
    if (!begun.insert(strategy).second)
      continue;
    lock.unlock();
    compile(strategy);
  }
}

/// Tensors of the problem that have no memory, at addresses that are aligned as memory of a device
/// is, and so far apart that none overlaps another.
static std::vector<TensorRef> placeless(const Program &program, const tuning::Problem &problem) {
  constexpr std::uintptr_t apart = std::uintptr_t(1) << 44;
  std::vector<TensorRef> tensors;
  for (const Parameter &parameter : program.parameters) {
    Result<std::vector<std::int64_t>> sizes = tuning::sizesOf(parameter, problem.sizes);
    if (!sizes)
      return {};
    std::uintptr_t address = (tensors.size() + 1) * apart;
    tensors.push_back({reinterpret_cast<void *>(address), parameter.dtype, std::move(*sizes), {},
                       DeviceKind::cuda, 0});
  }
  return tensors;
}

void CompileAhead::compile(const std::string &strategy) {
  CompileOptions options = tuning::compileOptions(problem);
  options.strategy = strategy;
  Result<Program> program = compileProgram(problem.text, options);
  if (!program)
    return;
  Result<LaunchPlan> plan = planLaunch(*program, placeless(*program, problem));
  if (!plan)
    return;
  rt::KernelCache cache("");
  for (const PlannedKernel &kernel : plan->kernels) {
    const auto &step = std::get<KernelStep>(program->entries.front().steps[kernel.step]);
    // A failure is found, and told, by who measures the candidate.
    for (const CudaSource &source : rt::sourcesOf(*program, step.variants[kernel.variant], problem.target))
      static_cast<void>(rt::compileCached(cache, source));
  }
}

} // namespace scanc::search
