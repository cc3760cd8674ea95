//===- LaunchTrace.cpp - A ring of the last launches ----------------------===//
#include "runtime/launch/LaunchTrace.h"

#include "runtime/process/Fork.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <set>

namespace scanc::rt {
namespace {

constexpr std::size_t ringSize = 16;
std::atomic<std::size_t> launches = 0;
std::array<std::atomic<const std::string *>, ringSize> ring{};

ForkMutex &keeping = *new ForkMutex;
std::set<std::string> &kept =
    *new std::set<std::string>; // as the ring, for the life of the process

} // namespace

const std::string *keptDescription(std::string description) {
  std::lock_guard lock(keeping);
  return &*kept.insert(std::move(description)).first;
}

void noteLaunch(const std::string *description) {
  std::size_t number = launches.fetch_add(1, std::memory_order_relaxed);
  ring[number % ringSize].store(description, std::memory_order_release);
}

std::vector<std::string> lastLaunches() {
  std::vector<std::string> found;
  std::size_t count = launches.load(std::memory_order_relaxed);
  for (std::size_t back = 1; back <= std::min(count, ringSize); ++back) {
    const std::string *text = ring[(count - back) % ringSize].load(std::memory_order_acquire);
    if (text && std::find(found.begin(), found.end(), *text) == found.end())
      found.push_back(*text);
  }
  return found;
}

} // namespace scanc::rt
