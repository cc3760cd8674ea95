//===- ThreadTest.cpp - Many threads, keys and devices --------------------===//
#include "FaultFixture.h"

#include "runtime/cache/KernelCache.h"

#include <thread>

namespace scanc {
namespace {

using testing::FullOperands;
using testing::fullProgram;
using testing::inChild;

class ThreadTest : public testing::FaultFixture {
protected:
  static void inThreads(int count, const std::function<void(int)> &body) {
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i)
      threads.emplace_back(body, i);
    for (std::thread &thread : threads)
      thread.join();
  }
};

TEST_F(ThreadTest, sixteen_threads_look_up_32_keys_a_thousand_times) {
  for (const std::string &place : {std::string("off"), folder.path()}) {
    rt::KernelCache cache(place);
    std::atomic<int> compiles = 0, wrong = 0;
    inThreads(16, [&](int thread) {
      for (int i = 0; i < 1000; ++i) {
        std::string key = std::to_string((7 * thread + i) % 32);
        auto kernel = cache.get(key, [&]() -> Result<CompiledKernel> {
          ++compiles;
          CompiledKernel made;
          made.cubin = key;
          return made;
        });
        wrong += !kernel || (*kernel)->cubin != key;
      }
    });
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(compiles, 32);
    EXPECT_EQ(cache.counters().memoryHits + cache.counters().waits, 16000 - 32);
  }
}

TEST_F(ThreadTest, sixteen_threads_on_two_devices) {
  ownedContexts = ownedPools = 2;
  EXPECT_EQ(inChild([&]() -> std::string {
              std::string text;
              {
                std::vector<Kernel> kernels;
                for (int device : {0, 1}) {
                  Result<Kernel> kernel = loadCuda(fullProgram(), {device, "off"});
                  if (!kernel)
                    return render(kernel.error());
                  kernels.push_back(*kernel);
                }
                std::atomic<int> wrong = 0;
                inThreads(16, [&](int thread) {
                  FullOperands operands;
                  wrong += !operands.make(thread % 2);
                  for (int i = 0; i < 100; ++i) {
                    wrong += !operands.memory[2].fill(0xFF);
                    wrong += !kernels[thread % 2].launch(operands.list);
                    wrong += !operands.check();
                    Result<void> astray = kernels[1 - thread % 2].launch(operands.list);
                    wrong += astray || astray.error().code != "SC6008";
                  }
                });
                if (wrong != 0)
                  text += std::to_string(wrong) + " wrong; ";
                if (nvrtc->compiles != 2) // the variants of two steps, for both devices
                  text += std::to_string(nvrtc->compiles) + " compiles; ";
                if (cuda->loads != 4)
                  text += std::to_string(cuda->loads) + " loads; ";
              }
              return text + unbalanced();
            }),
            "");
}

} // namespace
} // namespace scanc
