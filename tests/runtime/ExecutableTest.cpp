//===- ExecutableTest.cpp - What reaches the driver, and in which order ---===//
#include "ExecutableFixture.h"

#include "runtime/launch/LaunchTrace.h"

#include <thread>

namespace scanc {
namespace {

using testing::codeOf;
using testing::FakeDriver;
using testing::FakeLaunch;
using testing::SampleOperands;
using testing::workspaceProgram;

class ExecutableTest : public testing::ExecutableFixture {};

TEST_F(ExecutableTest, launches_what_the_plan_says) {
  auto kernel = executable();
  auto *stream = reinterpret_cast<CUstream_st *>(0x50);
  ASSERT_EQ(codeOf(kernel->launch(operands.list, {stream, {}})), "");
  ASSERT_EQ(FakeDriver::launches.size(), 1u);
  const FakeLaunch &launch = FakeDriver::launches[0];
  EXPECT_EQ(launch.config.stream, stream);
  EXPECT_EQ(launch.config.grid[0], 1u);
  EXPECT_EQ(launch.config.block[0], 64u);
  EXPECT_EQ(launch.config.attributeCount, 0u);
  EXPECT_EQ(launch.words, planLaunch(program, operands.list)->kernels[0].words);
  EXPECT_EQ(lastSource.architecture, "sm_90a");
  EXPECT_EQ(lastSource.headers, program.headers);
  EXPECT_EQ(kernel->target(), "sm_90a");
  kernel.reset();
  expectNothingLeaked();
}

TEST_F(ExecutableTest, compiles_and_loads_once_per_variant) {
  auto kernel = executable();
  for (int i = 0; i < 3; ++i)
    ASSERT_EQ(codeOf(kernel->launch(operands.list, {})), "");
  EXPECT_EQ(compiles, 1);
  EXPECT_EQ(FakeDriver::loads, 1);
  operands.list[0].strides = {12, 1, 3};
  ASSERT_EQ(codeOf(kernel->launch(operands.list, {})), "");
  EXPECT_EQ(compiles, 2);
  EXPECT_EQ(FakeDriver::images,
            (std::vector<std::string>{"image of scale_dense.cu", "image of scale_strided.cu"}));
  EXPECT_EQ(FakeDriver::launches.size(), 4u);
}

TEST_F(ExecutableTest, launches_of_a_variant_follow_each_other) {
  variant(0).launches.push_back({.entry = "after", .grid = {"B", "1", "1"}, .block = {32, 1, 1}});
  auto kernel = executable();
  auto *stream = reinterpret_cast<CUstream_st *>(0x50);
  ASSERT_EQ(codeOf(kernel->launch(operands.list, {stream, {}})), "");
  ASSERT_EQ(FakeDriver::launches.size(), 2u);
  const FakeLaunch &first = FakeDriver::launches[0], &second = FakeDriver::launches[1];
  EXPECT_EQ(first.config.block[0], 64u);
  EXPECT_EQ(second.config.block[0], 32u);
  EXPECT_EQ(second.config.grid[0], 2u);
  EXPECT_EQ(second.config.stream, stream);
  EXPECT_EQ(second.words, first.words);
  EXPECT_EQ(compiles, 2);
  EXPECT_EQ(FakeDriver::loads, 2);
  EXPECT_NE(rt::lastLaunches()[0].find("kernel after"), std::string::npos);
  EXPECT_NE(rt::lastLaunches()[1].find("kernel scale"), std::string::npos);
  kernel.reset();
  expectNothingLeaked();
}

TEST_F(ExecutableTest, functions_of_all_that_is_launched_are_compiled_at_once) {
  variant(0).launches.push_back({.entry = "after", .grid = {"B", "1", "1"}, .block = {32, 1, 1}});
  variant(0).launches.push_back(variant(0).launches[0]); // a function that is there already
  program.entries[0].steps.push_back(program.entries[0].steps[0]);
  together = 4;
  auto kernel = executable();
  ASSERT_EQ(codeOf(kernel->prepare(operands.list, {})), "");
  EXPECT_EQ(compiles, 4);
  EXPECT_EQ(mostAtOnce, 4);
  EXPECT_EQ(FakeDriver::images,
            (std::vector<std::string>{"image of scale_dense.cu", "image of after_dense.cu",
                                      "image of scale_dense.cu", "image of after_dense.cu"}));
  kernel.reset();
  expectNothingLeaked();
}

TEST_F(ExecutableTest, a_variant_with_fewer_launches_than_another_makes_no_more) {
  variant(0).launches.push_back(variant(0).launches[0]);
  auto kernel = executable();
  ASSERT_EQ(codeOf(kernel->launch(operands.list, {})), "");
  EXPECT_EQ(FakeDriver::launches.size(), 2u);
  operands.list[0].strides = {12, 1, 3};
  ASSERT_EQ(codeOf(kernel->launch(operands.list, {})), "");
  EXPECT_EQ(FakeDriver::launches.size(), 3u);
}

TEST_F(ExecutableTest, dependent_launches_may_begin_early_but_for_the_first) {
  variant(0).launches[0].dependent = true; // what came before the plan is not its affair
  variant(0).launches.push_back(variant(0).launches[0]);
  variant(0).launches.push_back(variant(0).launches[0]);
  variant(0).launches[1].cluster = {2, 1, 1};
  variant(0).launches[1].grid[0] = "2";
  auto kernel = executable();
  ASSERT_EQ(codeOf(kernel->launch(operands.list, {})), "");
  ASSERT_EQ(FakeDriver::launches.size(), 3u);
  EXPECT_FALSE(FakeDriver::launches[0].dependent);
  EXPECT_TRUE(FakeDriver::launches[1].dependent);
  EXPECT_EQ(FakeDriver::launches[1].cluster, (std::array<unsigned, 3>{2, 1, 1}));
  EXPECT_TRUE(FakeDriver::launches[2].dependent);
}

TEST_F(ExecutableTest, the_first_launch_that_is_not_empty_awaits_what_was_before) {
  variant(0).launches.push_back(variant(0).launches[0]);
  variant(0).launches.push_back(variant(0).launches[0]);
  variant(0).launches[0].grid[0] = "T * 0";
  variant(0).launches[1].dependent = variant(0).launches[2].dependent = true;
  auto kernel = executable();
  ASSERT_EQ(codeOf(kernel->launch(operands.list, {})), "");
  ASSERT_EQ(FakeDriver::launches.size(), 2u);
  EXPECT_FALSE(FakeDriver::launches[0].dependent);
  EXPECT_TRUE(FakeDriver::launches[1].dependent);
}

TEST_F(ExecutableTest, launches_follow_each_other_where_none_may_begin_early) {
  variant(0).launches.push_back(variant(0).launches[0]);
  variant(0).launches[1].dependent = true;
  for (auto [version, major] : {std::pair(12020, 9), std::pair(13000, 8)}) {
    FakeDriver::version = version;
    FakeDriver::major = major;
    ASSERT_EQ(codeOf(executable()->launch(operands.list, {})), "");
    EXPECT_FALSE(FakeDriver::launches.back().dependent) << version << " " << major;
    EXPECT_EQ(FakeDriver::launches.back().config.attributeCount, 0u);
  }
}

TEST_F(ExecutableTest, maps_follow_the_words_from_an_aligned_place_on) {
  const MatrixMap map{.first = "address(x)",
                      .sizes = {"N", "T", "B"},
                      .strides = {"4 * stride(x, 1)", "4 * stride(x, 0)"},
                      .box = {64, 128}};
  MatrixMap narrow = map;
  narrow.first = "address(w)";
  narrow.box = {16, 64};
  variant(0).maps = {map, narrow};
  FakeDriver::parameterBytes = 16 * 8 + 2 * 128; // 13 words, aligned
  auto kernel = executable();
  ASSERT_EQ(codeOf(kernel->launch(operands.list, {})), "");
  ASSERT_EQ(FakeDriver::maps.size(), 2u);
  const testing::FakeMap &first = FakeDriver::maps[0], &second = FakeDriver::maps[1];
  EXPECT_EQ(first.first, operands.list[0].data);
  EXPECT_EQ(first.sizes, (std::array<unsigned long long, 3>{4, 3, 2}));
  EXPECT_EQ(first.strides, (std::array<unsigned long long, 2>{16, 48}));
  EXPECT_EQ(first.box, (std::array<unsigned, 3>{64, 128, 1}));
  EXPECT_EQ(first.swizzle, rt::Driver::swizzle128);
  EXPECT_TRUE(first.isAligned);
  EXPECT_EQ(second.first, operands.list[1].data);
  EXPECT_EQ(second.swizzle, rt::Driver::swizzle32);
  const std::vector<std::int64_t> &words = FakeDriver::launches[0].words;
  ASSERT_EQ(words.size(), 48u);
  EXPECT_EQ(words[0], reinterpret_cast<std::int64_t>(operands.list[0].data));
  EXPECT_EQ(words[15], 0);
  EXPECT_EQ(words[16], 0x0101010101010101);
  EXPECT_EQ(words[47], 0x0202020202020202);
}

TEST_F(ExecutableTest, maps_are_encoded_once_for_all_launches_of_a_variant) {
  variant(0).maps = {{"address(x)", {"N", "T", "B"}, {"16", "16"}, {64, 64}}};
  variant(0).launches.push_back(variant(0).launches[0]);
  FakeDriver::parameterBytes = 16 * 8 + 128;
  auto kernel = executable();
  for (std::size_t times = 1; times < 3; ++times) {
    ASSERT_EQ(codeOf(kernel->launch(operands.list, {})), "");
    EXPECT_EQ(FakeDriver::maps.size(), times);
    ASSERT_EQ(FakeDriver::launches.size(), 2 * times);
    EXPECT_EQ(FakeDriver::launches.back().words, FakeDriver::launches[2 * times - 2].words);
  }
}

TEST_F(ExecutableTest, a_map_that_the_driver_refuses_enqueues_nothing) {
  variant(0).maps = {{"address(x)", {"N", "T", "B"}, {"3", "4"}, {64, 64}}};
  FakeDriver::parameterBytes = 16 * 8 + 128;
  auto kernel = executable();
  FakeDriver::failing = "tensorMapEncodeTiled";
  FakeDriver::failure = rt::Driver::invalidValue;
  EXPECT_EQ(codeOf(kernel->launch(operands.list, {})), "SC6034");
  EXPECT_TRUE(FakeDriver::launches.empty());
  kernel.reset();
  expectNothingLeaked();
}

TEST_F(ExecutableTest, prepare_loads_and_launches_nothing) {
  auto kernel = executable();
  ASSERT_EQ(codeOf(kernel->prepare(operands.list, {})), "");
  EXPECT_EQ(compiles, 1);
  EXPECT_TRUE(FakeDriver::launches.empty());
  FakeDriver::capturing = 1;
  EXPECT_EQ(codeOf(kernel->launch(operands.list, {})), "");
  EXPECT_EQ(compiles, 1);
}

TEST_F(ExecutableTest, sc6037_capture_without_prepare) {
  auto kernel = executable();
  FakeDriver::capturing = 1;
  EXPECT_EQ(codeOf(kernel->launch(operands.list, {})), "SC6037");
  EXPECT_EQ(compiles, 0);
  EXPECT_TRUE(FakeDriver::launches.empty());
}

TEST_F(ExecutableTest, no_steps_launch_nothing_and_compile_nothing) {
  SampleOperands empty(2, 0);
  auto kernel = executable();
  EXPECT_EQ(codeOf(kernel->launch(empty.list, {})), "");
  EXPECT_EQ(codeOf(kernel->prepare(empty.list, {})), "");
  EXPECT_EQ(compiles, 0);
  EXPECT_TRUE(FakeDriver::launches.empty());
}

TEST_F(ExecutableTest, empty_grid_among_others_is_skipped) {
  program = workspaceProgram();
  FakeDriver::parameterBytes = 15 * 8;
  variant(0).launches[0].grid[0] = "T * 0";
  auto kernel = executable();
  EXPECT_EQ(codeOf(kernel->launch(operands.list, {})), "");
  EXPECT_EQ(FakeDriver::launches.size(), 1u);
  EXPECT_EQ(compiles, 1);
}

TEST_F(ExecutableTest, workspace_is_allocated_and_freed_on_the_stream) {
  program = workspaceProgram();
  FakeDriver::parameterBytes = 15 * 8;
  auto kernel = executable();
  EXPECT_EQ(*kernel->workspaceBytes(operands.list), 40 + 255);
  ASSERT_EQ(codeOf(kernel->launch(operands.list, {})), "");
  ASSERT_EQ(FakeDriver::launches.size(), 2u);
  EXPECT_EQ(FakeDriver::launches[0].words[13], 0x100100); // aligned up from 0x100010
  EXPECT_EQ(FakeDriver::launches[1].words[14], 0x100120);
  EXPECT_EQ(FakeDriver::allocations, 0);
}

TEST_F(ExecutableTest, workspace_of_the_caller_is_used) {
  program = workspaceProgram();
  FakeDriver::parameterBytes = 15 * 8;
  auto kernel = executable();
  LaunchOptions options;
  options.workspace = {reinterpret_cast<void *>(0x2000), 295};
  ASSERT_EQ(codeOf(kernel->launch(operands.list, options)), "");
  EXPECT_EQ(FakeDriver::launches[0].words[13], 0x2000);
  EXPECT_EQ(FakeDriver::launches[1].words[14], 0x2020);
  options.workspace.bytes = 294;
  EXPECT_EQ(codeOf(kernel->launch(operands.list, options)), "SC6018");
  EXPECT_EQ(FakeDriver::launches.size(), 2u);
  EXPECT_EQ(FakeDriver::allocated, 0);
}

TEST_F(ExecutableTest, bad_operands_launch_nothing) {
  program = workspaceProgram();
  program.workspace[1].zeroed = true;
  FakeDriver::parameterBytes = 15 * 8;
  auto kernel = executable();
  std::vector<TensorRef> good = operands.list, list = good;
  LaunchOptions options;
  auto refused = [&](const char *code) {
    EXPECT_EQ(codeOf(kernel->launch(list, options)), code);
    list = good;
    options = {};
  };
  list[2].data = list[0].data; // in place
  refused("SC6012");
  list[2].data = static_cast<char *>(list[0].data) + 4; // overlapping views
  refused("SC6012");
  list[2].strides = {12, 0, 1};
  refused("SC6011");
  for (TensorRef *tensor : {&list[0], &list[2]}) // 2^63 elements, and 2^64
    tensor->sizes = {std::int64_t{1} << 31, std::int64_t{1} << 30, 4};
  refused("SC6010");
  list[0].sizes = {std::int64_t{1} << 31, std::int64_t{1} << 31, 4};
  refused("SC6010");
  list[0].strides = {0, 0, 0}; // few bytes of memory, many elements
  list[0].sizes = {std::int64_t{1} << 31, std::int64_t{1} << 31, 4};
  refused("SC6010");
  options.workspace = {good[2].data, 4096};
  refused("SC6021");
  EXPECT_TRUE(FakeDriver::launches.empty());
  EXPECT_TRUE(FakeDriver::memsets.empty());
  EXPECT_EQ(FakeDriver::allocations, 0);
}

TEST_F(ExecutableTest, zeroed_workspace_is_cleared_on_the_stream_before_every_launch) {
  program = workspaceProgram();
  program.workspace[1].zeroed = true;
  FakeDriver::parameterBytes = 15 * 8;
  auto kernel = executable();
  auto *stream = reinterpret_cast<CUstream_st *>(0x50);
  ASSERT_EQ(codeOf(kernel->launch(operands.list, {stream, {}})), "");
  LaunchOptions options{stream, {reinterpret_cast<void *>(0x2000), 295}};
  ASSERT_EQ(codeOf(kernel->launch(operands.list, options)), "");
  ASSERT_EQ(FakeDriver::memsets.size(), 2u);
  for (std::size_t i : {0, 1}) {
    const testing::FakeMemset &memset = FakeDriver::memsets[i];
    EXPECT_EQ(memset.address, i == 0 ? 0x100120u : 0x2020u);
    EXPECT_EQ(memset.value, 0);
    EXPECT_EQ(memset.bytes, 8u);
    EXPECT_EQ(memset.stream, stream);
    EXPECT_EQ(memset.launchesBefore, 2 * i);
  }
}

TEST_F(ExecutableTest, kept_workspace_is_cleared_where_launches_do_not_restore_it) {
  program = workspaceProgram();
  program.workspace[0].zeroed = program.workspace[1].zeroed = true;
  program.workspace[1].restored = true;
  FakeDriver::parameterBytes = 15 * 8;
  auto kernel = executable();
  LaunchOptions options{nullptr, {reinterpret_cast<void *>(0x2000), 295, /*kept=*/true}};
  ASSERT_EQ(codeOf(kernel->launch(operands.list, options)), "");
  ASSERT_EQ(FakeDriver::memsets.size(), 1u);
  EXPECT_EQ(FakeDriver::memsets[0].address, 0x2000u);
  // A workspace of the pool is nobody's to keep.
  options.workspace.data = nullptr;
  ASSERT_EQ(codeOf(kernel->launch(operands.list, options)), "");
  EXPECT_EQ(FakeDriver::memsets.size(), 3u);
}

TEST_F(ExecutableTest, zeroed_workspace_of_no_bytes_is_not_cleared) {
  program = workspaceProgram();
  program.workspace[1].zeroed = true;
  program.workspace[1].bytes = "0";
  FakeDriver::parameterBytes = 15 * 8;
  ASSERT_EQ(codeOf(executable()->launch(operands.list, {})), "");
  EXPECT_TRUE(FakeDriver::memsets.empty());
}

TEST_F(ExecutableTest, shared_memory_and_clusters_are_asked_for) {
  variant(0).launches[0].sharedBytes = "100000";
  variant(0).launches[0].grid[0] = "32";
  variant(0).launches[0].cluster = {16, 1, 1};
  FakeDriver::staticShared = 448;
  auto kernel = executable();
  ASSERT_EQ(codeOf(kernel->launch(operands.list, {})), "");
  EXPECT_EQ(FakeDriver::functionAttributes,
            (std::vector<std::pair<int, int>>{{rt::Driver::maxDynamicSharedBytes, 232000},
                                              {rt::Driver::nonPortableCluster, 1}}));
  EXPECT_EQ(FakeDriver::launches[0].cluster, (std::array<unsigned, 3>{16, 1, 1}));
  EXPECT_EQ(FakeDriver::launches[0].config.sharedBytes, 100000u);
}

TEST_F(ExecutableTest, sc6017_static_shared_memory_counts) {
  variant(0).launches[0].sharedBytes = "232448";
  FakeDriver::staticShared = 16;
  auto kernel = executable();
  EXPECT_EQ(codeOf(kernel->launch(operands.list, {})), "SC6017");
  EXPECT_TRUE(FakeDriver::launches.empty());
}

TEST_F(ExecutableTest, kernels_without_arguments) {
  variant(0).arguments.clear();
  FakeDriver::parameterBytes = 0;
  auto kernel = executable();
  EXPECT_EQ(codeOf(kernel->launch(operands.list, {})), "");
  EXPECT_TRUE(FakeDriver::launches[0].words.empty());
}

TEST_F(ExecutableTest, second_device) {
  for (TensorRef &tensor : operands.list)
    tensor.deviceIndex = 1;
  auto kernel = executable(1);
  EXPECT_EQ(FakeDriver::device, 101);
  EXPECT_EQ(codeOf(kernel->launch(operands.list, {})), "");
}

TEST_F(ExecutableTest, threads_share_one_compile) {
  auto kernel = executable();
  std::vector<std::thread> threads;
  std::atomic<int> failures = 0;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round)
        failures += !kernel->launch(operands.list, {});
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(compiles, 1);
  EXPECT_EQ(FakeDriver::launches.size(), 400u);
  kernel.reset();
  expectNothingLeaked();
}

TEST_F(ExecutableTest, wrong_operands_reach_no_driver) {
  auto kernel = executable();
  operands.list[0].dtype = Dtype::f16;
  int before = FakeDriver::calls;
  EXPECT_EQ(codeOf(kernel->launch(operands.list, {})), "SC6002");
  EXPECT_EQ(codeOf(kernel->prepare(operands.list, {})), "SC6002");
  EXPECT_EQ(kernel->workspaceBytes(operands.list).error().code, "SC6002");
  EXPECT_EQ(FakeDriver::calls, before);
}

} // namespace
} // namespace scanc
