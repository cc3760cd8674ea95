//===- DriverFaultTest.cpp - Drivers that are missing, old, or idle -------===//
#include "Sample.h"
#include "runtime/launch/Driver.h"

#include <gtest/gtest.h>

namespace scanc::rt {
namespace {

Error refusal(const char *path) {
  Result<Driver> driver = openDriver(path);
  EXPECT_FALSE(driver);
  return driver ? Error() : driver.error();
}

TEST(DriverFault, sc6030_no_library) {
  Error error = refusal("/nowhere/libcuda.so.1");
  EXPECT_EQ(error.code, "SC6030");
  EXPECT_EQ(exitCode(error.kind), 3);
  ASSERT_EQ(error.notes.size(), 1u);
  EXPECT_NE(error.notes[0].text.find("/nowhere/libcuda.so.1"), std::string::npos);
}

TEST(DriverFault, sc6031_a_driver_without_the_functions) {
  Error error = refusal(SCANC_EMPTY_LIBRARY);
  EXPECT_EQ(error.code, "SC6031");
  EXPECT_NE(error.message.find("cuGetErrorName"), std::string::npos);
}

TEST(DriverFault, sc6031_a_driver_of_cuda_11) {
  Error error = refusal(SCANC_FAKE_OLD_CUDA);
  EXPECT_EQ(error.code, "SC6031");
  EXPECT_NE(error.message.find("cuLibraryLoadData"), std::string::npos);
}

TEST(DriverFault, sc6032_all_devices_are_hidden) {
  testing::ScopedVariable hidden("CUDA_VISIBLE_DEVICES", "");
  Error error = refusal(SCANC_FAKE_CUDA);
  EXPECT_EQ(error.code, "SC6032");
  EXPECT_NE(error.message.find("cuInit failed: CUDA_ERROR_FAKE (100)"), std::string::npos);
  ASSERT_EQ(error.notes.size(), 1u);
  EXPECT_EQ(error.notes[0].text, "CUDA_VISIBLE_DEVICES is ''");
}

} // namespace
} // namespace scanc::rt
