//===- ExecutableFaultTest.cpp - Every call of the driver fails in turn ---===//
#include "ExecutableFixture.h"

#include <sys/wait.h>
#include <unistd.h>

namespace scanc {
namespace {

using testing::codeOf;
using testing::FakeDriver;
using testing::workspaceProgram;

class ExecutableFaultTest : public testing::ExecutableFixture {
protected:
  /// Creates and launches twice with workspace, shared memory and a large cluster; every result
  /// must be a typed error of the environment, or success.
  std::string outcome() {
    auto made = create();
    if (!made) {
      EXPECT_EQ(exitCode(made.error().kind), 3);
      return made.error().code;
    }
    Result<void> launched = (*made)->launch(operands.list, {});
    if (!launched) {
      EXPECT_EQ(exitCode(launched.error().kind), 3);
    }
    return codeOf(launched);
  }
  void useEverything() {
    program = workspaceProgram();
    program.workspace[1].zeroed = true;
    FakeDriver::parameterBytes = 15 * 8;
    variant(0).launches[0].sharedBytes = "1024";
    variant(0).launches[0].cluster = {16, 1, 1};
    variant(0).launches[0].grid[0] = "16";
    variant(0).launches.push_back(variant(0).launches[0]);
    variant(0).launches[1].entry = "after"; // in an image of its own
  }
};

TEST_F(ExecutableFaultTest, sc6034_every_call_that_fails) {
  useEverything();
  ASSERT_EQ(outcome(), "");
  expectNothingLeaked();
  for (const char *call :
       {"deviceGetCount", "deviceGet", "deviceGetName", "deviceTotalMem", "deviceGetAttribute",
        "primaryCtxRetain", "ctxPushCurrent", "libraryLoadData", "libraryGetKernel",
        "kernelGetFunction", "funcGetAttribute", "funcSetAttribute", "launchKernelEx",
        "streamIsCapturing", "memAllocFromPoolAsync", "memsetD8Async"}) {
    FakeDriver::reset();
    useEverything();
    FakeDriver::failing = call;
    EXPECT_EQ(outcome(), "SC6034") << call;
    expectNothingLeaked();
  }
}

TEST_F(ExecutableFaultTest, every_later_call_that_fails) {
  // The n-th call of each kind fails, so that failures fall between steps too.
  for (const char *call : {"deviceGet", "deviceGetAttribute", "ctxPushCurrent", "libraryLoadData",
                           "libraryGetKernel", "kernelGetFunction", "funcSetAttribute",
                           "funcGetAttribute", "launchKernelEx", "streamIsCapturing"})
    for (int successes = 1; successes < 12; ++successes) {
      FakeDriver::reset();
      useEverything();
      FakeDriver::failing = call;
      FakeDriver::failFrom = successes;
      std::string code = outcome();
      EXPECT_TRUE(code == "SC6034" || code.empty()) << call << " " << code;
      expectNothingLeaked();
    }
}

TEST_F(ExecutableFaultTest, a_failed_load_is_tried_again_at_the_next_launch) {
  auto kernel = executable();
  FakeDriver::failing = "kernelGetFunction";
  EXPECT_EQ(codeOf(kernel->launch(operands.list, {})), "SC6034");
  FakeDriver::failing.clear();
  EXPECT_EQ(codeOf(kernel->launch(operands.list, {})), "");
  kernel.reset();
  expectNothingLeaked();
}

TEST_F(ExecutableFaultTest, compile_errors_are_passed_on) {
  compileError = Error();
  compileError->code = "SC5004";
  compileError->kind = ErrorKind::internal;
  auto kernel = executable();
  EXPECT_EQ(codeOf(kernel->launch(operands.list, {})), "SC5004");
  EXPECT_EQ(FakeDriver::loads, 0);
  kernel.reset();
  expectNothingLeaked();
}

TEST_F(ExecutableFaultTest, sc6033_device_index) {
  for (int device : {-1, 2}) {
    auto made = create(device);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, "SC6033");
  }
  expectNothingLeaked();
}

TEST_F(ExecutableFaultTest, a_refused_image_is_compiled_once_more) {
  auto kernel = executable();
  FakeDriver::failing = "libraryLoadData";
  FakeDriver::failure = rt::Driver::invalidImage;
  FakeDriver::failCount = 1;
  EXPECT_EQ(codeOf(kernel->launch(operands.list, {})), "");
  EXPECT_EQ(discards, 1);
  EXPECT_EQ(compiles, 2);
  kernel.reset();
  expectNothingLeaked();
}

TEST_F(ExecutableFaultTest, sc6035_an_image_refused_twice) {
  for (int failure : {rt::Driver::invalidImage, rt::Driver::noBinaryForGpu}) {
    FakeDriver::reset();
    FakeDriver::failing = "libraryLoadData";
    FakeDriver::failure = failure;
    EXPECT_EQ(outcome(), "SC6035");
    expectNothingLeaked();
  }
}

TEST_F(ExecutableFaultTest, sc6036_no_memory_for_the_workspace) {
  useEverything();
  FakeDriver::failing = "memAllocFromPoolAsync";
  FakeDriver::failure = rt::Driver::outOfMemory;
  EXPECT_EQ(outcome(), "SC6036");
  EXPECT_TRUE(FakeDriver::launches.empty());
  expectNothingLeaked();
}

TEST_F(ExecutableFaultTest, formula_without_value_enqueues_nothing) {
  useEverything();
  variant(0).arguments.back() = "1 / (B - 2)";
  auto kernel = executable();
  EXPECT_EQ(codeOf(kernel->launch(operands.list, {})), "SC6015");
  EXPECT_EQ(FakeDriver::allocated, 0);
  EXPECT_TRUE(FakeDriver::launches.empty());
  kernel.reset();
  expectNothingLeaked();
}

TEST_F(ExecutableFaultTest, sc6039_argument_struct_of_another_size) {
  // The driver would read past the end of the words.
  FakeDriver::parameterBytes = 14 * 8;
  EXPECT_EQ(codeOf(executable()->launch(operands.list, {})), "SC6039");
  FakeDriver::parameterBytes = 12 * 8;
  EXPECT_EQ(codeOf(executable()->launch(operands.list, {})), "SC6039");
  FakeDriver::parameterBytes = 0;
  EXPECT_EQ(codeOf(executable()->launch(operands.list, {})), "SC6039");
  expectNothingLeaked();
}

TEST_F(ExecutableFaultTest, drivers_before_12_4_cannot_say_the_size) {
  driver.funcGetParamInfo = nullptr;
  EXPECT_EQ(codeOf(executable()->launch(operands.list, {})), "");
}

TEST_F(ExecutableFaultTest, sc6040_entry_that_is_not_in_the_source) {
  FakeDriver::failing = "libraryGetKernel";
  FakeDriver::failure = rt::Driver::notFound;
  EXPECT_EQ(codeOf(executable()->launch(operands.list, {})), "SC6040");
  expectNothingLeaked();
}

TEST_F(ExecutableFaultTest, sc6038_after_a_fork) {
  useEverything();
  auto kernel = executable();
  ASSERT_EQ(codeOf(kernel->launch(operands.list, {})), "");
  pid_t child = fork();
  if (child == 0) {
    int calls = FakeDriver::calls;
    bool typed = codeOf(kernel->launch(operands.list, {})) == "SC6038" &&
                 codeOf(kernel->prepare(operands.list, {})) == "SC6038";
    int libraries = FakeDriver::libraries;
    bool untouched = FakeDriver::calls == calls; // neither the pool nor anything else
    kernel.reset();                              // must leave the parent's handles alone
    _exit(typed && untouched && FakeDriver::libraries == libraries ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

} // namespace
} // namespace scanc
