//===- NodeLock.cpp - flock on files of this machine ----------------------===//
#include "runtime/cache/NodeLock.h"

#include "runtime/Hash.h"
#include "runtime/cache/CacheFolder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

namespace scanc::rt {

NodeLock::NodeLock(std::string_view name, std::chrono::milliseconds patience) {
  using namespace std::chrono_literals;
  std::string folder = nodeFolder();
  if (!prepareCacheFolder(folder).empty())
    return;
  std::string path = fmt::format("{}/{}.lock", folder, hashHex(name).substr(0, 3));
  file = open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0)
    return;
  auto end = std::chrono::steady_clock::now() + patience;
  for (auto pause = 1ms; !held; pause = std::min(2 * pause, 16ms)) {
    held = flock(file, LOCK_EX | LOCK_NB) == 0;
    if (held || std::chrono::steady_clock::now() >= end)
      return;
    std::this_thread::sleep_for(pause);
  }
}

NodeLock::~NodeLock() {
  if (held) // a child that was forked meanwhile has the file open, too
    flock(file, LOCK_UN);
  if (file >= 0)
    close(file);
}

} // namespace scanc::rt
