//===- machine_code_test.cpp - What NVRTC makes of the fixtures -----------===//
#include "scanc/Nvrtc.h"
#include "templates/Templates.h"
#include "tests/templates/Fixture.h"

#include <gtest/gtest.h>

#include <cstdlib>

using namespace scanc;
using namespace scanc::templates;
using device::order;

namespace {

/// A variant and the accesses that its PTX must have: widths that the policy asks for.
struct Case {
  Variant variant;
  const char *load, *store;
};

// Offsets as a launch has them whose tensors span less than 2^31 elements.
const Replacements offsets{{"using offset = long long", "using offset = int"}};

const Case cases[] = {
    {{"gated_scan", {order::lanes, 128, 1, 8, 4}, offsets}, "ld.global.nc.v4", "st.global.v4"},
    {{"gated_scan", {order::lanes, 128, 1, 4, 4}, offsets}, "ld.global.nc.v2", "st.global.v2"},
    {{"gated_scan", {order::lanes, 128, 1, 2, 8}, offsets}, "ld.global.nc.u32", "st.global.b32"},
    {{"gated_scan", {order::lanes, 32, 8, 8, 2}, offsets}, "ld.global.nc.v4", "st.global.v4"},
    {{"gated_scan", {order::lanes, 32, 8, 2, 8}, offsets}, "ld.global.nc.u32", "st.global.b32"},
    {{"gated_scan_time", {order::time, 128, 1, 1, 16}, offsets}, "ld.global.nc.v4", "st.global.v4"},
    {{"gated_scan_time", {order::time, 4, 32, 1, 16}, offsets}, "ld.global.nc.v4", "st.global.v4"},
    {{"cascade", {order::lanes, 128, 1, 4, 4}, offsets}, "ld.global.nc.v4", "st.global.v4"},
    {{"cascade", {order::lanes, 32, 8, 1, 8}, offsets}, "ld.global.nc.u32", "st.global.b32"},
    {{"cascade_time", {order::time, 128, 1, 1, 8}, offsets}, "ld.global.nc.v4", "st.global.v4"},
    {{"cascade_time", {order::time, 1, 128, 1, 4}, offsets}, "ld.global.nc.v4", "st.global.v4"},
    {{"selective_scan", {order::lanes, 128, 1, 1, 4}, offsets}, "ld.global.nc.v4", "st.global.b16"},
    {{"selective_scan", {order::lanes, 32, 4, 1, 2}, offsets}, "ld.global.nc.v4", "st.global.b16"},
    {{"gated_scan", {order::lanes, 8, 32, 8, 8}, offsets, {1, 8}},
     "ld.global.nc.v4",
     "st.global.v4"},
    {{"gated_scan_time", {order::time, 1, 256, 1, 8}, offsets, {4, 8}},
     "ld.global.nc.v4",
     "st.global.v4"},
    {{"cascade", {order::lanes, 8, 32, 4, 4}, offsets, {1, 16}}, "ld.global.nc.v4", "st.global.v4"},
    {{"cascade_time", {order::time, 1, 256, 1, 4}, offsets, {4, 16}},
     "ld.global.nc.v4",
     "st.global.v4"},
    {{"selective_scan", {order::lanes, 8, 32, 1, 2}, offsets, {1, 128}},
     "ld.global.nc.v4",
     "st.global.b16"},
};

void PrintTo(const Case &c, std::ostream *out) { *out << c.variant; }

std::size_t count(const std::string &text, const std::string &part) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size())
    ++found;
  return found;
}

/// Skips a test where there is no NVRTC; fails it where SCANC_REQUIRE_NVRTC says that there must be.
class NeedsNvrtc : public testing::Test {
protected:
  void SetUp() override {
    Result<NvrtcInfo> info = nvrtcInfo();
    if (!info && std::getenv("SCANC_REQUIRE_NVRTC"))
      FAIL() << info.error().message;
    if (!info)
      GTEST_SKIP() << info.error().message;
  }
};

class MachineCode : public NeedsNvrtc, public testing::WithParamInterface<Case> {};

TEST_P(MachineCode, keepsEverythingInRegistersAndMovesWholeVectors) {
  for (const char *architecture : {"sm_80", "sm_90a"}) {
    SCOPED_TRACE(architecture);
    Result<CompiledKernel> kernel = compileCuda({.text = GetParam().variant.text(),
                                                 .headers = templateHeaders(),
                                                 .architecture = architecture,
                                                 .extraOptions = {}});
    ASSERT_TRUE(kernel) << kernel.error().message;
    ASSERT_EQ(kernel->stats.size(), 1u) << kernel->log;
    const KernelStats &stats = kernel->stats[0];
    EXPECT_EQ(stats.stackBytes, 0) << kernel->log;
    EXPECT_EQ(stats.spillStoreBytes, 0) << kernel->log;
    EXPECT_EQ(kernel->log.find("warning"), std::string::npos) << kernel->log;
    EXPECT_GT(count(kernel->ptx, GetParam().load), 0u);
    EXPECT_GT(count(kernel->ptx, GetParam().store), 0u);
    EXPECT_EQ(count(kernel->ptx, ".local"), 0u);
  }
}

using Widths = NeedsNvrtc;

TEST_F(Widths, rowsOfAWholeTileAreNeverStoredInParts) {
  Result<CompiledKernel> kernel = compileCuda({.text = cases[0].variant.text(),
                                               .headers = templateHeaders(),
                                               .architecture = "sm_90a",
                                               .extraOptions = {}});
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(count(kernel->ptx, "st.global"), count(kernel->ptx, "st.global.v4"));
}

using Copies = NeedsNvrtc;

// With a copy for whole tiles and one for the last NVRTC took twice as long.
TEST_F(Copies, theLastTileHasALookBackOfItsOwn) {
  for (const Case &each : cases) {
    if (!each.variant.isLookBack() || each.variant.fixture.starts_with("cascade"))
      continue;
    SCOPED_TRACE(testing::PrintToString(each));
    Result<CompiledKernel> kernel = compileCuda({.text = each.variant.text(),
                                                 .headers = templateHeaders(),
                                                 .architecture = "sm_90a",
                                                 .extraOptions = {}});
    ASSERT_TRUE(kernel) << kernel.error().message;
    // Waiting for the tiles of a group, and for what comes before a tile.
    EXPECT_EQ(count(kernel->ptx, "vote.sync.ballot"), 2u);
  }
}

using Functions = NeedsNvrtc;

// With the library's log1p a step of selective_scan took 86 of 814 instructions more.
TEST_F(Functions, softplusDoesNotBranch) {
  for (const char *call : {"thread::softplus(*x)", "thread::softplus<approximate>(*x)"}) {
    SCOPED_TRACE(call);
    const std::string text = std::string("#include \"scanc/thread/activation.cuh\"\n"
                                         "extern \"C\" __global__ void apply(float *x) {\n"
                                         "  using namespace scanc::device;\n  *x = ") +
                             call + ";\n}\n";
    Result<CompiledKernel> kernel = compileCuda({.text = text,
                                                 .headers = templateHeaders(),
                                                 .architecture = "sm_90a",
                                                 .extraOptions = {}});
    ASSERT_TRUE(kernel) << kernel.error().message;
    EXPECT_EQ(count(kernel->ptx, "bra"), 0u) << kernel->ptx;
  }
}

INSTANTIATE_TEST_SUITE_P(Fixtures, MachineCode, testing::ValuesIn(cases));

} // namespace
