//===- latency.cpp - What the host takes: to launch, and from a text to a kernel ===//
//
// scanc-bench-latency FILE NAME=SIZE…, all sizes: for each strategy, medians in a
// table in Markdown.
//
//   plan      ns of a launch in which the driver is not called: operands are checked, a variant is
//             picked, formulas are evaluated
//   launch    ns of Kernel::launch with a workspace of the caller's, until it returns
//   bare      ns of the driver's calls in it alone: cuMemsetD8Async of the workspace, if there is
//             one, and cuLaunchKernelEx
//   text      ms from the text to a Program
//   NVRTC     ms from the Program to the machine code of the variant that the sizes select
//   cold      ms from the text to a kernel that is loaded, without a cache
//   cached    the same with the machine code on disk
//
// Loading LLVM, opening the driver and NVRTC, and making the context come before. Without a GPU
// `launch`, `bare`, `cold` and `cached` are left out.
//
//===----------------------------------------------------------------------===//
#include "bench/loading.h"
#include "runtime/launch/Driver.h"
#include "runtime/launch/LaunchPlanner.h"
#include "scanc/Compile.h"
#include "scanc/Nvrtc.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <sstream>

using namespace scanc;

namespace {

/// Seconds of one of `calls` calls: the median of `batches` batches, with `between` after each.
double medianOf(int batches, int calls, const std::function<void()> &call,
                const std::function<void()> &between = [] {}) {
  std::vector<double> times;
  for (int i = 0; i < batches; ++i) {
    auto start = std::chrono::steady_clock::now();
    for (int k = 0; k < calls; ++k)
      call();
    std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    times.push_back(taken.count() / calls);
    between();
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

struct Case {
  std::string text;
  CompileOptions options;
  std::vector<TensorRef> operands;
};

/// Tensors whose addresses count and whose memory is never touched on the host.
std::vector<TensorRef> tensorsOf(const Case &of, const std::function<void *(std::int64_t)> &place) {
  std::vector<TensorRef> tensors;
  for (const Parameter &parameter : orExit(signature(of.text, of.options))) {
    TensorRef &tensor = tensors.emplace_back();
    tensor.dtype = parameter.dtype;
    tensor.device = DeviceKind::cuda;
    std::int64_t bytes = sizeOf(tensor.dtype);
    for (const std::string &dim : parameter.dims) {
      auto bound = of.options.sizes.find(dim);
      tensor.sizes.push_back(bound == of.options.sizes.end() ? std::stoll(dim) : bound->second);
      bytes *= tensor.sizes.back();
    }
    tensor.data = place(bytes);
  }
  return tensors;
}

double timePlan(const Program &program, const std::vector<TensorRef> &operands) {
  std::shared_ptr<const Program> view(std::shared_ptr<void>(), &program);
  rt::LaunchPlanner planner = orExit(rt::LaunchPlanner::create(view));
  rt::BoundOperands bound;
  LaunchPlan plan;
  return medianOf(101, 1000, [&] {
    orExit(planner.bind(operands, {}, bound));
    orExit(planner.plan(bound, {}, plan));
    orExit(planner.placeWorkspace(plan, bound, 256));
  });
}

CudaSource sourceOf(const Program &program, const PlannedKernel &kernel,
                    const std::string &architecture) {
  const Step &step = program.entries.front().steps[kernel.step];
  const KernelVariant &variant = std::get<KernelStep>(step).variants[kernel.variant];
  return {.name = variant.name + ".cu",
          .text = variant.source,
          .headers = program.headers,
          .architecture = architecture,
          .extraOptions = {}};
}

/// So few launches that the queue of the driver never fills, with a wait after each batch.
constexpr int launchesAtOnce = 64;

double timeBareLaunch(const Program &program, const LaunchPlan &plan,
                      const CompiledKernel &compiled) {
  const PlannedKernel &kernel = plan.kernels.front();
  const rt::Driver &driver = *orExit(rt::sharedDriver());
  rt::DeviceContext context = orExit(rt::DeviceContext::retain(driver, 0));
  rt::CurrentContext current(driver, context.get());
  const Step &step = program.entries.front().steps[kernel.step];
  const KernelVariant &variant = std::get<KernelStep>(step).variants[kernel.variant];
  CUlib_st *library = nullptr;
  CUkern_st *entry = nullptr;
  CUfunc_st *function = nullptr;
  auto call = [&](int result, const char *name) {
    if (result != rt::Driver::success)
      orExit(Result<void>(rt::driverError(driver, name, result)));
  };
  call(driver.libraryLoadData(&library, compiled.cubin.data(), nullptr, nullptr, 0, nullptr,
                              nullptr, 0),
       "cuLibraryLoadData");
  call(driver.libraryGetKernel(&entry, library, variant.launches.front().entry.c_str()), "cuLibraryGetKernel");
  call(driver.kernelGetFunction(&function, entry), "cuKernelGetFunction");
  call(driver.funcSetAttribute(function, rt::Driver::maxDynamicSharedBytes,
                               static_cast<int>(kernel.sharedBytes)),
       "cuFuncSetAttribute");
  rt::LaunchConfig config;
  for (int axis = 0; axis < 3; ++axis) {
    config.grid[axis] = static_cast<unsigned>(kernel.grid[axis]);
    config.block[axis] = static_cast<unsigned>(kernel.block[axis]);
  }
  config.sharedBytes = static_cast<unsigned>(kernel.sharedBytes);
  void *parameters[] = {const_cast<std::int64_t *>(kernel.words.data())};
  double seconds = medianOf(
      101, launchesAtOnce,
      [&] {
        for (const ZeroedRange &range : plan.zeroed)
          call(driver.memsetD8Async(range.address, 0, range.bytes, nullptr), "cuMemsetD8Async");
        call(driver.launchKernelEx(&config, function, parameters, nullptr), "cuLaunchKernelEx");
      },
      [&] { orExit(synchronize(0)); });
  call(driver.libraryUnload(library), "cuLibraryUnload");
  return seconds;
}

void run(const Case &of, bool gpu) {
  Result<Program> made = compileProgram(of.text, of.options);
  if (!made) {
    std::printf("| %s | declines: %s |\n", of.options.strategy.c_str(),
                made.error().message.c_str());
    return;
  }
  const Program &program = *made;
  LaunchPlan plan = orExit(planLaunch(program, of.operands));
  std::optional<DeviceMemory> memory;
  LaunchOptions options;
  if (gpu && plan.workspaceBytes > 0) {
    memory = orExit(DeviceMemory::allocate(0, plan.workspaceBytes));
    options.workspace = {.data = memory->data(), .bytes = plan.workspaceBytes};
    plan = orExit(planLaunch(program, of.operands, {}, options.workspace));
  }
  double text = medianOf(5, 1, [&] { orExit(compileProgram(of.text, of.options)); });
  CudaSource source = sourceOf(program, plan.kernels.front(), of.options.target);
  CompiledKernel compiled = orExit(compileCuda(source));
  double nvrtc = medianOf(3, 1, [&] { orExit(compileCuda(source)); });
  std::printf("| %s | %.0f |", of.options.strategy.c_str(),
              timePlan(program, of.operands) * 1e9);
  if (gpu) {
    double bare = timeBareLaunch(program, plan, compiled);
    Kernel kernel = orExit(compile(of.text, of.options));
    orExit(kernel.prepare(of.operands));
    double launch = medianOf(
        101, launchesAtOnce, [&] { orExit(kernel.launch(of.operands, options)); },
        [] { orExit(synchronize(0)); });
    std::printf(" %.0f | %.0f |", launch * 1e9, bare * 1e9);
  }
  std::printf(" %.1f | %.0f |", text * 1e3, nvrtc * 1e3);
  if (gpu) {
    bench::LoadTimes loading = bench::timeToLoaded(of.text, of.options, of.operands);
    std::printf(" %.0f | %.1f |", loading.cold * 1e3, loading.cached * 1e3);
  }
  std::printf("\n");
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: scanc-bench-latency FILE NAME=SIZE…\n");
    return 2;
  }
  Case of;
  std::ifstream stream(argv[1]);
  std::stringstream text;
  text << stream.rdbuf();
  of.text = text.str();
  of.options.filename = argv[1];
  for (int i = 2; i < argc; ++i) {
    std::string binding = argv[i];
    std::size_t equals = binding.find('=');
    of.options.sizes[binding.substr(0, equals)] = std::atoll(binding.c_str() + equals + 1);
  }
  Result<std::vector<DeviceInfo>> devices = enumerateDevices();
  bool gpu = devices && !devices->empty();
  of.options.target = gpu ? devices->front().architecture : "sm_90a";
  std::vector<DeviceMemory> memory;
  of.operands = tensorsOf(of, [&, next = std::uintptr_t(1) << 32](std::int64_t bytes) mutable {
    if (gpu)
      return memory.emplace_back(orExit(DeviceMemory::allocate(0, bytes))).data();
    std::uintptr_t at = next;
    next += (bytes + 511) / 256 * 256;
    return reinterpret_cast<void *>(at);
  });
  std::printf(gpu ? "| strategy | plan | launch | bare | text | NVRTC | cold | cached |\n"
                    "|---|---|---|---|---|---|---|---|\n"
                  : "| strategy | plan | text | NVRTC |\n|---|---|---|---|\n");
  for (const Candidate &candidate : orExit(explain(of.text, of.options)).candidates) {
    of.options.strategy = candidate.strategy;
    if (candidate.declined.empty())
      run(of, gpu);
  }
}
