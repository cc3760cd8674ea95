//===- NvrtcTest.cpp - Real compiles, where there is an NVRTC -------------===//
#include "Sample.h"
#include "runtime/nvrtc/NvrtcApi.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace scanc {
namespace {

using testing::sampleProgram;

class NvrtcTest : public ::testing::Test {
protected:
  void SetUp() override {
    Result<NvrtcInfo> info = nvrtcInfo();
    if (info)
      return;
    const char *required = std::getenv("SCANC_REQUIRE_NVRTC");
    if (required && std::string(required) == "1")
      FAIL() << render(info.error());
    GTEST_SKIP() << info.error().message;
  }
  static CudaSource sample() {
    Program program = sampleProgram();
    CudaSource source;
    source.text = std::get<KernelStep>(program.entries[0].steps[0]).variants[0].source;
    source.headers = program.headers;
    return source;
  }
};

TEST_F(NvrtcTest, info_is_whole) {
  NvrtcInfo info = *nvrtcInfo();
  EXPECT_GE(info.major, 12);
  EXPECT_NE(info.path.find("libnvrtc"), std::string::npos);
  EXPECT_FALSE(info.architectures.empty());
}

TEST_F(NvrtcTest, compiles_with_headers_from_memory) {
  for (const char *architecture : {"sm_80", "sm_90a"}) {
    CudaSource source = sample();
    source.architecture = architecture;
    Result<CompiledKernel> kernel = compileCuda(source);
    ASSERT_TRUE(kernel) << render(kernel.error());
    EXPECT_EQ(kernel->cubin.substr(0, 4), "\x7F"
                                          "ELF");
    EXPECT_NE(kernel->ptx.find(std::string(".target ") + architecture), std::string::npos);
    ASSERT_EQ(kernel->stats.size(), 1u) << kernel->log;
    EXPECT_EQ(kernel->stats[0].entry, "scale");
    EXPECT_GT(kernel->stats[0].registers, 0);
    EXPECT_EQ(kernel->stats[0].spillStoreBytes, 0);
  }
}

TEST_F(NvrtcTest, stats_are_there_on_a_second_compile) {
  // NVRTC's own cache would answer with an empty log.
  for (int i = 0; i < 2; ++i) {
    Result<CompiledKernel> kernel = compileCuda(sample());
    ASSERT_TRUE(kernel) << render(kernel.error());
    EXPECT_EQ(kernel->stats.size(), 1u);
  }
}

TEST_F(NvrtcTest, shared_memory_and_stack_are_seen) {
  CudaSource source;
  source.text = "extern \"C\" __global__ void k(float *x, int n) {\n"
                "  __shared__ float s[256];\n  float v[32];\n"
                "  s[threadIdx.x] = x[threadIdx.x];\n  __syncthreads();\n"
                "  for (int i = 0; i < 32; ++i) v[i] = s[i];\n"
                "  for (int i = 0; i < n; ++i) v[(i * 7 + n) % 32] += v[i % 32];\n"
                "  for (int i = 0; i < 32; ++i) x[i] = v[i];\n}\n";
  Result<CompiledKernel> kernel = compileCuda(source);
  ASSERT_TRUE(kernel) << render(kernel.error());
  EXPECT_EQ(kernel->stats[0].staticSharedBytes, 1024);
  EXPECT_EQ(kernel->stats[0].stackBytes, 128);
  EXPECT_EQ(kernel->stats[0].barriers, 1);
}

TEST_F(NvrtcTest, compile_to_ptx) {
  Result<std::string> ptx = compileToPtx(sample());
  ASSERT_TRUE(ptx) << render(ptx.error());
  EXPECT_NE(ptx->find(".entry scale"), std::string::npos);
  EXPECT_EQ(ptx->find('\0'), std::string::npos);
}

TEST_F(NvrtcTest, sc5004_text_that_does_not_compile) {
  CudaSource source = sample();
  source.text += "this is no CUDA;\n";
  Result<CompiledKernel> kernel = compileCuda(source);
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.error().code, "SC5004");
  EXPECT_EQ(exitCode(kernel.error().kind), 70);
  EXPECT_NE(kernel.error().notes[0].text.find("kernel.cu"), std::string::npos);
}

TEST_F(NvrtcTest, sc5004_a_header_that_is_not_there) {
  CudaSource source = sample();
  source.headers.clear();
  Result<CompiledKernel> kernel = compileCuda(source);
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.error().code, "SC5004");
}

TEST_F(NvrtcTest, sc5003_architectures_are_named) {
  for (const char *architecture :
       {"sm_20", "sm_80a", "sm_9999", "sm_", "compute_90", "", "sm_90x"}) {
    CudaSource source = sample();
    source.architecture = architecture;
    Result<CompiledKernel> kernel = compileCuda(source);
    ASSERT_FALSE(kernel) << architecture;
    EXPECT_EQ(kernel.error().code, "SC5003");
    EXPECT_NE(kernel.error().message.find("sm_90"), std::string::npos);
  }
}

} // namespace
} // namespace scanc
