//===- scanc/Nvrtc.h - CUDA C++ to machine code, in the process -*- C++ -*-===//
//
// Public and installed. Standard library only: NVRTC is opened at run time.
// Needs no GPU and no driver. Every function may be called from several
// threads at once.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_NVRTC_H
#define SCANC_NVRTC_H

#include "scanc/Result.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace scanc {

/// What ptxas says of one entry function.
struct KernelStats {
  std::string entry;
  std::int64_t registers = 0;         ///< per thread
  std::int64_t stackBytes = 0;        ///< local memory per thread, spills included
  std::int64_t spillStoreBytes = 0;   ///< per thread
  std::int64_t spillLoadBytes = 0;    ///< per thread
  std::int64_t staticSharedBytes = 0; ///< per block
  std::int64_t barriers = 0;
};

struct CompiledKernel {
  std::string cubin;
  std::string ptx;
  std::string log;                ///< of NVRTC and ptxas
  std::vector<KernelStats> stats; ///< in the order of the log
};

/// A translation unit. Headers are found by the names in `headers` and nowhere else.
struct CudaSource {
  std::string name = "kernel.cu"; ///< for the log
  std::string text;
  std::map<std::string, std::string> headers; ///< include name -> text
  std::string architecture = "sm_80";         ///< "sm_90a"
  std::vector<std::string> extraOptions;      ///< after the standard ones, "-lineinfo"
};

struct NvrtcInfo {
  std::string path;         ///< of the library, as the loader knows it
  std::string builtinsPath; ///< empty: left to the loader
  int major = 0;
  int minor = 0;
  std::vector<int> architectures; ///< 75, 80, …
};

/// Finds and opens NVRTC: SCANC_NVRTC (a library or its folder), CUDA_HOME and CUDA_PATH, the wheel
/// folders of the Python on PATH, /usr/local/cuda*, the loader's own path. Fails with SC5001 to
/// SC5003. Once found it stays open for the life of the process.
Result<NvrtcInfo> nvrtcInfo();

/// Compiles to cubin and PTX. Text that does not compile is a fault of scanc (SC5004, internal),
/// with the log as a note.
Result<CompiledKernel> compileCuda(const CudaSource &source);

/// Compiles to PTX alone.
Result<std::string> compileToPtx(const CudaSource &source);

/// A table of `stats`, one line per entry; ends with a newline.
std::string renderStats(const std::vector<KernelStats> &stats);

/// The stats in a log of `--ptxas-options=-v`.
std::vector<KernelStats> parsePtxasLog(std::string_view log);

} // namespace scanc

#endif // SCANC_NVRTC_H
