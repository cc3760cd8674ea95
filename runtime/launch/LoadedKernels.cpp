//===- LoadedKernels.cpp - Images loaded, functions resolved --------------===//
#include "runtime/launch/LoadedKernels.h"

#include "runtime/cache/KernelCache.h"
#include "runtime/launch/LaunchPlanner.h"
#include "runtime/launch/LaunchTrace.h"
#include "runtime/process/AtOnce.h"

#include <fmt/format.h>

#include <algorithm>

namespace scanc::rt {
namespace {

/// Larger clusters must be asked for.
constexpr std::int64_t portableClusterBlocks = 8;
/// CU_STREAM_LEGACY and CU_STREAM_PER_THREAD: of whatever context is current, here the primary one.
constexpr std::uintptr_t lastDefaultStream = 2;

} // namespace

LoadedKernels::LoadedKernels(std::shared_ptr<const Program> program, const Driver &driver,
                             const DeviceInfo &device, CUctx_st *primary, std::size_t variants,
                             KernelSource source)
    : program(std::move(program)), driver(driver), device(device), source(std::move(source)),
      primary(primary, 0, variants) {}

LoadedKernels::~LoadedKernels() {
  if (variants.empty())
    return;
  CurrentContext current(driver, primary.context);
  RelaxedCapture relaxed(driver);
  for (const auto &loaded : variants)
    for (CUlib_st *library : loaded->libraries)
      driver.libraryUnload(library);
}

Result<ContextKernels *> LoadedKernels::of(CUstream_st *stream) {
  if (reinterpret_cast<std::uintptr_t>(stream) <= lastDefaultStream)
    return &primary;
  CUctx_st *context = nullptr;
  if (int result = driver.streamGetCtx(stream, &context); result != Driver::success)
    return driverError(driver, "cuStreamGetCtx", result);
  if (context == primary.context)
    return &primary;
  unsigned long long id = 0;
  if (int result = driver.ctxGetId(context, &id); result != Driver::success)
    return driverError(driver, "cuCtxGetId", result);
  for (ContextKernels *known = others.load(std::memory_order_acquire); known; known = known->next)
    if (known->id == id)
      return known;
  return addContext(context, id);
}

Result<ContextKernels *> LoadedKernels::addContext(CUctx_st *context, unsigned long long id) {
  {
    CurrentContext current(driver, context);
    if (Result<void> pushed = current.check(); !pushed)
      return pushed.error();
    int handle = 0, expected = 0;
    if (int result = driver.ctxGetDevice(&handle); result != Driver::success)
      return driverError(driver, "cuCtxGetDevice", result);
    if (int result = driver.deviceGet(&expected, device.index); result != Driver::success)
      return driverError(driver, "cuDeviceGet", result);
    if (handle != expected)
      return makeError("SC6044", ErrorKind::usage,
                       fmt::format("'{}': expected a stream of cuda:{}, got one of another device",
                                   program->name, device.index),
                       "launch on a stream of that device, or load the kernel for the stream's");
  }
  std::lock_guard lock(loading);
  for (ContextKernels *known = others.load(); known; known = known->next)
    if (known->id == id)
      return known;
  contexts.push_back(std::make_unique<ContextKernels>(context, id, primary.slots.size()));
  contexts.back()->next = others.load();
  others.store(contexts.back().get(), std::memory_order_release);
  return contexts.back().get();
}

Result<void> LoadedKernels::load(ContextKernels &kernels, std::span<const NumberedVariant> wanted,
                                 CUstream_st *const *stream) {
  int capturing = 0;
  if (stream)
    if (int result = driver.streamIsCapturing(*stream, &capturing); result != Driver::success)
      return driverError(driver, "cuStreamIsCapturing", result);
  if (capturing)
    return makeError("SC6037", ErrorKind::usage,
                     fmt::format("'{}': expected a prepared kernel during the capture of a graph, "
                                 "got one that is not loaded",
                                 program->name),
                     "call Kernel::prepare with these operands before the capture");
  std::lock_guard lock(loading);
  std::vector<NumberedVariant> missing;
  std::vector<CudaSource> units;
  std::vector<std::size_t> firsts; // of each one's units
  for (const NumberedVariant &each : wanted) {
    bool known = kernels.slots[each.number].load(std::memory_order_relaxed) ||
                 std::any_of(missing.begin(), missing.end(),
                             [&](const NumberedVariant &other) { return other.number == each.number; });
    if (known)
      continue;
    missing.push_back(each);
    firsts.push_back(units.size());
    for (CudaSource &unit : sourcesOf(*program, *each.variant, device.architecture))
      units.push_back(std::move(unit));
  }
  firsts.push_back(units.size());
  const std::vector<Image> images =
      callAtOnce(units.size(), units.size(), [&](std::size_t i) { return source.get(units[i]); });
  for (std::size_t i = 0; i < missing.size(); ++i) {
    const auto [first, end] = std::pair(firsts[i], firsts[i + 1]);
    Result<const LoadedKernel *> made =
        loadVariant(*missing[i].variant, std::span(units).subspan(first, end - first),
                    std::span(images).subspan(first, end - first));
    if (!made)
      return made.error();
    kernels.slots[missing[i].number].store(*made, std::memory_order_release);
  }
  return {};
}

Result<CUlib_st *> LoadedKernels::loadImage(const CudaSource &unit, const Image &image) {
  CUlib_st *library = nullptr;
  // An image that the driver refuses may come from a cache: it is compiled once more.
  for (bool again : {false, true}) {
    Image kernel = again ? source.get(unit) : image;
    if (!kernel)
      return kernel.error();
    int result =
        driver.libraryLoadData(&library, (*kernel)->cubin.data(), nullptr, nullptr, 0, nullptr, nullptr, 0);
    if (result == Driver::success)
      break;
    bool refused = result == Driver::invalidImage || result == Driver::noBinaryForGpu ||
                   result == Driver::unsupportedVersion;
    if (refused && !again) {
      source.discard(unit);
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
  return library;
}

Result<const LoadedKernel *> LoadedKernels::loadVariant(const KernelVariant &variant,
                                                        std::span<const CudaSource> units,
                                                        std::span<const Image> images) {
  RelaxedCapture relaxed(driver);
  auto loaded = std::make_unique<LoadedKernel>();
  auto failed = [&](Error error) -> Result<const LoadedKernel *> {
    for (CUlib_st *library : loaded->libraries)
      driver.libraryUnload(library);
    return error;
  };
  for (std::size_t i = 0; i < units.size(); ++i) {
    Result<CUlib_st *> library = loadImage(units[i], images[i]);
    if (!library)
      return failed(library.error());
    loaded->libraries.push_back(*library);
  }
  const std::vector<std::string> entries = entriesOf(variant); // a unit each
  for (const KernelLaunch &launch : variant.launches) {
    const std::size_t unit = std::find(entries.begin(), entries.end(), launch.entry) - entries.begin();
    Result<LoadedFunction> resolved = resolve(variant, launch, loaded->libraries[unit]);
    if (!resolved)
      return failed(resolved.error());
    std::string which = variant.launches.size() > 1 ? ", kernel " + launch.entry : "";
    resolved->description =
        keptDescription(fmt::format("'{}', variant {}{}, on cuda:{}, key {}", program->name,
                                    variant.name, which, device.index, source.name(units[unit])));
    loaded->functions.push_back(*resolved);
  }
  variants.push_back(std::move(loaded));
  return variants.back().get();
}

Result<LoadedFunction> LoadedKernels::resolve(const KernelVariant &variant,
                                              const KernelLaunch &launch,
                                              CUlib_st *library) const {
  LoadedFunction loaded;
  CUkern_st *kernel = nullptr;
  int result = driver.libraryGetKernel(&kernel, library, launch.entry.c_str());
  if (result != Driver::success) {
    Error error =
        driverError(driver, fmt::format("cuLibraryGetKernel of '{}'", launch.entry), result);
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
  if (driver.funcGetParamInfo && wordsOf(variant) > 0) {
    std::size_t offset = 0, size = 0, expected = 8 * wordsOf(variant);
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
                       "compile the kernel again; in a bundle edited by hand, make 'arguments' "
                       "match the struct of the source");
  }

  int staticShared = 0;
  result = driver.funcGetAttribute(&staticShared, Driver::staticSharedBytes, loaded.function);
  if (result != Driver::success)
    return driverError(driver, "cuFuncGetAttribute", result);
  loaded.maxDynamicShared = std::max<std::int64_t>(device.sharedBytesPerBlock - staticShared, 0);
  if (launch.sharedBytes != "0") {
    result = driver.funcSetAttribute(loaded.function, Driver::maxDynamicSharedBytes,
                                     static_cast<int>(loaded.maxDynamicShared));
    if (result != Driver::success)
      return driverError(driver, "cuFuncSetAttribute", result);
  }
  if (launch.cluster[0] * launch.cluster[1] * launch.cluster[2] > portableClusterBlocks) {
    result = driver.funcSetAttribute(loaded.function, Driver::nonPortableCluster, 1);
    if (result != Driver::success)
      return driverError(driver, "cuFuncSetAttribute", result);
  }
  return loaded;
}

} // namespace scanc::rt
