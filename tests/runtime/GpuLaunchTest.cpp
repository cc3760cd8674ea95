//===- GpuLaunchTest.cpp - What only a real device shows of launches ------===//
//
// With SCANC_REAL_DRIVER=1, on a GPU.
//
//===----------------------------------------------------------------------===//
#include "CudaCalls.h"
#include "FaultFixture.h"
#include "runtime/cache/KernelCache.h"
#include "scanc/LaunchPlan.h"

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

TEST_F(GpuLaunchTest, a_launch_takes_at_most_two_microseconds_more_than_the_drivers) {
  EXPECT_EQ(inChild([&]() -> std::string {
              using rt::Driver;
              Program program = testing::sampleProgram();
              Result<Kernel> kernel = loadCuda(program, {0, folder.path()});
              FullOperands operands;
              if (!kernel || !operands.make(0))
                return "nothing to run";
              operands.list.pop_back();
              CudaCalls calls;
              TestStream stream(calls, 0); // its context is current
              LaunchOptions options;
              options.stream = stream;
              if (!kernel->prepare(operands.list, options))
                return "not prepared";
              // The same by hand.
              const Driver &driver = **rt::sharedDriver();
              const auto &variant = std::get<KernelStep>(program.entries[0].steps[0]).variants[0];
              Result<CompiledKernel> compiled =
                  compileCuda(rt::sourceOf(program, variant, std::string(kernel->target())));
              LaunchPlan plan = *planLaunch(program, operands.list);
              CUlib_st *library = nullptr;
              CUkern_st *entry = nullptr;
              CUfunc_st *function = nullptr;
              driver.libraryLoadData(&library, compiled->cubin.data(), nullptr, nullptr, 0, nullptr,
                                     nullptr, 0);
              driver.libraryGetKernel(&entry, library, variant.launches[0].entry.c_str());
              if (driver.kernelGetFunction(&function, entry) != Driver::success)
                return "no function";
              rt::LaunchConfig config;
              for (int axis = 0; axis < 3; ++axis) {
                config.grid[axis] = static_cast<unsigned>(plan.kernels[0].grid[axis]);
                config.block[axis] = static_cast<unsigned>(plan.kernels[0].block[axis]);
              }
              config.stream = stream;
              void *parameters[] = {plan.kernels[0].words.data()};
              // The best of batches so small that the driver's queue never fills.
              auto microseconds = [&](auto launch) {
                constexpr int launches = 64;
                double best = 1;
                for (int batch = 0; batch < 200; ++batch) {
                  driver.ctxSynchronize();
                  auto begin = Clock::now();
                  for (int i = 0; i < launches; ++i)
                    launch();
                  best = std::min(best, secondsSince(begin) / launches);
                }
                return 1e6 * best;
              };
              double bare = microseconds(
                  [&] { driver.launchKernelEx(&config, function, parameters, nullptr); });
              double ours = microseconds([&] { (void)kernel->launch(operands.list, options); });
              std::printf("a launch by the driver %.2f us, by scanc %.2f us\n", bare, ours);
              std::fflush(stdout);
              return ours - bare <= 2 ? "" : "takes longer";
            }),
            "");
}

} // namespace
} // namespace scanc
