//===- Emulated.cpp - A program in the emulation against the oracle -------===//
#include "tests/end_to_end/Emulated.h"

#include "scanc/LaunchPlan.h"
#include "tests/emulation/Program.h"
#include "tests/support/Comparison.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace scanc::testing_support {

std::string programText(const std::string &name) {
  std::stringstream buffer;
  buffer << std::ifstream(std::string(SCANC_PROGRAMS) + "/" + name + ".scan").rdbuf();
  return buffer.str();
}

void expectRight(const std::string &text, const CompileOptions &options, const Emulated &how) {
  auto program = compileProgram(text, options);
  ASSERT_TRUE(program) << render(program.error());
  auto operands = makeOperands(text, options, program->parameters, how.seed);
  ASSERT_TRUE(operands) << render(operands.error());
  auto &variants = std::get<KernelStep>(program->entries[0].steps[0]).variants;
  ASSERT_NE(variants[0].source.find(how.kernel), std::string::npos);
  std::erase_if(variants, [&](const KernelVariant &variant) {
    return !variant.name.starts_with(how.variants);
  });
  emulation::Options emulated;
  emulated.seed = how.seed;
  auto done = emulation::runProgram(*program, operands->tensors, emulated);
  ASSERT_TRUE(done) << render(done.error());
  EXPECT_EQ(firstMismatch(text, options, program->parameters, *operands, how.factor), "");
}

Result<std::string> runChosen(const Program &program, const std::vector<TensorRef> &operands,
                              std::uint64_t seed) {
  LaunchTarget host;
  host.device = DeviceKind::cpu;
  auto plan = planLaunch(program, operands, host);
  if (!plan)
    return plan.error();
  emulation::Options options;
  options.seed = seed;
  if (auto done = emulation::runProgram(program, operands, options); !done)
    return done.error();
  const auto &step = std::get<KernelStep>(program.entries[0].steps[0]);
  return step.variants[plan->kernels[0].variant].name;
}

} // namespace scanc::testing_support
