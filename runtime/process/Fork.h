//===- process/Fork.h - What the child of a fork must find whole -*- C++ -*-===//
//
// fork() copies one thread: a lock that another one held stays locked in the
// child, and what it was about to change may be half done.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_PROCESS_FORK_H
#define SCANC_RUNTIME_PROCESS_FORK_H

#include <atomic>
#include <mutex>
#include <new>

namespace scanc::rt {

/// How many forks lie between this process and the one that loaded scanc. One load, no lock.
int forksBefore();

/// Is told of every fork while it lives.
class ForkGuard {
public:
  ForkGuard();
  ForkGuard(const ForkGuard &) = delete;
  ForkGuard &operator=(const ForkGuard &) = delete;
  virtual ~ForkGuard();

  /// In the thread that forks. No guard may be made or destroyed under what this locks.
  virtual void beforeFork() = 0;
  virtual void afterFork(bool inChild) = 0;
};

/// A mutex that fork() waits for, so that the child finds it free and what it guards whole. Under
/// it nothing forks, and no guard is made.
class ForkMutex : public std::mutex, ForkGuard {
  void beforeFork() override { lock(); }
  void afterFork(bool) override { unlock(); }
};

/// A mutex that the child finds free, whoever held it: for what is one pointer, set at the end.
/// Work under it may fork, as the start of the driver does to load its module, or make guards.
class OpeningMutex : public std::mutex, ForkGuard {
  void beforeFork() override {}
  void afterFork(bool inChild) override {
    if (inChild)
      new (static_cast<std::mutex *>(this)) std::mutex;
  }
};

/// Where work goes on that a fork would break in the child: fork() waits for it, and what would
/// begin then waits for the fork.
class ForkGate : ForkGuard {
public:
  void enter() {
    std::lock_guard lock(turn);
    ++inside;
  }
  void leave() {
    --inside;
    inside.notify_all();
  }

private:
  void beforeFork() override {
    turn.lock();
    for (int count = inside; count != 0; count = inside)
      inside.wait(count);
  }
  void afterFork(bool) override { turn.unlock(); }

  std::mutex turn;
  std::atomic<int> inside = 0; ///< nothing begins while `turn` is held
};

} // namespace scanc::rt

#endif // SCANC_RUNTIME_PROCESS_FORK_H
