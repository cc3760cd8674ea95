//===- nvrtc/NvrtcApi.h - The functions of NVRTC that scanc calls ---------===//
//
// Own prototypes, so that no CUDA header is needed to build. Tests fill the
// table with functions of their own.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_NVRTC_NVRTCAPI_H
#define SCANC_RUNTIME_NVRTC_NVRTCAPI_H

#include "scanc/Nvrtc.h"

#include <cstddef>
#include <optional>

namespace scanc::rt {

struct NvrtcApi {
  using Program = struct OpaqueNvrtcProgram *;

  // Results of NVRTC that are told apart.
  static constexpr int success = 0;
  static constexpr int invalidOption = 5;
  static constexpr int compilationFailed = 6;
  static constexpr int builtinsFailed = 7;

  const char *(*getErrorString)(int) = nullptr;
  int (*version)(int *major, int *minor) = nullptr;
  int (*getNumSupportedArchs)(int *) = nullptr;
  int (*getSupportedArchs)(int *) = nullptr;
  int (*createProgram)(Program *, const char *source, const char *name, int headers,
                       const char *const *texts, const char *const *names) = nullptr;
  int (*destroyProgram)(Program *) = nullptr;
  int (*compileProgram)(Program, int options, const char *const *) = nullptr;
  int (*getProgramLogSize)(Program, std::size_t *) = nullptr;
  int (*getProgramLog)(Program, char *) = nullptr;
  int (*getPTXSize)(Program, std::size_t *) = nullptr;
  int (*getPTX)(Program, char *) = nullptr;
  int (*getCUBINSize)(Program, std::size_t *) = nullptr;
  int (*getCUBIN)(Program, char *) = nullptr;

  NvrtcInfo info;
};

/// Where NVRTC is looked for. Tests give their own.
struct NvrtcSearch {
  std::string explicitPlace;        ///< SCANC_NVRTC
  std::vector<std::string> folders; ///< in order
  bool loaderPath = true;
};

/// The places that the environment names.
NvrtcSearch nvrtcSearch();
/// The version of the NVRTC that `openNvrtc` would open, as the names of files tell it: a table without functions.
/// Nothing where they do not.
std::optional<NvrtcApi> glimpseNvrtc(const NvrtcSearch &search);
/// Opens the first NVRTC found. The handle is never closed.
Result<NvrtcApi> openNvrtc(const NvrtcSearch &search);
/// The process's NVRTC. A success is kept; a failure is tried again.
Result<const NvrtcApi *> sharedNvrtc();

/// The exact arguments that `source` is compiled with.
std::vector<std::string> nvrtcOptions(const NvrtcApi &nvrtc, const CudaSource &source);
/// Fails (SC5003) where this NVRTC cannot compile for the architecture.
Result<void> checkArchitecture(const NvrtcApi &nvrtc, const std::string &architecture);
Result<CompiledKernel> compileWith(const NvrtcApi &nvrtc, const CudaSource &source);

} // namespace scanc::rt

#endif // SCANC_RUNTIME_NVRTC_NVRTCAPI_H
