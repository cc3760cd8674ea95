//===- OffsetsTest.cpp - Offsets of segments, read before a launch --------===//
#include "ExecutableFixture.h"

namespace scanc {
namespace {

using testing::codeOf;
using testing::FakeDriver;

/// The sample, whose steps are cut by a last input.
class OffsetsTest : public testing::ExecutableFixture {
protected:
  OffsetsTest() {
    program.parameters.insert(program.parameters.begin() + 2,
                              {"cu", Parameter::Role::input, Dtype::i32, {"S+1"},
                               {"scale.scan", 2, 37, 2}, "T"});
  }
  /// The code of a launch over three steps; every second of `values` is an offset where `stride` is 2.
  std::string outcome(std::vector<std::int32_t> values, bool check = true, std::int64_t stride = 1) {
    auto count = (static_cast<std::int64_t>(values.size()) + stride - 1) / stride;
    std::vector<TensorRef> list = operands.list;
    list.insert(list.begin() + 2,
                {values.data(), Dtype::i32, {count}, {stride}, DeviceKind::cuda, 0});
    LaunchOptions options;
    options.checkOffsets = check;
    last = executable()->launch(list, options);
    return codeOf(last);
  }
  Result<void> last;
};

TEST_F(OffsetsTest, a_partition_is_launched) {
  EXPECT_EQ(outcome({0, 3}), "");
  EXPECT_EQ(outcome({0, 0, 1, 1, 3, 3}), "");
  EXPECT_EQ(outcome({0, -7, 2, -7, 3}, true, 2), "");
  EXPECT_EQ(FakeDriver::launches.size(), 3u);
}

TEST_F(OffsetsTest, sc6041_offsets_that_are_no_partition) {
  for (const std::vector<std::int32_t> &values : std::vector<std::vector<std::int32_t>>{
           {1, 3}, {0, 2}, {0, 4}, {0, 2, 1, 3}, {-1, 3}, {0, 3, 4}, {0}}) {
    EXPECT_EQ(outcome(values), "SC6041");
    EXPECT_EQ(last.error().place.column, 37);
    EXPECT_EQ(last.error().kind, ErrorKind::input);
  }
  EXPECT_EQ(outcome({0, 5, 2, 1, 3}, true, 2), "");
  EXPECT_EQ(outcome({0, 0, 2, 0, 1}, true, 2), "SC6041");
  EXPECT_EQ(FakeDriver::launches.size(), 1u);
}

TEST_F(OffsetsTest, nobody_waits_for_offsets_unasked) {
  EXPECT_EQ(outcome({0, 2}, false), "");
  FakeDriver::failing = "ctxSynchronize";
  EXPECT_EQ(outcome({0, 2}, false), "");
  EXPECT_EQ(outcome({0, 3}), "SC6034");
  FakeDriver::reset();
  FakeDriver::failing = "memcpyDtoH";
  EXPECT_EQ(outcome({0, 3}), "SC6034");
  EXPECT_EQ(FakeDriver::launches.size(), 0u);
}

TEST_F(OffsetsTest, a_bundle_keeps_what_is_cut) {
  auto read = fromBundle(toBundle(program));
  ASSERT_TRUE(read) << render(read.error());
  EXPECT_EQ(*read, program);
  EXPECT_EQ(read->parameters[2].cuts, "T");
}

} // namespace
} // namespace scanc
