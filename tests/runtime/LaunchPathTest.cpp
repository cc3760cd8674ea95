//===- LaunchPathTest.cpp - What a prepared launch does not do ------------===//
//
// A binary of its own, where memory of the heap and locks are counted: the
// linker puts the functions of this file in the place of malloc and
// pthread_mutex_lock (`--wrap`), and operator new is replaced.
//
//===----------------------------------------------------------------------===//
#include "ExecutableFixture.h"

#include <atomic>
#include <cstdlib>
#include <new>
#include <pthread.h>
#include <thread>

namespace {
thread_local bool isCounting = false;
std::atomic<int> allocations = 0, locks = 0;
} // namespace

extern "C" {
void *__real_malloc(std::size_t);
int __real_pthread_mutex_lock(pthread_mutex_t *);
void *__wrap_malloc(std::size_t bytes) {
  allocations += isCounting;
  return __real_malloc(bytes);
}
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex) {
  locks += isCounting;
  return __real_pthread_mutex_lock(mutex);
}
}

// Not inlined, so that the compiler does not see one function's memory freed by another's.
[[gnu::noinline]] void *operator new(std::size_t bytes) {
  allocations += isCounting;
  return __real_malloc(bytes);
}
[[gnu::noinline]] void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, std::size_t) noexcept { operator delete(memory); }

namespace scanc {
namespace {

using testing::codeOf;
using testing::FakeDriver;
using testing::SampleOperands;
using testing::workspaceProgram;

class LaunchPathTest : public testing::ExecutableFixture {
protected:
  LaunchPathTest() {
    program = workspaceProgram();
    program.workspace[1].zeroed = true;
    for (Step &step : program.entries[0].steps)
      for (KernelVariant &each : std::get<KernelStep>(step).variants)
        each.maps = {{"workspace(carry)", {"N", "T", "B"}, {"16", "T * 16"}, {64, 64}}};
    FakeDriver::parameterBytes = 16 * 8 + 128;
    variant(0).launches[0].sharedBytes = "1024";
    variant(0).launches.push_back(variant(0).launches[0]); // the other variant has one
    // As the fake, without its accounts.
    driver.launchKernelEx = [](const rt::LaunchConfig *, CUfunc_st *, void **, void **) {
      return 0;
    };
    driver.memsetD8Async = [](rt::Driver::Address, unsigned char, std::size_t, CUstream_st *) {
      return 0;
    };
    driver.memAllocFromPoolAsync = [](rt::Driver::Address *address, std::size_t,
                                      CUmemPoolHandle_st *,
                                      CUstream_st *) { return *address = 0x100010, 0; };
    driver.tensorMapEncodeTiled = [](void *, int, unsigned, void *, const unsigned long long *,
                                     const unsigned long long *, const unsigned *,
                                     const unsigned *, int, int, int, int) { return 0; };
    driver.memFreeAsync = [](rt::Driver::Address, CUstream_st *) { return 0; };
  }
  /// What 100 launches allocate and lock.
  static std::pair<int, int> costOf(Executable &kernel, const std::vector<TensorRef> &list,
                                    const LaunchOptions &options = {}) {
    allocations = locks = 0;
    bool launched = true;
    isCounting = true;
    for (int i = 0; i < 100; ++i)
      launched &= bool(kernel.launch(list, options));
    isCounting = false;
    EXPECT_TRUE(launched);
    return {allocations, locks};
  }
};

const std::pair<int, int> nothing{0, 0};

TEST_F(LaunchPathTest, what_counts_does_count) {
  isCounting = true;
  void *memory = ::operator new(4);
  void *other = std::malloc(4);
  asm volatile("" : : "r"(other)); // else the compiler leaves both calls out
  { std::lock_guard lock(mutex); }
  isCounting = false;
  ::operator delete(memory);
  std::free(other);
  EXPECT_EQ(allocations, 2);
  EXPECT_EQ(locks, 1);
}

TEST_F(LaunchPathTest, a_prepared_launch_allocated_and_locked) {
  auto kernel = executable();
  ASSERT_EQ(codeOf(kernel->prepare(operands.list, {})), "");
  EXPECT_EQ(costOf(*kernel, operands.list), nothing);
  auto *stream = reinterpret_cast<CUstream_st *>(0x50);
  EXPECT_EQ(costOf(*kernel, operands.list, {stream, {}, false}), nothing);
  EXPECT_EQ(
      costOf(*kernel, operands.list, {stream, {reinterpret_cast<void *>(0x2000), 295}, false}),
      nothing);
}

TEST_F(LaunchPathTest, a_launch_of_a_later_variant_allocated_the_refusals_of_the_first) {
  auto kernel = executable();
  operands.list[0].strides = {12, 1, 3};
  ASSERT_EQ(codeOf(kernel->prepare(operands.list, {})), "");
  EXPECT_EQ(costOf(*kernel, operands.list), nothing);
}

TEST_F(LaunchPathTest, other_sizes_and_empty_ones_use_the_same_memory) {
  auto kernel = executable();
  SampleOperands larger(5, 700), empty(0, 9);
  ASSERT_EQ(codeOf(kernel->prepare(operands.list, {})), "");
  EXPECT_EQ(costOf(*kernel, larger.list), nothing);
  EXPECT_EQ(costOf(*kernel, empty.list), nothing);
  EXPECT_EQ(costOf(*kernel, operands.list), nothing);
}

TEST_F(LaunchPathTest, threads_that_launch_at_once_allocate_their_first_launch_only) {
  auto kernel = executable();
  ASSERT_EQ(codeOf(kernel->prepare(operands.list, {})), "");
  constexpr int threadCount = 8;
  auto launchInThreads = [&] {
    std::vector<std::thread> threads;
    for (int i = 0; i < threadCount; ++i)
      threads.emplace_back([&] {
        isCounting = true;
        for (int launch = 0; launch < 1000; ++launch)
          EXPECT_EQ(bool(kernel->launch(operands.list, {})), true);
      });
    for (std::thread &thread : threads)
      thread.join();
  };
  launchInThreads();
  allocations = locks = 0;
  launchInThreads();
  // A frame takes under 24 pieces of memory; no thread takes more than one new frame.
  EXPECT_LT(allocations, threadCount * 24);
  EXPECT_EQ(locks, 0);
}

TEST_F(LaunchPathTest, sizes_and_strides_of_64_bits) {
  // Nobody reads these addresses.
  operands.list[2].data = reinterpret_cast<void *>(std::int64_t{1} << 46);
  std::int64_t huge = (std::int64_t{1} << 33) + 1;
  operands.list[0].sizes = operands.list[2].sizes = {1, huge, 4};
  operands.list[0].strides = {0, 0, 1};
  operands.list[2].strides = {4 * huge, 4, 1};
  std::vector<std::int64_t> words = planLaunch(program, operands.list)->kernels[0].words;
  EXPECT_EQ(words[4], huge);
  EXPECT_EQ(planLaunch(program, operands.list)->kernels[0].grid[0], (4 * huge + 63) / 64);
  auto kernel = executable();
  ASSERT_EQ(codeOf(kernel->prepare(operands.list, {})), "");
  EXPECT_EQ(costOf(*kernel, operands.list), nothing);
}

} // namespace
} // namespace scanc
