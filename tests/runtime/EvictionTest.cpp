//===- EvictionTest.cpp - A cache folder within its limits ----------------===//
#include "runtime/cache/Eviction.h"
#include "runtime/cache/DiskCache.h"
#include "Sample.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <ctime>
#include <fstream>

namespace scanc::rt {
namespace {

using testing::ScopedVariable;
using testing::ScratchFolder;

void setAge(const std::string &path, std::int64_t seconds) {
  timespec then[2] = {{std::time(nullptr) - seconds, 0}, {std::time(nullptr) - seconds, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), then, 0), 0);
}

void writeFile(const std::string &path, std::size_t bytes, std::int64_t age) {
  std::ofstream(path) << std::string(bytes, 'x');
  setAge(path, age);
}

bool exists(const std::string &path) { return std::filesystem::exists(path); }

TEST(Eviction, what_was_not_used_for_longest_goes_first) {
  ScratchFolder folder;
  for (int i = 0; i < 10; ++i)
    writeFile(folder / (std::to_string(i) + (i % 3 ? ".kernel" : ".program")), 100, 1000 - 10 * i);
  Evicted gone = evict(folder.path(), {.bytes = 550, .entries = 100});
  EXPECT_EQ(gone.entries, 5);
  EXPECT_EQ(gone.bytes, 500);
  EXPECT_FALSE(exists(folder / "4.kernel"));
  EXPECT_TRUE(exists(folder / "5.kernel"));
  EXPECT_EQ(evict(folder.path(), {.bytes = 550, .entries = 2}).entries, 3);
  EXPECT_TRUE(exists(folder / "8.kernel"));
  EXPECT_EQ(evict(folder.path(), {.bytes = 0, .entries = 0}).entries, 2);
}

TEST(Eviction, leaves_what_is_no_entry_and_what_is_fresh) {
  ScratchFolder folder;
  std::filesystem::create_directory(folder / quarantineName);
  writeFile(folder / "notes.txt", 10, 1 << 30);
  writeFile(folder / ".1-2.tmp", 10, 60);
  writeFile(folder / ".1-1.tmp", 10, 2 * 3600);
  writeFile(folder / "quarantine/new", 10, 3600);
  writeFile(folder / "quarantine/old", 10, 8 * 24 * 3600);
  EXPECT_EQ(evict(folder.path(), {}).entries, 0);
  EXPECT_TRUE(exists(folder / "notes.txt"));
  EXPECT_TRUE(exists(folder / ".1-2.tmp"));
  EXPECT_FALSE(exists(folder / ".1-1.tmp"));
  EXPECT_TRUE(exists(folder / "quarantine/new"));
  EXPECT_FALSE(exists(folder / "quarantine/old"));
}

TEST(Eviction, a_folder_that_is_not_there_has_nothing_to_lose) {
  EXPECT_EQ(evict("/nowhere/at/all", {.bytes = 0, .entries = 0}).entries, 0);
}

TEST(Eviction, writers_keep_the_limits_once_a_minute) {
  ScratchFolder folder;
  DiskCache cache(EntryKind::kernel, {.writable = folder.path(), .readOnly = "", .reason = ""},
                  {.bytes = 1 << 20, .entries = 10});
  for (int i = 0; i < 20; ++i)
    cache.write(std::to_string(i), {});
  auto count = [&] {
    int found = 0;
    for (int i = 0; i < 21; ++i)
      found += exists(cache.pathOf(std::to_string(i)));
    return found;
  };
  EXPECT_EQ(count(), 20); // the first write looked, and nobody has since
  setAge(folder / ".evicted", 61);
  cache.write("20", {});
  EXPECT_EQ(count(), 9);
}

TEST(Eviction, what_is_read_is_in_use) {
  ScratchFolder folder;
  DiskCache cache(EntryKind::kernel, {.writable = folder.path(), .readOnly = "", .reason = ""});
  for (const char *key : {"a", "b"}) {
    cache.write(key, {});
    setAge(cache.pathOf(key), 7200);
  }
  ASSERT_TRUE(cache.read("a"));
  EXPECT_EQ(evict(folder.path(), {.entries = 1}).entries, 1);
  EXPECT_TRUE(cache.read("a"));
  EXPECT_FALSE(cache.read("b"));
}

TEST(Eviction, limits_of_the_environment) {
  EXPECT_EQ(parseSize("0"), 0);
  EXPECT_EQ(parseSize("7"), 7);
  EXPECT_EQ(parseSize("2K"), 2048);
  EXPECT_EQ(parseSize("512M"), std::int64_t(512) << 20);
  EXPECT_EQ(parseSize("3G"), std::int64_t(3) << 30);
  for (const char *wrong : {"", "M", "-1", "1.5G", "1 G", "9223372036854775807K", "1T"})
    EXPECT_EQ(parseSize(wrong), -1) << wrong;
  ScopedVariable size("SCANC_CACHE_MAX_SIZE", "1M"), entries("SCANC_CACHE_MAX_ENTRIES", "many");
  EXPECT_EQ(cacheLimits().bytes, 1 << 20);
  EXPECT_EQ(cacheLimits().entries, CacheLimits().entries);
}

} // namespace
} // namespace scanc::rt
