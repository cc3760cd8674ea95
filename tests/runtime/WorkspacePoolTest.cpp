//===- WorkspacePoolTest.cpp - Whose memory a launch takes ----------------===//
#include "ExecutableFixture.h"

#include <thread>

namespace scanc {
namespace {

using testing::codeOf;
using testing::FakeDriver;
using testing::workspaceProgram;

class WorkspacePoolTest : public testing::ExecutableFixture {
protected:
  WorkspacePoolTest() {
    program = workspaceProgram();
    FakeDriver::parameterBytes = 15 * 8;
  }
  /// A fresh executable takes its workspace from the default pool.
  void expectDefaultPool() {
    int before = FakeDriver::allocatedFromDefault;
    auto kernel = executable();
    ASSERT_EQ(codeOf(kernel->launch(operands.list, {})), "");
    EXPECT_EQ(FakeDriver::allocatedFromDefault, before + 1);
    EXPECT_EQ(FakeDriver::launches.back().words[13], 0x100100);
    EXPECT_EQ(FakeDriver::lastPool, nullptr);
    kernel.reset();
    expectNothingLeaked();
  }
};

TEST_F(WorkspacePoolTest, workspace_went_back_to_the_system_at_every_synchronisation) {
  auto kernel = executable();
  for (int i = 0; i < 3; ++i)
    ASSERT_EQ(codeOf(kernel->launch(operands.list, {})), "");
  EXPECT_EQ(FakeDriver::allocated, 3);
  EXPECT_EQ(FakeDriver::allocatedFromDefault, 0);
  EXPECT_EQ(FakeDriver::pools, std::vector<int>{0});
  EXPECT_EQ(FakeDriver::threshold, UINT64_MAX);
  EXPECT_EQ(FakeDriver::allocations, 0);
}

TEST_F(WorkspacePoolTest, executables_of_a_device_share_its_pool) {
  for (int device : {0, 1, 0, 1}) {
    for (TensorRef &tensor : operands.list)
      tensor.deviceIndex = device;
    ASSERT_EQ(codeOf(executable(device)->launch(operands.list, {})), "");
    EXPECT_EQ(reinterpret_cast<std::intptr_t>(FakeDriver::lastPool), device + 1);
  }
  EXPECT_EQ(FakeDriver::pools, (std::vector<int>{0, 1}));
}

TEST_F(WorkspacePoolTest, threads_make_one_pool_per_device) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([this, device = i % 2] {
      for (int round = 0; round < 10; ++round)
        EXPECT_NE(pools.of(device), nullptr);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(FakeDriver::pools.size(), 2u);
}

TEST_F(WorkspacePoolTest, programs_without_workspace_make_none) {
  program = testing::sampleProgram();
  FakeDriver::parameterBytes = 13 * 8;
  ASSERT_EQ(codeOf(executable()->launch(operands.list, {})), "");
  EXPECT_TRUE(FakeDriver::pools.empty());
}

TEST_F(WorkspacePoolTest, a_capture_makes_none) {
  // A launch with memory of the caller has loaded the kernels, so the capture is allowed.
  auto kernel = executable();
  ASSERT_EQ(
      codeOf(kernel->launch(operands.list, {nullptr, {reinterpret_cast<void *>(0x2000), 295}})),
      "");
  FakeDriver::capturing = 1;
  std::size_t before = FakeDriver::pools.size();
  ASSERT_EQ(codeOf(kernel->launch(operands.list, {})), "");
  EXPECT_EQ(FakeDriver::pools.size(), before);
  EXPECT_NE(FakeDriver::lastPool, nullptr);
}

TEST_F(WorkspacePoolTest, drivers_without_pools_have_the_default_one) {
  rt::Driver whole = driver;
  driver.memPoolCreate = nullptr;
  expectDefaultPool();
  driver = whole;
  driver.memPoolSetAttribute = nullptr;
  expectDefaultPool();
  driver = whole;
  driver.memAllocFromPoolAsync = nullptr;
  expectDefaultPool();
  EXPECT_TRUE(FakeDriver::pools.empty());
}

TEST_F(WorkspacePoolTest, a_pool_that_cannot_be_made_is_asked_for_again) {
  FakeDriver::failing = "memPoolCreate";
  FakeDriver::failCount = 2;
  expectDefaultPool();
  expectDefaultPool();
  ASSERT_EQ(codeOf(executable()->launch(operands.list, {})), "");
  EXPECT_EQ(FakeDriver::pools.size(), 1u);
  EXPECT_NE(FakeDriver::lastPool, nullptr);
}

TEST_F(WorkspacePoolTest, a_pool_that_keeps_nothing_is_used) {
  FakeDriver::failing = "memPoolSetAttribute";
  for (int i = 0; i < 2; ++i)
    ASSERT_EQ(codeOf(executable()->launch(operands.list, {})), "");
  EXPECT_EQ(FakeDriver::pools.size(), 1u);
  EXPECT_EQ(FakeDriver::allocatedFromDefault, 0);
}

TEST_F(WorkspacePoolTest, sc6034_no_pool_and_no_memory_of_the_default_one) {
  driver.memPoolCreate = nullptr;
  FakeDriver::failing = "memAllocAsync";
  auto kernel = executable();
  Result<void> launched = kernel->launch(operands.list, {});
  EXPECT_EQ(codeOf(launched), "SC6034");
  EXPECT_NE(launched.error().message.find("cuMemAllocAsync of 295 bytes"), std::string::npos);
  kernel.reset();
  expectNothingLeaked();
}

} // namespace
} // namespace scanc
