//===- ProjectionCases.cpp - Plans with products of matrices --------------===//
#include "tests/end_to_end/ProjectionCases.h"

#include "tests/end_to_end/Emulated.h"

#include <gtest/gtest.h>

namespace scanc::testing_support {

const char *const gatedWithOutput = R"(
@precision(f16) kernel gated(x: f16[B, T, E], Wf, Wv, Wz: f16[E, D], Wo: f16[D, M], c: f32[M], h0: f32[B, D]) -> (y: f16[B, T, M], z: f32[B, T, D], hT: f32[B, D]) {
  scan T as t over B {
    init h = h0
    f[j]   = sigmoid(x[t,k] * Wf[k,j])
    h[t,j] = f[j] * h[t-1,j] + (1 - f[j]) * (x[t,k] * Wv[k,j])
    z[t,j] = silu(x[t,k] * Wz[k,j])
    y[t,m] = h[t,j] * z[t,j] * Wo[j,m] + c[m]
    final h -> hT
  }
})";

CompileOptions withProjection(const std::string &target, std::map<std::string, std::int64_t> sizes) {
  CompileOptions options;
  options.target = target;
  options.strategy = "projection";
  options.sizes = std::move(sizes);
  return options;
}

std::size_t kernelsOf(const std::string &text, const CompileOptions &options) {
  auto program = compileProgram(text, options);
  EXPECT_TRUE(program) << render(program.error());
  return program ? program->entries[0].steps.size() : 0;
}

std::string launched(const std::string &text, const Program &program, const CompileOptions &options,
                     Operands &operands) {
  auto variant = runChosen(program, operands.tensors, 5);
  if (!variant)
    return render(variant.error());
  std::string wrong = firstMismatch(text, options, program.parameters, operands);
  return wrong.empty() ? *variant : wrong;
}

std::string launchedAt(const std::string &text, const Program &program, CompileOptions options,
                       const std::map<std::string, std::int64_t> &sizes) {
  options.sizes = sizes;
  auto operands = makeOperands(text, options, program.parameters, 3);
  return operands ? launched(text, program, options, *operands) : render(operands.error());
}

} // namespace scanc::testing_support
