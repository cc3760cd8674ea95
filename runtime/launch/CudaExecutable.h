//===- launch/CudaExecutable.h - A program on one CUDA device ---*- C++ -*-===//
//
// On top of a table of driver functions and a source of compiled kernels, so
// that every path, and every failure, runs without a GPU in tests.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_LAUNCH_CUDAEXECUTABLE_H
#define SCANC_RUNTIME_LAUNCH_CUDAEXECUTABLE_H

#include "runtime/launch/LaunchFrames.h"
#include "runtime/launch/LoadedKernels.h"
#include "runtime/launch/WorkspacePools.h"

namespace scanc::rt {

class CudaExecutable final : public Executable {
public:
  /// `driver` and `pools` outlive the executable. A program with workspace has its pool from here
  /// on: a launch may be in the capture of a graph, which making one would break.
  static Result<std::shared_ptr<Executable>> create(std::shared_ptr<const Program> program,
                                                    const Driver &driver, int device,
                                                    KernelSource source, WorkspacePools &pools);
  ~CudaExecutable() override;

  Result<void> prepare(std::span<const TensorRef> operands, const LaunchOptions &options) override;
  /// Of prepared kernels: no lock, and no memory of the host.
  Result<void> launch(std::span<const TensorRef> operands, const LaunchOptions &options) override;
  Result<std::int64_t> workspaceBytes(std::span<const TensorRef> operands) override;
  std::string_view target() const override { return device.architecture; }

private:
  CudaExecutable(std::shared_ptr<const Program> program, const Driver &driver, DeviceInfo device,
                 DeviceContext context, LaunchPlanner planner, KernelSource source,
                 CUmemPoolHandle_st *pool, bool dependentLaunches);

  Result<void> plan(std::span<const TensorRef> operands, LaunchFrame &frame) const;
  std::size_t slotOf(const PlannedKernel &kernel) const {
    return firstSlot[kernel.step] + kernel.variant;
  }
  /// Loads every kernel that `plan` launches. `stream`, unless null, may be capturing.
  Result<void> load(const LaunchPlan &plan, ContextKernels &kernels, CUstream_st *const *stream);
  /// Reads offsets of segments from the device once all work on it is done.
  Result<void> checkOffsets(std::span<const TensorRef> operands, const BoundOperands &bound,
                            CUstream_st *stream) const;
  /// Writes the maps into the words of the kernels.
  Result<void> encodeMaps(LaunchPlan &plan) const;
  Result<void> enqueue(const LaunchPlan &plan, const ContextKernels &kernels, CUstream_st *stream);

  std::shared_ptr<const Program> program;
  const Driver &driver;
  DeviceInfo device;
  DeviceContext context;
  LaunchPlanner planner;
  CUmemPoolHandle_st *pool;           ///< null: the default one
  bool dependentLaunches;             ///< whether device and driver have them
  int forks;                          ///< before it was made: handles do not survive one more
  std::vector<std::size_t> firstSlot; ///< of each step
  LoadedKernels loaded;
  LaunchFrames frames;
};

} // namespace scanc::rt

#endif // SCANC_RUNTIME_LAUNCH_CUDAEXECUTABLE_H
