//===- OperandTest.cpp - Each check of an operand, under its code ---------===//
#include "Sample.h"
#include "scanc/LaunchPlan.h"

#include <gtest/gtest.h>

#include <limits>

namespace scanc {
namespace {

using testing::SampleOperands;
using testing::sampleProgram;

constexpr std::size_t x = 0, w = 1, y = 2;

class OperandTest : public ::testing::Test {
protected:
  Program program = sampleProgram();
  SampleOperands operands;

  Error refusal(const LaunchTarget &target = {}) {
    Result<LaunchPlan> plan = planLaunch(program, operands.list, target);
    EXPECT_FALSE(plan);
    return plan ? Error() : plan.error();
  }
  bool accepted(const LaunchTarget &target = {}) {
    Result<LaunchPlan> plan = planLaunch(program, operands.list, target);
    EXPECT_TRUE(plan) << (plan ? "" : render(plan.error()));
    return static_cast<bool>(plan);
  }
};

TEST_F(OperandTest, sc6001_count) {
  operands.list.pop_back();
  Error error = refusal();
  EXPECT_EQ(error.code, "SC6001");
  EXPECT_EQ(error.message, "'scale': expected 3 operands (x, w, y), got 2");
}

TEST_F(OperandTest, sc6002_dtype_at_the_users_place) {
  operands.list[x].dtype = Dtype::bf16;
  EXPECT_EQ(render(refusal()),
            "scale.scan:2:14: error[SC6002]: input 'x' of 'scale': expected elements of type f32, "
            "got bf16\n"
            "kernel scale(x: f32[B, T, N], w: f32[N]) -> (y: f32[B, T, N]) {\n"
            "             ^\n"
            "help: convert the tensor, or declare the parameter with its type\n");
}

TEST_F(OperandTest, sc6003_rank) {
  operands.list[y].sizes = {2, 12};
  EXPECT_EQ(refusal().code, "SC6003");
  EXPECT_EQ(refusal().message, "result 'y' of 'scale': expected 3 dimensions [B, T, N], got 2");
}

TEST_F(OperandTest, sc6004_names_agree) {
  operands.list[y].sizes[1] = 5;
  Error error = refusal();
  EXPECT_EQ(error.code, "SC6004");
  EXPECT_EQ(error.message, "result 'y' of 'scale': expected 3 elements in dimension 1 ('T'), as in "
                           "'x'; got 5");
  ASSERT_EQ(error.notes.size(), 1u);
  EXPECT_EQ(error.notes[0].place.column, 14);
}

TEST_F(OperandTest, sc6004_names_plus_a_number) {
  program.parameters[w].dims = {"T + 1"};
  operands.list[w].sizes = {4};
  accepted();
  operands.list[w].sizes = {3};
  EXPECT_EQ(refusal().code, "SC6004");
  // Even where the name is bound nowhere else, it counts something.
  program.parameters[w].dims = {"S+1"};
  operands.list[w].sizes = {0};
  EXPECT_EQ(refusal().code, "SC6004");
}

TEST_F(OperandTest, sc6005_bound_sizes_and_numbers) {
  operands.list[w].sizes = {5};
  EXPECT_EQ(refusal().code, "SC6005");
  program.parameters[w].dims = {"5"};
  accepted();
  program.parameters[w].dims = {"6"};
  EXPECT_EQ(refusal().code, "SC6005");
}

TEST_F(OperandTest, sc6006_null) {
  operands.list[x].data = nullptr;
  EXPECT_EQ(refusal().code, "SC6006");
}

TEST_F(OperandTest, null_is_fine_without_elements) {
  SampleOperands empty(2, 0);
  operands.list = empty.list;
  operands.list[x].data = nullptr;
  operands.list[y].data = nullptr;
  accepted();
}

TEST_F(OperandTest, sc6007_alignment) {
  operands.list[x].data = static_cast<char *>(operands.list[x].data) + 2;
  EXPECT_EQ(refusal().code, "SC6007");
}

TEST_F(OperandTest, sc6008_device) {
  operands.list[w].device = DeviceKind::cpu;
  EXPECT_EQ(refusal().code, "SC6008");
  operands.list[w].device = DeviceKind::cuda;
  operands.list[w].deviceIndex = 1;
  EXPECT_EQ(refusal().code, "SC6008");
  LaunchTarget second;
  second.deviceIndex = 1;
  for (TensorRef &tensor : operands.list)
    tensor.deviceIndex = 1;
  accepted(second);
  LaunchTarget host;
  host.device = DeviceKind::cpu;
  EXPECT_EQ(refusal(host).code, "SC6008");
}

TEST_F(OperandTest, sc6009_negative_size) {
  operands.list[x].sizes[1] = -3;
  EXPECT_EQ(refusal().code, "SC6009");
}

TEST_F(OperandTest, sc6010_overflow) {
  std::int64_t huge = std::int64_t{1} << 31;
  operands.list[x].sizes = {huge, huge, 4};
  EXPECT_EQ(refusal().code, "SC6010");
  // Few elements, but offsets beyond 64 bits.
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  for (std::int64_t stride : {most, most / 2, most / 4 + 1, -most, -most - 1}) {
    operands.list[x].sizes = {2, 3, 4};
    operands.list[x].strides = {4, stride, 1};
    EXPECT_EQ(refusal().code, "SC6010") << stride;
  }
}

TEST_F(OperandTest, sc6011_results_do_not_share_elements) {
  operands.list[y].strides = {12, 0, 1};
  EXPECT_EQ(refusal().code, "SC6011");
  operands.list[y].strides = {12, 3, 1};
  EXPECT_EQ(refusal().code, "SC6011");
  operands.list[y].strides = {4, 8, 1}; // dimensions exchanged: no two elements meet
  accepted();
  operands.list[x].strides = {0, 0, 0}; // inputs may
  accepted();
}

TEST_F(OperandTest, zero_stride_of_a_single_element_is_fine) {
  SampleOperands one(1, 3);
  operands.list = one.list;
  operands.list[y].strides = {0, 4, 1};
  accepted();
}

TEST_F(OperandTest, sc6012_results_lie_apart) {
  operands.list[y].data = operands.list[x].data;
  Error error = refusal();
  EXPECT_EQ(error.code, "SC6012");
  EXPECT_EQ(error.message, "result 'y' of 'scale': expected memory apart from every other operand, "
                           "got a range that meets that of 'x'");
  // The last byte counts, and a negative stride reaches below the pointer.
  std::vector<float> memory(64);
  operands.list[x].data = memory.data();
  operands.list[y].data = memory.data() + 24;
  accepted();
  operands.list[y].data = memory.data() + 23;
  EXPECT_EQ(refusal().code, "SC6012");
  operands.list[y].data = memory.data() + 44;
  operands.list[y].strides = {-12, -4, 1};
  accepted(); // reaches from 24 on
  operands.list[y].data = memory.data() + 43;
  EXPECT_EQ(refusal().code, "SC6012");
}

TEST_F(OperandTest, sc6012_a_result_updates_its_input_where_that_lies) {
  program.parameters[y].updates = "x";
  accepted(); // or lies apart
  operands.list[y] = operands.list[x];
  accepted();
  operands.list[y].strides = {4, 8, 1};
  EXPECT_EQ(refusal().code, "SC6012");
  operands.list[y].strides = operands.list[x].strides;
  operands.list[y].data = static_cast<float *>(operands.list[x].data) + 1;
  EXPECT_EQ(refusal().help, "give the result a tensor of its own, or that of 'x' with its strides");
  operands.list[y].data = operands.list[x].data;
  program.parameters[y].updates = "w";
  EXPECT_EQ(refusal().code, "SC6012");
}

TEST_F(OperandTest, inputs_may_be_one_tensor) {
  program.parameters[w] = program.parameters[x];
  program.parameters[w].name = "w";
  operands.list[w] = operands.list[x];
  accepted();
}

TEST_F(OperandTest, sc6013_strides_per_dimension) {
  operands.list[x].strides = {1};
  EXPECT_EQ(refusal().code, "SC6013");
}

TEST_F(OperandTest, sc6020_dimension_that_is_no_name) {
  program.parameters[w].dims = {"2 * N"};
  EXPECT_EQ(refusal().code, "SC6020");
}

} // namespace
} // namespace scanc
