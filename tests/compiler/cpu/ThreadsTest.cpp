//===- ThreadsTest.cpp - The number of threads changes no bit -------------===//
#include "compiler/cpu/Threads.h"
#include "tests/compiler/cpu/Evaluation.h"
#include "llvm/Support/Threading.h"

#include <atomic>
#include <cstdlib>
#include <future>
#include <memory>
#include <optional>
#include <thread>

namespace scanc {
namespace {

class Threads : public testing::Test {
protected:
  void SetUp() override {
    if (const char *value = std::getenv("SCANC_CPU_THREADS"))
      before = value;
  }
  void TearDown() override {
    if (before)
      setenv("SCANC_CPU_THREADS", before->c_str(), 1);
    else
      unsetenv("SCANC_CPU_THREADS");
  }
  std::optional<std::string> before;
};

TEST_F(Threads, AnyNumberGivesTheSameBits) {
  for (const char *name : {"gated_scan", "selective_scan", "gla", "gated_scan_time"}) {
    std::vector<double> alone;
    for (const char *count : {"1", "2", "3", "7", "64"}) {
      setenv("SCANC_CPU_THREADS", count, 1);
      Evaluation run(program(name),
                     {{"B", 3}, {"T", 9}, {"D", 67}, {"H", 5}, {"K", 4}, {"V", 5}, {"N", 3}});
      auto done = run.launch();
      ASSERT_TRUE(done) << render(done.error());
      Operand &result = run[name == std::string("gla") ? "o" : "y"];
      if (alone.empty())
        alone = result.values();
      EXPECT_EQ(result.values(), alone) << name << " on " << count;
    }
  }
}

TEST_F(Threads, ANumberThatIsNoneIsIgnored) {
  for (const char *count : {"0", "-3", "many", ""}) {
    setenv("SCANC_CPU_THREADS", count, 1);
    Evaluation(program("ema"), {{"B", 3}, {"T", 9}, {"D", 67}}).expectAgreement();
  }
}

TEST_F(Threads, OneKernelFromSeveralThreads) {
  CompileOptions options;
  options.target = "cpu";
  auto kernel = compile(program("gated_scan"), options);
  ASSERT_TRUE(kernel) << render(kernel.error());
  std::vector<Evaluation> runs;
  for (int i = 0; i < 4; ++i)
    runs.emplace_back(program("gated_scan"), Sizes{{"B", 2}, {"T", 50}, {"D", 65}});
  std::vector<std::thread> callers;
  std::vector<int> succeeded(runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i)
    callers.emplace_back([&, i] { succeeded[i] = bool(kernel->launch(runs[i].tensors())); });
  for (std::thread &caller : callers)
    caller.join();
  for (std::size_t i = 0; i < runs.size(); ++i) {
    EXPECT_TRUE(succeeded[i]);
    EXPECT_EQ(runs[i]["y"].values(), runs[0]["y"].values());
  }
}

/// With every thread of the pool inside another caller's work, a call does its own.
TEST_F(Threads, ABusyPoolHoldsNoOtherLaunchUp) {
  std::atomic<std::int64_t> entered = 0;
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  std::int64_t all = llvm::hardware_concurrency().compute_thread_count() + 1;
  std::thread other([&] {
    cpu::onThreads(all, [&] {
      ++entered;
      released.wait();
    });
  });
  while (entered < all)
    std::this_thread::yield();
  std::atomic<int> calls = 0;
  cpu::onThreads(3, [&] { ++calls; });
  EXPECT_EQ(calls, 1);
  release.set_value();
  other.join();
}

/// Nothing of a call is touched after its return, though its helpers come late.
TEST_F(Threads, ManyShortCalls) {
  for (int i = 0; i < 2000; ++i) {
    auto next = std::make_unique<std::atomic<int>>(0);
    std::vector<int> done(5);
    cpu::onThreads(3, [&] {
      for (int task = (*next)++; task < 5; task = (*next)++)
        ++done[task];
    });
    ASSERT_EQ(done, std::vector<int>(5, 1));
  }
}

} // namespace
} // namespace scanc
