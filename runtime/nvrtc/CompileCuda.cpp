//===- CompileCuda.cpp - One translation unit through NVRTC ---------------===//
#include "runtime/nvrtc/NvrtcApi.h"

#include "runtime/process/AtOnce.h"
#include "runtime/process/Fork.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace scanc {
namespace rt {
namespace {

/// The number in "sm_90a", and what follows it.
struct Architecture {
  int number = 0;
  std::string_view suffix;
};

std::optional<Architecture> parseArchitecture(std::string_view text) {
  if (!text.starts_with("sm_"))
    return std::nullopt;
  text.remove_prefix(3);
  Architecture result;
  auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), result.number);
  result.suffix = text.substr(end - text.data());
  bool known = result.suffix.empty() || result.suffix == "a" || result.suffix == "f";
  return status == std::errc() && known ? std::optional(result) : std::nullopt;
}

Error unsupported(const NvrtcApi &nvrtc, const std::string &architecture) {
  Error error;
  error.code = "SC5003";
  error.kind = ErrorKind::environment;
  error.message =
      fmt::format("expected an architecture of NVRTC {}.{} (sm_{}), got '{}'", nvrtc.info.major,
                  nvrtc.info.minor, fmt::join(nvrtc.info.architectures, " sm_"), architecture);
  error.help = "choose one of these with --target, or install a newer NVRTC";
  return error;
}

Error callFailed(const NvrtcApi &nvrtc, std::string_view function, std::string_view why) {
  Error error;
  error.code = "SC5005";
  error.kind = ErrorKind::environment;
  error.message = fmt::format("{} of NVRTC {}.{} failed: {}", function, nvrtc.info.major,
                              nvrtc.info.minor, why);
  error.help = "check free memory and the installation of NVRTC with 'scanc doctor'";
  return error;
}

Error callFailed(const NvrtcApi &nvrtc, std::string_view function, int result) {
  const char *why = nvrtc.getErrorString(result);
  return callFailed(nvrtc, function, std::string_view(why ? why : "it gives no reason"));
}

/// NVRTC keeps locks of its own: a child whose parent forked within one would wait for ever.
ForkGate &compiling = *new ForkGate;

/// A program of NVRTC, destroyed at the end of its scope.
class Unit {
public:
  explicit Unit(const NvrtcApi &nvrtc) : nvrtc(nvrtc) { compiling.enter(); }
  Unit(const Unit &) = delete;
  Unit &operator=(const Unit &) = delete;
  ~Unit() {
    if (program)
      nvrtc.destroyProgram(&program);
    compiling.leave();
  }

  Result<void> create(const CudaSource &source) {
    std::vector<const char *> names, texts;
    for (const auto &[name, text] : source.headers) {
      names.push_back(name.c_str());
      texts.push_back(text.c_str());
    }
    int result = nvrtc.createProgram(&program, source.text.c_str(), source.name.c_str(),
                                     static_cast<int>(names.size()), texts.data(), names.data());
    if (result != NvrtcApi::success)
      return callFailed(nvrtc, "nvrtcCreateProgram", result);
    return {};
  }

  int compile(const std::vector<std::string> &options) {
    std::vector<const char *> arguments;
    for (const std::string &option : options)
      arguments.push_back(option.c_str());
    return nvrtc.compileProgram(program, static_cast<int>(arguments.size()), arguments.data());
  }

  using GetSize = int (*)(NvrtcApi::Program, std::size_t *);
  using GetBytes = int (*)(NvrtcApi::Program, char *);
  Result<std::string> read(std::string_view function, GetSize getSize, GetBytes getBytes) const {
    std::size_t size = 0;
    int result = getSize(program, &size);
    std::string bytes(result == NvrtcApi::success ? size : 0, '\0');
    if (result == NvrtcApi::success && size > 0)
      result = getBytes(program, bytes.data());
    if (result != NvrtcApi::success)
      return callFailed(nvrtc, function, result);
    return bytes;
  }
  /// As `read`, for a text: without the 0 that ends it.
  Result<std::string> readText(std::string_view function, GetSize getSize,
                               GetBytes getBytes) const {
    Result<std::string> text = read(function, getSize, getBytes);
    if (text && !text->empty() && text->back() == '\0')
      text->pop_back();
    return text;
  }

private:
  const NvrtcApi &nvrtc;
  NvrtcApi::Program program = nullptr;
};

