//===- MachineCodeTest.cpp - Kernels without NVRTC ------------------------===//
//
// Those that a program carries, and those that a cache has: on a fake driver,
// each start in a process of its own.
//
//===----------------------------------------------------------------------===//
#include "FaultFixture.h"

#include "runtime/nvrtc/NvrtcApi.h"

#include <fstream>
#include <sstream>

namespace scanc {
namespace {

using testing::fullProgram;
using testing::FullOperands;
using testing::inChild;
using testing::ScopedVariable;
using testing::ScratchFolder;

class MachineCodeTest : public testing::FaultFixture {
protected:
  /// Loads a program, launches it and looks at the result: "", or what went wrong.
  static std::string launch(const Program &program, const std::string &cache) {
    Result<void> done = [&]() -> Result<void> {
      Result<Kernel> kernel = loadCuda(program, {0, cache});
      if (!kernel)
        return kernel.error();
      FullOperands operands;
      if (Result<void> made = operands.make(0); !made)
        return made;
      if (Result<void> launched = kernel->launch(operands.list); !launched)
        return launched;
      if (Result<void> waited = synchronize(0); !waited)
        return waited;
      return operands.check();
    }();
    return done ? "" : done.error().code;
  }
  /// The same for one that NVRTC must compile.
  std::string launchCompiled(const Program &program) const {
    std::string result = launch(program, noFolder);
    return nvrtc->compiles > 0 ? result : result + "not compiled";
  }
  /// A program as a bundle that was made in another process, with machine code for `architecture`.
  std::string bundleFor(const std::string &architecture) const {
    std::string text = inChild([&] {
      Program program = fullProgram();
      Result<void> added = addMachineCode(program, architecture);
      return added ? toBundle(program) : render(added.error());
    });
    return text;
  }
  static Program programOf(const std::string &bundle) {
    Result<Program> program = fromBundle(bundle);
    EXPECT_TRUE(program) << bundle.substr(0, 1000);
    return program ? std::move(*program) : Program();
  }
  static KernelVariant &variant(Program &program, std::size_t i) {
    return std::get<KernelStep>(program.entries[0].steps[0]).variants[i];
  }

  const char *noFolder = "/proc/none";
};

TEST_F(MachineCodeTest, a_program_that_carries_it_needs_neither_nvrtc_nor_a_folder) {
  Program program = programOf(bundleFor("sm_90a"));
  ScopedVariable none("SCANC_NVRTC", "/nowhere");
  EXPECT_EQ(inChild([&] { return launch(program, noFolder); }), "");
  EXPECT_EQ(inChild([&] { return launch(fullProgram(), noFolder); }), "SC5001");
}

TEST_F(MachineCodeTest, what_was_made_of_another_text_is_not_used) {
  Program program = programOf(bundleFor("sm_90a"));
  const std::function<void(Program &)> edits[] = {
      [](Program &p) { variant(p, 0).source += "// edited\n"; },
      [](Program &p) { p.headers["scanc/scale.cuh"] += "\n"; },
      [](Program &p) { p.headers["scanc/new.cuh"] = ""; }};
  for (const auto &edit : edits) {
    Program changed = program;
    edit(changed);
    {
      ScopedVariable none("SCANC_NVRTC", "/nowhere");
      EXPECT_EQ(inChild([&] { return launch(changed, noFolder); }), "SC5001");
    }
    EXPECT_EQ(inChild([&] { return launchCompiled(changed); }), "");
  }
}

TEST_F(MachineCodeTest, what_is_for_another_device_is_not_used) {
  Program program = programOf(bundleFor("sm_80"));
  EXPECT_EQ(inChild([&] { return launchCompiled(program); }), "");
  // A program may carry both.
  EXPECT_EQ(inChild([&] {
              static_cast<void>(addMachineCode(program, "sm_90a"));
              ScopedVariable none("SCANC_NVRTC", "/nowhere");
              return variant(program, 0).machineCode.size() == 2 ? launch(program, noFolder) : "lost";
            }),
            "");
}

TEST_F(MachineCodeTest, what_the_driver_refuses_is_compiled) {
  Program program = programOf(bundleFor("sm_90a"));
  for (Step &step : program.entries[0].steps)
    for (KernelVariant &each : std::get<KernelStep>(step).variants)
      each.machineCode[0].cubin = "of a newer toolkit";
  EXPECT_EQ(inChild([&] { return launchCompiled(program); }), "");
  ScopedVariable none("SCANC_NVRTC", "/nowhere");
  EXPECT_EQ(inChild([&] { return launch(program, noFolder); }), "SC5001");
}

TEST_F(MachineCodeTest, a_kernel_that_is_kept_opens_no_nvrtc) {
  ScratchFolder toolkit;
  std::filesystem::copy_file(SCANC_FAKE_NVRTC, toolkit / "libnvrtc.so.13");
  std::ofstream(toolkit / "libnvrtc-builtins.so.13.0") << "";
  ScopedVariable place("SCANC_NVRTC", toolkit.path().c_str());
  auto start = [&] {
    return inChild([&] {
      std::string result = launch(fullProgram(), folder.path());
      std::stringstream maps;
      maps << std::ifstream("/proc/self/maps").rdbuf();
      return result + (maps.str().find(toolkit.path()) == std::string::npos ? "closed" : "opened");
    });
  };
  EXPECT_EQ(start(), "opened");
  EXPECT_EQ(start(), "closed");
  // Another version by its name has another key.
  std::filesystem::rename(toolkit / "libnvrtc-builtins.so.13.0", toolkit / "libnvrtc-builtins.so.13.1");
  EXPECT_EQ(start(), "opened");
}

TEST(NvrtcGlimpse, tells_the_version_by_the_names_of_files) {
  ScratchFolder folder;
  rt::NvrtcSearch search{.explicitPlace = "", .folders = {"/nowhere", folder.path()}, .loaderPath = true};
  auto version = [&] {
    std::optional<rt::NvrtcApi> api = rt::glimpseNvrtc(search);
    return api ? std::to_string(api->info.major) + "." + std::to_string(api->info.minor) : "none";
  };
  auto touch = [&](const char *name) { std::ofstream(folder / name) << ""; };
  EXPECT_EQ(version(), "none");
  touch("libnvrtc-builtins.so.12.9.86");
  touch("libnvrtc.so.12");
  EXPECT_EQ(version(), "12.9");
  touch("libnvrtc.so.13"); // the newest comes first, and says nothing yet
  EXPECT_EQ(version(), "none");
  touch("libnvrtc-builtins.so.13.0");
  touch("libnvrtc-builtins.so.13.0.88");
  EXPECT_EQ(version(), "13.0");
  search.explicitPlace = folder.path();
  search.folders.clear();
  EXPECT_EQ(version(), "13.0");
  touch("libnvrtc-builtins.so.13.1"); // two versions in a folder
  EXPECT_EQ(version(), "none");
}

} // namespace
} // namespace scanc
