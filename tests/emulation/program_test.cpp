//===- program_test.cpp - Programs run as the runtime would run them -------===//
#include "tests/emulation/Program.h"
#include "tests/emulation/TestKernel.h"

using namespace scanc;
using namespace scanc::emulation;

namespace {

/// y[i] = 2 x[i] in a first kernel, through the workspace, and y[i] += 1 in a second.
Program twoKernels() {
  const auto kernel = [](const std::string &entry, const std::string &to,
                         const std::string &value) {
    return "#include \"scanc/core/hardware.cuh\"\n"
           "using namespace scanc::device;\n"
           "struct arguments { const float *x; float *y; float *kept; long long size; };\n"
           "extern \"C\" __global__ void __launch_bounds__(32) " +
           entry +
           "(const __grid_constant__ arguments args) {\n"
           "  const long long i = 32ll * block_index() + thread_index();\n"
           "  if (i >= args.size) return;\n  float v[1];\n  load_global<1>(v, args." +
           value + ";\n  store_global<1>(args." + to + " + i, v);\n}\n";
  };
  const auto step = [](const std::string &entry, const std::string &source) {
    KernelVariant never;
    never.name = "never";
    never.source = "#error never compiled";
    never.launches = {{.entry = entry}};
    never.requires_ = {"N < 0"};
    KernelVariant any;
    any.name = "any";
    any.source = source;
    any.launches = {{.entry = entry, .grid = {"ceildiv(N, 32)", "1", "1"}, .block = {32, 1, 1}}};
    any.arguments = {"address(x)", "address(y)", "workspace(kept)", "N"};
    return KernelStep{{never, any}};
  };
  Program program;
  program.name = "two_kernels";
  program.parameters = {{.name = "x",
                         .role = Parameter::Role::input,
                         .dtype = Dtype::f32,
                         .dims = {"N"},
                         .place = {},
                         .cuts = {}},
                        {.name = "y",
                         .role = Parameter::Role::output,
                         .dtype = Dtype::f32,
                         .dims = {"N"},
                         .place = {},
                         .cuts = {}}};
  program.workspace = {{.name = "kept", .bytes = "4 * N", .alignment = 256}};
  program.entries = {{"forward",
                      {step("twice", kernel("twice", "kept", "x + i); v[0] *= 2")),
                       step("add_one", kernel("add_one", "y", "kept + i); v[0] += 1"))}}};
  return program;
}

TEST(Programs, kernelsRunInOrderThroughTheWorkspace) {
  const Program program = twoKernels();
  std::vector<float> x(75), y(75);
  for (int i = 0; i < 75; ++i)
    x[i] = i;
  const std::vector<TensorRef> operands{{x.data(), Dtype::f32, {75}, {}},
                                        {y.data(), Dtype::f32, {75}, {}}};
  Result<void> result = runProgram(program, operands, {.seed = 3});
  ASSERT_TRUE(result) << result.error().message;
  for (int i = 0; i < 75; ++i)
    EXPECT_EQ(y[i], 2 * i + 1);
}

TEST(Programs, aDependentLaunchTouchesNothingBeforeItHasWaited) {
  Program program = twoKernels();
  std::vector<float> x{1, 2, 3, 4}, y(4);
  const std::vector<TensorRef> operands{{x.data(), Dtype::f32, {4}, {}},
                                        {y.data(), Dtype::f32, {4}, {}}};
  KernelVariant &second = std::get<KernelStep>(program.entries[0].steps[1]).variants[1];
  second.launches[0].dependent = true;
  Result<void> result = runProgram(program, operands);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "emulation.early");
  const std::string first = "  const long long i";
  second.source.insert(second.source.find(first), "  await_launch_before();\n");
  result = runProgram(program, operands);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(y, (std::vector<float>{3, 5, 7, 9}));
}

TEST(Programs, noKernelRunsForAnEmptyGrid) {
  const Program program = twoKernels();
  const std::vector<TensorRef> operands{{nullptr, Dtype::f32, {0}, {}},
                                        {nullptr, Dtype::f32, {0}, {}}};
  Result<void> result = runProgram(program, operands);
  EXPECT_TRUE(result) << result.error().message;
}

TEST(Programs, operandsAreCheckedAsTheRuntimeDoes) {
  const Program program = twoKernels();
  std::vector<float> x(4), y(5);
  const std::vector<TensorRef> operands{{x.data(), Dtype::f32, {4}, {}},
                                        {y.data(), Dtype::f32, {5}, {}}};
  Result<void> result = runProgram(program, operands);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code.substr(0, 3), "SC6") << result.error().message;
}

TEST(Programs, workspaceThatNobodyWroteIsNotRead) {
  Program program = twoKernels();
  program.entries[0].steps.erase(program.entries[0].steps.begin());
  std::vector<float> x(4), y(4);
  const std::vector<TensorRef> operands{{x.data(), Dtype::f32, {4}, {}},
                                        {y.data(), Dtype::f32, {4}, {}}};
  Result<void> result = runProgram(program, operands);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "emulation.unwritten");
  EXPECT_NE(result.error().message.find("buffer 'workspace'"), std::string::npos)
      << result.error().message;
}

TEST(Programs, zeroedWorkspaceReadsAsZeroAndTheRestAsUnwritten) {
  Program program = twoKernels();
  program.entries[0].steps.erase(program.entries[0].steps.begin());
  program.workspace = {{"before", "100", 16}, program.workspace[0], {"after", "100", 16}};
  program.workspace[1].zeroed = true;
  std::vector<float> x(4), y(4);
  const std::vector<TensorRef> operands{{x.data(), Dtype::f32, {4}, {}},
                                        {y.data(), Dtype::f32, {4}, {}}};
  Result<void> result = runProgram(program, operands);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(y, (std::vector<float>{1, 1, 1, 1}));
  for (const char *other : {"workspace(before)", "workspace(after)"}) {
    std::get<KernelStep>(program.entries[0].steps[0]).variants[1].arguments[2] = other;
    result = runProgram(program, operands);
    ASSERT_FALSE(result) << other;
    EXPECT_EQ(result.error().code, "emulation.unwritten");
  }
}

/// A tensor whose first element is not its lowest: the view may be walked backwards.
TEST(Programs, negativeStridesStayWithinTheirBuffer) {
  Program program = twoKernels();
  for (Step &step : program.entries[0].steps)
    for (KernelVariant &variant : std::get<KernelStep>(step).variants)
      for (std::size_t at; (at = variant.source.find("args.x + i")) != std::string::npos;)
        variant.source.replace(at, 10, "args.x - i");
  std::vector<float> x{4, 3, 2, 1}, y(4);
  const std::vector<TensorRef> operands{{x.data() + 3, Dtype::f32, {4}, {-1}},
                                        {y.data(), Dtype::f32, {4}, {}}};
  Result<void> result = runProgram(program, operands);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(y, (std::vector<float>{3, 5, 7, 9}));
}

} // namespace
