//===- DiskCacheTest.cpp - Entries whole, damaged, foreign and contested --===//
#include "runtime/cache/DiskCache.h"
#include "Sample.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

namespace scanc::rt {
namespace {

using testing::ScratchFolder;

CompiledKernel kernelOf(const std::string &text) {
  CompiledKernel kernel;
  kernel.cubin = std::string("\x7F"
                             "ELF\0",
                             5) +
                 text;
  kernel.ptx = ".version 8.0";
  kernel.log = "ptxas info    : Compiling entry function 'k' for 'sm_80'\n"
               "ptxas info    : Used 8 registers, used 0 barriers";
  return kernel;
}

void overwrite(const std::string &path, const std::string &bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  chmod(path.c_str(), 0600);
}

/// But for the one that says when entries were last evicted.
std::size_t filesIn(const std::string &folder) {
  std::size_t count = 0;
  for (const auto &entry : std::filesystem::recursive_directory_iterator(folder))
    count += entry.is_regular_file() && entry.path().filename() != ".evicted";
  return count;
}

TEST(DiskCache, round_trip) {
  ScratchFolder folder;
  DiskCache cache(folder.path());
  EXPECT_FALSE(cache.read("key"));
  cache.write("key", kernelOf("a"));
  auto kernel = cache.read("key");
  ASSERT_TRUE(kernel);
  EXPECT_EQ(kernel->cubin, kernelOf("a").cubin);
  EXPECT_EQ(kernel->ptx, kernelOf("a").ptx);
  EXPECT_EQ(kernel->log, kernelOf("a").log);
  ASSERT_EQ(kernel->stats.size(), 1u);
  EXPECT_EQ(kernel->stats[0].registers, 8);
  EXPECT_FALSE(cache.read("other key"));
  EXPECT_EQ(cache.faults(), 0);
  EXPECT_EQ(cache.damaged(), 0);
  struct stat status;
  ASSERT_EQ(stat(cache.pathOf("key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(filesIn(folder.path()), 1u); // no temporary file is left
}

TEST(DiskCache, first_writer_wins) {
  ScratchFolder folder;
  DiskCache cache(folder.path());
  cache.write("key", kernelOf("first"));
  cache.write("key", kernelOf("second"));
  EXPECT_EQ(cache.read("key")->cubin, kernelOf("first").cubin);
  EXPECT_EQ(cache.faults(), 0);
  EXPECT_EQ(filesIn(folder.path()), 1u);
}

TEST(DiskCache, every_bit_flip_and_truncation_is_seen) {
  std::string entry = toEntry("key", kernelOf("a"));
  ASSERT_TRUE(fromEntry(entry, "key"));
  for (std::size_t i = 0; i < entry.size(); ++i) {
    EXPECT_FALSE(fromEntry(entry.substr(0, i), "key")) << i;
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = entry;
      damaged[i] = static_cast<char>(damaged[i] ^ 1 << bit);
      EXPECT_FALSE(fromEntry(damaged, "key")) << i << " " << bit;
    }
  }
  EXPECT_FALSE(fromEntry(entry + "x", "key"));
}

TEST(DiskCache, another_key_under_the_same_name_is_no_hit) {
  EXPECT_FALSE(fromEntry(toEntry("key", kernelOf("a")), "kez"));
}

TEST(DiskCache, damaged_entries_are_set_aside_and_written_anew) {
  ScratchFolder folder;
  DiskCache cache(folder.path());
  cache.write("key", kernelOf("a"));
  overwrite(cache.pathOf("key"), "damaged");
  EXPECT_FALSE(cache.read("key"));
  EXPECT_EQ(cache.damaged(), 1);
  EXPECT_TRUE(std::filesystem::exists(folder / "quarantine"));
  EXPECT_FALSE(std::filesystem::exists(cache.pathOf("key")));
  cache.write("key", kernelOf("b"));
  EXPECT_EQ(cache.read("key")->cubin, kernelOf("b").cubin);
}

TEST(DiskCache, files_of_others_and_links_are_not_read) {
  ScratchFolder folder;
  DiskCache cache(folder.path());
  cache.write("key", kernelOf("a"));
  std::string path = cache.pathOf("key");
  for (mode_t mode : {0620, 0602, 0666}) {
    chmod(path.c_str(), mode);
    EXPECT_FALSE(cache.read("key")) << mode;
  }
  chmod(path.c_str(), 0600);
  ASSERT_TRUE(cache.read("key"));
  std::filesystem::rename(path, folder / "elsewhere");
  std::filesystem::create_symlink(folder / "elsewhere", path);
  EXPECT_FALSE(cache.read("key"));
  std::filesystem::remove(path);
  mkfifo(path.c_str(), 0600);
  EXPECT_FALSE(cache.read("key")); // and does not wait for a writer
  EXPECT_GE(cache.faults(), 4);
}

TEST(DiskCache, a_folder_that_refuses_is_a_fault_and_no_more) {
  ScratchFolder folder;
  DiskCache cache(folder / "missing");
  cache.write("key", kernelOf("a"));
  EXPECT_FALSE(cache.read("key"));
  EXPECT_EQ(cache.faults(), 1);
  // A folder where the entry should be.
  DiskCache blocked(folder.path());
  std::filesystem::create_directory(blocked.pathOf("key"));
  blocked.write("key", kernelOf("a"));
  EXPECT_FALSE(blocked.read("key"));
  EXPECT_GE(blocked.faults(), 1);
}

TEST(DiskCache, processes_race_for_the_same_entries) {
  ScratchFolder folder;
  constexpr int processes = 6, keys = 8, rounds = 20;
  std::vector<pid_t> children;
  for (int process = 0; process < processes; ++process) {
    pid_t child = fork();
    if (child == 0) {
      DiskCache cache(folder.path());
      bool right = true;
      for (int round = 0; round < rounds; ++round)
        for (int i = 0; i < keys; ++i) {
          // Each writer's kernel differs in its log, as two compiles of one source may; the key
          // decides the cubin.
          std::string key = std::to_string(round) + "/" + std::to_string(i);
          auto found = cache.read(key);
          if (!found) {
            CompiledKernel mine = kernelOf(key + std::string(20000, 'x'));
            mine.log = std::to_string(process);
            cache.write(key, mine);
            found = cache.read(key);
          }
          right &= found && found->cubin == kernelOf(key + std::string(20000, 'x')).cubin &&
                   found->log.size() == 1;
        }
      _exit(right && cache.damaged() == 0 && cache.faults() == 0 ? 0 : 1);
    }
    children.push_back(child);
  }
  for (pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  EXPECT_EQ(filesIn(folder.path()), static_cast<std::size_t>(keys * rounds));
}

TEST(DiskCache, a_killed_writer_leaves_no_entry) {
  ScratchFolder folder;
  constexpr int kills = 500;
  for (int round = 0; round < kills; ++round) {
    pid_t child = fork();
    if (child == 0) {
      DiskCache cache(folder.path());
      for (int i = 0;; ++i)
        cache.write(std::to_string(round) + "/" + std::to_string(i),
                    kernelOf(std::string(50000, 'x')));
    }
    usleep(500 + 37 * (round * 7 % 300));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  DiskCache cache(folder.path());
  int found = 0;
  for (int round = 0; round < kills; ++round)
    for (int i = 0; cache.read(std::to_string(round) + "/" + std::to_string(i)); ++i)
      ++found;
  EXPECT_GT(found, 0);
  EXPECT_EQ(cache.damaged(), 0);
}

} // namespace
} // namespace scanc::rt
