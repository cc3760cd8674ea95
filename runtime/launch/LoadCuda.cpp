//===- LoadCuda.cpp - Where the kernels of a program come from ------------===//
//
// Its own machine code, then the cache, then NVRTC, which is not even opened
// before: that takes longer than everything else of a warm start.
//
//===----------------------------------------------------------------------===//
#include "runtime/Hash.h"
#include "runtime/cache/KernelCache.h"
#include "runtime/launch/CudaExecutable.h"
#include "runtime/process/AtOnce.h"

namespace scanc {
namespace rt {
namespace {

using Compiled = std::shared_ptr<const CompiledKernel>;

std::string keyOf(const NvrtcApi &nvrtc, const CudaSource &source) {
  return cacheKey(source, nvrtc.info, nvrtcOptions(nvrtc, source));
}

/// Calls `visit` with each variant of a program; ends with the first error.
template <typename P, typename F>
Result<void> eachVariant(P &program, F visit) {
  for (auto &entry : program.entries)
    for (auto &step : entry.steps)
      if (auto *kernel = std::get_if<KernelStep>(&step))
        for (auto &variant : kernel->variants)
          if (Result<void> visited = visit(variant); !visited)
            return visited;
  return {};
}

/// The kernels of one program. Called under the lock of its executable; `get` also by several threads
/// at once.
class ProgramKernels {
public:
  ProgramKernels(const Program &program, std::shared_ptr<KernelCache> cache)
      : cache(std::move(cache)), glimpsed(glimpseNvrtc(nvrtcSearch())) {
    static_cast<void>(eachVariant(program, [&](const KernelVariant &variant) -> Result<void> {
      for (const MachineCode &code : variant.machineCode)
        own.emplace(std::pair(code.architecture, code.madeOf), code.cubin);
      return {};
    }));
  }

  /// Whether a kernel can be had without opening NVRTC, perhaps.
  bool isHopeful() const { return !own.empty() || glimpsed; }

  Result<Compiled> get(const CudaSource &source) {
    if (auto found = own.find({source.architecture, sourceDigest(source)}); found != own.end()) {
      CompiledKernel kernel;
      kernel.cubin = found->second;
      return std::make_shared<const CompiledKernel>(std::move(kernel));
    }
    if (glimpsed)
      if (Compiled known = cache->find(keyOf(*glimpsed, source)))
        return known;
    return compileCached(*cache, source);
  }

  /// What the cache calls what `get` gave, or a program its own.
  std::string name(const CudaSource &source) const {
    std::string digest = sourceDigest(source);
    if (own.contains({source.architecture, digest}))
      return digest;
    if (glimpsed)
      return hashHex(keyOf(*glimpsed, source));
    Result<const NvrtcApi *> nvrtc = sharedNvrtc();
    return nvrtc ? hashHex(keyOf(**nvrtc, source)) : digest;
  }

  /// The driver refused what `get` gave.
  void discard(const CudaSource &source) {
    if (own.erase({source.architecture, sourceDigest(source)}) > 0)
      return;
    std::string key = glimpsed ? keyOf(*glimpsed, source) : "";
    if (glimpsed)
      cache->discard(key);
    if (Result<const NvrtcApi *> nvrtc = sharedNvrtc(); nvrtc && keyOf(**nvrtc, source) != key)
      cache->discard(keyOf(**nvrtc, source));
  }

private:
  std::shared_ptr<KernelCache> cache;
  std::optional<NvrtcApi> glimpsed;
  std::map<std::pair<std::string, std::string>, std::string> own; ///< architecture and digest -> cubin
};

} // namespace
} // namespace rt

Result<Kernel> loadCuda(Program program, const LoadOptions &options) {
  Result<const rt::Driver *> driver = rt::sharedDriver();
  if (!driver)
    return driver.error();
  auto kernels = std::make_shared<rt::ProgramKernels>(
      program, rt::sharedCache<rt::KernelCache>(options.cacheDirectory));
  if (!kernels->isHopeful())
    if (Result<const rt::NvrtcApi *> nvrtc = rt::sharedNvrtc(); !nvrtc)
      return nvrtc.error();
  // As the driver, for the life of the process.
  static auto &pools = *new rt::WorkspacePools(**driver);
  rt::KernelSource source;
  source.get = [kernels](const CudaSource &wanted) { return kernels->get(wanted); };
  source.discard = [kernels](const CudaSource &refused) { kernels->discard(refused); };
  source.name = [kernels](const CudaSource &loaded) { return kernels->name(loaded); };

  auto shared = std::make_shared<const Program>(program);
  Result<std::shared_ptr<Executable>> executable = rt::CudaExecutable::create(
      std::move(shared), **driver, options.device, std::move(source), pools);
  if (!executable)
    return executable.error();
  return Kernel(std::move(program), std::move(*executable));
}

Result<void> addMachineCode(Program &program, const std::string &architecture) {
  std::vector<std::pair<KernelVariant *, CudaSource>> sources;
  Result<void> found = rt::eachVariant(program, [&](KernelVariant &variant) -> Result<void> {
    for (CudaSource &source : rt::sourcesOf(program, variant, architecture))
      sources.emplace_back(&variant, std::move(source));
    return {};
  });
  if (!found)
    return found;
  auto cache = rt::sharedCache<rt::KernelCache>("");
  auto kernels = rt::callAtOnce(sources.size(), rt::processors(),
                                [&](std::size_t i) { return rt::compileCached(*cache, sources[i].second); });
  for (const auto &kernel : kernels)
    if (!kernel)
      return kernel.error();
  for (auto &[variant, source] : sources)
    std::erase_if(variant->machineCode, [&](const MachineCode &code) { return code.architecture == architecture; });
  for (std::size_t i = 0; i < kernels.size(); ++i)
    sources[i].first->machineCode.push_back(
        {architecture, rt::sourceDigest(sources[i].second), (*kernels[i])->cubin});
  return {};
}

} // namespace scanc
