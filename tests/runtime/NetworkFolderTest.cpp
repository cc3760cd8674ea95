//===- NetworkFolderTest.cpp - A layer of the machine over a shared folder ---===//
//
// Linked with --wrap for statfs, which says of some folders that they lie on the
// network.
//
//===----------------------------------------------------------------------===//
#include "Sample.h"
#include "runtime/cache/KernelCache.h"
#include "scanc/Cache.h"

#include <gtest/gtest.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cerrno>
#include <fstream>
#include <map>

namespace {

/// Folders, and the file systems that they are said to be on; 0: statfs fails.
std::map<std::string, long> fileSystems;

} // namespace

extern "C" int __real_statfs(const char *path, struct statfs *system);
extern "C" int __wrap_statfs(const char *path, struct statfs *system) {
  int result = __real_statfs(path, system);
  if (result != 0)
    return result;
  for (const auto &[folder, type] : fileSystems)
    if (std::string(path).starts_with(folder)) {
      system->f_type = type;
      errno = EIO;
      return type == 0 ? -1 : 0;
    }
  system->f_type = EXT4_SUPER_MAGIC;
  return 0;
}

namespace scanc::rt {
namespace {

using testing::ScopedVariable;
using testing::ScratchFolder;

struct NetworkFolder : ::testing::Test {
  ScratchFolder network, machine;
  std::string shared = network / "cache";
  ScopedVariable folder{"SCANC_CACHE_DIR", shared.c_str()};
  ScopedVariable runtime{"XDG_RUNTIME_DIR", machine.path().c_str()};
  ScopedVariable mode{"SCANC_CACHE", nullptr};

  NetworkFolder() { fileSystems = {{network.path(), NFS_SUPER_MAGIC}}; }
  ~NetworkFolder() override { fileSystems.clear(); }

  static CachePlaces places() { return placesOf(resolveCacheFolder("")); }
  /// Asks for a kernel in a cache of its own; whether that compiled.
  static bool compiles(const std::string &key) {
    KernelCache cache("");
    auto kernel = cache.get(key, [&]() -> Result<CompiledKernel> {
      CompiledKernel made;
      made.cubin = "code of " + key;
      return made;
    });
    EXPECT_TRUE(kernel && (*kernel)->cubin == "code of " + key);
    return cache.counters().compiles == 1;
  }
  static std::size_t entriesIn(const std::string &folder) { return entriesOf(folder).size(); }
};

TEST_F(NetworkFolder, has_a_layer_of_the_machine_over_it) {
  for (long type : {long(NFS_SUPER_MAGIC), long(SMB_SUPER_MAGIC), long(CIFS_SUPER_MAGIC),
                    long(SMB2_SUPER_MAGIC), long(CEPH_SUPER_MAGIC), long(AFS_SUPER_MAGIC),
                    long(FUSE_SUPER_MAGIC), long(V9FS_MAGIC), 0x0BD00BD0L, 0x47504653L, 0x19830326L,
                    long(static_cast<int>(CIFS_SUPER_MAGIC))}) { // a word of 32 bits, with a sign
    fileSystems = {{network.path(), type}};
    EXPECT_EQ(places().readOnly, shared) << std::hex << type;
    EXPECT_TRUE(places().writable.starts_with(machine / "scanc/cache-")) << places().writable;
  }
}

TEST_F(NetworkFolder, of_this_machine_is_written) {
  for (long type : {long(EXT4_SUPER_MAGIC), long(TMPFS_MAGIC), long(XFS_SUPER_MAGIC),
                    long(OVERLAYFS_SUPER_MAGIC), 0L}) {
    fileSystems = {{network.path(), type}};
    EXPECT_EQ(places().writable, shared) << std::hex << type;
    EXPECT_EQ(places().readOnly, "");
  }
}

TEST_F(NetworkFolder, is_written_where_the_machine_has_nothing_else) {
  fileSystems[machine.path()] = FUSE_SUPER_MAGIC;
  EXPECT_EQ(places().writable, shared);
}

TEST_F(NetworkFolder, is_written_where_that_is_asked_for) {
  ScopedVariable written("SCANC_CACHE", "rw");
  EXPECT_EQ(places().writable, shared);
  ScopedVariable read("SCANC_CACHE", "ro");
  EXPECT_EQ(places().writable, "");
  EXPECT_EQ(places().readOnly, shared);
}

TEST_F(NetworkFolder, is_read_and_takes_what_is_pushed) {
  {
    ScopedVariable written("SCANC_CACHE", "rw");
    EXPECT_TRUE(compiles("old"));
  }
  EXPECT_FALSE(compiles("old"));
  EXPECT_TRUE(compiles("new"));
  EXPECT_FALSE(compiles("new"));
  EXPECT_EQ(entriesIn(shared), 1u);
  EXPECT_EQ(entriesIn(places().writable), 1u);
  CacheState state = cacheState();
  EXPECT_EQ(state.folder, places().writable);
  EXPECT_EQ(state.below, shared);
  EXPECT_EQ(state.entries, 1);

  auto pushed = pushCache();
  ASSERT_TRUE(pushed) << render(pushed.error());
  EXPECT_EQ(pushed->entries, 1);
  EXPECT_GT(pushed->bytes, 0);
  EXPECT_EQ(entriesIn(shared), 2u);
  EXPECT_EQ(pushCache()->entries, 0);
  std::filesystem::remove_all(machine.path() + "/scanc");
  EXPECT_FALSE(compiles("new")); // as on another machine
}

TEST_F(NetworkFolder, takes_nothing_that_is_damaged) {
  EXPECT_TRUE(compiles("key"));
  ASSERT_EQ(entriesIn(places().writable), 1u);
  std::ofstream(entriesOf(places().writable)[0].path, std::ios::app) << "x";
  auto pushed = pushCache();
  ASSERT_TRUE(pushed) << render(pushed.error());
  EXPECT_EQ(pushed->entries, 0);
  EXPECT_EQ(entriesIn(shared), 0u);
}

TEST_F(NetworkFolder, that_others_may_write_is_neither_read_nor_pushed_to) {
  {
    ScopedVariable written("SCANC_CACHE", "rw");
    EXPECT_TRUE(compiles("old"));
  }
  chmod(shared.c_str(), 0777);
  EXPECT_TRUE(compiles("old"));
  EXPECT_FALSE(compiles("old"));
  auto pushed = pushCache();
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().code, "SC7005");
}

TEST_F(NetworkFolder, sc7005_a_push_without_one) {
  fileSystems.clear();
  EXPECT_TRUE(compiles("key"));
  auto pushed = pushCache();
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().code, "SC7005");
  EXPECT_NE(pushed.error().message.find("nothing to push"), std::string::npos);
}

} // namespace
} // namespace scanc::rt