Error compilationFailed(const CudaSource &source, const std::string &log) {
  Error error;
  error.code = "SC5004";
  error.kind = ErrorKind::internal;
  error.message = fmt::format("the CUDA text generated for '{}' does not compile for {}",
                              source.name, source.architecture);
  error.notes.push_back({log, {}});
  error.help = "this is a fault of scanc: report it with the program and this log";
  return error;
}

} // namespace

std::vector<std::string> nvrtcOptions(const NvrtcApi &nvrtc, const CudaSource &source) {
  std::vector<std::string> options{"-std=c++20", "-default-device",
                                   "--gpu-architecture=" + source.architecture,
                                   "--ptxas-options=-v"};
  // From 12.9 NVRTC has a cache of its own, and a hit in it leaves the log of ptxas empty.
  if (nvrtc.info.major > 12 || (nvrtc.info.major == 12 && nvrtc.info.minor >= 9))
    options.push_back("--no-cache");
  options.insert(options.end(), source.extraOptions.begin(), source.extraOptions.end());
  return options;
}

Result<void> checkArchitecture(const NvrtcApi &nvrtc, const std::string &architecture) {
  auto parsed = parseArchitecture(architecture);
  const std::vector<int> &known = nvrtc.info.architectures;
  // Suffixes begin with Hopper: "a" is one architecture's own features, "f" a family's.
  bool supported = parsed && std::find(known.begin(), known.end(), parsed->number) != known.end() &&
                   (parsed->suffix.empty() || parsed->number >= 90);
  if (!supported)
    return unsupported(nvrtc, architecture);
  return {};
}

Result<CompiledKernel> compileWith(const NvrtcApi &nvrtc, const CudaSource &source) {
  if (Result<void> supported = checkArchitecture(nvrtc, source.architecture); !supported)
    return supported.error();
  Unit unit(nvrtc);
  Result<void> created;
  inTurn([&] { created = unit.create(source); }); // NVRTC holds a lock while it parses: the first is to be first there
  if (!created)
    return created.error();
  int result = unit.compile(nvrtcOptions(nvrtc, source));
  Result<std::string> log =
      unit.readText("nvrtcGetProgramLog", nvrtc.getProgramLogSize, nvrtc.getProgramLog);
  if (result == NvrtcApi::compilationFailed || result == NvrtcApi::invalidOption)
    return compilationFailed(source, log ? *log : log.error().message);
  if (result != NvrtcApi::success) {
    Error error = callFailed(nvrtc, "nvrtcCompileProgram", result);
    if (log && !log->empty())
      error.notes.push_back({*log, {}});
    if (result == NvrtcApi::builtinsFailed) {
      error.code = "SC5006";
      error.help = fmt::format("install libnvrtc-builtins.so.{}.{} in the folder of '{}'",
                               nvrtc.info.major, nvrtc.info.minor, nvrtc.info.path);
    }
    return error;
  }
  if (!log)
    return log.error();

  CompiledKernel kernel;
  Result<std::string> cubin = unit.read("nvrtcGetCUBIN", nvrtc.getCUBINSize, nvrtc.getCUBIN);
  if (!cubin)
    return cubin.error();
  if (cubin->empty())
    return callFailed(nvrtc, "nvrtcGetCUBIN", "it gives no machine code");
  Result<std::string> ptx = unit.readText("nvrtcGetPTX", nvrtc.getPTXSize, nvrtc.getPTX);
  if (!ptx)
    return ptx.error();
  kernel.cubin = std::move(*cubin);
  kernel.ptx = std::move(*ptx);
  kernel.log = std::move(*log);
  kernel.stats = parsePtxasLog(kernel.log);
  return kernel;
}

} // namespace rt

Result<CompiledKernel> compileCuda(const CudaSource &source) {
  Result<const rt::NvrtcApi *> nvrtc = rt::sharedNvrtc();
  if (!nvrtc)
    return nvrtc.error();
  return rt::compileWith(**nvrtc, source);
}

Result<std::string> compileToPtx(const CudaSource &source) {
  Result<CompiledKernel> kernel = compileCuda(source);
  if (!kernel)
    return kernel.error();
  return std::move(kernel->ptx);
}

} // namespace scanc
