//===- process/AtOnce.h - Calls shared out to the processors of a machine ---===//
//
// NVRTC and ptxas take one thread for a text, however long it is.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_PROCESS_ATONCE_H
#define SCANC_RUNTIME_PROCESS_ATONCE_H

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace scanc::rt {

/// As many as the machine has, and two at least.
inline std::size_t processors() { return std::max(2u, std::thread::hardware_concurrency()); }

/// The order of calls that are made at once.
class Turns {
public:
  /// Of `count` calls, which wait for each other as long as `patience`: one may wait for another process meanwhile.
  explicit Turns(std::size_t count, std::chrono::milliseconds patience = std::chrono::milliseconds(20))
      : patience(patience), over(count) {}

  /// Waits until the turns of all calls before `i` are over.
  void await(std::size_t i) {
    std::unique_lock lock(mutex);
    ended.wait_for(lock, patience, [&] { return first >= i; });
  }
  void end(std::size_t i) {
    std::lock_guard lock(mutex);
    over[i] = true;
    while (first < over.size() && over[first])
      ++first;
    ended.notify_all();
  }

private:
  const std::chrono::milliseconds patience;
  std::mutex mutex;
  std::condition_variable ended;
  std::vector<bool> over;
  std::size_t first = 0; ///< whose is not
};

/// That of the call that this thread is in.
struct Turn {
  Turns *turns = nullptr;
  std::size_t number = 0;
};
inline thread_local Turn ownTurn;

/// `call()`, where this thread is in one of several calls that are made at once behind those that the calls before it make so.
template <typename F>
void inTurn(F call) {
  const Turn own = ownTurn;
  if (own.turns)
    own.turns->await(own.number);
  call();
  if (own.turns)
    own.turns->end(own.number);
}

/// `call(i)` for i of [0, count), in order, begun in that order by `threads` at most: this one, and others where the
/// system has some. `call` throws nothing.
template <typename F>
auto callAtOnce(std::size_t count, std::size_t threads, F call) -> std::vector<decltype(call(count))> {
  std::vector<std::optional<decltype(call(count))>> results(count);
  std::atomic<std::size_t> next = 0;
  Turns turns(count);
  auto work = [&] {
    const Turn outer = ownTurn; // of a call that makes these
    for (std::size_t i = next++; i < count; i = next++) {
      ownTurn = {&turns, i};
      results[i].emplace(call(i));
      turns.end(i);
    }
    ownTurn = outer;
  };
  std::vector<std::future<void>> others;
  for (std::size_t i = 1; i < std::min(count, threads); ++i)
    others.push_back(std::async(work)); // without a thread: when it is waited for
  work();
  for (std::future<void> &other : others)
    other.get();
  std::vector<decltype(call(count))> all;
  for (auto &result : results)
    all.push_back(std::move(*result));
  return all;
}

} // namespace scanc::rt

#endif // SCANC_RUNTIME_PROCESS_ATONCE_H
