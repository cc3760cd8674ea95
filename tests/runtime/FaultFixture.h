//===- FaultFixture.h - The whole runtime on fake libraries ---------------===//
//
// The driver is opened once in a process and does not survive a fork, so each
// case runs in a child of a process that never uses it: a crash, an abort or a
// hang of one is a failure of that one.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_TESTS_RUNTIME_FAULTFIXTURE_H
#define SCANC_TESTS_RUNTIME_FAULTFIXTURE_H

#include "Sample.h"
#include "fakes/FakeCuda.h"
#include "fakes/FakeNvrtc.h"
#include "scanc/Device.h"
#include "scanc/Kernel.h"
#include "scanc/Nvrtc.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <functional>
#include <optional>

namespace scanc::testing {

/// Runs `body` in a child. Returns what it returns, or how the child ended: "" is well.
inline std::string inChild(const std::function<std::string()> &body) {
  int ends[2];
  if (pipe(ends) != 0)
    return "no pipe";
  pid_t child = fork();
  if (child == 0) {
    alarm(30);
    std::string text = body();
    bool whole = write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size());
    _exit(whole ? 0 : 1);
  }
  close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, got);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status))
    text += std::string("ended by ") + strsignal(WTERMSIG(status));
  else if (WEXITSTATUS(status) != 0)
    text += "ended with " + std::to_string(WEXITSTATUS(status));
  return text;
}

/// The sample with all that reaches the driver: workspace that is zeroed, shared memory, a large
/// cluster, offsets that may be checked.
inline Program fullProgram() {
  Program program = workspaceProgram();
  program.workspace[1].zeroed = true;
  Parameter offsets = program.parameters[1];
  offsets.name = "cu";
  offsets.dtype = Dtype::i32;
  offsets.dims = {"S+1"};
  offsets.cuts = "T";
  program.parameters.push_back(std::move(offsets));
  std::string &header = program.headers["scanc/scale.cuh"];
  header.insert(header.find(" };"), " char *carry, *flags;");
  header.insert(header.find("  if (i >= "), "  if (i < a.B) a.carry[i] = a.flags[i] = 1;\n");
  for (Step &step : program.entries[0].steps)
    for (KernelVariant &variant : std::get<KernelStep>(step).variants) {
      variant.source += "// words: 15\n";
      variant.launches[0].sharedBytes = "1024";
      variant.launches[0].cluster = {16, 1, 1};
      variant.launches[0].grid[0] = "16";
      variant.launches.push_back(variant.launches[0]); // the same numbers once more
    }
  return program;
}

/// Operands of `fullProgram` on a device, and the values that a launch must give.
class FullOperands {
public:
  static constexpr std::int64_t batch = 2, steps = 3, count = batch * steps * 4;

  Result<void> make(int device) {
    std::int32_t offsets[] = {0, 1, steps};
    const float weights[] = {1, 2, 3, 4};
    std::vector<float> values(count);
    for (std::int64_t i = 0; i < count; ++i)
      values[i] = static_cast<float>(i + 1);
    const std::pair<const void *, std::int64_t> hosts[] = {
        {values.data(), count * 4}, {weights, 16}, {nullptr, count * 4}, {offsets, 12}};
    for (auto [host, bytes] : hosts) {
      Result<DeviceMemory> allocated = DeviceMemory::allocate(device, bytes);
      if (!allocated)
        return allocated.error();
      memory.push_back(std::move(*allocated));
      Result<void> filled = host ? memory.back().copyFrom(host) : memory.back().fill(0xFF);
      if (!filled)
        return filled;
    }
    list = {{memory[0].data(), Dtype::f32, {batch, steps, 4}, {}, DeviceKind::cuda, device},
            {memory[1].data(), Dtype::f32, {4}, {}, DeviceKind::cuda, device},
            {memory[2].data(), Dtype::f32, {batch, steps, 4}, {}, DeviceKind::cuda, device},
            {memory[3].data(), Dtype::i32, {3}, {}, DeviceKind::cuda, device}};
    return {};
  }
  /// Reads the result and compares it. A wrong value is an error of kind mismatch.
  Result<void> check() const {
    std::vector<float> result(count);
    if (Result<void> copied = memory[2].copyTo(result.data()); !copied)
      return copied;
    for (std::int64_t i = 0; i < count; ++i)
      if (result[i] != static_cast<float>((i + 1) * (i % 4 + 1)))
        return makeError("wrong", ErrorKind::mismatch,
                         "element " + std::to_string(i) + " is " + std::to_string(result[i]), "");
    return {};
  }

