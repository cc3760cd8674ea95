//===- LivingKernelsTest.cpp - A kernel that lives is given again ---------===//
#include "runtime/compiler/LivingKernels.h"
#include "Sample.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <set>

namespace scanc::rt {
namespace {

/// Does nothing.
struct Idle final : Executable {
  Result<void> prepare(std::span<const TensorRef>, const LaunchOptions &) override { return {}; }
  Result<void> launch(std::span<const TensorRef>, const LaunchOptions &) override { return {}; }
  Result<std::int64_t> workspaceBytes(std::span<const TensorRef>) override { return std::int64_t(0); }
  std::string_view target() const override { return "idle"; }
};

Kernel kernelCalled(const std::string &name) {
  Program program = testing::sampleProgram();
  program.name = name;
  return Kernel(std::move(program), std::make_shared<Idle>());
}

TEST(LivingKernels, are_given_while_they_live) {
  LivingKernels living;
  EXPECT_FALSE(living.find("a"));
  std::optional<Kernel> kernel = kernelCalled("one");
  living.add("a", *kernel);
  ASSERT_TRUE(living.find("a"));
  EXPECT_EQ(&living.find("a")->program(), &kernel->program());
  EXPECT_FALSE(living.find("b"));
  Kernel copy = *kernel;
  kernel.reset();
  EXPECT_TRUE(living.find("a"));
  copy = kernelCalled("other");
  EXPECT_FALSE(living.find("a"));
}

TEST(LivingKernels, nothing_is_kept_of_those_that_do_not) {
  LivingKernels living;
  Kernel kept = kernelCalled("kept");
  living.add("kept", kept);
  for (int i = 0; i < 10000; ++i)
    living.add(std::to_string(i), kernelCalled("gone"));
  EXPECT_TRUE(living.find("kept"));
  EXPECT_LE(living.size(), 65u);
}

TEST(LivingKernels, every_part_of_a_request_counts) {
  CompileOptions options;
  std::set<std::string> requests{requestOf("text", options), requestOf("text ", options)};
  const std::function<void(CompileOptions &)> changes[] = {
      [](CompileOptions &o) { o.filename = "x"; },
      [](CompileOptions &o) { o.kernel = "x"; },
      [](CompileOptions &o) { o.strategy = "x"; },
      [](CompileOptions &o) { o.target = "x"; },
      [](CompileOptions &o) { o.from = Stage::plan; },
      [](CompileOptions &o) { o.from = Stage::ast; },
      [](CompileOptions &o) { o.sizes = {{"T", 1}}; },
      [](CompileOptions &o) { o.sizes = {{"T", 2}}; },
      [](CompileOptions &o) { o.sizes = {{"T", 1}, {"D", 2}}; },
      [](CompileOptions &o) { o.load.device = 1; },
      [](CompileOptions &o) { o.load.cacheDirectory = "x"; }};
  for (const auto &change : changes) {
    CompileOptions changed = options;
    change(changed);
    EXPECT_TRUE(requests.insert(requestOf("text", changed)).second);
  }
  EXPECT_EQ(requests.size(), 13u);
}

TEST(LivingKernels, the_child_of_a_fork_has_none) {
  LivingKernels living;
  Kernel kernel = kernelCalled("parent's");
  living.add(requestOf("text", {}), kernel);
  ASSERT_TRUE(living.find(requestOf("text", {})));
  pid_t child = fork();
  if (child == 0)
    _exit(living.find(requestOf("text", {})) ? 1 : 0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

} // namespace
} // namespace scanc::rt
