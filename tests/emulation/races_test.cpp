//===- races_test.cpp - Planted races are found, correct kernels pass ------===//
#include "tests/emulation/TestKernel.h"

using namespace scanc;
using namespace scanc::emulation;

namespace {

constexpr std::uint64_t seeds = 20;

/// A kernel, and launches of it over `data` (a word for each thread of the grid) and `flags`.
class Case {
public:
  explicit Case(const std::string &body, int blocks = 1, int threads = 64)
      : blocks(blocks), threads(threads),
        module(buildKernel("uint32_t *data; uint32_t *flags;",
                           "  const int i = thread_index(); const int b = block_index();\n"
                           "  __shared__ uint32_t cells[1024];\n  uint32_t x[1] = {1};\n" +
                               body)) {}

  Result<Statistics> launch(std::uint64_t seed, bool checkRaces = true) {
    data.assign(blocks * threads, 0);
    flags.assign(64, 0);
    Buffer dataBuffer = bufferOf("data", data), flagBuffer = bufferOf("flags", flags);
    return module.launch({.blocks = blocks, .threads = threads},
                         std::vector{wordOf(dataBuffer), wordOf(flagBuffer)},
                         {dataBuffer, flagBuffer}, {.seed = seed, .checkRaces = checkRaces});
  }
  void passesUnderEverySeed() {
    for (std::uint64_t seed = 0; seed < seeds; ++seed)
      expectSuccess(launch(seed));
  }
  void racesUnderEverySeed(const std::vector<std::string> &parts) {
    for (std::uint64_t seed = 0; seed < seeds; ++seed)
      expectFault(launch(seed), "race", parts);
  }

