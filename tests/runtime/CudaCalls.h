//===- CudaCalls.h - Functions of the driver that only tests call ---------===//
//
// Streams, graphs and contexts as a caller makes them, from whatever driver the
// process has: the fake one, or a real one.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_TESTS_RUNTIME_CUDACALLS_H
#define SCANC_TESTS_RUNTIME_CUDACALLS_H

#include "runtime/launch/Driver.h"

#include <dlfcn.h>

#include <functional>
#include <string>

namespace scanc::testing {

struct CudaCalls {
  static constexpr unsigned nonBlocking = 1;
  using Graph = void *;

  int (*ctxCreate)(CUctx_st **, unsigned, int);
  int (*ctxDestroy)(CUctx_st *);
  int (*streamCreate)(CUstream_st **, unsigned);
  int (*streamDestroy)(CUstream_st *);
  int (*streamSynchronize)(CUstream_st *);
  int (*streamBeginCapture)(CUstream_st *, int);
  int (*streamEndCapture)(CUstream_st *, Graph *);
  int (*graphInstantiate)(Graph *, Graph, unsigned long long);
  int (*graphLaunch)(Graph, CUstream_st *);
  int (*graphExecDestroy)(Graph);
  int (*graphDestroy)(Graph);

  CudaCalls() {
    void *library = dlopen("libcuda.so.1", RTLD_NOW);
    auto load = [&](const char *name, auto &function) {
      function =
          reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    };
    load("cuCtxCreate_v2", ctxCreate);
    load("cuCtxDestroy_v2", ctxDestroy);
    load("cuStreamCreate", streamCreate);
    load("cuStreamDestroy_v2", streamDestroy);
    load("cuStreamSynchronize", streamSynchronize);
    load("cuStreamBeginCapture_v2", streamBeginCapture);
    load("cuStreamEndCapture", streamEndCapture);
    load("cuGraphInstantiateWithFlags", graphInstantiate);
    load("cuGraphLaunch", graphLaunch);
    load("cuGraphExecDestroy", graphExecDestroy);
    load("cuGraphDestroy", graphDestroy);
  }
};

/// A stream, with the context that it is of current for its scope: a primary one, or one of its
/// own.
class TestStream {
public:
  TestStream(const CudaCalls &calls, int device, bool ownContext = false)
      : calls(calls), driver(**rt::sharedDriver()) {
    int handle = 0;
    driver.deviceGet(&handle, device);
    if (ownContext) {
      calls.ctxCreate(&context, 0, handle);
      own = true;
    } else {
      driver.primaryCtxRetain(&context, handle);
      driver.ctxPushCurrent(context);
      primary = handle;
    }
    calls.streamCreate(&stream, CudaCalls::nonBlocking);
  }
  TestStream(const TestStream &) = delete;
  TestStream &operator=(const TestStream &) = delete;
  ~TestStream() {
    calls.streamDestroy(stream);
    if (own) {
      calls.ctxDestroy(context);
    } else {
      driver.ctxPopCurrent(&context);
      driver.primaryCtxRelease(primary);
    }
  }
  /// What `body` enqueues, as a graph that can be launched; null where the capture broke.
  CudaCalls::Graph capture(const std::function<void()> &body) const {
    constexpr int global = 0; // of all threads: the strictest
    CudaCalls::Graph graph = nullptr, executable = nullptr;
    calls.streamBeginCapture(stream, global);
    body();
    if (calls.streamEndCapture(stream, &graph) != rt::Driver::success || !graph)
      return nullptr;
    calls.graphInstantiate(&executable, graph, 0);
    calls.graphDestroy(graph);
    return executable;
  }
  operator CUstream_st *() const { return stream; }

private:
  const CudaCalls &calls;
  const rt::Driver &driver;
  CUctx_st *context = nullptr;
  CUstream_st *stream = nullptr;
  int primary = 0;
  bool own = false;
};

} // namespace scanc::testing

#endif // SCANC_TESTS_RUNTIME_CUDACALLS_H
