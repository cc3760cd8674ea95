//===- graph.cpp - Launches recorded once, replayed without the host ------===//
#include "bench/graph.h"

#include "scanc/Device.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace {

struct CUgraph_st;
struct CUgraphExec_st;
struct CUctx_st;

/// Calls a function of the driver by its name; its failure ends the program.
template <typename... Arguments>
void driver(const char *name, Arguments... arguments) {
  static void *const library = dlopen("libcuda.so.1", RTLD_NOW);
  auto function = library ? reinterpret_cast<int (*)(Arguments...)>(dlsym(library, name)) : nullptr;
  int result = function ? function(arguments...) : -1;
  if (result != 0) {
    std::fprintf(stderr, "%s: %d\n", name, result);
    std::exit(1);
  }
}

} // namespace

double timeInGraph(const scanc::Kernel &kernel, const std::vector<scanc::TensorRef> &operands) {
  constexpr int launches = 200, replays = 30;
  constexpr unsigned nonBlocking = 1;
  constexpr int relaxed = 2; // capture beside what other threads do
  CUctx_st *context = nullptr;
  driver("cuDevicePrimaryCtxRetain", &context, 0);
  driver("cuCtxPushCurrent_v2", context);
  CUstream_st *stream = nullptr;
  driver("cuStreamCreate", &stream, nonBlocking);
  scanc::orExit(kernel.prepare(operands)); // what is loaded is not recorded
  scanc::LaunchOptions options;
  options.stream = stream;
  driver("cuStreamBeginCapture_v2", stream, relaxed);
  for (int i = 0; i < launches; ++i)
    scanc::orExit(kernel.launch(operands, options));
  CUgraph_st *graph = nullptr;
  driver("cuStreamEndCapture", stream, &graph);
  CUgraphExec_st *ready = nullptr;
  driver("cuGraphInstantiateWithFlags", &ready, graph, 0ull);
  scanc::Stopwatch watch = scanc::orExit(scanc::Stopwatch::create(0));
  std::vector<double> times;
  for (int i = 0; i < replays + 3; ++i) {
    scanc::orExit(watch.start(stream));
    driver("cuGraphLaunch", ready, stream);
    scanc::orExit(watch.stop(stream));
    times.push_back(scanc::orExit(watch.seconds()) / launches);
  }
  times.erase(times.begin(), times.begin() + 3);
  driver("cuGraphExecDestroy", ready);
  driver("cuGraphDestroy", graph);
  driver("cuStreamDestroy_v2", stream);
  driver("cuCtxPopCurrent_v2", &context);
  driver("cuDevicePrimaryCtxRelease_v2", 0);
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}
