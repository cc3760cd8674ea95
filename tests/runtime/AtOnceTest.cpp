//===- AtOnceTest.cpp - Calls shared out to threads -----------------------===//
#include "runtime/process/AtOnce.h"

#include <gtest/gtest.h>

#include <barrier>
#include <string>

using namespace scanc::rt;

namespace {

TEST(AtOnce, results_are_in_order_however_many) {
  for (std::size_t count : {0, 1, 7, 40})
    for (std::size_t threads : {1, 3, 64}) {
      std::vector<std::string> results = callAtOnce(count, threads, [](std::size_t i) { return std::to_string(i); });
      ASSERT_EQ(results.size(), count);
      for (std::size_t i = 0; i < count; ++i)
        EXPECT_EQ(results[i], std::to_string(i));
    }
}

/// The first three wait for each other.
TEST(AtOnce, calls_are_at_once_as_many_as_asked_for) {
  std::barrier all(3);
  std::atomic<int> now = 0, most = 0;
  callAtOnce(9, 3, [&](std::size_t i) {
    int here = ++now;
    for (int seen = most; here > seen && !most.compare_exchange_weak(seen, here);)
      ;
    if (i < 3)
      all.arrive_and_wait();
    --now;
    return i;
  });
  EXPECT_EQ(most, 3);
}

} // namespace
