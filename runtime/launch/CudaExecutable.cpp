//===- CudaExecutable.cpp - Kernels loaded once and launched in order -----===//
//
// Everything that can fail without the stream is done before the first call
// that uses it: checks, variants, compiling, loading. So an error leaves
// nothing enqueued, unless the driver itself refuses a launch in the middle.
//
//===----------------------------------------------------------------------===//
#include "runtime/launch/CudaExecutable.h"

#include "runtime/cache/KernelCache.h"
#include "runtime/launch/Offsets.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace scanc {
namespace rt {
namespace {

/// Larger clusters must be asked for.
constexpr std::int64_t portableClusterBlocks = 8;

std::size_t countVariants(const Entry &entry, std::vector<std::size_t> &firstSlot) {
  std::size_t count = 0;
  for (const Step &step : entry.steps) {
    firstSlot.push_back(count);
    count += std::get<KernelStep>(step).variants.size();
  }
  return count;
}

bool launchesNothing(const LaunchPlan &plan) {
  for (const PlannedKernel &kernel : plan.kernels)
    if (!kernel.isEmpty())
      return false;
  return true;
}

/// Stream-ordered memory, freed on the stream at the end of the scope. Without a pool it is of the
/// device's default one.
class StreamMemory {
public:
  StreamMemory(const Driver &driver, CUmemPoolHandle_st *pool, CUstream_st *stream)
      : driver(driver), pool(pool), stream(stream) {}
  StreamMemory(const StreamMemory &) = delete;
  StreamMemory &operator=(const StreamMemory &) = delete;
  ~StreamMemory() {
    if (address)
      driver.memFreeAsync(address, stream);
  }
  Result<std::int64_t> allocate(std::int64_t bytes) {
    int result = pool ? driver.memAllocFromPoolAsync(&address, bytes, pool, stream)
                      : driver.memAllocAsync(&address, bytes, stream);
    if (result != Driver::success) {
      address = 0;
      return driverError(driver,
                         fmt::format("{} of {} bytes of workspace",
                                     pool ? "cuMemAllocFromPoolAsync" : "cuMemAllocAsync", bytes),
                         result);
    }
    return static_cast<std::int64_t>(address);
  }

private:
  const Driver &driver;
  CUmemPoolHandle_st *pool;
  CUstream_st *stream;
  Driver::Address address = 0;
};

} // namespace

CudaExecutable::CudaExecutable(std::shared_ptr<const Program> program, const Driver &driver,
                               DeviceInfo device, DeviceContext context, LaunchPlanner planner,
                               KernelSource kernels, CUmemPoolHandle_st *pool)
    : program(std::move(program)), driver(driver), device(std::move(device)),
      context(std::move(context)), planner(std::move(planner)), kernels(std::move(kernels)),
      pool(pool), process(getpid()), slots(countVariants(this->planner.entry(), firstSlot)) {}

Result<std::shared_ptr<Executable>> CudaExecutable::create(std::shared_ptr<const Program> program,
                                                           const Driver &driver, int index,
                                                           KernelSource kernels,
                                                           WorkspacePools &pools) {
  Result<LaunchPlanner> planner = LaunchPlanner::create(program);
  if (!planner)
    return planner.error();
  Result<DeviceInfo> device = describeDevice(driver, index);
  if (!device)
    return device.error();
  Result<DeviceContext> context = DeviceContext::retain(driver, index);
  if (!context)
    return context.error();
  CUmemPoolHandle_st *pool = program->workspace.empty() ? nullptr : pools.of(index);
  return std::shared_ptr<Executable>(
      new CudaExecutable(std::move(program), driver, std::move(*device), std::move(*context),
                         std::move(*planner), std::move(kernels), pool));
}

CudaExecutable::~CudaExecutable() {
  if (process != getpid())
    return;
  CurrentContext current(driver, context.get());
  for (const auto &loaded : loadedKernels)
    driver.libraryUnload(loaded->library);
}

Result<CudaExecutable::Planned> CudaExecutable::plan(std::span<const TensorRef> operands) const {
  if (process != getpid())
    return makeError("SC6038", ErrorKind::usage,
                           "expected a kernel that this process loaded, got one from before a fork",
                           "load the kernel after the fork: the CUDA driver does not survive one");
  LaunchTarget target;
  target.deviceIndex = device.index;
  target.maxSharedBytes = device.sharedBytesPerBlock;
  Result<BoundOperands> bound = planner.bind(operands, target);
  if (!bound)
    return bound.error();
  Result<LaunchPlan> plan = planner.plan(*bound, target);
  if (!plan)
    return plan.error();
  return Planned{std::move(*bound), std::move(*plan)};
}

Result<void> CudaExecutable::resolve(const KernelVariant &variant, LoadedKernel &loaded) const {
  CUkern_st *kernel = nullptr;
  int result = driver.libraryGetKernel(&kernel, loaded.library, variant.entry.c_str());
  if (result != Driver::success) {
    Error error =
        driverError(driver, fmt::format("cuLibraryGetKernel of '{}'", variant.entry), result);
    if (result == Driver::notFound) {
      error.code = "SC6040";
      error.kind = ErrorKind::input;
      error.help = "the entry names an extern \"C\" __global__ function of the variant's source";
    }
    return error;
  }
  if (result = driver.kernelGetFunction(&loaded.function, kernel); result != Driver::success)
    return driverError(driver, "cuKernelGetFunction", result);

  // The driver copies as many bytes as the kernel declares, so a struct of another size would be
  // read beyond its end.
  if (driver.funcGetParamInfo && !variant.arguments.empty()) {
    std::size_t offset = 0, size = 0, expected = 8 * variant.arguments.size();
    result = driver.funcGetParamInfo(loaded.function, 0, &offset, &size);
    if (result == Driver::invalidValue) // there is no first parameter
      size = 0;
    else if (result != Driver::success)
      return driverError(driver, "cuFuncGetParamInfo", result);
    if (size != expected)
      return makeError("SC6039", ErrorKind::input,
                             fmt::format("kernel '{}': expected a struct of {} bytes for its {} "
                                         "arguments, got {} bytes",
                                         variant.name, expected, variant.arguments.size(), size),
                             "compile the kernel again; in a bundle edited by hand, make "
                             "'arguments' match the struct of the source");
  }

  int staticShared = 0;
  result = driver.funcGetAttribute(&staticShared, Driver::staticSharedBytes, loaded.function);
  if (result != Driver::success)
    return driverError(driver, "cuFuncGetAttribute", result);
  loaded.maxDynamicShared = std::max<std::int64_t>(device.sharedBytesPerBlock - staticShared, 0);
  if (variant.sharedBytes != "0") {
    result = driver.funcSetAttribute(loaded.function, Driver::maxDynamicSharedBytes,
                                     static_cast<int>(loaded.maxDynamicShared));
    if (result != Driver::success)
      return driverError(driver, "cuFuncSetAttribute", result);
  }
  if (variant.cluster[0] * variant.cluster[1] * variant.cluster[2] > portableClusterBlocks) {
    result = driver.funcSetAttribute(loaded.function, Driver::nonPortableCluster, 1);
    if (result != Driver::success)
      return driverError(driver, "cuFuncSetAttribute", result);
  }
  return {};
}

Result<const CudaExecutable::LoadedKernel *>
CudaExecutable::loadVariant(const KernelVariant &variant) {
  auto loaded = std::make_unique<LoadedKernel>();
  CudaSource source = sourceOf(*program, variant, device.architecture);
  // An image that the driver refuses may come from a cache: it is compiled once more.
  for (bool again : {false, true}) {
    Result<std::shared_ptr<const CompiledKernel>> kernel = kernels.get(source);
    if (!kernel)
      return kernel.error();
    int result = driver.libraryLoadData(&loaded->library, (*kernel)->cubin.data(), nullptr, nullptr,
                                        0, nullptr, nullptr, 0);
    if (result == Driver::success)
      break;
    bool refused = result == Driver::invalidImage || result == Driver::noBinaryForGpu ||
                   result == Driver::unsupportedVersion;
    if (refused && !again) {
      kernels.discard(source);
      continue;
    }
    Error error = driverError(driver, "cuLibraryLoadData", result);
    if (refused) {
      error.code = "SC6035";
      error.help =
          "update the NVIDIA driver: it may be older than NVRTC ('scanc doctor' shows both)";
    }
    return error;
  }
  if (Result<void> resolved = resolve(variant, *loaded); !resolved) {
    driver.libraryUnload(loaded->library);
    return resolved.error();
  }
  loadedKernels.push_back(std::move(loaded));
  return loadedKernels.back().get();
}

Result<void> CudaExecutable::load(const LaunchPlan &plan, CUstream_st *const *stream) {
  for (const PlannedKernel &kernel : plan.kernels) {
    if (kernel.isEmpty())
      continue;
    std::atomic<const LoadedKernel *> &slot = slotOf(kernel);
    const LoadedKernel *loaded = slot.load(std::memory_order_acquire);
    if (!loaded) {
      int capturing = 0;
      if (stream)
        if (int result = driver.streamIsCapturing(*stream, &capturing); result != Driver::success)
          return driverError(driver, "cuStreamIsCapturing", result);
      if (capturing)
        return makeError("SC6037", ErrorKind::usage,
                               fmt::format("'{}': expected a prepared kernel during the capture of "
                                           "a graph, got one that is not loaded",
                                           program->name),
                               "call Kernel::prepare with these operands before the capture");
      std::lock_guard lock(loading);
      loaded = slot.load(std::memory_order_relaxed);
      if (!loaded) {
        Result<const LoadedKernel *> made = loadVariant(planner.variantOf(kernel));
        if (!made)
          return made.error();
        loaded = *made;
        slot.store(loaded, std::memory_order_release);
      }
    }
    if (kernel.sharedBytes > loaded->maxDynamicShared)
      return makeError("SC6017", ErrorKind::input,
                             fmt::format("kernel '{}': expected at most {} bytes of dynamic shared "
                                         "memory, got {}",
                                         planner.variantOf(kernel).name, loaded->maxDynamicShared,
                                         kernel.sharedBytes),
                             "launch with smaller sizes, or compile with another strategy");
  }
  return {};
}

Result<void> CudaExecutable::checkOffsets(std::span<const TensorRef> operands,
                                          const BoundOperands &bound) const {
  CurrentContext current(driver, context.get());
  if (Result<void> pushed = current.check(); !pushed)
    return pushed;
  for (std::size_t i = 0; i < program->parameters.size(); ++i) {
    const Parameter &parameter = program->parameters[i];
    if (parameter.cuts.empty())
      continue;
    if (int result = driver.ctxSynchronize(); result != Driver::success)
      return driverError(driver, "cuCtxSynchronize", result);
    constexpr std::int64_t size = sizeof(std::int32_t);
    const AddressRange &range = bound.ranges[i];
    std::vector<std::int32_t> elements((range.last - range.first + 1) / size);
    int result = driver.memcpyDtoH(elements.data(), range.first, size * elements.size());
    if (result != Driver::success)
      return driverError(driver, "cuMemcpyDtoH", result);
    const std::int32_t *first =
        elements.data() + (bound.operands[i].address - range.first) / size;
    Result<void> checked = rt::checkOffsets(first, operands[i].sizes[0], bound.strides[i][0],
                                            planner.sizeOf(bound, parameter.cuts));
    if (!checked) {
      Error error = checked.error();
      error.place = parameter.place;
      return error;
    }
  }
  return {};
}

Result<void> CudaExecutable::enqueue(const LaunchPlan &plan, CUstream_st *stream) {
  for (const ZeroedRange &range : plan.zeroed)
    if (int result = driver.memsetD8Async(range.address, 0, range.bytes, stream);
        result != Driver::success)
      return driverError(
          driver, fmt::format("cuMemsetD8Async of {} bytes of workspace", range.bytes), result);
  for (const PlannedKernel &kernel : plan.kernels) {
    if (kernel.isEmpty())
      continue;
    LaunchConfig config;
    LaunchAttribute attribute;
    attribute.id = LaunchAttribute::clusterDimension;
    for (int axis = 0; axis < 3; ++axis) {
      config.grid[axis] = static_cast<unsigned>(kernel.grid[axis]);
      config.block[axis] = static_cast<unsigned>(kernel.block[axis]);
      attribute.cluster[axis] = static_cast<unsigned>(kernel.cluster[axis]);
    }
    if (kernel.cluster != std::array<std::int64_t, 3>{1, 1, 1}) {
      config.attributes = &attribute;
      config.attributeCount = 1;
    }
    config.sharedBytes = static_cast<unsigned>(kernel.sharedBytes);
    config.stream = stream;
    void *parameters[] = {const_cast<std::int64_t *>(kernel.words.data())};
    int result = driver.launchKernelEx(&config, slotOf(kernel).load()->function,
                                       kernel.words.empty() ? nullptr : parameters, nullptr);
    if (result != Driver::success)
      return driverError(
          driver, fmt::format("cuLaunchKernelEx of '{}'", planner.variantOf(kernel).name), result);
  }
  return {};
}

Result<void> CudaExecutable::prepare(std::span<const TensorRef> operands) {
  Result<Planned> planned = plan(operands);
  if (!planned)
    return planned.error();
  CurrentContext current(driver, context.get());
  if (Result<void> pushed = current.check(); !pushed)
    return pushed;
  return load(planned->plan, nullptr);
}

Result<void> CudaExecutable::launch(std::span<const TensorRef> operands,
                                    const LaunchOptions &options) {
  Result<Planned> planned = plan(operands);
  if (!planned)
    return planned.error();
  auto &[bound, plan] = *planned;
  const Workspace &workspace = options.workspace;
  if (Result<void> usable = planner.checkWorkspace(plan, bound, workspace); !usable)
    return usable;
  if (options.checkOffsets)
    if (Result<void> checked = checkOffsets(operands, bound); !checked)
      return checked;
  if (launchesNothing(plan))
    return {};
  CurrentContext current(driver, context.get());
  if (Result<void> pushed = current.check(); !pushed)
    return pushed;
  if (Result<void> loaded = load(plan, &options.stream); !loaded)
    return loaded;

  StreamMemory allocated(driver, pool, options.stream);
  auto address = static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(workspace.data));
  if (!workspace.data && plan.workspaceBytes > 0) {
    // The words are tried at address 0 first: a formula without a value enqueues nothing.
    if (Result<void> tried = planner.placeWorkspace(plan, bound, 0); !tried)
      return tried;
    Result<std::int64_t> memory = allocated.allocate(plan.workspaceBytes);
    if (!memory)
      return memory.error();
    address = *memory;
  }
  if (Result<void> placed = planner.placeWorkspace(plan, bound, address); !placed)
    return placed;
  return enqueue(plan, options.stream);
}

