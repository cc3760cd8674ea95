//===- LaunchPlanTest.cpp - Variants, geometry, words, workspace ----------===//
#include "scanc/LaunchPlan.h"
#include "Sample.h"

#include <gtest/gtest.h>

namespace scanc {
namespace {

using testing::SampleOperands;
using testing::sampleProgram;
using testing::workspaceProgram;

class LaunchPlanTest : public ::testing::Test {
protected:
  Program program = sampleProgram();
  SampleOperands operands;

  KernelVariant &variant(std::size_t i) {
    return std::get<KernelStep>(program.entries[0].steps[0]).variants[i];
  }
  LaunchPlan plan(const LaunchTarget &target = {}, const Workspace &workspace = {}) {
    Result<LaunchPlan> plan = planLaunch(program, operands.list, target, workspace);
    EXPECT_TRUE(plan) << (plan ? "" : render(plan.error()));
    LaunchPlan failed;
    failed.kernels.resize(2); // so that a test that goes on reads something
    return plan ? *plan : failed;
  }
  std::string refusal(const LaunchTarget &target = {}, const Workspace &workspace = {}) {
    Result<LaunchPlan> plan = planLaunch(program, operands.list, target, workspace);
    EXPECT_FALSE(plan);
    return plan ? "" : plan.error().code;
  }
};

std::int64_t address(const void *data) { return reinterpret_cast<std::int64_t>(data); }

TEST_F(LaunchPlanTest, words_and_grid) {
  LaunchPlan made = plan();
  ASSERT_EQ(made.kernels.size(), 1u);
  const PlannedKernel &kernel = made.kernels[0];
  EXPECT_EQ(kernel.variant, 0u);
  EXPECT_EQ(kernel.grid, (std::array<std::int64_t, 3>{1, 1, 1}));
  EXPECT_EQ(kernel.block, (std::array<std::int64_t, 3>{64, 1, 1}));
  EXPECT_EQ(kernel.words, (std::vector<std::int64_t>{
                              address(operands.x.data()), address(operands.w.data()),
                              address(operands.y.data()), 2, 3, 4, 12, 4, 1, 12, 4, 1, 1}));
  EXPECT_EQ(made.workspaceBytes, 0);
}

TEST_F(LaunchPlanTest, first_variant_whose_requirements_hold) {
  operands.list[2].strides = {4, 8, 1};
  EXPECT_EQ(plan().kernels[0].variant, 0u);
  operands.list[0].strides = {12, 1, 3};
  EXPECT_EQ(plan().kernels[0].variant, 1u);
  operands.list[0].strides = {};
  operands.list[0].data = static_cast<char *>(operands.list[0].data) + 4; // not 16-byte aligned
  EXPECT_EQ(plan().kernels[0].variant, 1u);
}

TEST_F(LaunchPlanTest, stride_of_one_element_counts_as_contiguous) {
  program.boundSizes["N"] = 1;
  SampleOperands narrow;
  for (TensorRef &tensor : narrow.list)
    tensor.sizes.back() = 1;
  narrow.list[0].strides = {3, 1, 77};
  operands.list = narrow.list;
  EXPECT_EQ(plan().kernels[0].variant, 0u);
}

TEST_F(LaunchPlanTest, span_decides_between_index_widths) {
  for (int i = 0; i < 3; ++i) // far apart, as the views are wide; nothing is read
    operands.list[i].data = reinterpret_cast<void *>((i + 1LL) << 40);
  operands.list[0].strides = {2147483644, 4, 1};
  EXPECT_EQ(plan().kernels[0].variant, 1u); // reaches 2147483644 + 8 + 3
  operands.list[0].strides = {-2147483600, 4, 1};
  EXPECT_EQ(plan().kernels[0].variant, 0u);
  operands.list[0].strides = {-2147483648, 4, 1};
  EXPECT_EQ(plan().kernels[0].variant, 1u);
}

TEST_F(LaunchPlanTest, no_steps_of_time) {
  SampleOperands empty(2, 0);
  operands.list = empty.list;
  LaunchPlan made = plan();
  ASSERT_EQ(made.kernels.size(), 1u);
  EXPECT_TRUE(made.kernels[0].isEmpty());
  // A kernel that has work without steps (final states) still runs.
  variant(0).launches[0].grid[0] = "B";
  EXPECT_FALSE(plan().kernels[0].isEmpty());
}

TEST_F(LaunchPlanTest, workspace_is_laid_out_and_aligned) {
  program = workspaceProgram();
  LaunchPlan made = plan();
  ASSERT_EQ(made.kernels.size(), 2u);
  // carry: 2 * 4 * 4 bytes; flags: 8 bytes from 32 on; room to align the base to 256.
  EXPECT_EQ(made.workspaceBytes, 40 + 255);
  EXPECT_EQ(made.kernels[0].words.back(), 32);
  Workspace workspace{reinterpret_cast<void *>(1003), 295};
  made = plan({}, workspace);
  EXPECT_EQ(made.kernels[1].words[made.kernels[1].words.size() - 2], 1024);
  EXPECT_EQ(made.kernels[1].words.back(), 1056);
}

TEST_F(LaunchPlanTest, zeroed_buffers_are_ranges_of_the_workspace) {
  program = workspaceProgram();
  EXPECT_TRUE(plan().zeroed.empty());
  program.workspace[0].zeroed = program.workspace[1].zeroed = true;
  LaunchPlan made = plan({}, {reinterpret_cast<void *>(1003), 295});
  ASSERT_EQ(made.zeroed.size(), 2u);
  EXPECT_EQ(made.zeroed[0].address, 1024);
  EXPECT_EQ(made.zeroed[0].bytes, 32);
  EXPECT_EQ(made.zeroed[1].address, 1056);
  EXPECT_EQ(made.zeroed[1].bytes, 8);
}

TEST_F(LaunchPlanTest, sc6018_workspace_too_small) {
  program = workspaceProgram();
  EXPECT_EQ(refusal({}, {reinterpret_cast<void *>(1024), 294}), "SC6018");
}

TEST_F(LaunchPlanTest, sc6021_workspace_that_overlaps_an_operand) {
  program = workspaceProgram();
  char *result = reinterpret_cast<char *>(operands.y.data());
  std::int64_t bytes = 2 * 3 * 4 * 4;
  EXPECT_EQ(refusal({}, {result, 4096}), "SC6021");
  EXPECT_EQ(refusal({}, {result + bytes - 1, 4096}), "SC6021");
  EXPECT_EQ(refusal({}, {result - 294, 4096}), "SC6021");
  EXPECT_EQ(refusal({}, {operands.w.data(), 4096}), "SC6021");
}

TEST_F(LaunchPlanTest, entries_by_name) {
  program.entries.push_back(program.entries[0]);
  program.entries[1].name = "step";
  std::get<KernelStep>(program.entries[1].steps[0]).variants[0].launches[0].grid[0] = "7";
  EXPECT_EQ(plan().kernels[0].grid[0], 1);
  LaunchTarget step;
  step.entry = "step";
  EXPECT_EQ(plan(step).kernels[0].grid[0], 7);
}

TEST_F(LaunchPlanTest, sc6014_formulas_that_are_not_valid) {
  variant(1).launches[0].grid[2] = "Q";
  EXPECT_EQ(refusal(), "SC6014");
}

TEST_F(LaunchPlanTest, sc6014_only_arguments_know_the_workspace) {
  program = workspaceProgram();
  variant(0).launches[0].grid[0] = "workspace(carry)";
  EXPECT_EQ(refusal(), "SC6014");
  program = workspaceProgram();
  program.workspace[0].bytes = "workspace(flags)";
  EXPECT_EQ(refusal(), "SC6014");
}

TEST_F(LaunchPlanTest, sc6015_formulas_without_a_value) {
  for (const char *text : {"9223372036854775807 + B", "T / (B - 2)"}) {
    program = sampleProgram();
    variant(0).arguments.push_back(text);
    EXPECT_EQ(refusal(), "SC6015") << text;
    program = sampleProgram();
    variant(0).requires_.push_back(text);
    EXPECT_EQ(refusal(), "SC6015") << text;
    program = sampleProgram();
    variant(0).launches[0].grid[1] = text;
    EXPECT_EQ(refusal(), "SC6015") << text;
    program = sampleProgram();
    variant(0).launches[0].sharedBytes = text;
    EXPECT_EQ(refusal(), "SC6015") << text;
    program = workspaceProgram();
    program.workspace[1].bytes = text;
    EXPECT_EQ(refusal(), "SC6015") << text;
  }
  for (const char *text : {"-B", "9223372036854775807", "4611686018427387904"}) {
    program = workspaceProgram();
    program.workspace[1].bytes = text;
    EXPECT_EQ(refusal(), "SC6015") << text;
  }
}

TEST_F(LaunchPlanTest, sc6016_no_variant_says_why_each_declines) {
  variant(0).requires_ = {"B == 3"};
  variant(1).requires_ = {"B == 2", "T == 4"};
  Result<LaunchPlan> made = planLaunch(program, operands.list);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, "SC6016");
  ASSERT_EQ(made.error().notes.size(), 2u);
  EXPECT_EQ(made.error().notes[0].text, "'dense' requires B == 3");
  EXPECT_EQ(made.error().notes[1].text, "'strided' requires T == 4");
}

TEST_F(LaunchPlanTest, sc6017_geometry_beyond_the_device) {
  const char *grids[][3] = {
      {"2147483648", "1", "1"}, {"1", "65536", "1"}, {"1", "1", "65536"}, {"-1", "1", "1"}};
  for (const auto &grid : grids) {
    program = sampleProgram();
    for (int i = 0; i < 3; ++i)
      variant(0).launches[0].grid[i] = grid[i];
    EXPECT_EQ(refusal(), "SC6017") << grid[0];
  }
  const std::array<std::int64_t, 3> blocks[] = {
      {0, 1, 1}, {1025, 1, 1}, {1, 1, 65}, {512, 4, 1}, {1, -1, 1}};
  for (const auto &block : blocks) {
    program = sampleProgram();
    variant(1).launches[0].block = block;
    EXPECT_EQ(refusal(), "SC6017") << block[0];
  }
  const std::array<std::int64_t, 3> clusters[] = {{0, 1, 1}, {17, 1, 1}, {8, 4, 1}, {2, 1, 1}};
  for (const auto &cluster : clusters) { // the last does not divide the grid of one block
    program = sampleProgram();
    variant(0).launches[0].cluster = cluster;
    EXPECT_EQ(refusal(), "SC6017") << cluster[0];
  }
  for (std::array<std::int64_t, 2> box : {std::array<std::int64_t, 2>{48, 64}, {64, 0}, {64, 257}}) {
    program = sampleProgram();
    variant(0).maps = {{"address(x)", {"N", "T", "B"}, {"16", "16"}, box}};
    EXPECT_EQ(refusal(), "SC6017") << box[0] << " " << box[1];
  }
  program = sampleProgram();
  variant(0).launches[0].sharedBytes = "B * 1000";
  LaunchTarget small;
  small.maxSharedBytes = 1999;
  EXPECT_EQ(refusal(small), "SC6017");
  small.maxSharedBytes = 2000;
  EXPECT_EQ(plan(small).kernels[0].sharedBytes, 2000);
  variant(0).launches[0].sharedBytes = "-1";
  EXPECT_EQ(refusal(), "SC6017");
}

TEST_F(LaunchPlanTest, sc6019_library_calls) {
  program.entries[0].steps.push_back(LibraryCall{"cublasLt", "matmul", {}});
  Result<LaunchPlan> made = planLaunch(program, operands.list);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, "SC6019");
  EXPECT_EQ(made.error().message, "not yet supported: a call of cublasLt's 'matmul'");
}

TEST_F(LaunchPlanTest, sc6020_programs_that_nothing_can_launch) {
  LaunchTarget unknown;
  unknown.entry = "backward";
  EXPECT_EQ(refusal(unknown), "SC6020");
  program.entries.clear();
  EXPECT_EQ(refusal(), "SC6020");
  program = sampleProgram();
  program.entries[0].steps.push_back(KernelStep{});
  EXPECT_EQ(refusal(), "SC6020");
  program = sampleProgram();
  variant(1).launches.clear();
  EXPECT_EQ(refusal(), "SC6020");
  for (std::int64_t alignment : {0, -4, 3, 1 << 21}) {
    program = workspaceProgram();
    program.workspace[0].alignment = alignment;
    EXPECT_EQ(refusal(), "SC6020") << alignment;
  }
}

} // namespace
} // namespace scanc
