//===- stress.cpp - A look-back under delays, bit for bit -----------------===//
//
// scanc-stress-gpu: launches a program again and again while blocks wait at random
// before they take a tile, tell of it or look for others, and compares every result
// bitwise with that of a launch without delays. The delays are written into the text
// of the device library that the program brings; the product has none.
//
//===----------------------------------------------------------------------===//
#include "scanc/Device.h"
#include "scanc/Kernel.h"
#include "scanc/LaunchPlan.h"
#include "scanc/Nvrtc.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>

using namespace scanc;

namespace {

/// A warp in eight waits, for up to `cycles`.
std::string staggerText(const std::string &cycles) {
  return "static __device__ __forceinline__ void stagger() {\n"
         "  uint32_t draw = clock() + 0x9e3779b9u * (blockIdx.x * 32 + threadIdx.x / 32);\n"
         "  draw = (draw ^ draw >> 15) * 0x85ebca6bu;\n"
         "  draw = (draw ^ draw >> 13) * 0xc2b2ae35u;\n"
         "  if (draw >> 29 == 0)\n"
         "    for (long long end = clock64() + (draw & 0xffffff) % " +
         cycles + "; clock64() < end;)\n      ;\n}\n\n";
}

/// `program` with delays at every access of one block to what others tell.
Program staggered(Program program, const std::string &cycles) {
  std::string &text = program.headers.at("scanc/core/hardware.cuh");
  auto insert = [&](const std::string &after, const std::string &more) {
    std::size_t at = text.find(after);
    if (at == text.npos) {
      std::fprintf(stderr, "hardware.cuh: no '%s' to delay\n", after.c_str());
      std::exit(1);
    }
    text.insert(at + after.size(), more);
  };
  insert("namespace scanc::device {\n\n", staggerText(cycles));
  for (const char *head : {"store_relaxed(T *to, T value) {\n", "load_relaxed(const T *from) {\n",
                           "add_relaxed(uint32_t *address, uint32_t value) {\n"})
    insert(head, "  stagger();\n");
  return program;
}

struct Operands {
  std::vector<DeviceMemory> memories;
  std::vector<TensorRef> views;
  std::vector<std::size_t> results; ///< positions
};

Operands makeOperands(const Program &program, const std::map<std::string, std::int64_t> &sizes) {
  Operands operands;
  std::mt19937_64 random(1);
  for (const Parameter &parameter : program.parameters) {
    TensorRef view{nullptr, parameter.dtype, {}, {}, DeviceKind::cuda, 0};
    std::int64_t count = 1;
    for (const std::string &dim : parameter.dims) {
      auto bound = program.boundSizes.find(dim);
      view.sizes.push_back(bound != program.boundSizes.end() ? bound->second
                           : sizes.contains(dim)             ? sizes.at(dim)
                                                             : std::stoll(dim));
      count *= view.sizes.back();
    }
    std::int64_t bytes = sizeOf(parameter.dtype);
    operands.memories.push_back(orExit(DeviceMemory::allocate(0, count * bytes)));
    view.data = operands.memories.back().data();
    if (parameter.role == Parameter::Role::output) {
      operands.results.push_back(operands.views.size());
    } else {
      std::vector<char> values(count * bytes);
      std::uniform_real_distribution<double> uniform(-1, 1);
      for (std::int64_t i = 0; i < count; ++i)
        storeElement(values.data() + i * bytes, parameter.dtype, uniform(random));
      orExit(operands.memories.back().copyFrom(values.data()));
    }
    operands.views.push_back(view);
  }
  return operands;
}

/// What a launch into poisoned results leaves there.
void launchInto(std::vector<std::vector<char>> &found, const Kernel &kernel, Operands &operands) {
  for (std::size_t at : operands.results)
    orExit(operands.memories[at].fill(0xff));
  orExit(kernel.launch(operands.views));
  found.resize(operands.results.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    found[i].resize(operands.memories[operands.results[i]].bytes());
    orExit(operands.memories[operands.results[i]].copyTo(found[i].data()));
  }
}

/// That the delays still fit the text of the device library.
void compileOnly(const Program &program) {
  for (const KernelVariant &variant : std::get<KernelStep>(program.entries[0].steps[0]).variants) {
    CudaSource source;
    source.text = variant.source;
    source.headers = program.headers;
    source.architecture = "sm_90a";
    auto compiled = compileCuda(source);
    if (!compiled && compiled.error().kind == ErrorKind::environment)
      return;
    orExit(std::move(compiled));
  }
}

} // namespace

/// scanc-stress-gpu BUNDLE LAUNCHES CYCLES NAME=SIZE…; no launches: the delayed kernels are compiled.
int main(int argc, char **argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: scanc-stress-gpu BUNDLE LAUNCHES CYCLES NAME=SIZE…\n");
    return 2;
  }
  std::ifstream stream(argv[1]);
  std::stringstream text;
  text << stream.rdbuf();
  Program program = orExit(fromBundle(text.str()));
  long launches = std::atol(argv[2]);
  std::map<std::string, std::int64_t> sizes;
  for (int i = 4; i < argc; ++i) {
    std::string binding = argv[i];
    std::size_t equals = binding.find('=');
    sizes[binding.substr(0, equals)] = std::atoll(binding.c_str() + equals + 1);
  }
  Program delayed = staggered(program, argv[3]);
  if (launches == 0) {
    compileOnly(delayed);
    return 0;
  }
  LoadOptions load;
  load.cacheDirectory = "off";
  Operands operands = makeOperands(program, sizes);
  Kernel plain = orExit(loadCuda(program, load)), slow = orExit(loadCuda(delayed, load));
  auto plan = orExit(planLaunch(program, operands.views));
  std::vector<std::vector<char>> expected, found;
  launchInto(expected, plain, operands);
  for (long i = 0; i < launches; ++i) {
    launchInto(found, slow, operands);
    for (std::size_t k = 0; k < found.size(); ++k)
      if (found[k] != expected[k]) {
        auto differs = std::mismatch(found[k].begin(), found[k].end(), expected[k].begin());
        std::printf("WRONG: launch %ld, result %zu differs from byte %td on\n", i, k,
                    differs.first - found[k].begin());
        return 1;
      }
    if ((i + 1) % 10000 == 0) {
      std::printf("%ld launches of %lld blocks, all alike\n", i + 1,
                  static_cast<long long>(plan.kernels[0].grid[0]));
      std::fflush(stdout);
    }
  }
}
