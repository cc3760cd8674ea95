//===- CacheFolderTest.cpp - Which folder is used, and which is refused ---===//
#include "runtime/cache/CacheFolder.h"
#include "Sample.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

namespace scanc::rt {
namespace {

using testing::ScopedVariable;
using testing::ScratchFolder;

TEST(CacheFolder, order_of_preference) {
  ScopedVariable folder("SCANC_CACHE_DIR", "/a"), xdg("XDG_CACHE_HOME", "/b"), home("HOME", "/c");
  EXPECT_EQ(resolveCacheFolder("/given").path, "/given");
  EXPECT_EQ(resolveCacheFolder("").path, "/a");
  {
    ScopedVariable none("SCANC_CACHE_DIR", nullptr);
    EXPECT_EQ(resolveCacheFolder("").path, "/b/scanc");
    ScopedVariable relative("XDG_CACHE_HOME", "b"); // the standard says to ignore it
    EXPECT_EQ(resolveCacheFolder("").path, "/c/.cache/scanc");
    ScopedVariable homeless("HOME", nullptr);
    EXPECT_EQ(resolveCacheFolder("").path, "");
    EXPECT_FALSE(resolveCacheFolder("").reason.empty());
  }
  EXPECT_EQ(resolveCacheFolder("off").path, "");
  ScopedVariable off("SCANC_CACHE_DIR", "off");
  EXPECT_EQ(resolveCacheFolder("").path, "");
}

TEST(CacheFolder, is_made_for_the_user_alone) {
  ScratchFolder scratch;
  mode_t before = umask(0);
  EXPECT_EQ(prepareCacheFolder(scratch / "x/y/z"), "");
  umask(before);
  struct stat status;
  ASSERT_EQ(stat((scratch / "x/y/z").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  EXPECT_EQ(prepareCacheFolder(scratch / "x/y/z/"), "");
}

TEST(CacheFolder, what_cannot_be_trusted_is_refused) {
  ScratchFolder scratch;
  std::string folder = scratch / "open";
  ASSERT_EQ(prepareCacheFolder(folder), "");
  for (mode_t mode : {0777, 0720, 0702}) {
    chmod(folder.c_str(), mode);
    EXPECT_NE(prepareCacheFolder(folder), "") << mode;
  }
  std::filesystem::create_directory_symlink(scratch.path(), scratch / "link");
  EXPECT_NE(prepareCacheFolder(scratch / "link"), "");
  EXPECT_NE(prepareCacheFolder(scratch / "link/"), "");
  std::ofstream(scratch / "file") << "";
  EXPECT_NE(prepareCacheFolder(scratch / "file"), "");
  EXPECT_NE(prepareCacheFolder(scratch / "file/below"), "");
  if (geteuid() == 0) {
    ASSERT_EQ(prepareCacheFolder(scratch / "foreign"), "");
    ASSERT_EQ(chown((scratch / "foreign").c_str(), 12345, 12345), 0);
    EXPECT_NE(prepareCacheFolder(scratch / "foreign"), "");
  }
}

} // namespace
} // namespace scanc::rt
