//===- GpuLaunchTest.cpp - What only a real device shows of launches ------===//
//
// With SCANC_REAL_DRIVER=1, on a GPU.
//
//===----------------------------------------------------------------------===//
#include "CudaCalls.h"
#include "FaultFixture.h"

#include <chrono>
#include <cstdio>

namespace scanc {
namespace {

using testing::CudaCalls;
using testing::FullOperands;
using testing::fullProgram;
using testing::inChild;
using testing::TestStream;
using Clock = std::chrono::steady_clock;

class GpuLaunchTest : public testing::FaultFixture {
protected:
  void SetUp() override {
    if (cuda)
      GTEST_SKIP() << "needs a GPU: SCANC_REAL_DRIVER=1";
  }
  static double secondsSince(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
  }
};

/// Runs until its flag is set, for at most 4 * 10^9 cycles: some two seconds.
Program spinningProgram() {
  Program program;
  program.name = "spin";
  Parameter &flag = program.parameters.emplace_back();
  flag.name = "flag";
  flag.role = Parameter::Role::output;
  flag.dtype = Dtype::i32;
  flag.dims = {"F"};
  KernelVariant variant;
  variant.name = "only";
  variant.launches = {{.entry = "spin"}};
  variant.source = "struct Words { volatile int *flag; long long cycles; };\n"
                   "extern \"C\" __global__ void spin(Words w) {\n"
                   "  long long begin = clock64();\n"
                   "  while (*w.flag == 0 && clock64() - begin < w.cycles) {}\n"
                   "}\n";
  variant.arguments = {"address(flag)", "4000000000"};
  program.entries = {{"forward", {KernelStep{{variant}}}}};
  return program;
}

TEST_F(GpuLaunchTest, a_first_load_beside_a_spinning_kernel) {
  EXPECT_EQ(inChild([&]() -> std::string {
              CudaCalls calls;
              FullOperands operands;
              Result<Kernel> spin = loadCuda(spinningProgram(), {0, "off"});
              Result<Kernel> prepared = loadCuda(fullProgram(), {0, folder.path()});
              Result<DeviceMemory> flag = DeviceMemory::allocate(0, 4);
              if (!spin || !prepared || !operands.make(0) || !flag || !flag->fill(0))
                return "nothing to run";
              const TensorRef flags[] = {{flag->data(), Dtype::i32, {1}, {}, DeviceKind::cuda, 0}};
              TestStream busy(calls, 0), free(calls, 0);
              LaunchOptions onBusy, onFree;
              onBusy.stream = busy;
              onFree.stream = free;
              if (!spin->prepare(flags) || !prepared->launch(operands.list, onFree))
                return "not prepared";
              calls.streamSynchronize(free);
              auto begin = Clock::now();
              std::string text;
              auto run = [&](Kernel &kernel, const char *what) {
                auto from = Clock::now();
                if (Result<void> ready = kernel.prepare(operands.list, onFree); !ready)
                  text += render(ready.error());
                double prepareSeconds = secondsSince(from);

                if (Result<void> launched = kernel.launch(operands.list, onFree); !launched)
                  text += render(launched.error());
                calls.streamSynchronize(free);
                std::printf("%s beside a spinning kernel: %.1f ms, of which prepare %.1f ms\n",
                            what, 1e3 * secondsSince(from), 1e3 * prepareSeconds);
              };
              if (!spin->launch(flags, onBusy))
                return "does not spin";
              run(*prepared, "a prepared launch");
              if (secondsSince(begin) > 1)
                text += "a prepared launch waited; ";
              Result<Kernel> fresh = loadCuda(fullProgram(), {0, folder.path()});
              run(*fresh, "a first launch");
              calls.streamSynchronize(busy);
              std::printf("the spinning kernel ended at %.1f ms\n", 1e3 * secondsSince(begin));
              std::fflush(stdout);
              Result<void> right = operands.check();
              return text + (right ? "" : render(right.error()));
            }),
            "");
}

} // namespace
} // namespace scanc
