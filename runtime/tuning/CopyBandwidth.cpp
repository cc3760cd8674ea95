//===- CopyBandwidth.cpp - What a plain copy reaches ----------------------===//
#include "runtime/tuning/CopyBandwidth.h"

#include "runtime/tuning/Sampler.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <new>
#include <thread>

namespace scanc::tuning {

static constexpr int repeats = 7;

Program copyProgram(int vectors) {
  KernelVariant variant;
  variant.name = fmt::format("vectors{}", vectors);
  variant.source = fmt::format("constexpr int vectors = {};\n", vectors) +
                   R"(struct __align__(16) vector { long long x, y; };
struct arguments { const vector *x; vector *y; };
// All that a thread copies is asked for before the first is stored.
extern "C" __global__ void __launch_bounds__(256) copy(arguments a) {
  const long long first = blockIdx.x * (256ll * vectors) + threadIdx.x;
  vector held[vectors];
#pragma unroll
  for (int i = 0; i < vectors; ++i)
    held[i] = a.x[first + i * 256];
#pragma unroll
  for (int i = 0; i < vectors; ++i)
    a.y[first + i * 256] = held[i];
}
)";
  const std::string block = fmt::format("{}", 512 * vectors); // elements
  variant.requires_ = {"address(x) % 16 == 0", "address(y) % 16 == 0", "N % " + block + " == 0"};
  variant.launches = {
      {.entry = "copy", .grid = {"N / " + block, "1", "1"}, .block = {256, 1, 1}}};
  variant.arguments = {"address(x)", "address(y)"};
  Program program;
  program.name = "copy";
  program.strategy = "copy";
  for (bool isInput : {true, false}) {
    Parameter &parameter = program.parameters.emplace_back();
    parameter.name = isInput ? "x" : "y";
    parameter.role = isInput ? Parameter::Role::input : Parameter::Role::output;
    parameter.dtype = Dtype::f64;
    parameter.dims = {"N"};
  }
  program.entries = {{"forward", {KernelStep{{variant}}}}};
  return program;
}

static Result<double> copyOnDevice(std::string_view target) {
  constexpr std::int64_t bytes = std::int64_t(1) << 30;
  std::vector<DeviceMemory> memory;
  std::vector<TensorRef> operands;
  for (int i = 0; i < 2; ++i) {
    Result<DeviceMemory> part = DeviceMemory::allocate(0, bytes);
    if (!part)
      return part.error();
    if (Result<void> filled = part->fill(static_cast<unsigned char>(i)); !filled)
      return filled.error();
    operands.push_back({part->data(), Dtype::f64, {bytes / 8}, {}, DeviceKind::cuda, 0});
    memory.push_back(std::move(*part));
  }
  Result<Sampler> sampler = Sampler::create(target, 0, Sampler::Caches::warm);
  if (!sampler)
    return sampler.error();
  double best = 0;
  for (int vectors : {1, 2, 4, 8}) {
    Result<Kernel> kernel = loadCuda(copyProgram(vectors));
    if (!kernel)
      return kernel.error();
    for (int i = 0; i < repeats; ++i) {
      Result<double> seconds = sampler->sample(*kernel, operands, 1);
      if (!seconds)
        return seconds;
      best = std::max(best, 2.0 * bytes / *seconds);
    }
  }
  return best;
}

/// As many as the kernels of the CPU have.
static std::size_t threadCount() {
  const char *given = std::getenv("SCANC_CPU_THREADS");
  long count = given ? std::strtol(given, nullptr, 10) : 0;
  return count > 0 ? static_cast<std::size_t>(count)
                   : std::max(1u, std::thread::hardware_concurrency());
}

static Result<double> copyOnCpu() {
  constexpr std::size_t bytes = std::size_t(256) << 20; // beyond the caches of most machines
  std::vector<char> from, to;
  try {
    from.assign(bytes, 1);
    to.assign(bytes, 0);
  } catch (const std::bad_alloc &) {
    return makeError("SC8014", ErrorKind::environment, "there is not enough memory",
                     "raise the limit (ulimit -v)");
  }
  const std::size_t threads = threadCount(), part = bytes / threads;
  double best = 0;
  for (int i = 0; i < repeats; ++i) {
    auto begin = std::chrono::steady_clock::now();
    std::vector<std::jthread> workers;
    for (std::size_t t = 0; t < threads; ++t)
      workers.emplace_back([&, at = t * part] { std::memcpy(&to[at], &from[at], part); });
    workers.clear(); // joins them
    std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    best = std::max(best, 2.0 * static_cast<double>(threads * part) / taken.count());
  }
  return best;
}

Result<double> copyBandwidth(std::string_view target) {
  return target == "cpu" ? copyOnCpu() : copyOnDevice(target);
}

} // namespace scanc::tuning
