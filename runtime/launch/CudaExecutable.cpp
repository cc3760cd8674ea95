//===- CudaExecutable.cpp - Kernels loaded once and launched in order -----===//
//
// Everything that can fail without the stream is done before the first call
// that uses it: checks, variants, compiling, loading. So an error leaves
// nothing enqueued, unless the driver itself refuses a launch in the middle.
//
//===----------------------------------------------------------------------===//
#include "runtime/launch/CudaExecutable.h"

#include "runtime/launch/EncodeMap.h"
#include "runtime/launch/LaunchTrace.h"
#include "runtime/launch/Offsets.h"
#include "runtime/process/Fork.h"

#include <fmt/format.h>

#include <algorithm>

namespace scanc::rt {
namespace {

/// Of each step, how many variants those before it have; at the end, how many there are.
std::vector<std::size_t> countVariants(const Entry &entry) {
  std::vector<std::size_t> counts{0};
  for (const Step &step : entry.steps)
    counts.push_back(counts.back() + std::get<KernelStep>(step).variants.size());
  return counts;
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
                               KernelSource source, CUmemPoolHandle_st *pool, bool dependentLaunches)
    : program(program), driver(driver), device(std::move(device)), context(std::move(context)),
      planner(std::move(planner)), pool(pool), dependentLaunches(dependentLaunches),
      forks(forksBefore()),
      firstSlot(countVariants(this->planner.entry())),
      loaded(std::move(program), driver, this->device, this->context.get(), firstSlot.back(),
             std::move(source)) {}

Result<std::shared_ptr<Executable>> CudaExecutable::create(std::shared_ptr<const Program> program,
                                                           const Driver &driver, int index,
                                                           KernelSource source,
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
  int version = 0;
  if (int result = driver.driverGetVersion(&version); result != Driver::success)
    return driverError(driver, "cuDriverGetVersion", result);
  bool dependentLaunches = version >= Driver::versionWithDependentLaunches &&
                           device->major >= Driver::majorWithDependentLaunches;
  CUmemPoolHandle_st *pool = program->workspace.empty() ? nullptr : pools.of(index);
  return std::shared_ptr<Executable>(
      new CudaExecutable(std::move(program), driver, std::move(*device), std::move(*context),
                         std::move(*planner), std::move(source), pool, dependentLaunches));
}

CudaExecutable::~CudaExecutable() {
  if (forks == forksBefore())
    return;
  loaded.abandon();
  context.abandon();
}

Result<void> CudaExecutable::plan(std::span<const TensorRef> operands, LaunchFrame &frame) const {
  if (forks != forksBefore())
    return usedBeforeFork();
  LaunchTarget target;
  target.deviceIndex = device.index;
  target.maxSharedBytes = device.sharedBytesPerBlock;
  if (Result<void> bound = planner.bind(operands, target, frame.bound); !bound)
    return bound;
  return planner.plan(frame.bound, target, frame.plan);
}

Result<void> CudaExecutable::load(const LaunchPlan &plan, ContextKernels &kernels,
                                  CUstream_st *const *stream) {
  const auto loadedOf = [&](const PlannedKernel &kernel) -> const LoadedKernel * {
    return kernels.slots[slotOf(kernel)].load(std::memory_order_acquire);
  };
  std::vector<NumberedVariant> missing; // no memory of the host where none is
  for (const PlannedKernel &kernel : plan.kernels)
    if (!kernel.isEmpty() && !loadedOf(kernel))
      missing.push_back({slotOf(kernel), &planner.variantOf(kernel)});
  if (!missing.empty())
    if (Result<void> made = loaded.load(kernels, missing, stream); !made)
      return made;
  for (const PlannedKernel &kernel : plan.kernels) {
    if (kernel.isEmpty())
      continue;
    const std::int64_t most = loadedOf(kernel)->functions[kernel.launch].maxDynamicShared;
    if (kernel.sharedBytes > most)
      return makeError("SC6017", ErrorKind::input,
                       fmt::format("kernel '{}': expected at most {} bytes of dynamic shared "
                                   "memory, got {}",
                                   planner.variantOf(kernel).name, most, kernel.sharedBytes),
                       "launch with smaller sizes, or compile with another strategy");
  }
  return {};
}

Result<void> CudaExecutable::checkOffsets(std::span<const TensorRef> operands,
                                          const BoundOperands &bound, CUstream_st *stream) const {
  int capturing = 0;
  if (int result = driver.streamIsCapturing(stream, &capturing); result != Driver::success)
    return driverError(driver, "cuStreamIsCapturing", result);
  if (capturing)
    return makeError("SC6043", ErrorKind::usage,
                     fmt::format("'{}': expected a launch without checkOffsets during a capture: "
                                 "it waits for the device",
                                 program->name),
                     "check the offsets by a launch before the capture");
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
    const std::int32_t *first = elements.data() + (bound.operands[i].address - range.first) / size;
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

Result<void> CudaExecutable::encodeMaps(LaunchPlan &plan) const {
  const PlannedKernel *before = nullptr; // launches of a variant have one argument
  for (PlannedKernel &kernel : plan.kernels) {
    if (kernel.isEmpty() || kernel.maps.empty())
      continue;
    std::int64_t *to = kernel.words.data() + kernel.firstMapWord();
    if (before && before->step == kernel.step) {
      std::copy(before->words.data() + kernel.firstMapWord(), before->words.data() + kernel.words.size(), to);
      continue;
    }
    before = &kernel;
    for (const PlannedMap &map : kernel.maps) {
      if (Result<void> encoded = encodeMap(driver, map, to); !encoded)
        return encoded;
      to += PlannedKernel::mapWords;
    }
  }
  return {};
}

Result<void> CudaExecutable::enqueue(const LaunchPlan &plan, const ContextKernels &kernels,
                                     CUstream_st *stream) {
  for (const ZeroedRange &range : plan.zeroed)
    if (int result = driver.memsetD8Async(range.address, 0, range.bytes, stream);
        result != Driver::success)
      return driverError(
          driver, fmt::format("cuMemsetD8Async of {} bytes of workspace", range.bytes), result);
  for (const PlannedKernel &kernel : plan.kernels) {
    if (kernel.isEmpty())
      continue;
    LaunchConfig config;
    std::array<LaunchAttribute, 2> attributes;
    config.attributes = attributes.data();
    if (kernel.cluster != std::array<std::int64_t, 3>{1, 1, 1}) {
      LaunchAttribute &cluster = attributes[config.attributeCount++];
      cluster.id = LaunchAttribute::clusterDimension;
      for (int axis = 0; axis < 3; ++axis)
        cluster.value[axis] = static_cast<unsigned>(kernel.cluster[axis]);
    }
    if (kernel.dependent && dependentLaunches) {
      LaunchAttribute &early = attributes[config.attributeCount++];
      early.id = LaunchAttribute::programmaticSerialization;
      early.value[0] = 1;
    }
    for (int axis = 0; axis < 3; ++axis) {
      config.grid[axis] = static_cast<unsigned>(kernel.grid[axis]);
      config.block[axis] = static_cast<unsigned>(kernel.block[axis]);
    }
    config.sharedBytes = static_cast<unsigned>(kernel.sharedBytes);
    config.stream = stream;
    void *parameters[] = {const_cast<std::int64_t *>(kernel.words.data())};
    const LoadedKernel &loaded = *kernels.slots[slotOf(kernel)].load(std::memory_order_acquire);
    const LoadedFunction &function = loaded.functions[kernel.launch];
    noteLaunch(function.description);
    int result = driver.launchKernelEx(&config, function.function,
                                       kernel.words.empty() ? nullptr : parameters, nullptr);
    if (result != Driver::success)
      return driverError(
          driver, fmt::format("cuLaunchKernelEx of '{}'", planner.variantOf(kernel).name), result);
  }
  return {};
}

Result<void> CudaExecutable::prepare(std::span<const TensorRef> operands,
                                     const LaunchOptions &options) {
  LaunchFrames::Lease frame(frames);
  if (Result<void> planned = plan(operands, *frame); !planned)
    return planned;
  // The words, too: what is allocated for them is there at the launch.
  if (Result<void> placed = planner.placeWorkspace(frame->plan, frame->bound, 0); !placed)
    return placed;
  if (launchesNothing(frame->plan))
    return {};
  Result<ContextKernels *> kernels = loaded.of(options.stream);
  if (!kernels)
    return kernels.error();
  CurrentContext current(driver, (*kernels)->context);
  if (Result<void> pushed = current.check(); !pushed)
    return pushed;
  return load(frame->plan, **kernels, nullptr);
}

Result<void> CudaExecutable::launch(std::span<const TensorRef> operands,
                                    const LaunchOptions &options) {
  LaunchFrames::Lease frame(frames);
  if (Result<void> planned = plan(operands, *frame); !planned)
    return planned;
  auto &[bound, plan] = *frame;
  const Workspace &workspace = options.workspace;
  if (Result<void> usable = planner.checkWorkspace(plan, bound, workspace); !usable)
    return usable;
  if (launchesNothing(plan) && !options.checkOffsets)
    return {};
  Result<ContextKernels *> kernels = loaded.of(options.stream);
  if (!kernels)
    return kernels.error();
  CurrentContext current(driver, (*kernels)->context);
  if (Result<void> pushed = current.check(); !pushed)
    return pushed;
  if (options.checkOffsets)
    if (Result<void> checked = checkOffsets(operands, bound, options.stream); !checked)
      return checked;
  if (launchesNothing(plan))
    return {};
  if (Result<void> ready = load(plan, **kernels, &options.stream); !ready)
    return ready;

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
  bool kept = workspace.data && workspace.kept;
  if (Result<void> placed = planner.placeWorkspace(plan, bound, address, kept); !placed)
    return placed;
  if (Result<void> encoded = encodeMaps(plan); !encoded)
    return encoded;
  return enqueue(plan, **kernels, options.stream);
}

Result<std::int64_t> CudaExecutable::workspaceBytes(std::span<const TensorRef> operands) {
  LaunchFrames::Lease frame(frames);
  if (Result<void> planned = plan(operands, *frame); !planned)
    return planned.error();
  return frame->plan.workspaceBytes;
}

} // namespace scanc::rt
