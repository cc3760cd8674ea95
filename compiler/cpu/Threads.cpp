//===- Threads.cpp - LLVM's pool behind a gate ----------------------------===//
#include "compiler/cpu/Threads.h"

#include "llvm/Support/ThreadPool.h"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <thread>

namespace scanc::cpu {

std::int64_t threadCount() {
  if (const char *text = std::getenv("SCANC_CPU_THREADS"))
    if (std::int64_t count = std::strtoll(text, nullptr, 10); count > 0)
      return count;
  return std::max(1u, std::thread::hardware_concurrency());
}

namespace {

/// Lets helpers into the work of one call until its caller has nothing left to do.
class Gate {
public:
  bool enter() {
    std::lock_guard<std::mutex> guard(lock);
    inside += !closed;
    return !closed;
  }
  void leave() {
    std::lock_guard<std::mutex> guard(lock);
    if (--inside == 0)
      empty.notify_one();
  }
  /// Keeps out who comes later and waits for those inside.
  void close() {
    std::unique_lock<std::mutex> guard(lock);
    closed = true;
    empty.wait(guard, [&] { return inside == 0; });
  }

private:
  std::mutex lock;
  std::condition_variable empty;
  std::int64_t inside = 0;
  bool closed = false;
};

} // namespace

void onThreads(std::int64_t threads, llvm::function_ref<void()> work) {
  if (threads <= 1)
    return work();
  static llvm::StdThreadPool pool(llvm::hardware_concurrency());
  // More than the pool has would only queue.
  std::int64_t helpers = std::min<std::int64_t>(threads - 1, pool.getMaxConcurrency());
  auto gate = std::make_shared<Gate>(); // outlives the call in helpers that come too late
  for (std::int64_t i = 0; i < helpers; ++i)
    pool.async([gate, work] {
      if (!gate->enter())
        return;
      work();
      gate->leave();
    });
  work();
  gate->close();
}

} // namespace scanc::cpu
