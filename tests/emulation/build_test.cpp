//===- build_test.cpp - From text to a loaded kernel -----------------------===//
#include "tests/emulation/TestKernel.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

using namespace scanc;
using namespace scanc::emulation;

namespace {

TEST(Build, errorOfTheCompilerNamesTheLineOfTheText) {
  auto module = EmulatedModule::build("extern \"C\" __global__ void broken() {\n  nothing();\n}\n",
                                      std::vector<std::string>{}, "broken");
  ASSERT_FALSE(module);
  EXPECT_EQ(module.error().code, "emulation.build");
  EXPECT_NE(module.error().message.find("broken.cu:2"), std::string::npos)
      << module.error().message;
}

TEST(Build, headersGivenAsTextAreFound) {
  auto module = EmulatedModule::build(
      "#include \"scanc/kernel/fill.cuh\"\n"
      "struct arguments { float *out; };\n"
      "extern \"C\" __global__ void fill(const __grid_constant__ arguments args) {\n"
      "  scanc::device::fill(args.out);\n}\n",
      std::map<std::string, std::string>{
          {"scanc/kernel/fill.cuh", "#include \"scanc/core/hardware.cuh\"\n"
                                    "namespace scanc::device {\n"
                                    "static __device__ __forceinline__ void fill(float *out) {\n"
                                    "  store_global<1>(out + thread_index(), {2.5f});\n}\n}\n"},
          {"scanc/core/hardware.cuh", "#error the file of the device was included\n"}},
      "fill");
  ASSERT_TRUE(module) << module.error().message;
  std::vector<float> out(4);
  Buffer buffer = bufferOf("out", out);
  expectSuccess(module->launch({.threads = 4}, std::vector{wordOf(buffer)}, {buffer}));
  EXPECT_EQ(out, (std::vector<float>{2.5f, 2.5f, 2.5f, 2.5f}));
}

/// The names of the functions that kernels call in such a header: as they are defined, or as the
/// first argument of a macro that defines them.
std::set<std::string> functionsOf(const std::filesystem::path &path) {
  std::ifstream file(path);
  const std::string whole{std::istreambuf_iterator<char>(file), {}};
  const std::string text = std::regex_replace(whole, std::regex("#define(\\\\\n|[^\n])*\n"), "\n");
  const std::regex function("(?:__forceinline__ \\w+ |\\nSCANC_\\w+\\()(\\w+)[(,]");
  std::set<std::string> names;
  for (std::sregex_iterator at(text.begin(), text.end(), function), end; at != end; ++at)
    names.insert((*at)[1]);
  return names;
}

TEST(Build, emulationOffersTheFunctionsOfTheDevice) {
  const std::filesystem::path root = SCANC_SOURCE_FOLDER;
  for (const auto &[header, one] : {std::pair{"scanc/core/hardware.cuh", "load_global"},
                                    std::pair{"scanc/core/tensor_cores.cuh", "load_matrices"},
                                    std::pair{"scanc/core/wide_products.cuh", "multiply_wide"},
                                    std::pair{"scanc/core/tensor_copies.cuh", "start_matrix_copy"}}) {
    const std::set<std::string> device = functionsOf(root / "templates" / header);
    EXPECT_EQ(functionsOf(root / "tests/emulation/include" / header), device) << header;
    EXPECT_TRUE(device.count(one)) << header;
  }
}

/// The compiler is a script that notes its calls. Its path is a part of the digest, so its objects
/// are not found under another compiler's; an earlier run of this test may have left one.
TEST(Build, unchangedTextIsNotCompiledAgain) {
  const std::filesystem::path folder = SCANC_EMULATION_TEST_FOLDER;
  std::filesystem::create_directories(folder);
  const std::filesystem::path script = folder / "compiler", calls = folder / "calls";
  std::ofstream(script) << "#!/bin/sh\necho call >> " << calls.string() << "\nexec "
                        << SCANC_EMULATION_CXX << " \"$@\"\n";
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  std::filesystem::remove(calls);
  const char *usual = std::getenv("CXX");
  const std::string before = usual ? usual : "";
  setenv("CXX", script.c_str(), 1);
  for (int i = 0; i < 2; ++i)
    EXPECT_TRUE(EmulatedModule::build("extern \"C\" __global__ void empty() {}\n",
                                      std::vector<std::string>{}, "empty"));
  setenv("CXX", before.c_str(), 1);
  std::ifstream log(calls);
  EXPECT_LE(std::count(std::istreambuf_iterator<char>(log), {}, '\n'), 1);
}

} // namespace
