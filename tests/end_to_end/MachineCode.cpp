//===- MachineCode.cpp - What ptxas makes of an emitted kernel ------------===//
#include "tests/end_to_end/MachineCode.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace scanc::testing_support {

/// The skip of a void function, as GoogleTest wants it.
static void skipWithoutNvrtc() { GTEST_SKIP() << "no NVRTC on this machine"; }

std::optional<CompiledKernel> compileVariant(const Program &program, std::size_t variant,
                                             const std::string &architecture) {
  CudaSource source;
  source.text = std::get<KernelStep>(program.entries[0].steps[0]).variants[variant].source;
  source.headers = program.headers;
  source.architecture = architecture;
  auto compiled = compileCuda(source);
  if (compiled)
    return std::move(*compiled);
  if (compiled.error().kind == ErrorKind::environment && !std::getenv("SCANC_REQUIRE_NVRTC"))
    skipWithoutNvrtc();
  else
    ADD_FAILURE() << render(compiled.error());
  return std::nullopt;
}

/// In the short form, which of several variants an architecture has: each way to copy and each width of
/// offsets, but not each of both.
static bool isDue(std::size_t variant, std::size_t count, const std::string &architecture) {
  if (count == 1 || std::getenv("SCANC_SOAK"))
    return true;
  return (variant + variant / 2) % 2 == (architecture == "sm_80" ? 1 : 0);
}

void expectInRegisters(const Program &program, const std::string &architecture, int stack,
                       int spilled) {
  const auto &variants = std::get<KernelStep>(program.entries[0].steps[0]).variants;
  for (std::size_t i = 0; i < variants.size(); ++i) {
    if (!isDue(i, variants.size(), architecture))
      continue;
    SCOPED_TRACE(program.entries[0].name + " " + architecture + " " + variants[i].name);
    auto compiled = compileVariant(program, i, architecture);
    if (!compiled)
      return;
    ASSERT_EQ(compiled->stats.size(), variants[i].launches.size());
    for (const KernelStats &stats : compiled->stats) {
      EXPECT_LE(stats.spillStoreBytes, spilled);
      EXPECT_LE(stats.stackBytes, stack);
    }
    EXPECT_EQ(compiled->log.find("wgmma.mma_async instructions are serialized"), std::string::npos) << compiled->log;
  }
}

} // namespace scanc::testing_support
