//===- SmithTest.cpp - Fifty random programs on the CPU and in the emulation ---===//
#include "tests/emulation/Program.h"
#include "tests/smith/Smith.h"
#include "tests/support/Comparison.h"

#include <gtest/gtest.h>

using namespace scanc;
using namespace scanc::testing_support;

namespace {

constexpr std::uint64_t firstSeed = 20261121;

class RandomPrograms : public testing::TestWithParam<std::uint64_t> {
protected:
  void SetUp() override {
    program = smith::generate(firstSeed + GetParam());
    options.filename = "seed " + std::to_string(firstSeed + GetParam());
    options.sizes = program.sizes;
    auto parameters = signature(program.text, options);
    ASSERT_TRUE(parameters) << render(parameters.error()) << program.text;
    declared = *parameters;
  }

  smith::RandomProgram program;
  CompileOptions options;
  std::vector<Parameter> declared;
};

TEST_P(RandomPrograms, onTheCpu) {
  options.target = "cpu";
  auto kernel = compile(program.text, options);
  ASSERT_TRUE(kernel) << render(kernel.error()) << program.text;
  auto operands = makeOperands(program.text, options, declared, GetParam());
  ASSERT_TRUE(operands) << render(operands.error());
  auto done = kernel->launch(operands->tensors);
  ASSERT_TRUE(done) << render(done.error());
  EXPECT_EQ(firstMismatch(program.text, options, declared, *operands), "") << program.text;
}

TEST_P(RandomPrograms, inTheEmulation) {
  // Strategies take turns; one that declines leaves the program to the other.
  options.target = "sm_90a";
  static constexpr const char *strategies[] = {"sequential", "blelloch", "look_back"};
  options.strategy = strategies[GetParam() % 3];
  auto compiled = compileProgram(program.text, options);
  if (!compiled && compiled.error().code == "SC3002") {
    options.strategy = "auto";
    compiled = compileProgram(program.text, options);
  }
  ASSERT_TRUE(compiled) << render(compiled.error()) << program.text;
  auto operands = makeOperands(program.text, options, declared, GetParam());
  ASSERT_TRUE(operands) << render(operands.error());
  emulation::Options emulated;
  emulated.seed = GetParam();
  auto done = emulation::runProgram(*compiled, operands->tensors, emulated);
  ASSERT_TRUE(done) << render(done.error()) << program.text;
  EXPECT_EQ(firstMismatch(program.text, options, declared, *operands), "") << program.text;
}

INSTANTIATE_TEST_SUITE_P(Smith, RandomPrograms, testing::Range<std::uint64_t>(0, 50));

} // namespace
