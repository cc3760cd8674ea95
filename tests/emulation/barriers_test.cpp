//===- barriers_test.cpp - Meeting, missing each other, and hanging --------===//
#include "tests/emulation/TestKernel.h"

#include <algorithm>

using namespace scanc;
using namespace scanc::emulation;

namespace {

Result<Statistics> launchAlone(const std::string &body, int threads, std::uint64_t seed = 0,
                               int blocks = 1, int residentBlocks = 8) {
  std::vector<uint32_t> flags(16);
  Buffer buffer = bufferOf("flags", flags);
  return buildKernel("uint32_t *flags;", body)
      .launch({.blocks = blocks, .threads = threads}, std::vector{wordOf(buffer)}, {buffer},
              {.seed = seed, .residentBlocks = residentBlocks});
}

TEST(Barriers, divergentBlockBarrierIsReported) {
  expectFault(launchAlone("  if (thread_index() < 64) block_barrier();\n", 128), "divergence",
              {"test_kernel", "block 0", "threads 0-63 wait for the block at test_kernel.cu:6",
               "threads 64-127 have finished", "(seed 0)"});
}

TEST(Barriers, divergentWarpBarrierIsReported) {
  expectFault(launchAlone("  if (lane_index() != 5) warp_barrier();\n  block_barrier();\n", 32),
              "divergence", {"threads 5-5 wait for the block at test_kernel.cu:7"});
}

TEST(Barriers, twoBlockBarriersDoNotMeet) {
  expectFault(launchAlone("  if (thread_index() < 32)\n    block_barrier();\n  else\n"
                          "    block_barrier();\n",
                          64),
              "divergence", {"meet at different barriers", "test_kernel.cu:7", "test_kernel.cu:9"});
}

TEST(Barriers, shuffleDoesNotMeetAWarpBarrier) {
  expectFault(launchAlone("  if (lane_index() < 16)\n    warp_barrier();\n  else\n"
                          "    shuffle_up(1, 1);\n",
                          32),
              "divergence", {"threads of one warp"});
}

TEST(Barriers, convergedBarriersPassUnderAnyOrder) {
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    expectSuccess(launchAlone(
        "  for (int i = 0; i < 5; ++i) { warp_barrier(); block_barrier(); }\n", 96, seed, 5));
}

TEST(Barriers, waitingForAFlagThatNobodySetsIsReported) {
  expectFault(launchAlone("  while (load_acquire(args.flags) == 0) {}\n", 32), "hang",
              {"test_kernel.cu:6", "a flag that nobody sets"});
}

/// Blocks start in any order: one that waits for a later one may keep it from starting.
TEST(Barriers, waitingForABlockThatCannotStartIsReported) {
  expectFault(launchAlone("  if (thread_index() == 0) {\n"
                          "    atomic_add(args.flags, 1);\n"
                          "    while (load_acquire(args.flags) < 4) {}\n  }\n",
                          32, 0, 4, 2),
              "hang", {"2 blocks have not started"});
}

TEST(Barriers, residentBlocksWaitForEachOther) {
  for (std::uint64_t seed = 0; seed < 5; ++seed)
    expectSuccess(launchAlone("  if (thread_index() == 0) {\n"
                              "    atomic_add(args.flags, 1);\n"
                              "    while (load_acquire(args.flags) < 4) {}\n  }\n"
                              "  block_barrier();\n",
                              32, seed, 4, 4));
}

/// The order of the threads must depend on the seed, and on nothing else.
TEST(Barriers, orderFollowsTheSeed) {
  EmulatedModule module = buildKernel("uint32_t *tickets; uint32_t *next;", R"(
    const uint32_t mine = atomic_add(args.next, 1);
    store_global<1>(args.tickets + 32 * block_index() + thread_index(), {mine});
)");
  auto ticketsOf = [&](std::uint64_t seed) {
    std::vector<uint32_t> tickets(128), next(1);
    Buffer ticketBuffer = bufferOf("tickets", tickets), nextBuffer = bufferOf("next", next);
    expectSuccess(module.launch({.blocks = 4, .threads = 32},
                                std::vector{wordOf(ticketBuffer), wordOf(nextBuffer)},
                                {ticketBuffer, nextBuffer}, {.seed = seed}));
    EXPECT_EQ(next[0], 128u);
    std::vector<uint32_t> sorted = tickets;
    std::sort(sorted.begin(), sorted.end());
    for (uint32_t i = 0; i < 128; ++i)
      EXPECT_EQ(sorted[i], i);
    return tickets;
  };
  EXPECT_EQ(ticketsOf(7), ticketsOf(7));
  EXPECT_NE(ticketsOf(7), ticketsOf(8));
}

/// Hardware promises no order of blocks, so a kernel must not need one.
TEST(Barriers, blocksStartInAnOrderOfTheirOwn) {
  EmulatedModule module = buildKernel("uint32_t *order; uint32_t *next;", R"(
    store_global<1>(args.order + atomic_add(args.next, 1), {uint32_t(block_index())});
)");
  std::vector<uint32_t> order(16), next(1);
  Buffer orderBuffer = bufferOf("order", order), nextBuffer = bufferOf("next", next);
  expectSuccess(module.launch({.blocks = 16, .threads = 1},
                              std::vector{wordOf(orderBuffer), wordOf(nextBuffer)},
                              {orderBuffer, nextBuffer}, {.residentBlocks = 1}));
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  EXPECT_FALSE(std::is_sorted(order.rbegin(), order.rend()));
  std::sort(order.begin(), order.end());
  for (uint32_t i = 0; i < 16; ++i)
    EXPECT_EQ(order[i], i);
}

} // namespace