Result<std::int64_t> CudaExecutable::workspaceBytes(std::span<const TensorRef> operands) {
  Result<Planned> planned = plan(operands);
  if (!planned)
    return planned.error();
  return planned->plan.workspaceBytes;
}

} // namespace rt

Result<Kernel> loadCuda(Program program, const LoadOptions &options) {
  Result<const rt::Driver *> driver = rt::sharedDriver();
  if (!driver)
    return driver.error();
  Result<const rt::NvrtcApi *> found = rt::sharedNvrtc();
  if (!found)
    return found.error();
  const rt::NvrtcApi &nvrtc = **found; // open for the life of the process
  // As the driver, for the life of the process.
  static auto &pools = *new rt::WorkspacePools(**driver);
  std::shared_ptr<rt::KernelCache> cache = rt::KernelCache::shared(options.cacheDirectory);
  auto keyOf = [&nvrtc](const CudaSource &source) {
    return rt::cacheKey(source, nvrtc.info, rt::nvrtcOptions(nvrtc, source));
  };
  rt::KernelSource kernels;
  kernels.get = [cache, keyOf, &nvrtc](const CudaSource &source) {
    return cache->get(keyOf(source), [&] { return rt::compileWith(nvrtc, source); });
  };
  kernels.discard = [cache, keyOf](const CudaSource &source) { cache->discard(keyOf(source)); };

  auto shared = std::make_shared<const Program>(program);
  Result<std::shared_ptr<Executable>> executable = rt::CudaExecutable::create(
      std::move(shared), **driver, options.device, std::move(kernels), pools);
  if (!executable)
    return executable.error();
  return Kernel(std::move(program), std::move(*executable));
}

} // namespace scanc
