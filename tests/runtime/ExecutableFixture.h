//===- ExecutableFixture.h - An executable on the fake driver -------------===//
#ifndef SCANC_TESTS_RUNTIME_EXECUTABLEFIXTURE_H
#define SCANC_TESTS_RUNTIME_EXECUTABLEFIXTURE_H

#include "FakeDriver.h"
#include "Sample.h"
#include "runtime/launch/CudaExecutable.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>

namespace scanc::testing {

class ExecutableFixture : public ::testing::Test {
protected:
  rt::Driver driver = FakeDriver::table();
  rt::WorkspacePools pools{driver};
  Program program = sampleProgram();
  SampleOperands operands;
  std::atomic<int> compiles = 0, discards = 0;
  int together = 1; ///< how many compile before the first has done so, or half a minute has passed
  int atOnce = 0, mostAtOnce = 0;
  std::condition_variable arrived;
  std::optional<Error> compileError;
  CudaSource lastSource;
  std::mutex mutex;

  KernelVariant &variant(std::size_t i) {
    return std::get<KernelStep>(program.entries[0].steps[0]).variants[i];
  }
  Result<std::shared_ptr<Executable>> create(int device = 0) {
    rt::KernelSource kernels;
    kernels.name = [](const CudaSource &source) { return "key of " + source.name; };
    kernels.get =
        [this](const CudaSource &source) -> Result<std::shared_ptr<const CompiledKernel>> {
      std::unique_lock lock(mutex);
      ++compiles;
      mostAtOnce = std::max(mostAtOnce, ++atOnce);
      arrived.notify_all();
      arrived.wait_for(lock, std::chrono::seconds(30), [&] { return mostAtOnce >= together; });
      --atOnce;
      lastSource = source;
      if (compileError)
        return *compileError;
      auto kernel = std::make_shared<CompiledKernel>();
      kernel->cubin = "image of " + source.name;
      return std::shared_ptr<const CompiledKernel>(kernel);
    };
    kernels.discard = [this](const CudaSource &) { ++discards; };
    return rt::CudaExecutable::create(std::make_shared<const Program>(program), driver, device,
                                      std::move(kernels), pools);
  }
  std::shared_ptr<Executable> executable(int device = 0) {
    auto made = create(device);
    EXPECT_TRUE(made) << (made ? "" : render(made.error()));
    return made ? *made : nullptr;
  }
  /// After every executable is gone: whatever was taken has been given back.
  void expectNothingLeaked() {
    EXPECT_EQ(FakeDriver::contexts, 0);
    EXPECT_EQ(FakeDriver::current, 0);
    EXPECT_EQ(FakeDriver::libraries, 0);
    EXPECT_EQ(FakeDriver::allocations, 0);
  }
};

inline std::string codeOf(const Result<void> &result) { return result ? "" : result.error().code; }

} // namespace scanc::testing

#endif // SCANC_TESTS_RUNTIME_EXECUTABLEFIXTURE_H
