//===- CaptureTest.cpp - Graphs, streams and contexts of the caller -------===//
//
// On the fake driver, or with SCANC_REAL_DRIVER=1 on a GPU.
//
//===----------------------------------------------------------------------===//
#include "CudaCalls.h"
#include "FaultFixture.h"

#include <cstring>
#include <optional>
#include <thread>

namespace scanc {
namespace {

using testing::CudaCalls;
using testing::FullOperands;
using testing::fullProgram;
using testing::inChild;
using testing::TestStream;

/// The same operands in memory of the current context, which no other one can reach.
class ContextOperands {
public:
  explicit ContextOperands(FullOperands &of) : driver(**rt::sharedDriver()), of(of), list(of.list) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      std::vector<char> host(of.memory[i].bytes());
      rt::Driver::Address address = 0;
      failed |= !of.memory[i].copyTo(host.data());
      failed |= driver.memAlloc(&address, host.size()) != rt::Driver::success;
      failed |= driver.memcpyHtoD(address, host.data(), host.size()) != rt::Driver::success;
      list[i].data = reinterpret_cast<void *>(address);
    }
  }
  ContextOperands(const ContextOperands &) = delete;
  ContextOperands &operator=(const ContextOperands &) = delete;
  ~ContextOperands() {
    for (const TensorRef &tensor : list)
      driver.memFree(reinterpret_cast<rt::Driver::Address>(tensor.data));
  }
  Result<void> check() const {
    std::vector<char> host(of.memory[2].bytes());
    if (failed ||
        driver.memcpyDtoH(host.data(), reinterpret_cast<rt::Driver::Address>(list[2].data),
                          host.size()) != rt::Driver::success)
      return makeError("no memory", ErrorKind::environment, "of the context", "");
    if (Result<void> copied = of.memory[2].copyFrom(host.data()); !copied)
      return copied;
    return of.check();
  }

private:
  const rt::Driver &driver;
  FullOperands &of;
  bool failed = false;

public:
  std::vector<TensorRef> list;
};

class CaptureTest : public testing::FaultFixture {
protected:
  /// In a child, with a kernel and operands on device 0.
  std::string
  on(const std::function<std::string(Kernel &, FullOperands &, const CudaCalls &)> &body) {
    return inChild([&]() -> std::string {
      std::string text;
      {
        Result<Kernel> kernel = loadCuda(fullProgram(), {0, folder.path()});
        if (!kernel)
          return render(kernel.error());
        FullOperands operands;
        if (Result<void> made = operands.make(0); !made)
          return render(made.error());
        text = body(*kernel, operands, CudaCalls());
      }
      return text + unbalanced();
    });
  }
  static LaunchOptions onStream(CUstream_st *stream) {
    LaunchOptions options;
    options.stream = stream;
    return options;
  }
  static std::string codeOf(const Result<void> &result) {
    return result ? "" : result.error().code + " ";
  }
  static std::string textOf(const Result<void> &result) {
    return result ? "" : render(result.error());
  }
};

TEST_F(CaptureTest, a_hundred_replays_of_a_prepared_launch) {
  EXPECT_EQ(on([&](Kernel &kernel, FullOperands &operands, const CudaCalls &calls) {
              TestStream stream(calls, 0);
              LaunchOptions options = onStream(stream);
              std::string text = textOf(kernel.prepare(operands.list, options));
              auto graph =
                  stream.capture([&] { text += textOf(kernel.launch(operands.list, options)); });
              if (!graph)
                return text + "the capture broke";
              for (int replay = 0; replay < 100 && text.empty(); ++replay) {
                text += textOf(operands.memory[2].fill(0xFF));
                text += calls.graphLaunch(graph, stream) ? "replay failed" : "";
                text += calls.streamSynchronize(stream) ? "replay failed" : "";
                text += textOf(operands.check());
              }
              calls.graphExecDestroy(graph);
              return text;
            }),
            "");
}

TEST_F(CaptureTest, sc6037_an_unprepared_launch_leaves_the_capture_valid) {
  EXPECT_EQ(on([&](Kernel &kernel, FullOperands &operands, const CudaCalls &calls) {
              TestStream stream(calls, 0);
              LaunchOptions options = onStream(stream);
              Result<Kernel> other = loadCuda(fullProgram(), {0, folder.path()});
              std::string text = textOf(kernel.prepare(operands.list, options));
              auto graph = stream.capture([&] {
                text += codeOf(other->launch(operands.list, options));
                text += textOf(kernel.launch(operands.list, options));
              });
              if (!graph)
                return text + "the capture broke";
              text += calls.graphLaunch(graph, stream) ? "replay failed" : "";
              text += calls.streamSynchronize(stream) ? "replay failed" : "";
              calls.graphExecDestroy(graph);
              return text + textOf(operands.check());
            }),
            "SC6037 ");
}

TEST_F(CaptureTest, kernels_and_tensors_made_and_freed_beside_a_capture_broke_it) {
  // In the thread that captures, and in another one.
  for (const char *what : {"load", "load and unload", "allocate", "allocate and free"})
    for (bool sameThread : {true, false})
      EXPECT_EQ(on([&](Kernel &kernel, FullOperands &operands, const CudaCalls &calls) {
                  TestStream stream(calls, 0);
                  LaunchOptions options = onStream(stream);
                  std::string text = textOf(kernel.prepare(operands.list, options));
                  std::optional<Kernel> other;
                  std::optional<DeviceMemory> memory;
                  auto make = [&] {
                    if (*what == 'l') {
                      Result<Kernel> loaded = loadCuda(fullProgram(), {0, folder.path()});
                      text += loaded ? textOf(loaded->prepare(operands.list)) : "not loaded";
                      other = *loaded;
                    } else {
                      Result<DeviceMemory> allocated = DeviceMemory::allocate(0, 4096);
                      text += allocated ? "" : render(allocated.error());
                      memory = std::move(*allocated);
                    }
                    if (std::strstr(what, "and"))
                      other.reset(), memory.reset();
                  };
                  auto graph = stream.capture([&] {
                    if (sameThread)
                      make();
                    else
                      std::thread(make).join();
                    text += textOf(kernel.launch(operands.list, options));
                  });
                  if (!graph)
                    return text + "the capture broke";
                  calls.graphExecDestroy(graph);
                  return text;
                }),
                "")
          << what << (sameThread ? "" : " in another thread");
}

