//===- scanc/Kernel.h - A compiled recurrence, ready to launch --*- C++ -*-===//
//
// Public and installed. No MLIR, LLVM, CUDA or NVRTC type appears here.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_KERNEL_H
#define SCANC_KERNEL_H

#include "scanc/Program.h"
#include "scanc/Result.h"
#include "scanc/Tensor.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>

struct CUstream_st;

namespace scanc {
namespace rt {
class LivingKernels;
}

/// Bytes and how they must lie; given by the caller, or allocated stream-ordered when absent.
struct Workspace {
  void *data = nullptr;
  std::int64_t bytes = 0;
  /// It was zero before its first launch, and serves this kernel at these sizes alone: what launches
  /// leave zero is not cleared before the next one.
  bool kept = false;
};

struct LaunchOptions {
  /// The caller's stream, of whatever context of the device; null is the default stream of the
  /// primary context. CPU: ignored
  CUstream_st *stream = nullptr;
  Workspace workspace;           ///< absent: on `stream`, from a pool that the process keeps
  /// Waits for the device, reads the offsets of packed sequences, and launches nothing where they are
  /// no partition (SC6041). Without it such offsets on a device make wrong results. CPU: always done
  bool checkOffsets = false;
};

/// What `Kernel` is on one kind of device. The runtime implements CUDA, the compiler the CPU.
class Executable {
public:
  virtual ~Executable() = default;
  /// Checks the operands, compiles and loads the variant that they select; launches nothing.
  virtual Result<void> prepare(std::span<const TensorRef> operands, const LaunchOptions &) = 0;
  virtual Result<void> launch(std::span<const TensorRef> operands, const LaunchOptions &) = 0;
  virtual Result<std::int64_t> workspaceBytes(std::span<const TensorRef> operands) = 0;
  /// "cpu", or the architecture, "sm_90a".
  virtual std::string_view target() const = 0;
};

/// A recurrence compiled for one device. Copies share what is loaded, which is released with the
/// last of them. Every member may be called from several threads at once.
class Kernel {
public:
  Kernel(Program program, std::shared_ptr<Executable> executable)
      : shared(std::make_shared<const Program>(std::move(program))),
        executable(std::move(executable)) {}

  /// Compiles, loads and resolves what a launch with these operands needs in the context of
  /// `options.stream`; launches nothing. Such launches then take no lock and allocate nothing on
  /// the host, and may be captured.
  Result<void> prepare(std::span<const TensorRef> operands, const LaunchOptions &options = {}) const {
    return executable->prepare(operands, options);
  }

  /// Enqueues one evaluation on `options.stream` and returns without waiting for it (on the CPU:
  /// when it is done).
  ///
  /// `operands` follow the order of the signature, results last, and must outlive the evaluation.
  /// Their number, types, sizes, strides, alignment and device are checked first: when an error is
  /// returned, nothing has been enqueued.
  Result<void> launch(std::span<const TensorRef> operands, const LaunchOptions &options = {}) const {
    return executable->launch(operands, options);
  }

  /// Bytes of workspace that a launch with these operands takes.
  Result<std::int64_t> workspaceBytes(std::span<const TensorRef> operands) const {
    return executable->workspaceBytes(operands);
  }

  const Program &program() const { return *shared; }
  std::string_view target() const { return executable->target(); }

private:
  friend class rt::LivingKernels;
  Kernel(std::shared_ptr<const Program> program, std::shared_ptr<Executable> executable)
      : shared(std::move(program)), executable(std::move(executable)) {}

  std::shared_ptr<const Program> shared;
  std::shared_ptr<Executable> executable;
};

struct LoadOptions {
  int device = 0;             ///< index of the CUDA device
  std::string cacheDirectory; ///< empty: SCANC_CACHE_DIR, then XDG; "off": memory only
};

/// A kernel that runs `program` on a CUDA device. Fails, with a cure, where there is no driver, no
/// GPU, or no NVRTC and no machine code in the program. NVRTC is opened when a kernel is in neither.
Result<Kernel> loadCuda(Program program, const LoadOptions &options = {});

} // namespace scanc

#endif // SCANC_KERNEL_H