  std::vector<std::uint32_t> data, flags;

private:
  int blocks, threads;
  EmulatedModule module;
};

//===----------------------------------------------------------------------===//
// Within a block
//===----------------------------------------------------------------------===//

/// Every thread reads what its neighbour in the other warp has written.
std::string exchangeThrough(const std::string &barrier) {
  return "  shared_store(cells[i], uint32_t(i));\n  " + barrier +
         "\n  x[0] = shared_load(cells[i ^ 32]);\n"
         "  store_global<1>(args.data + i, x);\n";
}

TEST(Races, blockBarrierOrdersTheBlock) {
  Case exchange(exchangeThrough("block_barrier();"));
  exchange.passesUnderEverySeed();
  for (uint32_t i = 0; i < 64; ++i)
    EXPECT_EQ(exchange.data[i], i ^ 32);
}

/// The read may also come first, and is then of bytes that nobody has written.
TEST(Races, missingBlockBarrierIsReported) {
  Case exchange("  shared_store(cells[i], 0u); shared_store(cells[i + 64], 0u);\n"
                "  block_barrier();\n" +
                exchangeThrough(""));
  exchange.racesUnderEverySeed({"race at byte ", " of shared memory: block 0, thread ",
                                "nothing orders them", "test_kernel.cu:"});
}

TEST(Races, warpBarrierDoesNotOrderTheBlock) {
  Case exchange("  shared_store(cells[i], 0u);\n  block_barrier();\n" +
                exchangeThrough("warp_barrier();"));
  exchange.racesUnderEverySeed({"of shared memory"});
}

TEST(Races, warpBarrierOrdersTheWarp) {
  Case("  shared_store(cells[i], 1u);\n  warp_barrier();\n  shared_load(cells[i ^ 1]);\n")
      .passesUnderEverySeed();
}

TEST(Races, shuffleOrdersTheWarp) {
  Case("  shared_store(cells[i], 1u);\n  shuffle(0, 0);\n  shared_load(cells[i ^ 1]);\n")
      .passesUnderEverySeed();
}

/// The barrier that is missing most often: before a cell is used again.
TEST(Races, reuseWithoutASecondBarrierIsReported) {
  const std::string twice = "  for (uint32_t k = 0; k < 2; ++k) {\n"
                            "    shared_store(cells[i], k);\n    block_barrier();\n"
                            "    shared_load(cells[(i + 40) % 64]);\n";
  Case(twice + "    block_barrier();\n  }\n").passesUnderEverySeed();
  Case(twice + "  }\n").racesUnderEverySeed({"of shared memory"});
}

TEST(Races, twoWritersOfOneCellAreReported) {
  Case("  shared_store(cells[0], 7u);\n")
      .racesUnderEverySeed({"race at byte 0 of shared memory", "writes at", "wrote at"});
}

/// The writer is ordered with the reads of its own warp, and not with those of the other, whichever
/// of the two warps has read last.
TEST(Races, writeThatRacesWithSomeOfManyReadsIsReported) {
  Case("  if (i == 0) shared_store(cells[0], 1u);\n  block_barrier();\n"
       "  shared_load(cells[0]);\n  warp_barrier();\n  if (i == 0) shared_store(cells[0], 2u);\n")
      .racesUnderEverySeed({"race at byte 0 of shared memory"});
}

TEST(Races, writersOfNeighbouringBytesDoNotRace) {
  Case("  shared_store(((unsigned short *)cells)[i], (unsigned short)i);\n").passesUnderEverySeed();
}

TEST(Races, globalMemoryWithinABlockIsWatched) {
  const std::string write = "  store_global<1>(args.data + i, x);\n";
  const std::string overwrite = "  store_global<1>(args.data + (i ^ 32), x);\n";
  Case(write + "  block_barrier();\n" + overwrite).passesUnderEverySeed();
  Case(write + overwrite).racesUnderEverySeed({"of buffer 'data'"});
}

//===----------------------------------------------------------------------===//
// Between blocks
//===----------------------------------------------------------------------===//

/// A load that is not the read-only path of `load_global`.
const char *const readCoherently =
    "  const auto read = [&](const uint32_t *from) {\n"
    "    return *static_cast<const uint32_t *>(scanc::emulation::hooks->globalLoad(\n"
    "        from, 4, 4, false, scanc::emulation::Place::current()));\n  };\n";

/// Block 0 hands `data` to block 1, whose threads read each other's parts.
std::string handOver(const std::string &beforeFlag, const std::string &setFlag,
                     const std::string &seeFlag, const std::string &afterFlag, int threads = 64) {
  return std::string(readCoherently) + "  const int n = " + std::to_string(threads) + ";\n" +
         "  if (b == 0) {\n    x[0] = 100 + i;\n    store_global<1>(args.data + i, x);\n    " +
         beforeFlag + "\n    if (i == 0) " + setFlag + "\n  } else {\n    if (i == 0) while (!(" +
         seeFlag + ")) {}\n    " + afterFlag +
         "\n    x[0] = read(args.data + n - 1 - i);\n"
         "    store_global<1>(args.data + n + i, x);\n  }\n";
}
const std::string barrier = "block_barrier();";
const std::string release = "store_release(args.flags, 1);";
const std::string acquire = "load_acquire(args.flags)";

TEST(Races, releaseAndAcquireOrderTwoBlocks) {
  Case pair(handOver(barrier, release, acquire, barrier), 2);
  pair.passesUnderEverySeed();
  for (uint32_t i = 0; i < 64; ++i)
    EXPECT_EQ(pair.data[64 + i], 100 + 63 - i);
}

TEST(Races, plainStoreAsFlagIsReported) {
  Case(handOver(barrier, "{ x[0] = 1; store_global<1>(args.flags, x); }", acquire, barrier), 2)
      .racesUnderEverySeed({"of buffer 'flags'"});
}

TEST(Races, plainLoadOfAFlagIsReported) {
  Case(handOver(barrier, release, "read(args.flags)", barrier), 2)
      .racesUnderEverySeed({"of buffer 'flags'", "atomically"});
}

/// The release tells only what its own thread knows.
TEST(Races, missingBarrierBeforeTheReleaseIsReported) {
  Case(handOver("", release, acquire, barrier), 2).racesUnderEverySeed({"of buffer 'data'"});
}

TEST(Races, missingBarrierAfterTheAcquireIsReported) {
  Case pair(handOver(barrier, release, acquire, ""), 2);
  pair.racesUnderEverySeed({"of buffer 'data'"});
}

TEST(Races, warpBarrierPassesOnWhatALaneAcquired) {
  const auto hand = [](const std::string &afterFlag) {
    return handOver(barrier, release, acquire, afterFlag, /*threads=*/32);
  };
  Case(hand("warp_barrier();"), 2, 32).passesUnderEverySeed();
  Case(hand(""), 2, 32).racesUnderEverySeed({"of buffer 'data'"});
}

/// A release tells what its thread did before, and nothing that it does later.
TEST(Races, writeAfterTheReleaseIsReported) {
  Case(std::string(readCoherently) +
           "  if (i == 0 && b == 0) {\n    store_release(args.flags, 1);\n"
           "    store_global<1>(args.data, x);\n  }\n"
           "  if (i == 0 && b == 1) {\n    while (!load_acquire(args.flags)) {}\n"
           "    read(args.data);\n  }\n",
       2)
      .racesUnderEverySeed({"of buffer 'data'"});
}

TEST(Races, missingReleaseIsReported) {
  // The block that reads does not wait at all.
  Case(handOver(barrier, "{}", "true", barrier), 2).racesUnderEverySeed({"of buffer 'data'"});
}

TEST(Races, readOnlyPathAfterAReleaseIsReported) {
  Case pair(handOver(barrier, release, acquire, barrier + " load_global<1>(x, args.data + i);"), 2);
  for (std::uint64_t seed = 0; seed < seeds; ++seed)
    expectFault(pair.launch(seed), "incoherent", {"of buffer 'data'", "read-only path"});
}

/// Each block adds to what its predecessor hands on: knowledge must travel through all of them.
std::string chain(const std::string &wait) {
  return std::string(readCoherently) +
         "  if (i == 0) {\n    uint32_t sum = 0;\n    if (b > 0) {\n      " + wait +
         "\n      for (int k = 0; k < b; ++k) sum += read(args.data + 64 * k);\n    }\n"
         "    x[0] = 1 + sum;\n    store_global<1>(args.data + 64 * b, x);\n"
         "    store_release(args.flags + b, 1);\n  }\n";
}

TEST(Races, knowledgeTravelsThroughAChainOfBlocks) {
  Case blocks(chain("while (!load_acquire(args.flags + b - 1)) {}"), 8);
  blocks.passesUnderEverySeed();
  for (int b = 0; b < 8; ++b)
    EXPECT_EQ(blocks.data[64 * b], 1u << b);
}

TEST(Races, chainThatWaitsForTheWrongBlockIsReported) {
  Case(chain("while (!load_acquire(args.flags)) {}"), 8).racesUnderEverySeed({"of buffer 'data'"});
}

/// The last block to arrive reads what all have written, the classic of two-pass reductions.
TEST(Races, atomicAddOrdersArrivals) {
  const std::string arrive = std::string(readCoherently) +
                             "  store_global<1>(args.data + 64 * b + i, x);\n  ARRIVE\n"
                             "  if (i == 0 && atomic_add(args.flags, 1) == 7) {\n"
                             "    x[0] = 0;\n"
                             "    for (int k = 0; k < 512; ++k) x[0] += read(args.data + k);\n"
                             "    store_global<1>(args.data, x);\n  }\n";
  auto with = [&](const std::string &barrier) {
    std::string text = arrive;
    return text.replace(text.find("ARRIVE"), 6, barrier);
  };
  Case sum(with("block_barrier();"), 8);
  sum.passesUnderEverySeed();
  EXPECT_EQ(sum.data[0], 512u);
  Case(with(""), 8).racesUnderEverySeed({"of buffer 'data'"});
}

TEST(Races, checksCanBeSwitchedOff) {
  Case exchange("  shared_store(cells[0], 7u);\n");
  expectSuccess(exchange.launch(0, /*checkRaces=*/false));
}

} // namespace
