//===- ForkTest.cpp - What works on which side of a fork ------------------===//
#include "FaultFixture.h"

#include "runtime/cache/KernelCache.h"
#include "scanc/Compile.h"
#include "scanc/Doctor.h"

#include <thread>

namespace scanc {
namespace {

using testing::FullOperands;
using testing::fullProgram;
using testing::inChild;
using testing::sampleProgram;

class ForkTest : public testing::FaultFixture {
protected:
  static int callsOf(const std::map<std::string, int> &counts) {
    int sum = 0;
    for (const auto &[name, count] : counts)
      sum += count;
    return sum;
  }
  /// Compiles without a GPU.
  static std::string compileOne(const std::string &name) {
    CudaSource source;
    source.name = name;
    source.text = "extern \"C\" __global__ void f() {}";
    source.architecture = "sm_80";
    Result<CompiledKernel> kernel = compileCuda(source);
    return kernel ? "" : render(kernel.error());
  }
};

TEST_F(ForkTest, sc6038_the_driver_was_used_before_the_fork) {
  EXPECT_EQ(inChild([&] {
              Result<Kernel> kernel = loadCuda(fullProgram(), {0, folder.path()});
              FullOperands operands;
              std::string text =
                  operands.make(0) && kernel->launch(operands.list) ? "" : "not launched; ";
              text += inChild([&] {
                std::string faults;
                int calls = callsOf(cuda->faults.calls());
                auto expectRefused = [&](const char *what, auto result) {
                  if (result || result.error().code != "SC6038" ||
                      result.error().help.find("use spawn, or fork before the first use") ==
                          std::string::npos)
                    faults += std::string(what) + " was not refused; ";
                };
                expectRefused("loading", loadCuda(sampleProgram(), {0, folder.path()}));
                expectRefused("launching", kernel->launch(operands.list));
                expectRefused("preparing", kernel->prepare(operands.list));
                expectRefused("allocating", DeviceMemory::allocate(0, 16));
                expectRefused("copying", operands.memory[0].fill(0));
                expectRefused("the list of devices", enumerateDevices());
                expectRefused("a compile for the machine's own device", compile("", {}));
                if (doctor().find("SC6038") == std::string::npos)
                  faults += "the doctor does not know; ";
                faults += compileOne("in a child");
                { // what the parent owns is left to it
                  Kernel last = std::move(*kernel);
                  operands.memory.clear();
                }
                if (callsOf(cuda->faults.calls()) != calls)
                  faults += "the driver was called; ";
                return faults;
              });
              // The parent goes on.
              text +=
                  kernel->launch(operands.list) && operands.check() ? "" : "the parent is broken; ";
              return text;
            }),
            "");
}

TEST_F(ForkTest, a_fork_before_the_first_use) {
  EXPECT_EQ(inChild([&] {
              std::string text = compileOne("before"); // NVRTC is no driver
              auto use = [&] {
                Result<void> used = useEverything(folder.path());
                return used ? unbalanced() : render(used.error());
              };
              text += inChild(use);
              return text + use();
            }),
            "");
}

TEST_F(ForkTest, a_fork_after_a_driver_that_did_not_start) {
  EXPECT_EQ(inChild([&] {
              cuda->faults.fail("cuInit", {100});
              std::string text = driverVersion() ? "it started; " : "";
              cuda->faults.heal();
              return text +
                     inChild([&] { return driverVersion() ? "" : "the child has no driver"; });
            }),
            "");
}

TEST_F(ForkTest, a_child_waited_for_a_compile_of_its_parent) {
  EXPECT_EQ(inChild([&] {
              auto cache = rt::sharedCache<rt::KernelCache>("off");
              auto slow = [] {
                std::this_thread::sleep_for(std::chrono::milliseconds(300));
                return Result<CompiledKernel>(CompiledKernel());
              };
              std::thread compiling([&] { (void)cache->get("key", slow); });
              std::thread waiting([&] { (void)cache->get("key", slow); });
              std::this_thread::sleep_for(std::chrono::milliseconds(100));
              std::string text = inChild([&] {
                alarm(5);
                auto kernel =
                    cache->get("key", [] { return Result<CompiledKernel>(CompiledKernel()); });
                return kernel ? "" : "no kernel";
              });
              compiling.join();
              waiting.join();
              return text;
            }),
            "");
}

TEST_F(ForkTest, a_child_waited_for_the_driver_that_its_parent_opens) {
  EXPECT_EQ(inChild([&] {
              cuda->initMilliseconds = 300;
              std::thread opening([] { (void)driverVersion(); });
              std::this_thread::sleep_for(std::chrono::milliseconds(100));
              std::string text = inChild([&] {
                alarm(5);
                Result<int> version = driverVersion();
                return version ? "it has a driver" : version.error().code;
              });
              opening.join();
              return text;
            }),
            "SC6038");
}

TEST_F(ForkTest, forks_beside_threads_that_compile) {
  EXPECT_EQ(inChild([&] {
              std::atomic<bool> done = false;
              std::vector<std::thread> threads;
              auto get = [](int key) {
                return bool(rt::sharedCache<rt::KernelCache>("off")->get(
                    std::to_string(key), [] { return Result<CompiledKernel>(CompiledKernel()); }));
              };
              for (int thread = 0; thread < 4; ++thread)
                threads.emplace_back([&, thread] {
                  for (int i = 0; !done; ++i)
                    get(1000 * thread + i % 1000);
                });
              std::string text;
              for (int i = 0; i < 50; ++i)
                text += inChild([&] {
                  alarm(5);
                  bool right = true;
                  for (int key = 0; key < 4000; key += 37)
                    right &= get(key);
                  return right ? "" : "no kernel";
                });
              done = true;
              for (std::thread &thread : threads)
                thread.join();
              return text;
            }),
            "");
}

TEST_F(ForkTest, a_child_hung_in_nvrtc_where_its_parent_compiled) {
  place.reset(); // the real one, where there is one
  std::string text = inChild([&] {
    if (!nvrtcInfo())
      return std::string("no NVRTC");
    std::atomic<bool> done = false;
    std::thread compiling([&] {
      while (!done)
        compileOne("in the parent");
    });
    std::string faults;
    for (int i = 0; i < 8; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(7 * i % 31));
      faults += inChild([&] {
        alarm(10);
        return compileOne("in a child");
      });
    }
    done = true;
    compiling.join();
    return faults;
  });
  if (text == "no NVRTC")
    GTEST_SKIP() << text;
  EXPECT_EQ(text, "");
}

} // namespace
} // namespace scanc
