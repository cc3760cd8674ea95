//===- DeviceTest.cpp - Evaluations on a device, without one --------------===//
//
// The memory of a fake driver, and NVRTC where it is.
//
//===----------------------------------------------------------------------===//
#include "runtime/tuning/CopyBandwidth.h"
#include "runtime/tuning/GuardedBuffer.h"
#include "scanc/Nvrtc.h"

#include "gtest/gtest.h"

#include <cstring>
#include <dlfcn.h>

using namespace scanc;
using namespace scanc::tuning;

TEST(GuardedBuffer, what_lies_beside_a_tensor_on_a_device_is_seen) {
  // Of the name libcuda.so.1: the runtime finds it loaded.
  ASSERT_TRUE(dlopen(SCANC_FAKE_CUDA, RTLD_NOW | RTLD_GLOBAL)) << dlerror();
  constexpr std::int64_t bytes = (std::int64_t(16) << 20) + 12; // more than is compared at once
  GuardedBuffer buffer = orExit(GuardedBuffer::create(bytes, /*device=*/0));
  std::memset(buffer.image(), 7, bytes);
  orExit(buffer.upload());
  EXPECT_TRUE(orExit(buffer.isUnchanged()));
  EXPECT_TRUE(orExit(buffer.isGuardIntact()));
  auto *onDevice = static_cast<char *>(buffer.data()); // memory of the host, in the fake
  for (std::int64_t at :
       {-GuardedBuffer::guard, std::int64_t(-1), bytes, bytes + GuardedBuffer::guard - 1}) {
    onDevice[at] = 7;
    EXPECT_FALSE(orExit(buffer.isGuardIntact())) << at;
    EXPECT_TRUE(orExit(buffer.isUnchanged()));
    orExit(buffer.upload());
    EXPECT_TRUE(orExit(buffer.isGuardIntact())) << at;
  }
  onDevice[bytes - 1] = 8;
  EXPECT_FALSE(orExit(buffer.isUnchanged()));
  orExit(buffer.fetch());
  EXPECT_EQ(buffer.image()[bytes - 1], 8);
  EXPECT_EQ(buffer.image()[0], 7);
  orExit(buffer.poison());
  orExit(buffer.fetch());
  EXPECT_EQ(buffer.image()[bytes - 1], static_cast<char>(0xff));
  EXPECT_TRUE(orExit(buffer.isGuardIntact()));
}

TEST(CopyBandwidth, its_kernel_moves_vectors_and_nothing_else) {
  if (!nvrtcInfo())
    GTEST_SKIP() << "no NVRTC";
  for (int vectors : {1, 8}) {
    const Program program = copyProgram(vectors);
    const KernelVariant &variant = std::get<KernelStep>(program.entries[0].steps[0]).variants[0];
    CudaSource source;
    source.text = variant.source;
    source.architecture = "sm_90a";
    CompiledKernel kernel = orExit(compileCuda(source));
    auto count = [&](const std::string &instruction) {
      int found = 0;
      for (std::size_t at = 0; (at = kernel.ptx.find(instruction, at)) != std::string::npos; ++at)
        ++found;
      return found;
    };
    EXPECT_EQ(count("ld.global.v2.u64"), vectors) << kernel.ptx;
    EXPECT_EQ(count("st.global.v2.u64"), vectors) << kernel.ptx;
    ASSERT_EQ(kernel.stats.size(), 1u);
    EXPECT_EQ(kernel.stats[0].spillStoreBytes, 0);
  }
}

TEST(CopyBandwidth, of_the_cpu_is_measured) { EXPECT_GT(orExit(copyBandwidth("cpu")), 1e8); }
