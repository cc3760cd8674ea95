//===- Fork.cpp - One set of handlers for all who must know ---------------===//
#include "runtime/process/Fork.h"

#include <pthread.h>

#include <algorithm>
#include <vector>

namespace scanc::rt {
namespace {

std::atomic<int> forks = 0;

struct Registry {
  std::mutex mutex;
  std::vector<ForkGuard *> guards; ///< oldest first
};

Registry &registry() {
  static auto &made = *[] {
    auto *made = new Registry; // guards of any lifetime use it
    pthread_atfork(
        [] {
          registry().mutex.lock();
          for (ForkGuard *guard : registry().guards)
            guard->beforeFork();
        },
        [] {
          for (ForkGuard *guard : registry().guards)
            guard->afterFork(false);
          registry().mutex.unlock();
        },
        [] {
          ++forks;
          for (ForkGuard *guard : registry().guards)
            guard->afterFork(true);
          registry().mutex.unlock();
        });
    return made;
  }();
  return made;
}

} // namespace

int forksBefore() {
  static const bool isCounting = (registry(), true);
  return isCounting ? forks.load(std::memory_order_relaxed) : 0;
}

ForkGuard::ForkGuard() {
  std::lock_guard lock(registry().mutex);
  registry().guards.push_back(this);
}

ForkGuard::~ForkGuard() {
  std::lock_guard lock(registry().mutex);
  std::erase(registry().guards, this);
}

} // namespace scanc::rt
