//===- GpuTest.cpp - The whole way on a real GPU, where there is one ------===//
#include "Sample.h"
#include "scanc/Device.h"
#include "scanc/Doctor.h"
#include "scanc/Kernel.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace scanc {
namespace {

using testing::sampleProgram;
using testing::ScratchFolder;

class GpuTest : public ::testing::Test {
protected:
  void SetUp() override {
    auto devices = enumerateDevices();
    if (devices)
      return;
    const char *required = std::getenv("SCANC_REQUIRE_GPU");
    if (required && std::string(required) == "1")
      FAIL() << render(devices.error());
    GTEST_SKIP() << devices.error().message;
  }
  ScratchFolder folder;
};

TEST_F(GpuTest, devices_have_what_the_planner_asks) {
  Result<std::vector<DeviceInfo>> devices = enumerateDevices();
  for (const DeviceInfo &device : *devices) {
    EXPECT_GT(device.multiprocessors, 0);
    EXPECT_GT(device.memoryBandwidth(), 1e10);
    EXPECT_GT(device.l2Bytes, 1 << 18);
    EXPECT_GE(device.sharedBytesPerBlock, 48 << 10);
  }
}

TEST_F(GpuTest, sample_gives_its_values) {
  constexpr std::int64_t batch = 3, steps = 1000, count = batch * steps * 4;
  std::vector<float> x(count), w{1, 2, 3, 4}, y(count);
  for (std::int64_t i = 0; i < count; ++i)
    x[i] = static_cast<float>(i);
  auto deviceX = DeviceMemory::allocate(0, count * 4), deviceW = DeviceMemory::allocate(0, 16),
       deviceY = DeviceMemory::allocate(0, count * 4);
  ASSERT_TRUE(deviceX && deviceW && deviceY);
  ASSERT_TRUE(deviceX->copyFrom(x.data()) && deviceW->copyFrom(w.data()) && deviceY->fill(0xFF));
  const TensorRef operands[] = {
      {deviceX->data(), Dtype::f32, {batch, steps, 4}, {}, DeviceKind::cuda, 0},
      {deviceW->data(), Dtype::f32, {4}, {}, DeviceKind::cuda, 0},
      {deviceY->data(), Dtype::f32, {batch, steps, 4}, {}, DeviceKind::cuda, 0}};
  for (bool warm : {false, true}) { // the second time from the disk, by another executable
    Result<Kernel> kernel = loadCuda(sampleProgram(), {0, folder.path() + (warm ? "/" : "")});
    ASSERT_TRUE(kernel) << render(kernel.error());
    Result<void> prepared = kernel->prepare(operands);
    ASSERT_TRUE(prepared) << render(prepared.error());
    auto watch = Stopwatch::create(0);
    ASSERT_TRUE(watch);
    ASSERT_TRUE(watch->start());
    Result<void> launched = kernel->launch(operands);
    ASSERT_TRUE(launched) << render(launched.error());
    ASSERT_TRUE(watch->stop());
    ASSERT_TRUE(watch->seconds());
    EXPECT_GT(*watch->seconds(), 0);
    ASSERT_TRUE(deviceY->copyTo(y.data()));
    for (std::int64_t i = 0; i < count; ++i)
      ASSERT_EQ(y[i], w[i % 4] * x[i]) << i;
    ASSERT_TRUE(deviceY->fill(0));
  }
}

TEST_F(GpuTest, argument_struct_of_another_size_is_refused) {
  Program program = sampleProgram();
  auto &variant = std::get<KernelStep>(program.entries[0].steps[0]).variants[0];
  variant.arguments.pop_back();
  auto memory = DeviceMemory::allocate(0, 4096);
  ASSERT_TRUE(memory);
  char *base = static_cast<char *>(memory->data());
  const TensorRef operands[] = {{base, Dtype::f32, {1, 2, 4}, {}, DeviceKind::cuda, 0},
                                {base + 1024, Dtype::f32, {4}, {}, DeviceKind::cuda, 0},
                                {base + 2048, Dtype::f32, {1, 2, 4}, {}, DeviceKind::cuda, 0}};
  Result<Kernel> kernel = loadCuda(program, {0, "off"});
  ASSERT_TRUE(kernel) << render(kernel.error());
  Result<void> launched = kernel->launch(operands);
  ASSERT_FALSE(launched);
  EXPECT_EQ(launched.error().code, "SC6039");
}

TEST(Doctor, reports_every_part_with_a_cure) {
  ScratchFolder folder;
  testing::ScopedVariable cache("SCANC_CACHE_DIR", folder.path().c_str());
  std::string report = doctor();
  for (const char *part : {"driver      ", "devices     ", "NVRTC       ", "cache       "})
    EXPECT_NE(report.find(part), std::string::npos) << report;
  EXPECT_NE(report.find(folder.path() + ": 0 kernels"), std::string::npos) << report;
  if (Result<int> version = driverVersion(); !version) {
    EXPECT_NE(report.find(version.error().code), std::string::npos);
    EXPECT_NE(report.find("cure: "), std::string::npos);
  }
}

TEST(Gpu, sc6030_no_driver_is_an_error_of_the_environment) {
  Result<Kernel> kernel = loadCuda(sampleProgram());
  if (kernel)
    GTEST_SKIP() << "there is a driver";
  EXPECT_EQ(exitCode(kernel.error().kind), 3);
  EXPECT_FALSE(kernel.error().help.empty());
  EXPECT_EQ(kernel.error().code.substr(0, 4), "SC60");
}

} // namespace
} // namespace scanc
