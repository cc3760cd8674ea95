//===- shuffles_test.cpp - What lanes of a warp tell each other ------------===//
#include "tests/emulation/TestKernel.h"

using namespace scanc;
using namespace scanc::emulation;

namespace {

/// Every lane stores what `expression` gives for `value`, its thread number.
std::vector<float> eachLane(const std::string &expression, std::uint64_t seed, int threads = 64) {
  std::vector<float> out(threads);
  Buffer buffer = bufferOf("out", out);
  EmulatedModule module = buildKernel("float *out;", "  const float value = thread_index();\n"
                                                     "  const float got[1] = {" +
                                                         expression +
                                                         "};\n"
                                                         "  store_global<1>(args.out + "
                                                         "thread_index(), got);\n");
  expectSuccess(
      module.launch({.threads = threads}, std::vector{wordOf(buffer)}, {buffer}, {.seed = seed}));
  return out;
}

TEST(Shuffles, upReadsTheLaneBelowAndKeepsItsOwnAtTheBegin) {
  std::vector<float> out = eachLane("shuffle_up(value, 3)", 1);
  for (int i = 0; i < 64; ++i)
    EXPECT_EQ(out[i], i % 32 < 3 ? i : i - 3) << i;
}

TEST(Shuffles, xorStaysInItsWarp) {
  std::vector<float> out = eachLane("shuffle_xor(value, 5)", 2);
  for (int i = 0; i < 64; ++i)
    EXPECT_EQ(out[i], i ^ 5) << i;
}

TEST(Shuffles, anyLaneCanBeTheSource) {
  std::vector<float> out = eachLane("shuffle(value, (lane_index() * 7 + 1) % 32)", 3);
  for (int i = 0; i < 64; ++i)
    EXPECT_EQ(out[i], i / 32 * 32 + (i % 32 * 7 + 1) % 32) << i;
}

TEST(Shuffles, wideValuesTravelWhole) {
  std::vector<double> out(32 * 5);
  Buffer buffer = bufferOf("out", out);
  EmulatedModule module = buildKernel("double *out;", R"(
    struct wide { double part[5]; } mine;
    for (int k = 0; k < 5; ++k) mine.part[k] = 10 * lane_index() + k;
    const wide got = shuffle_xor(mine, 1);
    store_global<1>(args.out + 5 * lane_index() + 0, {got.part[0]});
    store_global<1>(args.out + 5 * lane_index() + 4, {got.part[4]});
)");
  expectSuccess(module.launch({.threads = 32}, std::vector{wordOf(buffer)}, {buffer}));
  EXPECT_EQ(out[5 * 6 + 0], 70);
  EXPECT_EQ(out[5 * 7 + 4], 64);
}

/// A slow lane still reads the last shuffle while a fast one gives to the next.
TEST(Shuffles, manyInARowKeepTheirValuesApartUnderAnyOrder) {
  EmulatedModule module = buildKernel("float *out;", R"(
    float sum = 0;
    for (int k = 0; k < 50; ++k) sum += shuffle(float(100 * k + lane_index()), (lane_index() + k) % 32);
    store_global<1>(args.out + lane_index(), {sum});
)");
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::vector<float> out(32);
    Buffer buffer = bufferOf("out", out);
    expectSuccess(
        module.launch({.threads = 32}, std::vector{wordOf(buffer)}, {buffer}, {.seed = seed}));
    for (int lane = 0; lane < 32; ++lane) {
      float expected = 0;
      for (int k = 0; k < 50; ++k)
        expected += 100 * k + (lane + k) % 32;
      EXPECT_EQ(out[lane], expected) << "lane " << lane << ", seed " << seed;
    }
  }
}

TEST(Shuffles, lanesOfAPartialWarpHaveNoFartherSource) {
  EmulatedModule module = buildKernel("float *out;", "  shuffle_xor(1.0f, 16);\n");
  std::vector<float> out(1);
  Buffer buffer = bufferOf("out", out);
  expectFault(module.launch({.threads = 40}, std::vector{wordOf(buffer)}, {buffer}), "shuffle",
              {"a warp of 8 threads"});
}

} // namespace
