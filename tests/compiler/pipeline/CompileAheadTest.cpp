//===- CompileAheadTest.cpp - Candidates that are in the cache when their turn comes ===//
#include "runtime/search/CompileAhead.h"
#include "scanc/Cache.h"
#include "scanc/Compile.h"
#include "scanc/Nvrtc.h"

#include "gtest/gtest.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

using namespace scanc;

static std::int64_t kernelsInCache() {
  CacheState state = cacheState();
  return state.entries - state.programs;
}

// Tensors that were all at one address overlapped, and nothing was compiled.
TEST(CompileAhead, the_kernels_of_what_is_wanted_are_in_the_cache) {
  if (!nvrtcInfo())
    GTEST_SKIP() << "there is no NVRTC";
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("scanc-ahead-" + std::to_string(getpid()));
  setenv("SCANC_CACHE_DIR", folder.c_str(), 1);
  tuning::Problem problem;
  problem.text = "kernel decay(a, x: f32[B, T, D]) -> (h: f32[B, T, D]) {\n"
                 "  scan T as t over B, D { h[t] = a[t] * h[t-1] + x[t] }\n}\n";
  problem.sizes = {{"B", 2}, {"T", 100}, {"D", 64}};
  problem.target = "sm_90a";
  const std::string strategies[] = {"sequential(steps=4)", "sequential(steps=3000)", "sequential(steps=8)"};
  {
    search::CompileAhead ahead(problem, 2);
    ahead.want(strategies);
    for (int i = 0; i < 3000 && kernelsInCache() < 2; ++i) // 30 s
      usleep(10000);
  }
  EXPECT_EQ(kernelsInCache(), 2); // of each the variant that these tensors take
  CompileOptions options;
  options.sizes = problem.sizes;
  options.target = problem.target;
  options.strategy = strategies[0];
  std::vector<CacheAnswer> answers = orExit(explainCache(orExit(compileProgram(problem.text, options)), "sm_90a"));
  ASSERT_FALSE(answers.empty());
  EXPECT_EQ(answers[0].variant, "wide_i32");
  EXPECT_TRUE(answers[0].isHit) << answers[0].difference;
  unsetenv("SCANC_CACHE_DIR");
  std::filesystem::remove_all(folder);
}
