//===- MutantCheck.cpp - Do a few programs still come out right? ----------===//
//
// scanc-mutant-check TEMPLATES_FOLDER: compiles fixed and random programs, runs
// them in the emulation with the device library of the folder in place of the
// embedded one, and exits 1 at the first wrong result or broken rule.
//
//===----------------------------------------------------------------------===//
#include "tests/emulation/Program.h"
#include "tests/smith/Smith.h"
#include "tests/support/Comparison.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace scanc;
using namespace scanc::testing_support;

static std::string readFile(const std::filesystem::path &path) {
  std::ifstream stream(path);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

static int fail(const std::string &what, const std::string &why) {
  std::printf("%s: %s\n", what.c_str(), why.c_str());
  return 1;
}

static int check(const std::string &name, const std::string &text, CompileOptions options,
                 const std::filesystem::path &folder) {
  options.filename = name;
  options.target = "sm_90a";
  auto program = compileProgram(text, options);
  if (!program)
    return program.error().code == "SC3002" ? 0 : fail(name, render(program.error()));
  for (auto &[header, content] : program->headers)
    content = readFile(folder / header);
  auto operands = makeOperands(text, options, program->parameters, 7);
  if (!operands)
    return fail(name, render(operands.error()));
  auto done = emulation::runProgram(*program, operands->tensors, {});
  if (!done)
    return fail(name, render(done.error()));
  std::string wrong = firstMismatch(text, options, program->parameters, *operands);
  return wrong.empty() ? 0 : fail(name, wrong);
}

int main(int argc, char **argv) {
  if (argc != 2)
    return fail("usage", "scanc-mutant-check TEMPLATES_FOLDER");
  for (const char *name : {"gated_scan", "gated_scan_time", "cascade", "init_final", "reverse",
                           "short_conv", "softmax_readout", "bf16_state", "two_outputs",
                           "rms_scan"})
    for (const char *strategy : {"sequential", "blelloch"})
      for (std::int64_t steps : {5, 150, 1200}) {
        CompileOptions options;
        options.strategy = strategy;
        options.sizes = {{"B", 2}, {"D", 40}, {"N", 5}, {"H", 2}, {"T", steps}};
        std::string text = readFile(std::filesystem::path(SCANC_PROGRAMS) / (std::string(name) + ".scan"));
        if (int code = check(name, text, options, argv[1]))
          return code;
      }
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    smith::RandomProgram random = smith::generate(seed);
    CompileOptions options;
    options.sizes = random.sizes;
    if (int code = check("seed " + std::to_string(seed), random.text, options, argv[1]))
      return code;
  }
  return 0;
}
