//===- KernelCacheTest.cpp - One compile per key, whatever the disk does --===//
#include "runtime/cache/KernelCache.h"
#include "Sample.h"

#include <gtest/gtest.h>
#include <fmt/format.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <thread>

namespace scanc::rt {
namespace {

using testing::ScratchFolder;

/// A compiler that counts, and gives a kernel whose cubin is `text`.
KernelCache::Compile compilerOf(std::atomic<int> &count, const std::string &text) {
  return [&count, text]() -> Result<CompiledKernel> {
    ++count;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CompiledKernel kernel;
    kernel.cubin = text;
    return kernel;
  };
}

TEST(KernelCache, eight_threads_make_one_compile_per_key) {
  for (const char *folder : {"off", ""}) {
    ScratchFolder scratch;
    KernelCache cache(*folder ? folder : scratch.path());
    std::atomic<int> count = 0, wrong = 0;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 8; ++thread)
      threads.emplace_back([&, thread] {
        for (int i = 0; i < 10; ++i) {
          std::string key = std::to_string((thread + i) % 5);
          auto kernel = cache.get(key, compilerOf(count, key));
          wrong += !kernel || (*kernel)->cubin != key;
        }
      });
    for (std::thread &thread : threads)
      thread.join();
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(count, 5);
    CacheCounters counters = cache.counters();
    EXPECT_EQ(counters.compiles, 5);
    EXPECT_EQ(counters.memoryHits + counters.waits, 75);
  }
}

TEST(KernelCache, eight_processes_make_one_compile_per_key) {
  constexpr int processes = 8, keys = 64, rounds = 50;
  ScratchFolder scratch, counts;
  int log = open((counts / "compiles").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  int start[2];
  ASSERT_EQ(pipe(start), 0);
  std::vector<pid_t> children;
  for (int process = 0; process < processes; ++process) {
    pid_t child = fork();
    if (child == 0) {
      close(start[1]);
      char none;
      bool right = read(start[0], &none, 1) == 0; // all begin when the parent closes its end
      KernelCache cache(scratch.path());
      for (int i = 0; i < rounds * keys; ++i) {
        std::string key = std::to_string(i);
        auto kernel = cache.get(key, [&]() -> Result<CompiledKernel> {
          right &= write(log, "x", 1) == 1;
          CompiledKernel made;
          made.cubin = key;
          return made;
        });
        right &= kernel && (*kernel)->cubin == key;
      }
      CacheCounters counters = cache.counters();
      _exit(right && counters.faults == 0 && counters.damaged == 0 ? 0 : 1);
    }
    children.push_back(child);
  }
  close(start[0]);
  close(start[1]);
  for (pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  close(log);
  EXPECT_EQ(std::filesystem::file_size(counts / "compiles"), std::uintmax_t(keys * rounds));
}

TEST(KernelCache, a_second_cache_reads_the_disk) {
  ScratchFolder scratch;
  std::atomic<int> count = 0;
  ASSERT_TRUE(KernelCache(scratch.path()).get("key", compilerOf(count, "a")));
  KernelCache second(scratch.path());
  auto kernel = second.get("key", compilerOf(count, "b"));
  ASSERT_TRUE(kernel);
  EXPECT_EQ((*kernel)->cubin, "a");
  EXPECT_EQ(count, 1);
  EXPECT_EQ(second.counters().diskHits, 1);
}

TEST(KernelCache, a_damaged_entry_is_compiled_again) {
  ScratchFolder scratch;
  std::atomic<int> count = 0;
  ASSERT_TRUE(KernelCache(scratch.path()).get("key", compilerOf(count, "a")));
  std::string path = scratch / entryName(EntryKind::kernel, "key");
  std::ofstream(path, std::ios::app) << "x";
  KernelCache second(scratch.path());
  ASSERT_EQ((*second.get("key", compilerOf(count, "a")))->cubin, "a");
  EXPECT_EQ(count, 2);
  EXPECT_EQ(second.counters().damaged, 1);
  KernelCache third(scratch.path());
  ASSERT_TRUE(third.get("key", compilerOf(count, "a")));
  EXPECT_EQ(count, 2);
}

TEST(KernelCache, faults_of_the_folder_never_change_a_result) {
  ScratchFolder scratch;
  std::ofstream(scratch / "file") << "";
  std::filesystem::create_directory(scratch / "open");
  chmod((scratch / "open").c_str(), 0777);
  for (const std::string &folder :
       {scratch / "file", scratch / "open", std::string("/proc/none")}) {
    std::atomic<int> count = 0;
    KernelCache cache(folder);
    EXPECT_FALSE(cache.withoutDisk().empty()) << folder;
    for (int i = 0; i < 2; ++i)
      ASSERT_EQ((*cache.get("key", compilerOf(count, "a")))->cubin, "a");
    EXPECT_EQ(count, 1);
  }
}

TEST(KernelCache, the_folder_may_vanish_while_it_is_used) {
  ScratchFolder scratch;
  std::atomic<int> count = 0;
  KernelCache cache(scratch / "cache");
  ASSERT_TRUE(cache.get("1", compilerOf(count, "a")));
  std::filesystem::remove_all(scratch / "cache");
  ASSERT_EQ((*cache.get("2", compilerOf(count, "b")))->cubin, "b");
  EXPECT_GE(cache.counters().faults, 1);
}

TEST(KernelCache, errors_reach_all_who_wait_and_are_not_kept) {
  KernelCache cache("off");
  std::atomic<int> failures = 0, errors = 0;
  auto failing = [&]() -> Result<CompiledKernel> {
    ++failures;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    Error error;
    error.code = "SC5004";
    return error;
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      auto kernel = cache.get("key", failing);
      errors += !kernel && kernel.error().code == "SC5004";
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(errors, 4);
  EXPECT_LE(failures, 4);
  std::atomic<int> count = 0;
  EXPECT_TRUE(cache.get("key", compilerOf(count, "a")));
  EXPECT_EQ(count, 1);
}

TEST(KernelCache, discarded_kernels_are_made_again) {
  ScratchFolder scratch;
  KernelCache cache(scratch.path());
  std::atomic<int> count = 0;
  ASSERT_TRUE(cache.get("key", compilerOf(count, "a")));
  cache.discard("key");
  ASSERT_EQ((*cache.get("key", compilerOf(count, "b")))->cubin, "b");
  EXPECT_EQ(count, 2);
}

/// NVRTC holds a lock while it parses, so whoever begins last waits for all others: the longest was among these.
TEST(KernelCache, functions_of_a_text_are_begun_in_its_order) {
  KernelVariant variant;
  for (const char *entry : {"k_first", "k", "k_second", "k"})
    variant.launches.push_back({.entry = entry});
  EXPECT_EQ(entriesOf(variant), (std::vector<std::string>{"k_first", "k", "k_second"}));
  for (const char *entry : {"k_second", "k", "k_first"})
    variant.source += fmt::format("#if !defined(SCANC_ONE_KERNEL) || defined(SCANC_KERNEL_{})\n", entry);
  EXPECT_EQ(entriesOf(variant), (std::vector<std::string>{"k_second", "k", "k_first"}));
  std::vector<std::string> names;
  for (const CudaSource &unit : sourcesOf({}, variant, "sm_90a"))
    names.push_back(unit.extraOptions.back());
  EXPECT_EQ(names, (std::vector<std::string>{"-DSCANC_KERNEL_k_second", "-DSCANC_KERNEL_k", "-DSCANC_KERNEL_k_first"}));
}

TEST(KernelCache, one_per_folder_and_process) {
  ScratchFolder scratch;
  EXPECT_EQ(sharedCache<KernelCache>(scratch.path()), sharedCache<KernelCache>(scratch.path()));
  EXPECT_NE(sharedCache<KernelCache>(scratch.path()), sharedCache<KernelCache>("off"));
}

TEST(KernelCache, key_changes_with_everything_that_changes_the_bytes) {
  struct Inputs {
    CudaSource source;
    NvrtcInfo nvrtc;
    std::vector<std::string> options{"-std=c++20"};
  };
  const std::function<void(Inputs &)> changes[] = {
      [](Inputs &) {},
      [](Inputs &i) { i.source.text = "x"; },
      [](Inputs &i) { i.source.text = "// place\nx"; },
      [](Inputs &i) { i.source.text = "\n// place\nx"; },
      [](Inputs &i) { i.source.name = "x"; },
      [](Inputs &i) { i.source.headers["a"] = ""; },
      [](Inputs &i) { i.source.headers["a"] = "b"; },
      [](Inputs &i) { i.source.headers["ab"] = ""; },
      [](Inputs &i) { i.nvrtc.major = 13; },
      [](Inputs &i) { i.nvrtc.minor = 1; },
      [](Inputs &i) { i.options.push_back("-lineinfo"); },
      [](Inputs &i) { i.options.clear(); },
      [](Inputs &i) { i.options = {"-std=c++17"}; },
  };
  std::vector<std::string> keys;
  for (const auto &change : changes) {
    Inputs inputs;
    change(inputs);
    keys.push_back(cacheKey(inputs.source, inputs.nvrtc, inputs.options));
  }
  for (std::size_t i = 0; i < keys.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      EXPECT_NE(keys[i], keys[j]) << i << " " << j;
  // A first line that says where the text comes from changes nothing, nor does the path of the library.
  Inputs elsewhere;
  elsewhere.source.text = "// another place\nx";
  EXPECT_EQ(cacheKey(elsewhere.source, elsewhere.nvrtc, elsewhere.options), keys[2]);
  Inputs moved;
  moved.nvrtc.path = "/elsewhere";
  EXPECT_EQ(cacheKey(moved.source, moved.nvrtc, moved.options), keys[0]);
}

} // namespace
} // namespace scanc::rt