TEST_F(CaptureTest, sc6043_reading_offsets_broke_the_capture) {
  EXPECT_EQ(on([&](Kernel &kernel, FullOperands &operands, const CudaCalls &calls) {
              TestStream stream(calls, 0);
              LaunchOptions options = onStream(stream), checked = options;
              checked.checkOffsets = true;
              std::string text = textOf(kernel.prepare(operands.list, options));
              auto graph = stream.capture([&] {
                text += codeOf(kernel.launch(operands.list, checked));
                text += textOf(kernel.launch(operands.list, options));
              });
              if (!graph)
                return text + "the capture broke";
              calls.graphExecDestroy(graph);
              return text;
            }),
            "SC6043 ");
}

TEST_F(CaptureTest, sc6043_the_default_stream_while_another_one_captures) {
  EXPECT_EQ(on([&](Kernel &kernel, FullOperands &operands, const CudaCalls &calls) {
              if (!cuda) // a real driver allows it beside a stream that does not block
                return std::string("SC6043 ");
              TestStream stream(calls, 0);
              std::string text = textOf(kernel.prepare(operands.list));
              auto graph = stream.capture([&] { text += codeOf(kernel.launch(operands.list)); });
              return text + (graph ? "captured" : "");
            }),
            "SC6043 ");
}

TEST_F(CaptureTest, streams_of_the_callers_own_context_were_refused_by_the_driver) {
  EXPECT_EQ(
      on([&](Kernel &kernel, FullOperands &operands, const CudaCalls &calls) {
        std::string text = textOf(kernel.launch(operands.list));
        for (int round = 0; round < 2; ++round) { // the second may have the first one's address
          TestStream stream(calls, 0, true);
          ContextOperands own(operands);
          for (int launch = 0; launch < 2; ++launch) {
            text += textOf(kernel.launch(own.list, onStream(stream)));
            text += calls.streamSynchronize(stream) ? "launch failed" : "";
            text += textOf(own.check());
          }
          auto graph =
              stream.capture([&] { text += textOf(kernel.launch(own.list, onStream(stream))); });
          text += graph ? "" : "the capture broke";
          calls.graphExecDestroy(graph);
        }
        return text + textOf(kernel.launch(operands.list)) + textOf(synchronize(0));
      }),
      "");
}

TEST_F(CaptureTest, sc6037_prepared_in_another_context) {
  EXPECT_EQ(on([&](Kernel &kernel, FullOperands &operands, const CudaCalls &calls) {
              std::string text = textOf(kernel.prepare(operands.list));
              TestStream stream(calls, 0, true);
              ContextOperands own(operands);
              LaunchOptions options = onStream(stream);
              auto graph =
                  stream.capture([&] { text += codeOf(kernel.launch(own.list, options)); });
              text += graph ? "" : "the capture broke";
              calls.graphExecDestroy(graph);
              text += textOf(kernel.prepare(own.list, options));
              graph = stream.capture([&] { text += textOf(kernel.launch(own.list, options)); });
              text += graph ? "" : "the capture broke";
              calls.graphExecDestroy(graph);
              return text;
            }),
            "SC6037 ");
}

TEST_F(CaptureTest, sc6044_a_stream_of_another_device) {
  ownedContexts = 2;
  EXPECT_EQ(on([&](Kernel &kernel, FullOperands &operands, const CudaCalls &calls) {
              if (enumerateDevices()->size() < 2)
                return std::string("SC6044 SC6044 ");
              std::string text;
              for (bool own : {false, true}) {
                TestStream other(calls, 1, own);
                text += codeOf(kernel.launch(operands.list, onStream(other)));
              }
              return text;
            }),
            "SC6044 SC6044 ");
}

TEST_F(CaptureTest, sc6042_a_kernel_that_fails_is_named_with_its_key) {
  std::string text = inChild([&]() -> std::string {
    Program program = fullProgram();
    auto &step = std::get<KernelStep>(program.entries[0].steps[0]);
    step.variants[0].source = "#include \"scanc/scale.cuh\"\n"
                              "extern \"C\" __global__ void scale(arguments a) {\n"
                              "  *(volatile int *)nullptr = 1; // faults\n"
                              "}\n"
                              "// words: 15\n";
    Result<Kernel> kernel = loadCuda(program, {0, folder.path()});
    FullOperands operands;
    Result<void> made = operands.make(0);
    Result<void> launched = kernel->launch(operands.list);
    Result<void> waited = synchronize(0);
    return textOf(made) + textOf(waited) + (launched ? "launched" : textOf(launched));
  });
  EXPECT_NE(text.find("SC6042"), std::string::npos) << text;
  EXPECT_NE(text.find("CUDA_ERROR_ILLEGAL_ADDRESS (700)"), std::string::npos) << text;
  std::size_t at =
      text.find("launched before, latest first: 'scale', variant dense, kernel scale, on cuda:0, key ");
  ASSERT_NE(at, std::string::npos) << text;
  std::string key = text.substr(text.find("key ", at) + 4, 32);
  EXPECT_TRUE(std::filesystem::exists(folder / key + ".kernel")) << text;
}

} // namespace
} // namespace scanc
