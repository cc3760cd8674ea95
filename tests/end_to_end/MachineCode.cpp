//===- MachineCode.cpp - What ptxas makes of an emitted kernel ------------===//
#include "tests/end_to_end/MachineCode.h"

#include "scanc/Nvrtc.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace scanc::testing_support {

void expectInRegisters(const Program &program, const std::string &architecture, int stack) {
  for (const auto &variant : std::get<KernelStep>(program.entries[0].steps[0]).variants) {
    SCOPED_TRACE(program.entries[0].name + " " + architecture + " " + variant.name);
    CudaSource source;
    source.text = variant.source;
    source.headers = program.headers;
    source.architecture = architecture;
    auto compiled = compileCuda(source);
    if (!compiled && compiled.error().kind == ErrorKind::environment &&
        !std::getenv("SCANC_REQUIRE_NVRTC"))
      GTEST_SKIP() << "no NVRTC on this machine";
    ASSERT_TRUE(compiled) << render(compiled.error());
    ASSERT_FALSE(compiled->stats.empty());
    EXPECT_EQ(compiled->stats[0].spillStoreBytes, 0);
    EXPECT_LE(compiled->stats[0].stackBytes, stack);
  }
}

} // namespace scanc::testing_support
