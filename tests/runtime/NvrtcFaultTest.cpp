//===- NvrtcFaultTest.cpp - NVRTC missing, or failing at each call --------===//
#include "Sample.h"
#include "runtime/nvrtc/NvrtcApi.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>

namespace scanc::rt {
namespace {

using testing::ScopedVariable;
using testing::ScratchFolder;

/// A fake that succeeds, but for the call named in `failing`.
struct Fake {
  static inline std::string failing;
  static inline int failure = 11;
  static inline int live = 0; ///< programs not destroyed
  static inline std::vector<std::string> options, headers;
  static inline std::string log;

  static int result(const char *call) { return failing == call ? failure : NvrtcApi::success; }

  static NvrtcApi table() {
    failing.clear();
    failure = 11;
    live = 0;
    log = "ptxas info    : Compiling entry function 'k' for 'sm_80'\n"
          "ptxas info    : Used 8 registers, used 0 barriers";
    NvrtcApi api;
    api.getErrorString = [](int) { return "NVRTC_ERROR_FAKE"; };
    api.createProgram = [](NvrtcApi::Program *program, const char *, const char *, int count,
                           const char *const *, const char *const *names) {
      headers.assign(names, names + count);
      if (int failed = result("create"))
        return failed;
      ++live;
      *program = reinterpret_cast<NvrtcApi::Program>(&live);
      return NvrtcApi::success;
    };
    api.destroyProgram = [](NvrtcApi::Program *) { return --live, NvrtcApi::success; };
    api.compileProgram = [](NvrtcApi::Program, int count, const char *const *list) {
      options.assign(list, list + count);
      return result("compile");
    };
    api.getProgramLogSize = [](NvrtcApi::Program, std::size_t *size) {
      *size = log.size() + 1;
      return result("logSize");
    };
    api.getProgramLog = [](NvrtcApi::Program, char *text) {
      std::memcpy(text, log.c_str(), log.size() + 1);
      return result("log");
    };
    api.getPTXSize = [](NvrtcApi::Program, std::size_t *size) {
      return *size = 4, result("ptxSize");
    };
    api.getPTX = [](NvrtcApi::Program, char *text) {
      return std::memcpy(text, "ptx", 4), result("ptx");
    };
    api.getCUBINSize = [](NvrtcApi::Program, std::size_t *size) {
      return *size = 5, result("cubinSize");
    };
    api.getCUBIN = [](NvrtcApi::Program, char *text) {
      return std::memcpy(text, "cu\0in", 5), result("cubin");
    };
    api.info = {"fake", "", 12, 8, {75, 80, 90}};
    return api;
  }
};

TEST(NvrtcFault, compiles_through_the_table) {
  NvrtcApi api = Fake::table();
  CudaSource source;
  source.headers = {{"scanc/a.cuh", ""}};
  source.extraOptions = {"-lineinfo"};
  Result<CompiledKernel> kernel = compileWith(api, source);
  ASSERT_TRUE(kernel);
  EXPECT_EQ(kernel->cubin, std::string("cu\0in", 5));
  EXPECT_EQ(kernel->ptx, "ptx");
  EXPECT_EQ(kernel->log, Fake::log);
  EXPECT_EQ(kernel->stats.size(), 1u);
  EXPECT_EQ(Fake::headers, std::vector<std::string>{"scanc/a.cuh"});
  EXPECT_EQ(Fake::options,
            (std::vector<std::string>{"-std=c++20", "-default-device", "--gpu-architecture=sm_80",
                                      "--ptxas-options=-v", "-lineinfo"}));
  EXPECT_EQ(Fake::live, 0);
}

TEST(NvrtcFault, no_cache_from_12_9) {
  NvrtcApi api = Fake::table();
  auto hasNoCache = [&](int major, int minor) {
    api.info.major = major;
    api.info.minor = minor;
    auto options = nvrtcOptions(api, {});
    return std::find(options.begin(), options.end(), "--no-cache") != options.end();
  };
  EXPECT_FALSE(hasNoCache(12, 8));
  EXPECT_TRUE(hasNoCache(12, 9));
  EXPECT_TRUE(hasNoCache(13, 0));
}

TEST(NvrtcFault, sc5005_every_call_that_fails) {
  for (const char *call :
       {"create", "compile", "logSize", "log", "ptxSize", "ptx", "cubinSize", "cubin"}) {
    NvrtcApi api = Fake::table();
    Fake::failing = call;
    Result<CompiledKernel> kernel = compileWith(api, {});
    ASSERT_FALSE(kernel) << call;
    EXPECT_EQ(kernel.error().code, "SC5005") << call;
    EXPECT_EQ(exitCode(kernel.error().kind), 3) << call;
    EXPECT_EQ(Fake::live, 0) << call;
  }
}

TEST(NvrtcFault, sc5004_keeps_the_log) {
  NvrtcApi api = Fake::table();
  Fake::failing = "compile";
  Fake::failure = NvrtcApi::compilationFailed;
  Fake::log = "kernel.cu(1): error: no";
  Result<CompiledKernel> kernel = compileWith(api, {});
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.error().code, "SC5004");
  EXPECT_EQ(kernel.error().notes[0].text, "kernel.cu(1): error: no");
  EXPECT_EQ(Fake::live, 0);
}

TEST(NvrtcFault, sc5001_says_where_it_looked) {
  ScratchFolder folder;
  NvrtcSearch search;
  search.folders = {folder.path(), "/nowhere"};
  search.loaderPath = false;
  Result<NvrtcApi> api = openNvrtc(search);
  ASSERT_FALSE(api);
  EXPECT_EQ(api.error().code, "SC5001");
  EXPECT_EQ(exitCode(api.error().kind), 3);
  ASSERT_EQ(api.error().notes.size(), 2u);
  EXPECT_EQ(api.error().notes[0].text, "looked in " + folder.path());
  EXPECT_NE(api.error().help.find("pip install nvidia-cuda-nvrtc"), std::string::npos);
}

TEST(NvrtcFault, a_named_place_is_not_passed_over) {
  NvrtcSearch search = nvrtcSearch();
  search.explicitPlace = "/nowhere/libnvrtc.so.13";
  Result<NvrtcApi> api = openNvrtc(search);
  ASSERT_FALSE(api);
  EXPECT_EQ(api.error().code, "SC5001");
}

TEST(NvrtcFault, damaged_libraries_are_passed_over) {
  ScratchFolder folder;
  std::ofstream(folder / "libnvrtc.so.13") << "no library";
  NvrtcSearch search;
  search.folders = {folder.path()};
  search.loaderPath = false;
  Result<NvrtcApi> api = openNvrtc(search);
  ASSERT_FALSE(api);
  EXPECT_EQ(api.error().code, "SC5001");
}

TEST(NvrtcFault, sc5002_a_library_without_the_functions) {
  NvrtcSearch search;
  search.explicitPlace = SCANC_EMPTY_LIBRARY; // a library that is no NVRTC
  Result<NvrtcApi> api = openNvrtc(search);
  ASSERT_FALSE(api);
  EXPECT_EQ(api.error().code, "SC5002");
  EXPECT_NE(api.error().message.find("nvrtcGetErrorString"), std::string::npos);
}

TEST(NvrtcFault, sc5006_builtins_of_another_version) {
  // A fake NVRTC of version 13.0 with builtins named 13.1 beside it.
  ScratchFolder folder;
  std::filesystem::copy_file(SCANC_FAKE_NVRTC, folder / "libnvrtc.so.13");
  std::filesystem::copy_file(SCANC_EMPTY_LIBRARY, folder / "libnvrtc-builtins.so.13.1");
  NvrtcSearch search;
  search.folders = {folder.path()};
  Result<NvrtcApi> api = openNvrtc(search);
  ASSERT_FALSE(api);
  EXPECT_EQ(api.error().code, "SC5006");
  std::filesystem::rename(folder / "libnvrtc-builtins.so.13.1",
                          folder / "libnvrtc-builtins.so.13.0");
  api = openNvrtc(search);
  ASSERT_TRUE(api) << render(api.error());
  EXPECT_EQ(api->info.minor, 0);
  EXPECT_EQ(api->info.path, folder / "libnvrtc.so.13");
  EXPECT_EQ(api->info.builtinsPath, folder / "libnvrtc-builtins.so.13.0");
}

TEST(NvrtcFault, search_follows_the_environment) {
  ScratchFolder folder;
  std::string wheel = folder / "venv/lib/python3.12/site-packages/nvidia/cu13/lib";
  std::filesystem::create_directories(wheel);
  std::filesystem::create_directories(folder / "venv/bin");
  std::ofstream(folder / "venv/bin/python3") << "";
  ScopedVariable home("CUDA_HOME", "/opt/toolkit"), path("CUDA_PATH", nullptr);
  ScopedVariable executables("PATH", (folder / "venv/bin").c_str());
  NvrtcSearch search = nvrtcSearch();
  ASSERT_GE(search.folders.size(), 4u);
  EXPECT_EQ(search.folders[0], "/opt/toolkit/lib64");
  auto at = [&](const std::string &folder) {
    return std::find(search.folders.begin(), search.folders.end(), folder) - search.folders.begin();
  };
  EXPECT_LT(at(wheel), at("/usr/local/cuda/lib64"));
  EXPECT_LT(at("/usr/local/cuda/lib64"), static_cast<std::ptrdiff_t>(search.folders.size()));
}

TEST(NvrtcFault, log_of_several_entries_and_spills) {
  auto stats =
      parsePtxasLog("ptxas info    : 0 bytes gmem\n"
                    "ptxas info    : Compiling entry function 'a' for 'sm_90a'\n"
                    "ptxas info    : Function properties for a\n"
                    "ptxas         .     256 bytes stack frame, 12 bytes spill stores, 8 "
                    "bytes spill loads\n"
                    "ptxas info    : Used 255 registers, used 2 barriers, 1024 bytes smem, "
                    "368 bytes cmem[0]\n"
                    "ptxas info    : Function properties for helper\n"
                    "ptxas         .     99 bytes stack frame, 99 bytes spill stores, 99 "
                    "bytes spill loads\n"
                    "ptxas info    : Compiling entry function 'b' for 'sm_90a'\n"
                    "ptxas info    : Function properties for b\n"
                    "ptxas         .     0 bytes stack frame, 0 bytes spill stores, 0 bytes "
                    "spill loads\n"
                    "ptxas info    : Used 10 registers, used 0 barriers\n");
  ASSERT_EQ(stats.size(), 2u);
  EXPECT_EQ(stats[0].entry, "a");
  EXPECT_EQ(stats[0].stackBytes, 256);
  EXPECT_EQ(stats[0].spillStoreBytes, 12);
  EXPECT_EQ(stats[0].spillLoadBytes, 8);
  EXPECT_EQ(stats[0].registers, 255);
  EXPECT_EQ(stats[0].barriers, 2);
  EXPECT_EQ(stats[0].staticSharedBytes, 1024);
  EXPECT_EQ(stats[1].entry, "b");
  EXPECT_EQ(stats[1].registers, 10);
  EXPECT_EQ(stats[1].staticSharedBytes, 0);
  EXPECT_EQ(renderStats(stats),
            "entry  registers  stack bytes  spill stores  spill loads  shared bytes  barriers\n"
            "a            255          256            12            8          1024         2\n"
            "b             10            0             0            0             0         0\n");
}

TEST(NvrtcFault, strange_logs_are_read_without_harm) {
  EXPECT_TRUE(parsePtxasLog("").empty());
  EXPECT_TRUE(parsePtxasLog("Used 3 registers\n\n").empty());
  EXPECT_EQ(parsePtxasLog("Compiling entry function '").size(), 1u);
  EXPECT_EQ(parsePtxasLog("Compiling entry function 'k'\nUsed 99999999999999999999 registers")[0]
                .registers,
            0);
}

} // namespace
} // namespace scanc::rt
