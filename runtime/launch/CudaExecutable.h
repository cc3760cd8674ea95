//===- launch/CudaExecutable.h - A program on one CUDA device ---*- C++ -*-===//
//
// On top of a table of driver functions and a source of compiled kernels, so
// that every path, and every failure, runs without a GPU in tests.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_LAUNCH_CUDAEXECUTABLE_H
#define SCANC_RUNTIME_LAUNCH_CUDAEXECUTABLE_H

#include "runtime/launch/Driver.h"
#include "runtime/launch/LaunchPlanner.h"
#include "runtime/launch/WorkspacePools.h"
#include "scanc/Nvrtc.h"

#include <atomic>
#include <functional>
#include <mutex>

namespace scanc::rt {

/// Gives compiled kernels. `discard` is called when the driver refuses what `get` gave.
struct KernelSource {
  std::function<Result<std::shared_ptr<const CompiledKernel>>(const CudaSource &)> get;
  std::function<void(const CudaSource &)> discard;
};

class CudaExecutable final : public Executable {
public:
  /// `driver` and `pools` outlive the executable. A program with workspace has its pool from here
  /// on: a launch may be in the capture of a graph, which making one would break.
  static Result<std::shared_ptr<Executable>> create(std::shared_ptr<const Program> program,
                                                    const Driver &driver, int device,
                                                    KernelSource kernels, WorkspacePools &pools);
  ~CudaExecutable() override;

  Result<void> prepare(std::span<const TensorRef> operands) override;
  Result<void> launch(std::span<const TensorRef> operands, const LaunchOptions &options) override;
  Result<std::int64_t> workspaceBytes(std::span<const TensorRef> operands) override;
  std::string_view target() const override { return device.architecture; }

private:
  struct LoadedKernel {
    CUlib_st *library = nullptr;
    CUfunc_st *function = nullptr;
    std::int64_t maxDynamicShared = 0;
  };
  /// What a launch does, and the facts that its words are made of.
  struct Planned {
    BoundOperands bound;
    LaunchPlan plan;
  };

  CudaExecutable(std::shared_ptr<const Program> program, const Driver &driver, DeviceInfo device,
                 DeviceContext context, LaunchPlanner planner, KernelSource kernels,
                 CUmemPoolHandle_st *pool);

  Result<Planned> plan(std::span<const TensorRef> operands) const;
  std::atomic<const LoadedKernel *> &slotOf(const PlannedKernel &kernel) {
    return slots[firstSlot[kernel.step] + kernel.variant];
  }
  /// Loads every kernel that `plan` launches. `stream` may be capturing, which forbids loading.
  Result<void> load(const LaunchPlan &plan, CUstream_st *const *stream);
  Result<const LoadedKernel *> loadVariant(const KernelVariant &variant);
  Result<void> resolve(const KernelVariant &variant, LoadedKernel &loaded) const;
  /// Reads offsets of segments from the device once all work on it is done.
  Result<void> checkOffsets(std::span<const TensorRef> operands, const BoundOperands &bound) const;
  Result<void> enqueue(const LaunchPlan &plan, CUstream_st *stream);

  std::shared_ptr<const Program> program;
  const Driver &driver;
  DeviceInfo device;
  DeviceContext context;
  LaunchPlanner planner;
  KernelSource kernels;
  CUmemPoolHandle_st *pool; ///< null: the default one
  int process;              ///< that made it: handles of the driver do not survive a fork

  std::mutex loading;
  std::vector<std::unique_ptr<LoadedKernel>> loadedKernels; ///< under `loading`
  std::vector<std::size_t> firstSlot;                       ///< of each step
  std::vector<std::atomic<const LoadedKernel *>> slots;     ///< one per variant
};

} // namespace scanc::rt

#endif // SCANC_RUNTIME_LAUNCH_CUDAEXECUTABLE_H
