//===- relaxed_test.cpp - Atomic accesses that order nothing else ----------===//
#include "tests/emulation/TestKernel.h"

#include <array>

using namespace scanc;
using namespace scanc::emulation;

namespace {

constexpr std::uint64_t seeds = 20;

/// Two blocks of one warp that share packets of two words, and one counter.
class Relaxed : public testing::Test {
protected:
  using Packet = std::array<std::uint32_t, 2>;

  Result<Statistics> launch(const EmulatedModule &module, std::uint64_t seed) {
    data.assign(64, 0);
    packets.assign(64, Packet{});
    counters.assign(4, 0);
    Buffer dataBuffer = bufferOf("data", data), packetBuffer = bufferOf("packets", packets),
           counterBuffer = bufferOf("counters", counters);
    return module.launch(
        {.blocks = 2, .threads = 32},
        std::vector{wordOf(dataBuffer), wordOf(packetBuffer), wordOf(counterBuffer)},
        {dataBuffer, packetBuffer, counterBuffer}, {.seed = seed});
  }
  static EmulatedModule build(const std::string &body) {
    return buildKernel("uint32_t *data; struct packet { uint32_t value, flag; } *packets;"
                       " uint32_t *counters;",
                       "  using packet = arguments::packet;\n"
                       "  const int i = thread_index(), b = block_index();\n"
                       "  uint32_t x[1] = {0};\n" +
                           body);
  }

  std::vector<std::uint32_t> data, counters;
  std::vector<Packet> packets;
};

/// Block 0 sends, block 1 waits for the flag of the same packet.
const std::string send =
    "  if (b == 0) {\n"
    "    BEFORE\n"
    "    store_relaxed(args.packets + i, packet{100u + i, 1});\n"
    "  } else {\n"
    "    packet seen;\n"
    "    do seen = load_relaxed(args.packets + (31 - i)); while (!seen.flag);\n"
    "    x[0] = seen.value;\n"
    "    store_global<1>(args.data + 32 + i, x);\n"
    "    AFTER\n"
    "  }\n";

std::string sendWith(const std::string &before, const std::string &after) {
  std::string text = send;
  text.replace(text.find("BEFORE"), 6, before);
  return text.replace(text.find("AFTER"), 5, after);
}

TEST_F(Relaxed, packetCarriesItsValueWithItsFlag) {
  const EmulatedModule module = build(sendWith("", ""));
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    expectSuccess(launch(module, seed));
    for (std::uint32_t i = 0; i < 32; ++i)
      EXPECT_EQ(data[32 + i], 100 + 31 - i);
  }
}

TEST_F(Relaxed, flagOrdersNoOtherMemory) {
  const EmulatedModule module =
      build(sendWith("store_global<1>(args.data + i, x);",
                     "scanc::emulation::hooks->globalLoad(args.data + 31 - i, 4, 4, false,"
                     " scanc::emulation::Place::current());"));
  for (std::uint64_t seed = 0; seed < seeds; ++seed)
    expectFault(launch(module, seed), "race", {"of buffer 'data'"});
}

TEST_F(Relaxed, plainStoreOfAPacketIsReported) {
  const EmulatedModule module =
      build("  if (b == 0) {\n    uint32_t both[2] = {1, 1};\n"
            "    store_global<2>(&args.packets[i].value, both);\n"
            "  } else {\n    while (!load_relaxed(args.packets + i).flag) {}\n  }\n");
  for (std::uint64_t seed = 0; seed < seeds; ++seed)
    expectFault(launch(module, seed), "race", {"of buffer 'packets'"});
}

TEST_F(Relaxed, packetIsAlignedToItsSize) {
  expectFault(launch(build("  struct wide { uint64_t words[2]; };\n"
                           "  load_relaxed(reinterpret_cast<const wide *>(args.packets + 1));\n"),
                     0),
              "alignment", {"of buffer 'packets'", "16 bytes"});
}

TEST_F(Relaxed, packetThatNobodySendsIsAHang) {
  expectFault(launch(build("  while (!load_relaxed(args.packets + i).flag) {}\n"), 0), "hang",
              {"for a flag that nobody sets"});
}

TEST_F(Relaxed, counterGivesEveryNumberOnce) {
  const EmulatedModule module =
      build("  x[0] = 1;\n  store_global<1>(args.data + add_relaxed(args.counters, 1), x);\n");
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    expectSuccess(launch(module, seed));
    EXPECT_EQ(data, std::vector<std::uint32_t>(64, 1));
    EXPECT_EQ(counters[0], 64u);
  }
}

TEST_F(Relaxed, counterOrdersNoOtherMemory) {
  const EmulatedModule module = build("  store_global<1>(args.data + 32 * b + i, x);\n"
                                      "  const uint32_t before = add_relaxed(args.counters, 1);\n"
                                      "  if (before == 63)\n"
                                      "    for (int k = 0; k < 64; ++k)\n"
                                      "      store_global<1>(args.data + k, x);\n");
  for (std::uint64_t seed = 0; seed < seeds; ++seed)
    expectFault(launch(module, seed), "race", {"of buffer 'data'"});
}

TEST_F(Relaxed, ballotHasABitForEachLane) {
  const EmulatedModule module =
      build("  x[0] = ballot(i % 3 == b);\n  store_global<1>(args.data + 32 * b + i, x);\n");
  expectSuccess(launch(module, 0));
  for (std::uint32_t i = 0; i < 64; ++i)
    EXPECT_EQ(data[i], i < 32 ? 0x49249249u : 0x92492492u);
}

} // namespace
