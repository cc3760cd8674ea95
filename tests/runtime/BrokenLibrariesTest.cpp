//===- BrokenLibrariesTest.cpp - Installations that go wrong for people ---===//
#include "FaultFixture.h"

#include "runtime/cache/EntryFile.h"
#include "runtime/launch/Driver.h"
#include "scanc/Doctor.h"

#include <fstream>

namespace scanc {
namespace {

using rt::Driver;
using testing::FakeNvrtc;
using testing::FullOperands;
using testing::fullProgram;
using testing::inChild;
using testing::sampleProgram;
using testing::ScopedVariable;

class BrokenLibrariesTest : public testing::FaultFixture {
protected:
  /// In a child: the error that using everything gives; then, healed, that it works.
  std::string errorOf(const std::function<void()> &breakIt, const std::function<void()> &heal) {
    return inChild([&] {
      breakIt();
      Result<void> first = useEverything(folder.path());
      heal();
      Result<void> second = useEverything(folder.path());
      return (first ? "works; " : render(first.error())) +
             (second ? "" : "not cured: " + render(second.error())) + unbalanced();
    });
  }
  std::string errorOf(const std::string &function, testing::Fault fault) {
    return errorOf([&] { faultsOf(function).fail(function, fault); },
                   [&] { faultsOf(function).heal(); });
  }
  static void expectParts(const std::string &text, std::initializer_list<const char *> parts) {
    for (const char *part : parts)
      EXPECT_NE(text.find(part), std::string::npos) << part << " is not in\n" << text;
    EXPECT_EQ(text.find("not cured"), std::string::npos) << text;
  }
  std::vector<std::filesystem::path> files(const std::string &in) const {
    std::vector<std::filesystem::path> found;
    std::error_code ignored;
    for (const auto &entry : std::filesystem::directory_iterator(in, ignored))
      if (entry.is_regular_file() && !entry.path().filename().string().starts_with("."))
        found.push_back(entry.path());
    return found;
  }
};

TEST_F(BrokenLibrariesTest, a_kept_image_that_the_driver_refuses_is_set_aside_and_compiled_again) {
  ASSERT_EQ(inChild([&] {
              Result<void> used = useEverything(folder.path());
              return used ? "" : render(used.error());
            }),
            "");
  auto entries = files(folder.path());
  ASSERT_EQ(entries.size(), 2u); // "dense" and "strided"
  // Whole entries, with checksums, of machine code that no driver loads.
  for (const auto &path : entries) {
    std::string bytes = *rt::readEntry(path.string()).bytes, key = *rt::keyOfEntry(bytes);
    rt::EntryFields fields = *rt::fromEntry(bytes, key);
    fields[0] = "damaged before it was written";
    std::ofstream(path, std::ios::trunc) << rt::toEntry(key, fields);
  }
  for (int compiles : {2, 0})
    EXPECT_EQ(inChild([&]() -> std::string {
                Result<void> used = useEverything(folder.path());
                if (!used)
                  return render(used.error());
                return nvrtc->compiles == compiles ? unbalanced() : "compiled anew";
              }),
              "");
  EXPECT_EQ(files(folder / rt::quarantineName).size(), 2u);
}

TEST_F(BrokenLibrariesTest, sc6035_an_image_that_is_refused_again) {
  for (int result : {Driver::invalidImage, Driver::noBinaryForGpu, Driver::unsupportedVersion})
    expectParts(errorOf("cuLibraryLoadData", {result}),
                {"SC6035", "update the NVIDIA driver", "scanc doctor"});
}

TEST_F(BrokenLibrariesTest, sc5006_builtins_that_are_missing) {
  expectParts(errorOf("nvrtcCompileProgram", {FakeNvrtc::builtinsMissing}),
              {"SC5006", "failed to open libnvrtc-builtins.so.13.0",
               "help: install libnvrtc-builtins.so.13.0 in the folder of"});
}

TEST_F(BrokenLibrariesTest, a_compile_without_machine_code_was_written_to_the_cache) {
  expectParts(errorOf([&] { nvrtc->withoutImage = true; }, [&] { nvrtc->withoutImage = false; }),
              {"SC5005", "nvrtcGetCUBIN", "no machine code"});
}

TEST_F(BrokenLibrariesTest, sc5001_no_nvrtc) {
  expectParts(errorOf([] { setenv("SCANC_NVRTC", "/nowhere/libnvrtc.so.13", 1); },
                      [] { setenv("SCANC_NVRTC", SCANC_FAKE_NVRTC, 1); }),
              {"SC5001", "pip install nvidia-cuda-nvrtc"});
}

TEST_F(BrokenLibrariesTest, sc5003_a_device_that_nvrtc_does_not_know) {
  expectParts(errorOf([&] { cuda->capability = 12; }, [&] { cuda->capability = 9; }),
              {"SC5003", "sm_120a", "install a newer NVRTC"});
}

TEST_F(BrokenLibrariesTest, sc6032_all_devices_are_hidden) {
  expectParts(errorOf([] { setenv("CUDA_VISIBLE_DEVICES", "", 1); },
                      [] { unsetenv("CUDA_VISIBLE_DEVICES"); }),
              {"SC6032", "CUDA_VISIBLE_DEVICES is ''", "--target=cpu"});
}

TEST_F(BrokenLibrariesTest, sc6033_a_driver_that_starts_without_a_device) {
  expectParts(errorOf([&] { cuda->devices = 0; }, [&] { cuda->devices = 1; }),
              {"SC6033", "expected a CUDA device, found none", "CUDA_VISIBLE_DEVICES"});
}

TEST_F(BrokenLibrariesTest, sc6036_no_memory_for_workspace_or_tensors) {
  for (const char *call : {"cuMemAllocFromPoolAsync", "cuMemAlloc_v2"})
    expectParts(errorOf(call, {Driver::outOfMemory}), {"SC6036", "cuMemAlloc", "help: free"});
}

TEST_F(BrokenLibrariesTest, an_error_without_a_name_has_its_number) {
  std::string text = errorOf(
      [&] {
        for (const char *call : {"cuGetErrorName", "cuGetErrorString"})
          cuda->faults.fail(call, {1});
        cuda->faults.fail("cuDriverGetVersion", {777});
      },
      [&] { cuda->faults.heal(); });
  expectParts(text, {"SC6034", "cuDriverGetVersion failed: unknown error (777)"});
}

TEST_F(BrokenLibrariesTest, doctor_reports_whatever_is_broken) {
  ScopedVariable cache("SCANC_CACHE_DIR", folder.path().c_str());
  for (const char *call : {"cuInit", "cuDriverGetVersion", "cuDeviceGetCount", "cuDeviceGetName",
                           "cuDeviceGetAttribute", "nvrtcVersion", "nvrtcGetSupportedArchs"})
    expectParts(inChild([&] {
                  faultsOf(call).fail(call, {});
                  return doctor();
                }),
                {"driver  ", "devices  ", "NVRTC  ", "cache  ", "none\n", "cure: "});
}

} // namespace
} // namespace scanc
