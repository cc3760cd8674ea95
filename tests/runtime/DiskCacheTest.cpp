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

EntryFields fieldsOf(const std::string &text) {
  return {std::string("\x7F"
                      "ELF\0",
                      5) +
              text,
          "", "log"};
}

/// A cache of that one folder.
DiskCache cacheIn(const std::string &folder, EntryKind kind = EntryKind::kernel) {
  return DiskCache(kind, {.writable = folder, .readOnly = "", .reason = ""});
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
  DiskCache cache = cacheIn(folder.path());
  EXPECT_FALSE(cache.read("key"));
  cache.write("key", fieldsOf("a"));
  EXPECT_EQ(cache.read("key"), fieldsOf("a"));
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
  DiskCache cache = cacheIn(folder.path());
  cache.write("key", fieldsOf("first"));
  cache.write("key", fieldsOf("second"));
  EXPECT_EQ(cache.read("key"), fieldsOf("first"));
  EXPECT_EQ(cache.faults(), 0);
  EXPECT_EQ(filesIn(folder.path()), 1u);
}

TEST(DiskCache, every_bit_flip_and_truncation_is_seen) {
  std::string entry = toEntry("key", fieldsOf("a"));
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
  EXPECT_FALSE(fromEntry(toEntry("key", fieldsOf("a")), "kez"));
}

TEST(DiskCache, damaged_entries_are_set_aside_and_written_anew) {
  ScratchFolder folder;
  DiskCache cache = cacheIn(folder.path());
  cache.write("key", fieldsOf("a"));
  overwrite(cache.pathOf("key"), "damaged");
  EXPECT_FALSE(cache.read("key"));
  EXPECT_EQ(cache.damaged(), 1);
  EXPECT_TRUE(std::filesystem::exists(folder / "quarantine"));
  EXPECT_FALSE(std::filesystem::exists(cache.pathOf("key")));
  cache.write("key", fieldsOf("b"));
  EXPECT_EQ(cache.read("key"), fieldsOf("b"));
}

TEST(DiskCache, files_of_others_and_links_are_not_read) {
  ScratchFolder folder;
  DiskCache cache = cacheIn(folder.path());
  cache.write("key", fieldsOf("a"));
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
  DiskCache cache = cacheIn(folder / "missing");
  cache.write("key", fieldsOf("a"));
  EXPECT_FALSE(cache.read("key"));
  EXPECT_EQ(cache.faults(), 1);
  // A folder where the entry should be.
  DiskCache blocked = cacheIn(folder.path());
  std::filesystem::create_directory(blocked.pathOf("key"));
  blocked.write("key", fieldsOf("a"));
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
      DiskCache cache = cacheIn(folder.path());
      bool right = true;
      for (int round = 0; round < rounds; ++round)
        for (int i = 0; i < keys; ++i) {
          // Each writer's fields differ in the last, as two compiles of one source may in their log; the
          // key decides the first.
          std::string key = std::to_string(round) + "/" + std::to_string(i);
          auto found = cache.read(key);
          if (!found) {
            EntryFields mine = fieldsOf(key + std::string(20000, 'x'));
            mine[2] = std::to_string(process);
            cache.write(key, mine);
            found = cache.read(key);
          }
          right &= found && (*found)[0] == fieldsOf(key + std::string(20000, 'x'))[0] &&
                   (*found)[2].size() == 1;
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
      DiskCache cache = cacheIn(folder.path());
      for (int i = 0;; ++i)
        cache.write(std::to_string(round) + "/" + std::to_string(i),
                    fieldsOf(std::string(50000, 'x')));
    }
    usleep(500 + 37 * (round * 7 % 300));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  DiskCache cache = cacheIn(folder.path());
  int found = 0;
  for (int round = 0; round < kills; ++round)
    for (int i = 0; cache.read(std::to_string(round) + "/" + std::to_string(i)); ++i)
      ++found;
  EXPECT_GT(found, 0);
  EXPECT_EQ(cache.damaged(), 0);
}

TEST(DiskCache, kinds_share_a_folder_and_not_their_keys) {
  ScratchFolder folder;
  DiskCache kernels = cacheIn(folder.path()), programs = cacheIn(folder.path(), EntryKind::program);
  kernels.write("key", fieldsOf("a"));
  EXPECT_FALSE(programs.read("key"));
  programs.write("key", {"b"});
  EXPECT_EQ(kernels.read("key"), fieldsOf("a"));
  EXPECT_EQ(programs.read("key"), EntryFields{"b"});
  std::vector<EntryFile> entries = entriesOf(folder.path());
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_NE(entries[0].kind, entries[1].kind);
}

TEST(DiskCache, a_folder_below_is_read_and_never_written) {
  ScratchFolder upper, lower;
  cacheIn(lower.path()).write("old", fieldsOf("a"));
  DiskCache cache(EntryKind::kernel, {.writable = upper.path(), .readOnly = lower.path(), .reason = ""});
  EXPECT_EQ(cache.read("old"), fieldsOf("a"));
  cache.write("new", fieldsOf("b"));
  EXPECT_EQ(cache.read("new"), fieldsOf("b"));
  EXPECT_EQ(entriesOf(upper.path()).size(), 1u);
  EXPECT_EQ(entriesOf(lower.path()).size(), 1u);
  // What is damaged there stays, and is written anew above.
  std::string below = cacheIn(lower.path()).pathOf("old");
  overwrite(below, "damaged");
  EXPECT_FALSE(cache.read("old"));
  EXPECT_EQ(cache.damaged(), 1);
  EXPECT_TRUE(std::filesystem::exists(below));
  cache.write("old", fieldsOf("a"));
  EXPECT_EQ(cache.read("old"), fieldsOf("a"));
}

TEST(DiskCache, a_folder_that_is_only_read_takes_nothing) {
  ScratchFolder folder;
  cacheIn(folder.path()).write("old", fieldsOf("a"));
  DiskCache cache(EntryKind::kernel, {.writable = "", .readOnly = folder.path(), .reason = ""});
  EXPECT_EQ(cache.read("old"), fieldsOf("a"));
  cache.write("new", fieldsOf("b"));
  cache.discard("old");
  EXPECT_EQ(cache.pathOf("old"), "");
  EXPECT_EQ(filesIn(folder.path()), 1u);
  EXPECT_EQ(cache.faults(), 0);
}

} // namespace
} // namespace scanc::rt
