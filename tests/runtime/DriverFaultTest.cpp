//===- DriverFaultTest.cpp - Drivers that are missing, old, or idle -------===//
#include "FaultFixture.h"

#include "runtime/launch/Driver.h"

namespace scanc {
namespace {

/// What opening a driver says. In a child: a library that is open hides others of its name.
std::string refusal(const char *path) {
  return testing::inChild([&]() -> std::string {
    Result<rt::Driver> driver = rt::openDriver(path);
    if (driver)
      return "opened";
    return render(driver.error()) + "exit code " + std::to_string(exitCode(driver.error().kind));
  });
}

void expectParts(const std::string &text, std::initializer_list<const char *> parts) {
  for (const char *part : parts)
    EXPECT_NE(text.find(part), std::string::npos) << part << " is not in\n" << text;
}

TEST(DriverFault, sc6030_no_library) {
  expectParts(refusal("/nowhere/libcuda.so.1"),
              {"SC6030", "note: /nowhere/libcuda.so.1", "help: ", "exit code 3"});
}

TEST(DriverFault, sc6031_a_library_without_the_functions) {
  expectParts(refusal(SCANC_EMPTY_LIBRARY), {"SC6031", "cuGetErrorName", "exit code 3"});
}

TEST(DriverFault, sc6031_a_driver_of_cuda_11) {
  expectParts(refusal(SCANC_FAKE_OLD_CUDA),
              {"SC6031", "got one without cuLibraryLoadData", "help: update the NVIDIA driver"});
}

TEST(DriverFault, sc6032_all_devices_are_hidden) {
  testing::ScopedVariable hidden("CUDA_VISIBLE_DEVICES", "");
  expectParts(refusal(SCANC_FAKE_CUDA), {"SC6032", "cuInit failed: CUDA_ERROR_FAKE (100)",
                                         "note: CUDA_VISIBLE_DEVICES is ''", "exit code 3"});
}

} // namespace
} // namespace scanc
