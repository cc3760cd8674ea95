//===- start.cpp - From a text to a loaded kernel in a fresh process ------===//
//
// scanc-bench-start FILE NAME=SIZE…, all sizes, with the strategy of SCANC_STRATEGY if it
// is set: what a process waits for that compiles a text for the first time in its
// life, in a table in Markdown. Linked with the runtime alone: the compiler is
// opened if it must be, and the last column says whether it was.
//
//   driver    ms until the driver is open and initialised
//   context   ms until there is a context
//   compile   ms of compile(): from the text to a Kernel
//   prepare   ms of Kernel::prepare(): until its machine code is loaded
//   look-up   ns of compile() of the same text, while the kernel lives
//
// The first row is of an empty folder, unless SCANC_CACHE_DIR names another; the next are the
// medians and the worst of 21 processes after it. Driver, context and the memory of
// the operands come before the clock of `compile`. Without a GPU `compile` is compileProgram().
//
//===----------------------------------------------------------------------===//
#include "runtime/launch/Driver.h"
#include "scanc/Compile.h"
#include "scanc/Device.h"
#include "tests/support/LoadedCompiler.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace scanc;

namespace {

using Clock = std::chrono::steady_clock;

double millisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

struct Times {
  enum { driver, context, compile, prepare, lookUp, compiler, count };
  std::array<double, count> values{};
};

/// Tensors of the program's own, whose values nobody reads.
std::vector<TensorRef> operandsOf(const Program &program,
                                  const std::map<std::string, std::int64_t> &sizes,
                                  std::vector<DeviceMemory> &memory) {
  std::vector<TensorRef> tensors;
  for (const Parameter &parameter : program.parameters) {
    TensorRef &tensor = tensors.emplace_back();
    tensor.dtype = parameter.dtype;
    tensor.device = DeviceKind::cuda;
    std::int64_t bytes = sizeOf(tensor.dtype);
    for (const std::string &dim : parameter.dims) {
      auto bound = sizes.find(dim);
      tensor.sizes.push_back(bound == sizes.end() ? std::stoll(dim) : bound->second);
      bytes *= tensor.sizes.back();
    }
    tensor.data = memory.emplace_back(orExit(DeviceMemory::allocate(0, bytes))).data();
  }
  return tensors;
}

Times measure(const std::string &text, const CompileOptions &options) {
  Times times;
  auto start = Clock::now();
  Result<const rt::Driver *> driver = rt::sharedDriver();
  times.values[Times::driver] = millisecondsSince(start);
  if (!driver) {
    start = Clock::now();
    orExit(compileProgram(text, options));
    times.values[Times::compile] = millisecondsSince(start);
    times.values[Times::compiler] = testing_support::hasCompiler();
    return times;
  }
  start = Clock::now();
  rt::DeviceContext context = orExit(rt::DeviceContext::retain(**driver, 0));
  times.values[Times::context] = millisecondsSince(start);
  orExit(DeviceMemory::allocate(0, 1 << 20)); // what the driver makes with the first memory
  start = Clock::now();
  Kernel kernel = orExit(compile(text, options));
  times.values[Times::compile] = millisecondsSince(start);
  std::vector<DeviceMemory> memory;
  std::vector<TensorRef> operands = operandsOf(kernel.program(), options.sizes, memory);
  start = Clock::now();
  orExit(kernel.prepare(operands));
  times.values[Times::prepare] = millisecondsSince(start);
  constexpr int lookUps = 10000;
  start = Clock::now();
  for (int i = 0; i < lookUps; ++i)
    orExit(compile(text, options));
  times.values[Times::lookUp] = millisecondsSince(start) / lookUps * 1e6;
  times.values[Times::compiler] = testing_support::hasCompiler();
  return times;
}

/// The same in a process that is made for it.
Times measureInChild(const std::string &text, const CompileOptions &options) {
  int ends[2];
  Times times;
  bool whole = pipe(ends) == 0;
  if (pid_t child = whole ? fork() : -1; child == 0) {
    times = measure(text, options);
    _exit(write(ends[1], &times, sizeof times) == sizeof times ? 0 : 1);
  } else {
    close(ends[1]);
    whole = read(ends[0], &times, sizeof times) == sizeof times;
    close(ends[0]);
    waitpid(child, nullptr, 0);
  }
  if (!whole) // it has said why
    std::exit(1);
  return times;
}

void print(const char *name, const Times &times) {
  const auto &v = times.values;
  std::printf("| %s | %.1f | %.1f | %.2f | %.2f | %.2f | %.0f | %s |\n", name, v[Times::driver],
              v[Times::context], v[Times::compile], v[Times::prepare],
              v[Times::compile] + v[Times::prepare], v[Times::lookUp],
              v[Times::compiler] > 0 ? "yes" : "no");
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: scanc-bench-start FILE NAME=SIZE…\n");
    return 2;
  }
  std::stringstream text;
  text << std::ifstream(argv[1]).rdbuf();
  CompileOptions options;
  options.filename = std::filesystem::path(argv[1]).filename();
  options.target = "sm_90a";
  if (const char *strategy = std::getenv("SCANC_STRATEGY"))
    options.strategy = strategy;
  for (int i = 2; i < argc; ++i) {
    std::string binding = argv[i];
    std::size_t equals = binding.find('=');
    options.sizes[binding.substr(0, equals)] = std::atoll(binding.c_str() + equals + 1);
  }
  std::string scratch;
  if (!std::getenv("SCANC_CACHE_DIR")) {
    scratch = std::filesystem::temp_directory_path() / "scanc-bench-XXXXXX";
    if (!mkdtemp(scratch.data()))
      return 1;
    options.load.cacheDirectory = scratch;
  }
  std::printf("| %s | driver | context | compile | prepare | both | look-up | compiler |\n"
              "|---|---|---|---|---|---|---|---|\n",
              options.filename.c_str());
  print("first", measureInChild(text.str(), options));
  std::vector<Times> all;
  for (int i = 0; i < 21; ++i)
    all.push_back(measureInChild(text.str(), options));
  Times median, worst;
  for (int value = 0; value < Times::count; ++value) {
    std::sort(all.begin(), all.end(), [&](const Times &one, const Times &other) {
      return one.values[value] < other.values[value];
    });
    median.values[value] = all[all.size() / 2].values[value];
    worst.values[value] = all.back().values[value];
  }
  print("later", median);
  print("worst", worst);
  if (!scratch.empty())
    std::filesystem::remove_all(scratch);
}
