//===- launch/LoadedKernels.h - Kernels in the contexts of a device -------===//
//
// A function of the driver belongs to one context, and a launch takes the
// context of its stream: the primary one, or one that the caller made. So the
// kernels of a program are kept for each context in which they were used.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_LAUNCH_LOADEDKERNELS_H
#define SCANC_RUNTIME_LAUNCH_LOADEDKERNELS_H

#include "runtime/launch/Driver.h"
#include "scanc/Nvrtc.h"
#include "scanc/Program.h"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace scanc::rt {

/// Gives compiled kernels, several at once to threads of their own. `discard` is called when the driver
/// refuses what `get` gave; `name` is what the cache calls a kernel.
struct KernelSource {
  std::function<Result<std::shared_ptr<const CompiledKernel>>(const CudaSource &)> get;
  std::function<void(const CudaSource &)> discard;
  std::function<std::string(const CudaSource &)> name;
};

/// A function of a kernel in one context.
struct LoadedFunction {
  CUfunc_st *function = nullptr;
  std::int64_t maxDynamicShared = 0;
  const std::string *description = nullptr; ///< for `noteLaunch`
};

/// A kernel in one context.
struct LoadedKernel {
  std::vector<CUlib_st *> libraries;
  std::vector<LoadedFunction> functions; ///< of its launches, in order
};

/// A variant, and its number over all steps of an entry.
struct NumberedVariant {
  std::size_t number;
  const KernelVariant *variant;
};

/// The variants of a program in one context, each loaded at its first need. Never destroyed before
/// the `LoadedKernels` that made it.
struct ContextKernels {
  ContextKernels(CUctx_st *context, unsigned long long id, std::size_t variants)
      : context(context), id(id), slots(variants) {}

  CUctx_st *context;
  unsigned long long id; ///< of the context; unlike its handle, never used again
  std::vector<std::atomic<const LoadedKernel *>> slots;
  ContextKernels *next = nullptr;
};

class LoadedKernels {
public:
  /// `driver` outlives this, `primary` is current for the life of it. `variants` are counted over
  /// all steps of an entry.
  LoadedKernels(std::shared_ptr<const Program> program, const Driver &driver,
                const DeviceInfo &device, CUctx_st *primary, std::size_t variants,
                KernelSource source);
  LoadedKernels(const LoadedKernels &) = delete;
  LoadedKernels &operator=(const LoadedKernels &) = delete;
  ~LoadedKernels();
  /// Leaves what is loaded to the process before a fork: its handles mean nothing here.
  void abandon() { variants.clear(); }

  /// Those of the context that `stream` belongs to. No lock where they were asked for before.
  Result<ContextKernels *> of(CUstream_st *stream);
  /// Into the slots of `kernels`, whose context is current, those of `wanted` that are not loaded;
  /// all of them are compiled at once. `stream`, unless null, may be capturing, which forbids loading.
  Result<void> load(ContextKernels &kernels, std::span<const NumberedVariant> wanted,
                    CUstream_st *const *stream);

private:
  Result<ContextKernels *> addContext(CUctx_st *context, unsigned long long id);
  using Image = Result<std::shared_ptr<const CompiledKernel>>;
  /// `units`: its translation units, and what became of them.
  Result<const LoadedKernel *> loadVariant(const KernelVariant &variant, std::span<const CudaSource> units,
                                           std::span<const Image> images);
  Result<CUlib_st *> loadImage(const CudaSource &unit, const Image &image);
  Result<LoadedFunction> resolve(const KernelVariant &variant, const KernelLaunch &launch,
                                 CUlib_st *library) const;

  std::shared_ptr<const Program> program;
  const Driver &driver;
  const DeviceInfo &device;
  KernelSource source;
  ContextKernels primary;
  std::atomic<ContextKernels *> others = nullptr; ///< contexts of callers, latest first

  std::mutex loading;
  std::vector<std::unique_ptr<LoadedKernel>> variants;   ///< under `loading`
  std::vector<std::unique_ptr<ContextKernels>> contexts; ///< those of `others`, under `loading`
};

} // namespace scanc::rt

#endif // SCANC_RUNTIME_LAUNCH_LOADEDKERNELS_H
