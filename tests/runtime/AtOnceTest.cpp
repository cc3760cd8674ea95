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

/// Functions were parsed in whatever order their threads came.
TEST(AtOnce, turns_are_taken_in_order) {
  Turns turns(4, std::chrono::minutes(1));
  std::vector<std::size_t> order;
  callAtOnce(4, 4, [&](std::size_t i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(4 - i));
    if (i != 1) { // which takes none
      turns.await(i);
      order.push_back(i);
    }
    turns.end(i);
    return i;
  });
  EXPECT_EQ(order, (std::vector<std::size_t>{0, 2, 3}));
}

/// Processes wait for each other's kernels, each for another one.
TEST(AtOnce, nobody_waits_for_a_turn_that_does_not_come) {
  std::promise<void> second;
  std::future<void> seen = second.get_future();
  callAtOnce(2, 2, [&](std::size_t i) {
    if (i == 0) {
      EXPECT_EQ(seen.wait_for(std::chrono::seconds(30)), std::future_status::ready);
    }
    inTurn([&] {
      if (i == 1)
        second.set_value();
    });
    return i;
  });
}

/// A call outside of any, and of one made by a call.
TEST(AtOnce, turns_are_those_of_the_innermost_call) {
  int calls = 0;
  inTurn([&] { ++calls; });
  callAtOnce(1, 1, [&](std::size_t i) {
    callAtOnce(2, 1, [&](std::size_t j) {
      inTurn([&] { ++calls; });
      return j;
    });
    inTurn([&] { ++calls; });
    return i;
  });
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(ownTurn.turns, nullptr);
}

} // namespace
