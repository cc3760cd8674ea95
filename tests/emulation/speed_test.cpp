//===- speed_test.cpp - A checked scan stays quick enough to run often -----===//
#include "tests/emulation/TestKernel.h"

#include <chrono>
#include <cmath>

using namespace scanc;
using namespace scanc::emulation;

namespace {

/// h[t] = 0.9 h[t-1] + x[t] in 64 blocks of 128 threads: maps are composed along each warp by
/// shuffles and across warps through shared memory, tile after tile.
const char *const scan = R"(
  __shared__ float gains[4], biases[4];
  const int i = thread_index(), lane = lane_index(), warp = warp_index();
  float carry = 0;
  for (long long first = 0; first < args.steps; first += 128) {
    const long long at = block_index() * args.steps + first + i;
    float x[1];
    load_global<1>(x, args.x + at);
    float gain = 0.9f, bias = x[0];
    for (int reach = 1; reach < 32; reach *= 2) {
      const float g = shuffle_up(gain, reach), b = shuffle_up(bias, reach);
      if (lane >= reach) { bias += gain * b; gain *= g; }
    }
    if (lane == 31) { shared_store(gains[warp], gain); shared_store(biases[warp], bias); }
    block_barrier();
    float entering = carry;
    for (int w = 0; w < 4; ++w) {
      const float next = shared_load(gains[w]) * carry + shared_load(biases[w]);
      carry = next;
      if (w + 1 == warp) entering = carry;
    }
    x[0] = gain * entering + bias;
    store_global<1>(args.h + at, x);
    block_barrier();
  }
)";

TEST(Speed, checkedScanOf64BlocksTakesNoLongerThanTwoSeconds) {
  constexpr int blocks = 64, steps = 1664; // 106,496 elements
  EmulatedModule module = buildKernel("const float *x; float *h; long long steps;", scan);
  std::vector<float> x(blocks * steps), h(blocks * steps);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<float>(i * 37 % 101) - 50;
  Buffer input = bufferOf("x", x), output = bufferOf("h", h);
  input.writable = output.initialized = false;
  const auto begin = std::chrono::steady_clock::now();
  Result<Statistics> result =
      module.launch({.blocks = blocks, .threads = 128},
                    std::vector<std::uint64_t>{wordOf(input), wordOf(output), steps},
                    {input, output}, {.seed = 1});
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  ASSERT_TRUE(result) << result.error().message;
  RecordProperty("seconds", std::to_string(elapsed.count()));
  RecordProperty("switches", std::to_string(result->switches));
  EXPECT_LT(elapsed.count(), 2.0);
  for (int b = 0; b < blocks; ++b) {
    double state = 0;
    for (int t = 0; t < steps; ++t) {
      state = 0.9 * state + x[b * steps + t];
      ASSERT_NEAR(h[b * steps + t], state, 1e-3) << "block " << b << ", step " << t;
    }
  }
}

} // namespace
