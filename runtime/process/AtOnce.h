//===- process/AtOnce.h - Calls shared out to the processors of a machine ---===//
//
// NVRTC and ptxas take one thread for a text, however long it is.
//
//===----------------------------------------------------------------------===//
#ifndef SCANC_RUNTIME_PROCESS_ATONCE_H
#define SCANC_RUNTIME_PROCESS_ATONCE_H

#include <algorithm>
#include <atomic>
#include <future>
#include <optional>
#include <thread>
#include <vector>

namespace scanc::rt {

/// As many as the machine has, and two at least.
inline std::size_t processors() { return std::max(2u, std::thread::hardware_concurrency()); }

/// `call(i)` for i of [0, count), in order, begun in that order by `threads` at most: this one, and others where the
/// system has some. `call` throws nothing.
template <typename F>
auto callAtOnce(std::size_t count, std::size_t threads, F call) -> std::vector<decltype(call(count))> {
  std::vector<std::optional<decltype(call(count))>> results(count);
  std::atomic<std::size_t> next = 0;
  auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++)
      results[i].emplace(call(i));
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
