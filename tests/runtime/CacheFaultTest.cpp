//===- CacheFaultTest.cpp - Every call of the system failing in turn ------===//
//
// Linked with --wrap for each of these calls: they fail when they are told to,
// as full, slow and foreign file systems do. Whatever fails, kernels are right.
//
//===----------------------------------------------------------------------===//
#include "runtime/cache/KernelCache.h"
#include "Sample.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <random>

namespace {

/// When calls fail, and how often they did.
struct Faults {
  bool on = false;
  double rate = 0;       ///< of calls that fail
  long failAt = -1;      ///< the one call that fails
  int error = EIO;
  long calls = 0, failed = 0;
  std::mt19937 random{1};

  bool hit() {
    if (!on)
      return false;
    bool now = calls++ == failAt || (rate > 0 && std::uniform_real_distribution()(random) < rate);
    failed += now;
    return now;
  }
} faults;

/// Fails with the error that is on turn, if at all.
template <typename R>
bool fails(R &result) {
  if (!faults.hit())
    return false;
  constexpr std::array errors{ENOSPC, EDQUOT, EBUSY, ESTALE, EIO, EACCES, EROFS};
  errno = faults.rate > 0 ? errors[faults.failed % errors.size()] : faults.error;
  result = -1;
  return true;
}

} // namespace

#define WRAP(name, parameters, arguments)                                                          \
  extern "C" int __real_##name parameters;                                                         \
  extern "C" int __wrap_##name parameters {                                                        \
    int result;                                                                                    \
    return fails(result) ? result : __real_##name arguments;                                       \
  }
WRAP(fsync, (int file), (file))
WRAP(link, (const char *from, const char *to), (from, to))
WRAP(rename, (const char *from, const char *to), (from, to))
WRAP(unlink, (const char *path), (path))
WRAP(fstat, (int file, struct stat *status), (file, status))
WRAP(mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(flock, (int file, int what), (file, what))
WRAP(futimens, (int file, const timespec times[2]), (file, times))

extern "C" int __real_open(const char *path, int flags, mode_t mode);
extern "C" int __wrap_open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  int result;
  return fails(result) ? result : __real_open(path, flags, mode);
}

extern "C" ssize_t __real_write(int file, const void *bytes, size_t count);
extern "C" ssize_t __wrap_write(int file, const void *bytes, size_t count) {
  ssize_t result;
  if (!fails(result))
    return __real_write(file, bytes, count);
  return faults.failed % 2 && count > 1 ? __real_write(file, bytes, count / 2) : result; // or a part
}

extern "C" ssize_t __real_read(int file, void *bytes, size_t count);
extern "C" ssize_t __wrap_read(int file, void *bytes, size_t count) {
  ssize_t result;
  if (!fails(result))
    return __real_read(file, bytes, count);
  return faults.failed % 3 == 0 ? 0 : result; // or an end too early
}

namespace scanc::rt {
namespace {

using testing::ScratchFolder;

CompiledKernel kernelOf(const std::string &key) {
  CompiledKernel kernel;
  kernel.cubin = key + std::string(5000, 'x');
  kernel.ptx = key;
  return kernel;
}

/// Whether the cache gives the kernel of `key`, from wherever.
bool isRight(KernelCache &cache, const std::string &key) {
  auto kernel = cache.get(key, [&]() -> Result<CompiledKernel> { return kernelOf(key); });
  return kernel && (*kernel)->cubin == kernelOf(key).cubin && (*kernel)->ptx == key;
}

TEST(CacheFaults, each_call_failing_once_leaves_right_kernels) {
  for (int error : {ENOSPC, EDQUOT, EBUSY, ESTALE, EIO, EACCES, EROFS})
    for (long at = 0;; ++at) {
      ScratchFolder folder;
      faults = {.on = true, .failAt = at, .error = error};
      for (int round = 0; round < 3; ++round) {
        KernelCache cache(folder.path());
        EXPECT_TRUE(isRight(cache, "a")) << "call " << at << ", round " << round;
        EXPECT_TRUE(isRight(cache, "b")) << "call " << at << ", round " << round;
      }
      faults.on = false;
      if (faults.failed == 0) { // beyond the last one
        EXPECT_GT(at, 30);
        break;
      }
      // Once all is well again, the disk serves.
      KernelCache first(folder.path()), second(folder.path());
      EXPECT_TRUE(isRight(first, "a") && isRight(second, "a"));
      EXPECT_EQ(second.counters().diskHits, 1) << "call " << at;
      EXPECT_EQ(second.counters().damaged, 0) << "call " << at;
    }
}

TEST(CacheFaults, one_call_in_twenty_failing_leaves_right_kernels_and_is_counted) {
  ScratchFolder folder;
  faults = {.on = true, .rate = 0.05};
  std::int64_t counted = 0, compiles = 0;
  constexpr int rounds = 500, keys = 16;
  for (int round = 0; round < rounds; ++round) {
    KernelCache cache(folder.path());
    for (int i = 0; i < keys; ++i)
      ASSERT_TRUE(isRight(cache, std::to_string(round / 10) + "/" + std::to_string(i)));
    counted += cache.counters().faults + !cache.withoutDisk().empty();
    compiles += cache.counters().compiles;
  }
  faults.on = false;
  EXPECT_GT(faults.failed, 1000);
  EXPECT_GT(counted, 500); // those of locks, stamps and eviction cost nothing, and are not
  EXPECT_LT(compiles, rounds * keys / 2); // and yet the disk serves
}

} // namespace
} // namespace scanc::rt