  std::vector<TensorRef> list;
  std::vector<DeviceMemory> memory;
};

class FaultFixture : public ::testing::Test {
protected:
  FaultFixture() {
    if (std::getenv("SCANC_REAL_DRIVER"))
      return;
    place.emplace("SCANC_NVRTC", SCANC_FAKE_NVRTC);
    // Found by their names when the runtime opens them.
    void *library = dlopen(SCANC_FAKE_CUDA, RTLD_NOW);
    cuda = reinterpret_cast<FakeCuda *(*)()>(dlsym(library, "scancFakeCuda"))();
    library = dlopen(SCANC_FAKE_NVRTC, RTLD_NOW);
    nvrtc = reinterpret_cast<FakeNvrtc *(*)()>(dlsym(library, "scancFakeNvrtc"))();
  }
  /// All that the runtime asks of the driver and of NVRTC, on device 0; its first error.
  Result<void> useEverything(const std::string &cache = "off") {
    if (Result<int> version = driverVersion(); !version)
      return version.error();
    if (Result<std::vector<DeviceInfo>> devices = enumerateDevices(); !devices)
      return devices.error();
    if (Result<NvrtcInfo> info = nvrtcInfo(); !info)
      return info.error();
    Result<Kernel> kernel = loadCuda(fullProgram(), {0, cache});
    if (!kernel)
      return kernel.error();
    FullOperands operands;
    if (Result<void> made = operands.make(0); !made)
      return made;
    if (Result<std::int64_t> bytes = kernel->workspaceBytes(operands.list); !bytes)
      return bytes.error();
    if (Result<void> prepared = kernel->prepare(operands.list); !prepared)
      return prepared;
    Result<Stopwatch> watch = Stopwatch::create(0);
    if (!watch)
      return watch.error();
    if (Result<void> started = watch->start(); !started)
      return started;
    LaunchOptions options;
    options.checkOffsets = true;
    if (Result<void> launched = kernel->launch(operands.list, options); !launched)
      return launched;
    if (Result<void> launched = kernel->launch(operands.list); !launched)
      return launched;
    if (Result<void> stopped = watch->stop(); !stopped)
      return stopped;
    if (Result<double> seconds = watch->seconds(); !seconds)
      return seconds.error();
    if (Result<void> waited = synchronize(0); !waited)
      return waited;
    return operands.check();
  }
  Faults &faultsOf(const std::string &function) {
    return function.starts_with("nvrtc") ? nvrtc->faults : cuda->faults;
  }
  /// What is taken and not given back, of what nobody owns, and misuses of handles. "" if nothing.
  std::string unbalanced() const {
    if (!cuda)
      return "";
    std::string text;
    auto expect = [&](const char *what, int count, int most) {
      if (count < 0 || count > most)
        text += std::to_string(count) + " " + what + "; ";
    };
    expect("primary contexts", cuda->retained, ownedContexts);
    expect("pools", cuda->pools, ownedPools);
    expect("contexts on a stack", cuda->pushed, 0);
    expect("libraries", cuda->libraries, 0);
    expect("allocations", cuda->allocations, 0);
    expect("events", cuda->events, 0);
    expect("programs of NVRTC", nvrtc->live, 0);
    expect("misuses", cuda->misuses, 0);
    return text;
  }

  FakeCuda *cuda = nullptr; ///< null with SCANC_REAL_DRIVER, for the tests that also run on a GPU
  FakeNvrtc *nvrtc = nullptr;
  int ownedContexts = 1, ownedPools = 1; ///< that the process keeps: one for each device
  ScratchFolder folder;
  std::optional<ScopedVariable> place;
};

} // namespace scanc::testing

#endif // SCANC_TESTS_RUNTIME_FAULTFIXTURE_H
