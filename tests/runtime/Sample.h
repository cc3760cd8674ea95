//===- Sample.h - A program, its operands, and scratch folders for tests --===//
#ifndef SCANC_TESTS_RUNTIME_SAMPLE_H
#define SCANC_TESTS_RUNTIME_SAMPLE_H

#include "scanc/Program.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <unistd.h>
#include <vector>

namespace scanc::testing {

/// y[b,t,n] = w * x[b,t,n], with N fixed to 4. Two variants: one for dense, aligned rows.
inline Program sampleProgram() {
  Program program;
  program.name = "scale";
  program.strategy = "sequential";
  program.sourceText =
      "# a comment\nkernel scale(x: f32[B, T, N], w: f32[N]) -> (y: f32[B, T, N]) {\n}\n";
  program.parameters = {
      {"x", Parameter::Role::input, Dtype::f32, {"B", "T", "N"}, {"scale.scan", 2, 14, 1}, {}},
      {"w", Parameter::Role::input, Dtype::f32, {"N"}, {"scale.scan", 2, 30, 1}, {}},
      {"y", Parameter::Role::output, Dtype::f32, {"B", "T", "N"}, {"scale.scan", 2, 45, 1}, {}}};
  program.boundSizes = {{"N", 4}};
  KernelVariant dense;
  dense.name = "dense";
  dense.source = "#include \"scanc/scale.cuh\"\n"
                 "extern \"C\" __global__ void scale(arguments a) { apply(a); }\n";
  dense.requires_ = {"stride(x, 2) == 1 && stride(y, 2) == 1", "address(x) % 16 == 0",
                     "span(x) < 2147483648"};
  dense.launches = {{.entry = "scale",
                     .grid = {"ceildiv(B * T * N, 64)", "1", "1"},
                     .block = {64, 1, 1}}};
  dense.arguments = {"address(x)",
                     "address(w)",
                     "address(y)",
                     "B",
                     "T",
                     "N",
                     "stride(x, 0)",
                     "stride(x, 1)",
                     "stride(x, 2)",
                     "stride(y, 0)",
                     "stride(y, 1)",
                     "stride(y, 2)",
                     "stride(w, 0)"};
  KernelVariant strided = dense;
  strided.name = "strided";
  strided.requires_.clear();
  program.entries = {{"forward", {KernelStep{{dense, strided}}}}};
  program.headers = {
      {"scanc/scale.cuh",
       "#pragma once\n"
       "struct arguments { const float *x, *w; float *y; long long B, T, N, x0, x1, x2, y0, y1, "
       "y2, w0; };\n"
       "__device__ void apply(arguments a) {\n"
       "  long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x;\n"
       "  if (i >= a.B * a.T * a.N) return;\n"
       "  long long n = i % a.N, t = i / a.N % a.T, b = i / a.N / a.T;\n"
       "  a.y[b * a.y0 + t * a.y1 + n * a.y2] = a.w[n * a.w0] * a.x[b * a.x0 + t * a.x1 + n * "
       "a.x2];\n"
       "}\n"}};
  program.promises = {true, "u |w x|"};
  program.planText = "plan";
  return program;
}

/// The sample with a carry between two kernels, in a workspace of B * N floats and B flags.
inline Program workspaceProgram() {
  Program program = sampleProgram();
  program.workspace = {{"carry", "B * N * bytes(x)", 256}, {"flags", "B * 4", 16}};
  auto &variants = std::get<KernelStep>(program.entries[0].steps[0]).variants;
  for (KernelVariant &variant : variants) {
    variant.arguments.push_back("workspace(carry)");
    variant.arguments.push_back("workspace(flags)");
  }
  program.entries[0].steps.push_back(KernelStep{{variants[1]}});
  return program;
}

/// Operands of the sample on cuda:0, backed by host memory that nobody reads.
struct SampleOperands {
  std::int64_t batch, steps;
  std::vector<double> x, w, y; // doubles: aligned to 8, and to 16 by the allocator
  std::vector<TensorRef> list;

  explicit SampleOperands(std::int64_t batch = 2, std::int64_t steps = 3,
                          DeviceKind device = DeviceKind::cuda)
      : batch(batch), steps(steps), x(batch * steps * 2 + 2), w(4), y(batch * steps * 2 + 2) {
    list = {{x.data(), Dtype::f32, {batch, steps, 4}, {}, device, 0},
            {w.data(), Dtype::f32, {4}, {}, device, 0},
            {y.data(), Dtype::f32, {batch, steps, 4}, {}, device, 0}};
  }
};

/// A folder that exists while this value does.
class ScratchFolder {
public:
  ScratchFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "scanc-test-XXXXXX";
    folder = mkdtemp(pattern.data());
  }
  ~ScratchFolder() { std::filesystem::remove_all(folder); }
  const std::string &path() const { return folder; }
  std::string operator/(const std::string &name) const { return folder + "/" + name; }

private:
  std::string folder;
};

/// Sets an environment variable for a scope; null unsets it.
class ScopedVariable {
public:
  ScopedVariable(const char *name, const char *value) : name(name) {
    if (const char *before = std::getenv(name))
      previous = before;
    wasSet = std::getenv(name) != nullptr;
    value ? setenv(name, value, 1) : unsetenv(name);
  }
  ~ScopedVariable() { wasSet ? setenv(name, previous.c_str(), 1) : unsetenv(name); }

private:
  const char *name;
  std::string previous;
  bool wasSet;
};

} // namespace scanc::testing

#endif // SCANC_TESTS_RUNTIME_SAMPLE_H
